// What can stand on the axes of the frontier, and who is dominated by whom.
import {percentOf, scaled, type Shown} from "../numbers";
import {speedOf} from "../speed";
import {comparisonOf, decidingPoints, divergenceOf, type Estimate, type Family, type StudyModel} from "../study";

export type CostName = "size" | "bits" | "speed" | "memory";
export type QualityName = "tasks" | "ppl" | "kld" | "same_top";

export interface Placed {
  name: string;
  cost: number;  // in the axis's unit
  exactCost: number;
  quality: Shown;
  exactQuality: number;
  isBaseline: boolean;
  dominated: boolean;
  dominatedBy: string | null;
}

const kMebibyte = 1024 ** 2;
const kZ975 = 1.959963984540054;

function costOf(family: Family, model: StudyModel, name: CostName): {shown: number; exact: number} | null {
  const of = (exact: number | null | undefined, scale = 1): {shown: number; exact: number} | null => (exact && exact > 0 ? {shown: exact / scale, exact} : null);
  if (name === "size") return of(model.size_bytes, kMebibyte);
  if (name === "bits") return of(model.bits_per_weight);
  const speed = speedOf(family, model.name);
  return name === "speed" ? of(speed?.decode?.value) : of(speed?.peakBytes, kMebibyte);
}

// Mean change over the deciding tasks, which are independent of each other.
function meanChange(family: Family, variant: string): Estimate | null {
  const comparison = comparisonOf(family, variant);
  const rows = comparison ? decidingPoints(comparison) : [];
  if (rows.length === 0) return null;
  const only = rows[0];
  if (rows.length === 1 && only) return only.change;
  let sum = 0;
  let variance = 0;
  for (const row of rows) {
    if (row.change.value === null || row.change.std_error === null) return null;
    sum += row.change.value;
    variance += row.change.std_error ** 2;
  }
  const value = sum / rows.length;
  const error = Math.sqrt(variance) / rows.length;
  return {value, std_error: error, ci95: [value - kZ975 * error, value + kZ975 * error], reason: null};
}

const kNone: Shown = {value: 0, interval: null};

function qualityOf(family: Family, model: StudyModel, name: QualityName): {shown: Shown; exact: number} | null {
  if (model === family.baseline) return {shown: name === "same_top" ? {value: 100, interval: null} : kNone, exact: name === "same_top" || name === "ppl" ? 1 : 0};
  const divergence = divergenceOf(family, model.name);
  const estimate: Estimate | null | undefined = name === "tasks" ? meanChange(family, model.name)
    : name === "ppl" ? divergence?.ppl_ratio
    : name === "same_top" ? divergence?.same_top_p
    : divergence && {value: divergence.kld.mean, std_error: null, ci95: divergence.kld.ci95, reason: null};
  if (!estimate || estimate.value === null) return null;
  const shown = name === "tasks" || name === "same_top" ? scaled(estimate, 100) : name === "ppl" ? percentOf(estimate) : scaled(estimate, 1);
  return shown && {shown, exact: estimate.value};
}

const kMoreIsBetterCost: CostName[] = ["speed"];
const kMoreIsBetterQuality: QualityName[] = ["tasks", "same_top"];

export function placed(family: Family, cost: CostName, quality: QualityName): Placed[] {
  const points: Placed[] = [];
  for (const model of [family.baseline, ...family.variants]) {
    const paid = costOf(family, model, cost);
    const got = qualityOf(family, model, quality);
    if (paid && got) {
      points.push({name: model.name, cost: paid.shown, exactCost: paid.exact, quality: got.shown, exactQuality: got.exact, isBaseline: model === family.baseline, dominated: false, dominatedBy: null});
    }
  }
  const costSign = kMoreIsBetterCost.includes(cost) ? -1 : 1;
  const qualitySign = kMoreIsBetterQuality.includes(quality) ? 1 : -1;
  for (const a of points) {
    const by = points.find((b) => b !== a && costSign * (b.cost - a.cost) <= 0 && qualitySign * (b.quality.value - a.quality.value) >= 0 && (b.cost !== a.cost || b.quality.value !== a.quality.value));
    a.dominated = by !== undefined;
    a.dominatedBy = by?.name ?? null;
  }
  return points;
}

export function availableCosts(family: Family): CostName[] {
  return (["size", "bits", "speed", "memory"] as CostName[]).filter((name) => family.variants.some((m) => costOf(family, m, name) !== null));
}

export function availableQualities(family: Family): QualityName[] {
  return (["tasks", "ppl", "kld", "same_top"] as QualityName[]).filter((name) => family.variants.some((m) => qualityOf(family, m, name) !== null));
}
