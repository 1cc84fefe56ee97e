// The decision as compare/decide.cc makes it, so that it can follow constraints that the reader
// moves. At the declared margin it uses the tests' verdicts; at another the 95 % intervals, which
// are a little stricter.
import {speedOf} from "./speed";
import {byBits, comparisonOf, decidingPoints, divergenceOf, type Comparison, type Family, type MetricRow, type StudyModel, type Verdict} from "./study";

export interface Rules {
  maxSizeBytes: number | null;
  minSpeed: number | null;
  margin: number | null;  // null: as declared
  objective: "size" | "speed";
}

export type Outcome = "kept" | "broken" | "unknown";
export interface Reason {
  rule: "margin" | "perplexity" | "screen" | "size" | "speed" | "identical" | "not_measured";
  outcome: Outcome;
  row?: MetricRow;
  otherwise?: string;  // the comparison's own words, where no row in points says it
  detail?: {value: number | null; limit: number; name?: string; interval?: [number, number] | null};
}
export type Standing = "recommended" | "runner_up" | "qualified" | "ruled_out" | "undecided";
export interface Judged {
  model: StudyModel;
  standing: Standing;
  reasons: Reason[];
  further: MetricRow | null;  // the row that more items would decide
}
export interface Decision {
  evidence: "tasks" | "perplexity" | "none";
  recommended: Judged | null;
  runnerUp: Judged | null;
  all: Judged[];
}

export function declaredRules(family: Family): Rules {
  const rules = family.decision?.rules;
  return {
    maxSizeBytes: rules?.max_size_bytes ?? null,
    minSpeed: rules?.min_tokens_per_second ?? null,
    margin: null,
    objective: rules?.objective === "speed" ? "speed" : "size",
  };
}

export function declaredMargin(family: Family): number {
  return family.comparisons[0]?.settings.margin ?? 0.01;
}

const kDefaultPerplexityLimit = 0.05;

export function perplexityLimit(family: Family): number {
  return family.comparisons[0]?.settings.max_ppl_increase ?? kDefaultPerplexityLimit;
}

function verdictAt(row: MetricRow, margin: number): Verdict {
  const interval = row.change.ci95;
  if (!interval) return "undecided";
  if (interval[1] < -margin) return "worse";
  // A verdict withheld at the declared margin (at chance, unscored ...) stays withheld at a wider one.
  const withheld = row.verdict === "undecided" && interval[0] > -row.margin;
  return interval[0] > -margin && !withheld ? "within_margin" : "undecided";
}

export function rowVerdict(row: MetricRow, margin: number | null): Verdict {
  return margin === null ? row.verdict : verdictAt(row, margin);
}

export function verdictOf(comparison: Comparison, margin: number | null): Verdict {
  if (margin === null) return comparison.verdict;
  // Perplexities have a limit of their own, which does not move.
  const others = [...comparison.metrics, ...comparison.groups].filter((row) => row.decides && !decidingPoints(comparison).includes(row));
  const verdicts = [...decidingPoints(comparison).map((row) => verdictAt(row, margin)), ...others.map((row) => row.verdict)];
  if (verdicts.includes("worse")) return "worse";
  return verdicts.length > 0 && verdicts.every((v) => v === "within_margin") ? "within_margin" : "undecided";
}

function weakest(comparison: Comparison, verdict: Verdict, margin: number | null): MetricRow | undefined {
  const low = (row: MetricRow): number => row.change.ci95?.[0] ?? row.change.value ?? 0;
  return decidingPoints(comparison)
    .filter((row) => verdict === "within_margin" || rowVerdict(row, margin) === verdict)
    .sort((a, b) => low(a) - low(b))[0];
}

function screenReasons(family: Family, name: string): Reason[] {
  const reasons: Reason[] = [];
  for (const screen of family.screens) {
    const variant = screen.variants.find((v) => v.name === name && v.verdict === "dropped");
    for (const c of variant?.criteria ?? []) {
      if (c.verdict === "dropped") {
        reasons.push({rule: "screen", outcome: "broken", detail: {name: c.name, value: c.estimate.value, limit: c.limit, interval: c.estimate.ci95}});
      }
    }
  }
  return reasons;
}

