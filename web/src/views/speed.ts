// How fast and how large in memory: medians with their spread, single tokens by percentile.
import {axis, chartFigure, escapeHtml, tooltip} from "../chart";
import {type Child} from "../element";
import {t, type Key} from "../i18n";
import {crosses} from "../intervals";
import {bytes, scaled, significant, withInterval} from "../numbers";
import {palette} from "../palette";
import {speedDocuments, speedOf, type ModelSpeed, type NamedMeasure, type SpeedDocument} from "../speed";
import type {Family} from "../study";
import {cell, tableElement, type Cell} from "../table";
import {card, empty, familySelect, type View} from "../view";
import {h} from "../element";

const kRowHeight = 30;

export const speedView: View = {
  id: "speed",
  label: "view.speed",
  lead: "lead.speed",
  render(context) {
    const {family} = context;
    const models = [family.baseline, ...family.variants].map((m) => ({name: m.name, speed: speedOf(family, m.name)})).filter((m): m is Row => m.speed !== null);
    if (models.length === 0) return [familySelect(context), empty(t("empty.speed"), "assay bench BASE VARIANT... --json")];
    const machines = speedDocuments(family).map((d) => h("p", {class: "note"}, sourceOf(d)));
    const note = t(speedDocuments(family).some((d) => d.imported_from) ? "speed.note_imported" : "speed.note");
    return [familySelect(context), ...machines, ...(["decode", "prefill", "firstToken"] as const).map((name) => measureChart(models, name, note)), latencies(models), memory(models), ...doubts(family)];
  },
};

// Where and by what it was measured.
function sourceOf(d: SpeedDocument): string {
  if (d.imported_from) return [`${t("speed.imported")} ${d.imported_from}`, d.machine.cpu, d.started].filter((text) => text !== "").join(", ");
  return `${d.machine.cpu}, ${d.machine.n_cores} ${t("speed.cores")}, ${bytes(d.machine.memory_bytes)}, ${d.machine.system}, ${d.started}`;
}

interface Row {
  name: string;
  speed: ModelSpeed;
}
type MeasureName = "decode" | "prefill" | "firstToken";

function measureChart(models: Row[], name: MeasureName, note: string): Child {
  const rows = models.map((m) => ({name: m.name, measure: m.speed[name]})).filter((r): r is {name: string; measure: NamedMeasure} => r.measure !== null);
  if (rows.length === 0) return null;
  const unit = name === "firstToken" ? "ms" : t("unit.tokens_per_s");
  const ratioText = (m: NamedMeasure): string => (m.ratio ? withInterval(scaled(m.ratio, 1), "×") : "–");
  return chartFigure({
    name: `speed-${name}`, title: t(`speed.${name}` as Key), note, height: 70 + kRowHeight * rows.length, tableOpen: true,
    table: {
      name: `speed-${name}`, caption: t(`speed.${name}` as Key),
      columns: [{id: "variant", label: t("column.variant")}, {id: "median", label: `${t("column.median")}, ${unit}`, numeric: true}, {id: "min", label: t("column.min"), numeric: true}, {id: "max", label: t("column.max"), numeric: true},
        {id: "rounds", label: t("column.rounds"), numeric: true}, {id: "ratio", label: t("column.ratio"), numeric: true}],
      rows: rows.map(({name: variant, measure: m}): Cell[] => [cell(variant), cell(significant(m.median), m.median), cell(significant(m.min), m.min), cell(significant(m.max), m.max), cell(String(m.rounds), m.rounds), cell(ratioText(m), m.ratio?.value ?? null)]),
    },
    option: () => {
      const p = palette();
      return {
        grid: {left: 8, right: 30, top: 10, bottom: 40, containLabel: true},
        tooltip: tooltip((o: {dataIndex: number}) => {
          const row = rows[o.dataIndex];
          return row ? `<b>${escapeHtml(row.name)}</b><br>${significant(row.measure.median)} ${unit} (${significant(row.measure.min)}–${significant(row.measure.max)})<br>${ratioText(row.measure)}` : "";
        }),
        xAxis: {...axis(unit, {nameLocation: "middle", nameGap: 26, min: 0, max: (data: {max: number}) => nice(Math.max(data.max, ...rows.map((r) => r.measure.max)))}), type: "value"},
        yAxis: {...axis("", {splitLine: {show: false}}), type: "category", inverse: true, data: rows.map((r) => r.name), axisLabel: {color: p.text, fontSize: 13}},
        series: [
          ...rows.map((r, i) => crosses(`range ${i}`, i === 0 ? p.baseline : p.accent, [[r.measure.median, i, r.measure.min, r.measure.max, NaN, NaN]], 2.5)),
          {type: "scatter", symbolSize: 11, z: 4, data: rows.map((r, i) => ({value: [r.measure.median, i], itemStyle: {opacity: 1, color: i === 0 ? p.baseline : p.accent}, symbol: i === 0 ? "diamond" : "circle"}))},
        ],
      };
    },
  });
}

// The next number above with one digit, or one and a half.
function nice(value: number): number {
  const step = 10 ** Math.floor(Math.log10(value)) / 2;
  return Math.ceil(value / step) * step;
}

function latencies(models: Row[]): Child {
  const rows = models.flatMap((m): Cell[][] => {
    const l = m.speed.betweenTokens;
    return l ? [[cell(m.name), cell(String(l.n), l.n), ...[l.mean_ms, l.median_ms, l.p90_ms, l.p95_ms, l.p99_ms, l.max_ms].map((v) => cell(significant(v), v))]] : [];
  });
  if (rows.length === 0) return null;
  const numeric = (id: string, label: string): {id: string; label: string; numeric: boolean} => ({id, label, numeric: true});
  return card(t("speed.between"), tableElement({
    name: "between-tokens", caption: t("speed.between"), rows,
    columns: [{id: "variant", label: t("column.variant")}, numeric("n", "n"), numeric("mean_ms", t("column.mean")), numeric("median_ms", t("column.median")), numeric("p90_ms", "90 %"), numeric("p95_ms", "95 %"), numeric("p99_ms", "99 %"), numeric("max_ms", t("column.max"))],
  }));
}

function memory(models: Row[]): Child {
  const rows = models.filter((m) => m.speed.peakBytes !== null).map((m): Cell[] => [cell(m.name), cell(bytes(m.speed.peakBytes ?? 0), m.speed.peakBytes)]);
  if (rows.length === 0) return null;
  return card(t("speed.memory"), tableElement({name: "memory", caption: t("speed.memory"), rows, columns: [{id: "variant", label: t("column.variant")}, {id: "peak_bytes", label: t("column.peak"), numeric: true}]}));
}

function doubts(family: Family): Child[] {
  const texts = speedDocuments(family).flatMap((d) => [...d.warnings, ...d.setups.flatMap((s) => (s.failure ? [`${s.name}: ${s.failure}`] : [])),
    ...d.series.flatMap((s) => s.flags.map((flag) => `${d.setups[s.setup]?.name ?? ""}, ${d.tests[s.test]?.name ?? ""}: ${flag}`))]);
  return texts.length === 0 ? [] : [card(t("method.warnings"), h("ul", {lang: "en"}, ...texts.map((text) => h("li", {}, text))))];
}
