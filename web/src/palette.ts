// Colours of charts. Variants are an ordered set, so they get a ramp that stays ordered for the
// colour-blind and in grey: from dark (many bits) to light (few).
import {isDark} from "./settings";

type Rgb = readonly [number, number, number];

// Lightness rises steadily along both.
const kLightRamp: Rgb[] = [[18, 52, 109], [41, 98, 158], [64, 141, 158], [124, 166, 105], [201, 160, 48], [214, 108, 40]];
const kDarkRamp: Rgb[] = [[92, 138, 214], [103, 170, 214], [120, 194, 186], [166, 205, 132], [232, 201, 104], [244, 160, 98]];

export function variantColours(n: number): string[] {
  const ramp = isDark() ? kDarkRamp : kLightRamp;
  return Array.from({length: n}, (_, i) => {
    const place = n === 1 ? 1 : (i / (n - 1)) * (ramp.length - 1);
    const low = ramp[Math.floor(place)] as Rgb;
    const high = ramp[Math.min(Math.floor(place) + 1, ramp.length - 1)] as Rgb;
    const part = place - Math.floor(place);
    return `rgb(${low.map((c, k) => Math.round(c + part * ((high[k] as number) - c))).join(",")})`;
  });
}

export interface Palette {
  text: string;
  muted: string;
  line: string;
  surface: string;
  baseline: string;
  accent: string;
  good: string;
  bad: string;
  open: string;
  region: string;
}

export function palette(): Palette {
  const style = getComputedStyle(document.documentElement);
  const of = (name: string): string => style.getPropertyValue(name).trim();
  return {
    text: of("--text"), muted: of("--muted"), line: of("--line"), surface: of("--surface"), baseline: of("--baseline"),
    accent: of("--accent"), good: of("--good"), bad: of("--bad"), open: of("--open"), region: of("--region"),
  };
}
