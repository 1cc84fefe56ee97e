// Speed documents (docs/formats/speed.md) as far as the page shows them.
import type {Estimate, Family} from "./study";

export interface SpeedMeasure {
  name: string;  // tokens_per_s, first_token_ms, token_ms
  median: number;
  mean: number;
  sd: number | null;
  min: number;
  max: number;
  ratio: Estimate | null;
}
export interface Latencies {
  n: number;
  mean_ms: number;
  median_ms: number;
  p90_ms: number;
  p95_ms: number;
  p99_ms: number;
  max_ms: number;
}
interface SpeedTest {
  name: string;
  n_prompt: number;
  n_gen: number;
  n_depth: number;
  n_parallel: number;
  request: boolean;
}
interface SpeedSeries {
  setup: number;
  test: number;
  n_rounds: number;
  measures: SpeedMeasure[];
  between_tokens: Latencies | null;
  flags: string[];
}
interface SpeedSetup {
  name: string;
  baseline: number;
  peak_bytes: number | null;
  steady_bytes: number | null;
  failure: string | null;
  notes: string[];
}
export interface SpeedDocument {
  imported_from?: string;
  started: string;
  setups: SpeedSetup[];
  tests: SpeedTest[];
  series: SpeedSeries[];
  machine: {cpu: string; n_cores: number; n_hardware_threads: number; memory_bytes: number; system: string};
  warnings: string[];
}

export function speedDocuments(family: Family): SpeedDocument[] {
  return family.speeds as SpeedDocument[];
}

export interface NamedMeasure extends SpeedMeasure {
  value: number;
  setup: string;
  rounds: number;
}
export interface ModelSpeed {
  prefill: NamedMeasure | null;
  decode: NamedMeasure | null;
  firstToken: NamedMeasure | null;
  betweenTokens: Latencies | null;
  peakBytes: number | null;
}

type Kind = "prefill" | "decode" | "request";

function kindOf(test: SpeedTest): Kind | null {
  if (test.request) return "request";
  if (test.n_parallel !== 1 || test.n_depth !== 0) return null;
  if (test.n_prompt > 0 && test.n_gen === 0) return "prefill";
  return test.n_prompt === 0 && test.n_gen > 0 ? "decode" : null;
}

function measureOf(document: SpeedDocument, series: SpeedSeries, name: string): NamedMeasure | null {
  const found = series.measures.find((m) => m.name === name);
  return found ? {...found, value: found.median, setup: document.setups[series.setup]?.name ?? "", rounds: series.n_rounds} : null;
}

export function speedOf(family: Family, name: string): ModelSpeed | null {
  const speed: ModelSpeed = {prefill: null, decode: null, firstToken: null, betweenTokens: null, peakBytes: null};
  let any = false;
  for (const document of speedDocuments(family)) {
    const setup = document.setups.findIndex((s) => s.name === name);
    if (setup < 0) continue;
    any = true;
    speed.peakBytes ??= document.setups[setup]?.peak_bytes ?? null;
    for (const series of document.series.filter((s) => s.setup === setup)) {
      const test = document.tests[series.test];
      const kind = test ? kindOf(test) : null;
      if (kind === "prefill") speed.prefill ??= measureOf(document, series, "tokens_per_s");
      if (kind === "decode") speed.decode ??= measureOf(document, series, "tokens_per_s");
      if (kind === "decode" || kind === "request") speed.betweenTokens ??= series.between_tokens;
      if (kind === "request") speed.firstToken ??= measureOf(document, series, "first_token_ms");
    }
  }
  return any ? speed : null;
}
