// How everything was measured, whether it may be compared, and how to make it again.
import {h, type Child} from "../element";
import {t, tOr} from "../i18n";
import {factWord} from "../i18n/facts";
import {significant} from "../numbers";
import type {Family, MethodFact, Study} from "../study";
import {cell, tableElement, type Cell} from "../table";
import {badge} from "../marks";
import {card, type View} from "../view";

export const methodView: View = {
  id: "method",
  label: "view.method",
  lead: "lead.method",
  render({study}) {
    return [warnings(study), ...study.families.flatMap((f) => [comparability(f), screens(f), conventions(f)]), facts(study), rules(study), commands(study)];
  },
};

function warnings(study: Study): Child {
  const texts = [...study.warnings, ...study.families.flatMap((f) => [...f.baseline.notes.map((n) => `${f.baseline.name}: ${n}`),
    ...f.comparisons.flatMap((c) => c.warnings.map((w) => `${c.variant.name}: ${w}`)), ...f.divergences.flatMap((d) => d.warnings), ...f.screens.flatMap((s) => s.warnings)])];
  if (texts.length === 0) return null;
  return card(t("method.warnings"), h("ul", {lang: "en"}, ...[...new Set(texts)].map((text) => h("li", {}, text))));
}

function comparability(family: Family): Child {
  if (family.comparisons.length === 0) return null;
  const rows = family.comparisons.map((c): Cell[] => [
    cell(c.variant.name), {text: c.comparable ? t("method.same") : t("method.unlike"), value: String(c.comparable), node: badge(c.comparable ? "good" : "bad", c.comparable ? t("method.same") : t("method.unlike"))},
    cell(c.mismatches.map((m) => `${m.task} ${m.field}: ${m.baseline} / ${m.variant}`).join("; ") || "–"), cell(c.unchecked.join(", ") || "–"),
    cell([...new Set(c.parts.map((p) => p.part))].join(", ") || "–"), cell(c.variant.imported_from || "Assay")]);
  return card(`${t("method.comparability")}: ${family.name}`, tableElement({
    name: "comparability", caption: t("method.comparability"), rows,
    columns: [{id: "variant", label: t("column.variant")}, {id: "comparable", label: t("method.questions")}, {id: "mismatches", label: t("method.mismatches")}, {id: "unchecked", label: t("method.unchecked")},
      {id: "parts", label: t("method.parts")}, {id: "origin", label: t("method.origin")}],
  }));
}

function screens(family: Family): Child {
  const rows = family.screens.flatMap((s) => s.variants.flatMap((v) => v.criteria.map((c): Cell[] => [
    cell(v.name), cell(t(`screen.${v.verdict}`), v.verdict), cell(c.name), cell(significant(c.estimate.value ?? NaN), c.estimate.value), cell(c.estimate.ci95 ? `[${significant(c.estimate.ci95[0])}, ${significant(c.estimate.ci95[1])}]` : "–"),
    cell(significant(c.limit), c.limit), cell(`${v.n_windows} / ${s.n_windows}`, v.n_windows)])));
  if (rows.length === 0) return null;
  return card(`${t("method.screen")}: ${family.name}`, h("p", {class: "note"}, t("method.screen_note")), tableElement({
    name: "screen", caption: t("method.screen"), rows,
    columns: [{id: "variant", label: t("column.variant")}, {id: "verdict", label: t("column.verdict")}, {id: "criterion", label: t("column.criterion")}, {id: "value", label: t("column.value"), numeric: true}, {id: "interval", label: t("column.interval")},
      {id: "limit", label: t("column.limit"), numeric: true}, {id: "windows", label: t("column.windows"), numeric: true}],
  }));
}

function conventions(family: Family): Child {
  const lines = family.divergences.flatMap((d) => [d.baseline.perplexity.convention.id, d.noise_floor
    ? t("method.noise", {batch: d.noise_floor.n_batch, kld: significant(d.noise_floor.kld_mean, 2), top: (100 * d.noise_floor.same_top_p).toFixed(2)}) : t("method.no_noise")]);
  return lines.length === 0 ? null : card(`${t("method.convention")}: ${family.name}`, h("ul", {}, ...lines.map((line) => h("li", {}, line))));
}

function subjectText(subject: string): string {
  if (subject.startsWith("task ")) return t("fact.task", {name: subject.slice(5)});
  return subject.startsWith("run of ") ? t("fact.run", {name: subject.slice(7)}) : subject;
}

function facts(study: Study): Child {
  if (study.method.length === 0) return null;
  const groupOf = (f: MethodFact): string => `${f.family}: ${subjectText(f.subject)}`;
  const groups = [...new Set(study.method.map(groupOf))];
  return card(t("method.facts"), ...groups.map((group) => h("details", {class: "data"}, h("summary", {}, group), tableElement({
    name: "facts", caption: group, columns: [{id: "field", label: t("column.field")}, {id: "value", label: t("column.value")}],
    rows: study.method.filter((f) => groupOf(f) === group).map((f): Cell[] => [cell(factWord(f.field)), cell(f.value)]),
  }))));
}

function rules(study: Study): Child {
  const settings = study.families.flatMap((f) => f.comparisons)[0]?.settings;
  if (!settings) return null;
  return card(t("method.rules"), h("ul", {}, h("li", {}, t("method.rule_margin", {margin: significant(100 * settings.margin, 2), alpha: settings.alpha, power: Math.round(100 * settings.power)})),
    h("li", {}, t("method.rule_ppl", {limit: significant(100 * settings.max_ppl_increase, 2)})), h("li", {}, t("method.rule_adjust", {how: settings.adjustment})), h("li", {}, t("method.rule_interval"))));
}

function commands(study: Study): Child {
  return card(t("method.reproduce"), ...study.commands.map((c) => h("div", {class: "command"}, h("span", {}, tOr(`command.${c.purpose}`, c.purpose)), h("pre", {tabindex: 0}, h("code", {}, c.command)))),
    h("p", {class: "note"}, t("method.made", {version: study.assay_version, created: study.created})));
}
