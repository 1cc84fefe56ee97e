// The document of docs/formats/study.md, as far as the page reads it.

export interface Estimate {
  value: number | null;
  std_error: number | null;
  ci95: [number, number] | null;
  reason: string | null;
}

export type Verdict = "within_margin" | "worse" | "undecided";

export interface FlipTable {
  both_right: number;
  lost: number;
  gained: number;
  both_wrong: number;
  churn: number | null;
}

export interface MetricRow {
  task: string;
  task_class: string;
  metric: string;
  filter: string;
  higher_is_better: boolean;
  decides: boolean;
  n: number;
  n_clusters: number;
  baseline: Estimate;
  variant: Estimate;
  kind: "points" | "ratio";
  change: Estimate;
  method: string;
  flips: FlipTable | null;
  p_worse: number | null;
  p_worse_adjusted: number | null;
  recovery_percent: Estimate | null;
  minimum_detectable_effect: number | null;
  chance: number | null;
  margin: number;
  verdict: Verdict;
  reason: string;
  n_further: number | null;
  sentence: string;
  tasks?: string[];
}

export interface ComparedModel {
  name: string;
  description: string;
  weights: string;
  size_bytes: number;
  bits_per_weight: number;
  imported_from: string;
}

export interface ClassRow {
  task_class: string;
  tasks: string[];
  n: number;
  change: Estimate;
}

export interface TextRow {
  task: string;
  n: number;
  n_identical: number;
  identical: Estimate;
  unit: string;
  first_divergent: number | null;
  length_drift: Estimate;
}

export interface Comparison {
  baseline: ComparedModel;
  variant: ComparedModel;
  settings: {margin: number; max_ppl_increase: number; alpha: number; power: number; adjustment: string};
  verdict: Verdict;
  reason: string;
  comparable: boolean;
  same_answers: boolean;
  mismatches: {task: string; field: string; baseline: string; variant: string; detail: string}[];
  unchecked: string[];
  parts: Part[];
  metrics: MetricRow[];
  groups: MetricRow[];
  classes: ClassRow[];
  texts: TextRow[];
  warnings: string[];
}

export interface Part {
  part: string;
  field: string;
  baseline: string;
  variant: string;
}

export interface TensorType {
  type: string;
  n_tensors: number;
  n_weights: number;
  size_bytes: number;
}

export interface TensorLoss {
  name: string;
  baseline_type: string;
  type: string;
  n_weights: number;
  size_bytes: number;
  relative_rms: number;
}

export interface StudyModel {
  name: string;
  description: string;
  weights: string;
  engine: string;
  origin: string;
  size_bytes: number;
  bits_per_weight: number;
  n_weights: number;
  kv_k: string;
  kv_v: string;
  tensor_types: TensorType[];
  tensors?: TensorLoss[];
  parts: Part[];
  notes: string[];
}

export interface Perplexity extends Estimate {
  n_scored_tokens: number;
  n_chunks: number;
  n_clusters: number;
  convention: {name: string; corpus: string; id: string; window: number};
}

export const kPercentiles = ["min", "p001", "p1", "p5", "p10", "p25", "median", "p75", "p90", "p95", "p99", "p999", "max"] as const;
export type PercentileName = (typeof kPercentiles)[number];
export type Percentiles = Record<PercentileName, number>;

export interface NamedMean {
  mean: number | null;
  std_error: number | null;
  ci95: [number, number] | null;
  reason: string | null;
}

export interface WorstToken {
  document: number;
  window: number;
  position: number;
  kld: number;
  context: string;
  target: string;
  top_baseline: string;
  top: string;
  p_baseline: number;
  p: number;
}

export interface DivergedModel {
  name: string;
  size_bytes: number;
  bits_per_weight: number;
  perplexity: Perplexity;
  notes: string[];
}

export interface DivergedVariant extends DivergedModel {
  identical: boolean;
  sentence: string;
  ppl_ratio: Estimate;
  kld: NamedMean & Percentiles & {p99_ci95: [number, number] | null; p999_ci95: [number, number] | null};
  delta_p: NamedMean & Percentiles & {rms: number | null; rms_ci95: [number, number] | null};
  same_top_p: Estimate;
  top5_overlap: Estimate;
  by_position: {first: number; last: number; n_tokens: number; kld: Estimate}[];
  worst: WorstToken[];
}

export interface Divergence {
  baseline: DivergedModel;
  variants: DivergedVariant[];
  noise_floor: {n_batch: number; n_chunks: number; n_scored_tokens: number; kld_mean: number; same_top_p: number} | null;
  warnings: string[];
}

export interface Screen {
  baseline: string;
  confidence: number;
  n_windows: number;
  n_window_runs: number;
  variants: {
    name: string;
    verdict: "passed" | "dropped" | "undecided";
    n_windows: number;
    n_scored_tokens: number;
    size_bytes: number;
    criteria: {name: string; limit: number; estimate: Estimate; verdict: string}[];
  }[];
  warnings: string[];
}

export interface PackedItems {
  task: string;
  task_class: string;
  metric: string;
  filter: string;
  n_items: number;
  models: string[];
  index: string;
  chunks: {first: number; n: number; data: string}[];
}

export interface StoredDecision {
  rules: {max_size_bytes: number | null; min_tokens_per_second: number | null; objective: string};
  evidence: string;
  recommended: string;
  runner_up: string;
  sentence: string;
}

export interface Family {
  name: string;
  baseline: StudyModel;
  variants: StudyModel[];
  comparisons: Comparison[];
  divergences: Divergence[];
  screens: Screen[];
  speeds: unknown[];
  items: PackedItems[];
  decision: StoredDecision | null;
}

export type FindingState = "shown" | "not_shown" | "undecided";

export interface Finding {
  kind: "sensitive_class" | "larger_resists" | "largest_loss" | "tasks_beyond_perplexity";
  state: FindingState;
  family: string;
  variant: string;
  subject: string;
  other: string;
  sentence: string;
  values: {label: string; n: number; change: Estimate}[];
}

export interface MethodFact {
  family: string;
  subject: string;
  field: string;
  value: string;
}
export interface Study {
  schema: string;
  assay_version: string;
  title: string;
  created: string;
  families: Family[];
  findings: Finding[];
  method: MethodFact[];
  commands: {purpose: string; command: string}[];
  warnings: string[];
}

export function readStudy(): Study {
  const element = document.getElementById("assay-study");
  const study = JSON.parse(element?.textContent ?? "{}") as Study;
  if (study.schema !== "assay-study/1") throw new Error(`Not a study of schema assay-study/1: ${study.schema}`);
  return study;
}

export function comparisonOf(family: Family, variant: string): Comparison | undefined {
  return family.comparisons.find((c) => c.variant.name === variant);
}

export function divergenceOf(family: Family, variant: string): DivergedVariant | undefined {
  for (const report of family.divergences) {
    const found = report.variants.find((v) => v.name === variant);
    if (found) return found;
  }
  return undefined;
}

// Rows whose verdict counts and whose change is in points: the rule of compare/study_rows.cc.
export function decidingPoints(comparison: Comparison): MetricRow[] {
  return [...comparison.metrics, ...comparison.groups].filter(
    (row) => row.decides && row.kind === "points" && row.higher_is_better && row.n > 0);
}

// From most to fewest bits; what has no bits of its own (a KV type) keeps its place in the study.
export function byBits(family: Family): StudyModel[] {
  return family.variants
    .map((model, i) => ({model, i}))
    .sort((a, b) => b.model.bits_per_weight - a.model.bits_per_weight || a.i - b.i)
    .map(({model}) => model);
}
