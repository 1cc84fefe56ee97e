// Numbers for people: the error decides how many digits are shown (as core/number_format.cc).
import type {Estimate} from "./study";

const kMinus = "\u2212";

export function signed(text: string): string {
  return text.startsWith("-") ? kMinus + text.slice(1) : text;
}

export function significant(value: number, digits = 3): string {
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size < 1e-4 || size >= 1e7) return signed(value.toExponential(digits - 1));
  const decimals = Math.max(0, digits - 1 - Math.floor(Math.log10(size)));
  return signed(value.toFixed(Math.min(decimals, 12)));
}

// Decimals that an interval of this half width deserves.
export function decimalsFor(half: number): number {
  if (!(half > 0) || !Number.isFinite(half)) return 2;
  const exponent = Math.floor(Math.log10(half));
  const leading = half / 10 ** exponent;
  return Math.max(0, -exponent + (leading < 3 ? 1 : 0));
}

export interface Shown {
  value: number;
  interval: [number, number] | null;
}

export function scaled(e: Estimate, scale: number, offset = 0): Shown | null {
  if (e.value === null) return null;
  const to = (x: number): number => scale * (x - offset);
  return {value: to(e.value), interval: e.ci95 ? [to(e.ci95[0]), to(e.ci95[1])] : null};
}

export function withInterval(shown: Shown | null, unit = "", plus = false): string {
  if (!shown) return "–";
  const space = unit ? ` ${unit}` : "";
  const sign = (text: string): string => (plus && Number(text) > 0 ? `+${text}` : signed(text));
  if (!shown.interval) return sign(significant(shown.value).replace(kMinus, "-")) + space;
  const [low, high] = shown.interval;
  const decimals = decimalsFor((high - low) / 2);
  return `${sign(clean(shown.value, decimals))}${space} [${signed(clean(low, decimals))}, ${signed(clean(high, decimals))}]`;
}

// No "-0.0".
function clean(value: number, decimals: number): string {
  const text = value.toFixed(decimals);
  return Number(text) === 0 ? text.replace("-", "") : text;
}

export const points = (e: Estimate): Shown | null => scaled(e, 100);
export const percentOf = (ratio: Estimate): Shown | null => scaled(ratio, 100, 1);

export function count(n: number): string {
  return n.toLocaleString("en-US").replace(/,/g, "\u202f");
}

export function bytes(n: number): string {
  if (n <= 0) return "–";
  const mebibytes = n / 1024 ** 2;
  return mebibytes >= 1024 ? `${(mebibytes / 1024).toFixed(2)} GiB` : mebibytes >= 1 ? `${mebibytes.toFixed(1)} MiB` : `${(n / 1024).toFixed(1)} KiB`;
}

export function probability(p: number | null): string {
  if (p === null) return "–";
  return p < 0.001 ? "< 0.001" : p.toFixed(3);
}
