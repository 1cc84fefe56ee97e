// The recommendation, its evidence, the rules that were applied, and what other rules would give.
import {h, replaceChildren, type Child} from "../element";
import {t, tOr} from "../i18n";
import {badge, icon} from "../marks";
import {bytes, points, scaled, significant, withInterval} from "../numbers";
import {declaredMargin, declaredRules, decide, type Decision, type Judged, type Rules} from "../rules";
import {speedOf} from "../speed";
import {comparisonOf, decidingPoints, divergenceOf, type Family} from "../study";
import {cell, tableElement, type Cell, type Table} from "../table";
import {card, familySelect, slider, type Context, type View} from "../view";
import {decisionHeadline, decisionSupport, kStandingMarks, mainReason, marginWords, reasonText, wouldDecide} from "../words";
import {evidenceChart} from "./decision_chart";

const kMargins = [0.005, 0.01, 0.02, 0.03, 0.05];

export const decisionView: View = {
  id: "decision",
  label: "view.decision",
  lead: "lead.decision",
  render(context) {
    const {family} = context;
    const rules = declaredRules(family);
    const answer = h("div", {});
    const show = (): void => replaceChildren(answer, ...answerOf(family, rules));
    show();
    return [familySelect(context), answer, ruleControls(family, rules, show), thresholds(family), commands(context)];
  },
};

function answerOf(family: Family, rules: Rules): Child[] {
  const decision = decide(family, rules);
  return [hero(family, decision, rules), evidenceChart(family, decision, rules), card(t("decision.every_variant"), tableElement(standings(decision)))];
}

function hero(family: Family, decision: Decision, rules: Rules): HTMLElement {
  const best = decision.recommended;
  const mark = best ? "good" : decision.all.some((j) => j.standing === "undecided") ? "open" : "bad";
  return h("section", {class: `hero ${mark}`, "aria-live": "polite", "data-recommended": best?.model.name ?? ""},
    h("div", {class: "hero-text"},
      icon(mark),
      h("div", {},
        h("h2", {}, decisionHeadline(decision, family)),
        ...decisionSupport(decision, family).map((line) => h("p", {}, line)),
        h("p", {class: "rule-line"}, rulesLine(family, rules)))),
    best ? h("dl", {class: "figures"}, ...figures(family, best)) : null);
}

function rulesLine(family: Family, rules: Rules): string {
  const parts = [family.comparisons.length > 0 ? t("rules.margin", {margin: marginWords(family, rules.margin)}) : t("rules.perplexity")];
  if (rules.maxSizeBytes !== null) parts.push(t("rules.size", {size: bytes(rules.maxSizeBytes)}));
  if (rules.minSpeed !== null) parts.push(t("rules.speed", {speed: significant(rules.minSpeed)}));
  parts.push(t(`rules.objective.${rules.objective}`));
  return parts.join(" · ");
}

function figures(family: Family, best: Judged): Child[] {
  const out: Child[] = [];
  const add = (label: string, value: string, detail: string): void => {
    out.push(h("div", {}, h("dt", {}, label), h("dd", {}, value, h("small", {}, detail))));
  };
  const share = family.baseline.size_bytes > 0 ? Math.round((100 * best.model.size_bytes) / family.baseline.size_bytes) : null;
  add(t("figure.size"), share === null ? bytes(best.model.size_bytes) : `${share} %`, bytes(best.model.size_bytes));
  const comparison = comparisonOf(family, best.model.name);
  const weakest = comparison && decidingPoints(comparison).sort((a, b) => (a.change.value ?? 0) - (b.change.value ?? 0))[0];
  if (weakest) {
    const shown = withInterval(points(weakest.change), "", true).split(" [");
    add(t("figure.weakest"), `${shown[0] ?? ""} ${t("unit.points_short")}`, `${weakest.task} [${shown[1] ?? ""}`);
  }
  const divergence = divergenceOf(family, best.model.name);
  if (divergence) {
    add(t("figure.kld"), divergence.kld.mean === null ? "–" : significant(divergence.kld.mean, 2), t("figure.kld_unit"));
    const top = withInterval(scaled(divergence.same_top_p, 100)).split(" [");
    add(t("figure.same_top"), `${top[0] ?? ""} %`, top[1] ? `[${top[1]}` : "");
  }
  const speed = speedOf(family, best.model.name)?.decode;
  if (speed?.ratio) add(t("figure.speed"), `${significant(speed.ratio.value ?? 0)} ×`, t("figure.speed_unit", {speed: significant(speed.value)}));
  return out;
}

