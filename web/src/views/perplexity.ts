// Does perplexity say what the tasks will lose? Both changes of each variant, and where they part.
import {axis, chartFigure, signedAxis, escapeHtml, tooltip} from "../chart";
import {h, type Child} from "../element";
import {t} from "../i18n";
import {crosses} from "../intervals";
import {percentOf, points, signed, significant, withInterval, type Shown} from "../numbers";
import {palette, variantColours} from "../palette";
import {declaredMargin, perplexityLimit} from "../rules";
import {byBits, comparisonOf, decidingPoints, divergenceOf, type Family, type MetricRow} from "../study";
import {cell, type Cell} from "../table";
import {empty, familySelect, select, type View} from "../view";
import {correlation, type Correlation} from "../correlation";
import {findingsCard} from "./explorer";

let task = "";

export const perplexityView: View = {
  id: "perplexity",
  label: "view.perplexity",
  lead: "lead.perplexity",
  render(context) {
    const {family} = context;
    const tasks = [...new Set(family.comparisons.flatMap((c) => decidingPoints(c).map((r) => r.task)))];
    if (tasks.length === 0 || family.divergences.length === 0) return [familySelect(context), empty(t("empty.perplexity"), "assay report runs.json divergence.json -o report.html")];
    if (!tasks.includes(task)) task = worstTask(family) ?? tasks[0] ?? "";
    const body = h("div", {});
    const show = (): void => {
      body.textContent = "";
      for (const one of chartOf(family)) if (one instanceof Node) body.append(one);
    };
    show();
    return [h("div", {class: "controls"}, familySelect(context), select(t("column.task"), task, tasks.map((name): [string, string] => [name, name]), (value) => {
      task = value;
      show();
    })), body, findingsCard(context.study.findings.filter((f) => f.kind === "tasks_beyond_perplexity" && f.family === family.name))];
  },
};

// Where most is lost there is most to see.
function worstTask(family: Family): string | undefined {
  const rows = family.comparisons.flatMap((c) => decidingPoints(c));
  return rows.reduce<MetricRow | undefined>((worst, row) => worst && (worst.change.value ?? 0) <= (row.change.value ?? 0) ? worst : row, undefined)?.task;
}

interface Point {
  name: string;
  bits: number;
  ppl: Shown;
  exactPpl: number;
  change: Shown;
  row: MetricRow;
}

function pointsOf(family: Family): Point[] {
  const out: Point[] = [];
  for (const model of byBits(family)) {
    const ratio = divergenceOf(family, model.name)?.ppl_ratio;
    const comparison = comparisonOf(family, model.name);
    const row = comparison && decidingPoints(comparison).find((r) => r.task === task);
    const ppl = ratio ? percentOf(ratio) : null;
    const change = row ? points(row.change) : null;
    if (ppl && change && row && ratio && ratio.value !== null) out.push({name: model.name, bits: model.bits_per_weight, ppl, exactPpl: ratio.value, change, row});
  }
  return out;
}

function chartOf(family: Family): Child[] {
  const all = pointsOf(family);
  if (all.length === 0) return [empty(t("empty.perplexity"))];
  const limit = 100 * perplexityLimit(family);
  const margin = 100 * declaredMargin(family);
  const r = correlation(all.map((q) => Math.log(q.exactPpl)), all.map((q) => q.row.change.value ?? 0));
  return [
    chartFigure({
      name: "perplexity-against-task", title: t("perplexity.title", {task}), note: t("perplexity.note", {limit: significant(limit, 2), margin: significant(margin, 2)}), height: 440, tableOpen: true,
      table: {
        name: "perplexity-against-task", caption: t("perplexity.title", {task}),
        columns: [{id: "variant", label: t("column.variant")}, {id: "bits_per_weight", label: t("column.bits"), numeric: true}, {id: "ppl_ratio", label: t("column.ppl_change"), numeric: true}, {id: "change", label: t("column.change_ci"), numeric: true}, {id: "parts", label: t("perplexity.parts")}],
        rows: all.map((q): Cell[] => [cell(q.name), cell(q.bits.toFixed(2), q.bits), cell(withInterval(q.ppl, "%", true), q.exactPpl), cell(withInterval(q.change, t("unit.points_short"), true), q.row.change.value), cell(parts(q, limit, margin))]),
      },
      option: () => option(all, limit, margin),
    }),
    h("p", {class: "note"}, correlationText(r, all.length)),
  ];
}