function taskReason(comparison: Comparison, rules: Rules): Reason {
  if (comparison.same_answers) return {rule: "identical", outcome: "unknown"};
  const verdict = verdictOf(comparison, rules.margin);
  const outcome: Outcome = verdict === "within_margin" ? "kept" : verdict === "worse" ? "broken" : "unknown";
  const row = weakest(comparison, verdict, rules.margin);
  return row ? {rule: "margin", outcome, row} : {rule: "margin", outcome, otherwise: comparison.reason};
}

function perplexityReason(family: Family, name: string): Reason {
  const ratio = divergenceOf(family, name)?.ppl_ratio;
  if (!ratio || ratio.value === null) return {rule: "not_measured", outcome: "unknown"};
  const limit = perplexityLimit(family);
  const interval = ratio.ci95 ? ([ratio.ci95[0] - 1, ratio.ci95[1] - 1] as [number, number]) : null;
  const outcome: Outcome = !interval ? "unknown" : interval[1] < limit ? "kept" : interval[0] > limit ? "broken" : "unknown";
  return {rule: "perplexity", outcome, detail: {value: ratio.value - 1, limit, interval}};
}

function constraintReasons(family: Family, model: StudyModel, rules: Rules): Reason[] {
  const reasons: Reason[] = [];
  if (rules.maxSizeBytes !== null && model.size_bytes > rules.maxSizeBytes) {
    reasons.push({rule: "size", outcome: "broken", detail: {value: model.size_bytes, limit: rules.maxSizeBytes}});
  }
  if (rules.minSpeed !== null) {
    const speed = speedOf(family, model.name)?.decode?.value ?? null;
    if (speed === null) reasons.push({rule: "speed", outcome: "unknown", detail: {value: null, limit: rules.minSpeed}});
    else if (speed < rules.minSpeed) reasons.push({rule: "speed", outcome: "broken", detail: {value: speed, limit: rules.minSpeed}});
  }
  return reasons;
}

function judge(family: Family, model: StudyModel, rules: Rules): Judged {
  const reasons = screenReasons(family, model.name);
  const comparison = comparisonOf(family, model.name);
  if (comparison) reasons.push(taskReason(comparison, rules));
  else if (family.comparisons.length === 0) reasons.push(perplexityReason(family, model.name));
  else if (!reasons.some((r) => r.outcome === "broken")) reasons.push({rule: "not_measured", outcome: "unknown"});
  reasons.push(...constraintReasons(family, model, rules));
  const has = (outcome: Outcome): boolean => reasons.some((r) => r.outcome === outcome);
  const open = reasons.find((r) => r.rule === "margin" && r.outcome === "unknown")?.row ?? null;
  return {model, reasons, standing: has("broken") ? "ruled_out" : has("unknown") ? "undecided" : "qualified", further: open};
}

export function decide(family: Family, rules: Rules): Decision {
  const all = family.variants.map((model) => judge(family, model, rules));
  const speed = (j: Judged): number => speedOf(family, j.model.name)?.decode?.value ?? 0;
  const kept = all.filter((j) => j.standing === "qualified")
    .sort((a, b) => (rules.objective === "speed" ? speed(b) - speed(a) : a.model.size_bytes - b.model.size_bytes));
  const [first, second] = kept;
  if (first) first.standing = "recommended";
  if (second) second.standing = "runner_up";
  const order = byBits(family).map((m) => m.name);
  all.sort((a, b) => order.indexOf(a.model.name) - order.indexOf(b.model.name));
  const evidence = family.comparisons.length > 0 ? "tasks" : family.divergences.length > 0 ? "perplexity" : "none";
  return {evidence, recommended: first ?? null, runnerUp: second ?? null, all};
}