function standings(decision: Decision): Table {
  const rank = {recommended: 0, runner_up: 1, qualified: 2, undecided: 3, ruled_out: 4};
  const rows = [...decision.all].sort((a, b) => rank[a.standing] - rank[b.standing]).map((judged): Cell[] => {
    const reason = mainReason(judged);
    const others = judged.reasons.filter((r) => r !== reason && r.outcome === "broken");
    const further = wouldDecide(judged);
    const text = [reason, ...others].map((r) => (r ? reasonText(r) : "")).join("; ") + (further ? `. ${t("decide.would", {what: further})}` : "");
    return [
      cell(judged.model.name, judged.model.name),
      {text: t(`standing.${judged.standing}`), value: judged.standing, node: badge(kStandingMarks[judged.standing], t(`standing.${judged.standing}`))},
      cell(bytes(judged.model.size_bytes), judged.model.size_bytes),
      cell(judged.model.bits_per_weight > 0 ? judged.model.bits_per_weight.toFixed(2) : "–", judged.model.bits_per_weight),
      cell(text),
    ];
  });
  return {
    name: "decision", caption: t("decision.every_variant"), rows,
    columns: [{id: "variant", label: t("column.variant")}, {id: "standing", label: t("column.standing")}, {id: "size_bytes", label: t("column.size"), numeric: true},
      {id: "bits_per_weight", label: t("column.bits"), numeric: true}, {id: "reason", label: t("column.reason")}],
  };
}

function ruleControls(family: Family, rules: Rules, changed: () => void): HTMLElement {
  const controls: Child[] = [];
  const reset = h("button", {type: "button", class: "quiet", onclick: () => {
    Object.assign(rules, declaredRules(family));
    changed();
    replaceChildren(box, ...inputs());
  }}, t("rules.reset"));
  const inputs = (): Child[] => [marginSlider(family, rules, changed), sizeSlider(family, rules, changed), speedSlider(family, rules, changed)];
  const box = h("div", {class: "controls"}, ...inputs());
  controls.push(h("p", {class: "note"}, t("rules.note")), box, reset);
  const rulesCard = card(t("rules.title"), ...controls);
  rulesCard.classList.add("screen-only");
  return rulesCard;
}

function marginSlider(family: Family, rules: Rules, changed: () => void): Child {
  if (family.comparisons.length === 0) return null;
  const declared = declaredMargin(family);
  return slider(t("rules.margin_label"), {min: 0.1, max: 10, step: 0.1, value: 100 * (rules.margin ?? declared), text: (v) => `${Number(v.toPrecision(3))} ${t("unit.points_short")}`},
    (value) => {
      rules.margin = Math.abs(value / 100 - declared) < 1e-9 ? null : value / 100;
      changed();
    });
}

function sizeSlider(family: Family, rules: Rules, changed: () => void): Child {
  const sizes = [family.baseline, ...family.variants].map((m) => m.size_bytes).filter((s) => s > 0);
  if (sizes.length < 2) return null;
  const mebibyte = 1024 ** 2;
  const max = Math.ceil(Math.max(...sizes) / mebibyte);
  return slider(t("rules.size_label"), {min: Math.floor(Math.min(...sizes) / mebibyte), max, step: 1, value: rules.maxSizeBytes === null ? max : rules.maxSizeBytes / mebibyte,
    text: (v) => (v >= max ? t("rules.no_limit") : `${v} MiB`)},
  (value) => {
    rules.maxSizeBytes = value >= max ? null : value * mebibyte;
    changed();
  });
}

function speedSlider(family: Family, rules: Rules, changed: () => void): Child {
  const speeds = family.variants.map((m) => speedOf(family, m.name)?.decode?.value ?? 0).filter((s) => s > 0);
  if (speeds.length === 0) return null;
  return slider(t("rules.speed_label"), {min: 0, max: Math.ceil(Math.max(...speeds)), step: 0.5, value: rules.minSpeed ?? 0, text: (v) => (v === 0 ? t("rules.no_limit") : `${v} ${t("unit.tokens_per_s")}`)},
    (value) => {
      rules.minSpeed = value === 0 ? null : value;
      changed();
    });
}

function thresholds(family: Family): Child {
  if (family.comparisons.length === 0) return null;
  const rows = kMargins.map((margin): Cell[] => {
    const same = Math.abs(margin - declaredMargin(family)) < 1e-9;
    const decision = decide(family, {...declaredRules(family), margin: same ? null : margin});
    const names = (standing: string): string => decision.all.filter((j) => j.standing === standing).map((j) => j.model.name).join(", ") || "–";
    return [cell(marginWords(family, margin) + (same ? ` (${t("thresholds.declared")})` : ""), margin), cell(decision.recommended?.model.name ?? "–"),
      cell(names("undecided")), cell(names("ruled_out"))];
  });
  return card(t("thresholds.title"), h("p", {class: "note"}, t("thresholds.note")), tableElement({
    name: "thresholds", caption: t("thresholds.title"), rows,
    columns: [{id: "margin", label: t("column.margin")}, {id: "recommended", label: t("standing.recommended")},
      {id: "undecided", label: t("standing.undecided")}, {id: "ruled_out", label: t("standing.ruled_out")}],
  }));
}

function commands(context: Context): Child {
  if (context.study.commands.length === 0) return null;
  return card(t("commands.title"), ...context.study.commands.map((c) => h("div", {class: "command"}, h("span", {}, tOr(`command.${c.purpose}`, c.purpose)), h("pre", {tabindex: 0}, h("code", {}, c.command)))));
}