function correlationText(r: Correlation | null, n: number): string {
  if (!r) return t("perplexity.no_correlation");
  const value = signed(r.value.toFixed(2));
  if (r.low === null || r.high === null) return t("perplexity.correlation_alone", {r: value, n});
  return t("perplexity.correlation", {r: value, low: signed(r.low.toFixed(2)), high: signed(r.high.toFixed(2)), n});
}

// The stated rule: perplexity is shown to stay under its limit, the task is shown to lose more than its margin.
function parts(q: Point, limit: number, margin: number): string {
  if (!q.ppl.interval || !q.change.interval) return "–";
  const fine = q.ppl.interval[1] < limit;
  if (fine && q.change.interval[1] < -margin) return t("perplexity.parts_yes");
  return !fine || q.change.interval[0] > -margin ? t("perplexity.parts_no") : t("verdict.undecided");
}

function option(all: Point[], limit: number, margin: number): Record<string, unknown> {
  const p = palette();
  const colours = variantColours(all.length);
  const xs = all.flatMap((q) => [q.ppl.value, ...(q.ppl.interval ?? [])]).concat(0, limit);
  const ys = all.flatMap((q) => [q.change.value, ...(q.change.interval ?? [])]).concat(0, -margin);
  const pad = (values: number[]): [number, number] => {
    const low = Math.min(...values);
    const high = Math.max(...values);
    return [low - (high - low) * 0.08, high + (high - low) * 0.08];
  };
  const x = pad(xs);
  const y = pad(ys);
  const round = signedAxis;
  return {
    grid: {left: 16, right: 40, top: 34, bottom: 46, containLabel: true},
    tooltip: tooltip((o: {dataIndex: number}) => {
      const q = all[o.dataIndex];
      return q ? `<b>${escapeHtml(q.name)}</b><br>${escapeHtml(t("axis.perplexity"))}: ${withInterval(q.ppl, "%", true)}<br>${escapeHtml(task)}: ${withInterval(q.change, t("unit.points"), true)}` : "";
    }),
    xAxis: {...axis(t("axis.ppl_increase"), {nameLocation: "middle", nameGap: 30, min: x[0], max: x[1]}), type: "value", axisLabel: {color: p.muted, formatter: round, showMinLabel: false, showMaxLabel: false}},
    yAxis: {...axis(t("axis.change_points"), {nameTextStyle: {color: p.muted, align: "left"}, min: y[0], max: y[1]}), type: "value", axisLabel: {color: p.muted, formatter: round, showMinLabel: false, showMaxLabel: false}},
    series: [
      {type: "line", silent: true, symbol: "none", z: 1, data: all.map((q) => [q.ppl.value, q.change.value]), lineStyle: {color: p.muted, width: 1, opacity: 0.6}},
      ...all.map((q, i) => crosses(`interval ${i}`, colours[i] ?? p.text, [[q.ppl.value, q.change.value, q.ppl.interval?.[0] ?? NaN, q.ppl.interval?.[1] ?? NaN, q.change.interval?.[0] ?? NaN, q.change.interval?.[1] ?? NaN]])),
      {
        type: "scatter", z: 5, symbolSize: 12, labelLayout: {moveOverlap: "shiftX"},
        data: all.map((q, i) => ({value: [q.ppl.value, q.change.value], itemStyle: {opacity: 1, color: colours[i]}, label: {show: true, position: "top", distance: 8, formatter: () => q.name, color: p.text, fontSize: 12}})),
        markArea: {silent: true, itemStyle: {opacity: 1, color: p.region}, label: {show: true, color: p.text, position: "insideBottomLeft", fontSize: 12, formatter: t("perplexity.region")},
          data: [[{coord: [x[0], y[0]]}, {coord: [limit, -margin]}]]},
        markLine: {silent: true, symbol: "none", label: {show: false}, lineStyle: {color: p.muted, type: "solid", width: 1}, data: [{xAxis: 0}, {yAxis: 0}]},
      },
    ],
  };
}
