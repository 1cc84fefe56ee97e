// Sentences made of data, in the page's language.
import {t, tOr, type Key} from "./i18n";
import {bytes, count, percentOf, points, scaled, significant, withInterval} from "./numbers";
import type {Mark} from "./marks";
import {declaredMargin, type Decision, type Judged, type Reason, type Standing} from "./rules";
import type {Family, Finding, MetricRow} from "./study";
import {classWord} from "./view";

export function rowEvidence(row: MetricRow): string {
  return t("evidence.row", {task: row.task, change: withInterval(points(row.change), t("unit.points"), true), n: count(row.n)});
}

export function reasonText(reason: Reason): string {
  const detail = reason.detail;
  switch (reason.rule) {
    case "identical":
      return t("reason.identical");
    case "not_measured":
      return t("reason.not_measured");
    case "margin": {
      const evidence = reason.row ? rowEvidence(reason.row) : reason.otherwise ?? "";
      return t(`reason.margin.${reason.outcome}` as Key, {evidence});
    }
    case "perplexity": {
      const shown = withInterval(detail?.value == null ? null : {value: 100 * detail.value, interval: detail.interval ? [100 * detail.interval[0], 100 * detail.interval[1]] : null}, "%", true);
      return t(`reason.perplexity.${reason.outcome}` as Key, {change: shown, limit: significant(100 * (detail?.limit ?? 0), 2)});
    }
    case "screen": {
      const scale = detail?.name === "ppl_increase" ? 100 : 1;
      const shown = withInterval(detail?.value == null ? null : {value: scale * detail.value, interval: detail.interval ? [scale * detail.interval[0], scale * detail.interval[1]] : null}, scale === 100 ? "%" : "nats", true);
      return t("reason.screen", {criterion: tOr(`criterion.${detail?.name ?? ""}`, detail?.name ?? ""), change: shown, limit: `${significant(scale * (detail?.limit ?? 0), 2)} ${scale === 100 ? "%" : "nats"}`});
    }
    case "size":
      return t("reason.size", {size: bytes(detail?.value ?? 0), limit: bytes(detail?.limit ?? 0)});
    case "speed":
      return detail?.value == null ? t("reason.speed.unknown") : t("reason.speed", {speed: significant(detail.value), limit: significant(detail.limit)});
  }
}

export function mainReason(judged: Judged): Reason | undefined {
  const order = judged.standing === "ruled_out" ? "broken" : judged.standing === "undecided" ? "unknown" : "kept";
  return judged.reasons.find((r) => r.outcome === order) ?? judged.reasons[0];
}

export const kStandingMarks: Record<Standing, Mark> = {
  recommended: "good", runner_up: "good", qualified: "good", ruled_out: "bad", undecided: "open",
};

export function wouldDecide(judged: Judged): string {
  if (judged.standing !== "undecided") return "";
  const row = judged.further;
  if (row?.n_further != null) return t("decide.further", {n: count(aboutUp(row.n_further)), task: row.task});
  const rule = judged.reasons.find((r) => r.outcome === "unknown")?.rule;
  return rule === "identical" ? "" : tOr(`decide.${rule ?? ""}`, "");
}

// Two significant digits, rounded up: nothing finer is known of what would decide.
function aboutUp(n: number): number {
  const unit = 10 ** Math.max(0, Math.floor(Math.log10(Math.max(1, n))) - 1);
  return Math.ceil(n / unit) * unit;
}

export function decisionHeadline(decision: Decision, family: Family): string {
  if (decision.recommended) return t("decision.use", {name: decision.recommended.model.name});
  if (decision.evidence === "none") return t("decision.no_evidence");
  return t("decision.none", {name: family.name});
}

export function decisionSupport(decision: Decision, family: Family): string[] {
  const lines: string[] = [];
  const best = decision.recommended;
  if (best) {
    const size = family.baseline.size_bytes;
    if (size > 0 && best.model.size_bytes > 0) {
      lines.push(t("decision.size", {size: bytes(best.model.size_bytes), base: bytes(size), share: Math.round((100 * best.model.size_bytes) / size)}));
    }
    const reason = mainReason(best);
    if (reason) lines.push(reasonText(reason));
  } else {
    const n = (standing: Standing): number => decision.all.filter((j) => j.standing === standing).length;
    lines.push(t("decision.none_counts", {ruled_out: n("ruled_out"), undecided: n("undecided")}));
  }
  if (decision.evidence === "perplexity") lines.push(t("decision.perplexity_only"));
  if (decision.runnerUp) lines.push(t("decision.runner_up", {name: decision.runnerUp.model.name}));
  return lines;
}

export function marginWords(family: Family, margin: number | null): string {
  return `${Number((100 * (margin ?? declaredMargin(family))).toPrecision(3))} ${t("unit.points_short")}`;
}

function valueOf(finding: Finding, label: string): string {
  const value = finding.values.find((v) => v.label === label);
  return value ? withInterval(points(value.change), t("unit.points"), true) : "–";
}

export function findingText(finding: Finding): string {
  const key = `finding.${finding.kind}.${finding.state}` as Key;
  switch (finding.kind) {
    case "sensitive_class":
      return t(key, {variant: finding.variant, first: classWord(finding.subject), second: classWord(finding.other),
        a: valueOf(finding, finding.subject), b: valueOf(finding, finding.other)});
    case "larger_resists":
      return t(key, {variant: finding.variant, first: finding.subject, second: finding.other,
        a: valueOf(finding, finding.subject), b: valueOf(finding, finding.other)});
    case "largest_loss":
      return t(key, {variant: finding.variant, task: finding.subject, a: valueOf(finding, finding.subject), n: count(finding.values[0]?.n ?? 0)});
    case "tasks_beyond_perplexity": {
      const ratio = finding.values.find((v) => v.label === "perplexity")?.change;
      const rows = finding.values.filter((v) => v.label !== "perplexity").sort((x, y) => (x.change.value ?? 0) - (y.change.value ?? 0));
      const worst = rows[0];
      return t(key, {variant: finding.variant, a: withInterval(ratio ? percentOf(ratio) : null, "%", true), task: worst?.label ?? "",
        b: worst ? withInterval(scaled(worst.change, 100), t("unit.points"), true) : ""});
    }
  }
}
