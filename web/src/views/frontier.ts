// What is bought for what is lost: every variant by cost and by quality, the dominated ones dimmed.
import type {ECharts} from "../echarts";
import {axis, chartFigure, signedAxis, escapeHtml, tooltip} from "../chart";
import {h, replaceChildren} from "../element";
import {t, type Key} from "../i18n";
import {crosses} from "../intervals";
import {bytes, significant, withInterval} from "../numbers";
import {palette} from "../palette";
import {declaredRules, decide, type Rules} from "../rules";
import {cell, type Cell} from "../table";
import {empty, familySelect, select, slider, type View} from "../view";
import {decisionHeadline} from "../words";
import {availableCosts, availableQualities, placed, type CostName, type Placed, type QualityName} from "./frontier_axes";

interface State {
  cost: CostName;
  quality: QualityName;
}
const state: State = {cost: "size", quality: "tasks"};

export const frontierView: View = {
  id: "frontier",
  label: "view.frontier",
  lead: "lead.frontier",
  render(context) {
    const {family} = context;
    const costs = availableCosts(family);
    const qualities = availableQualities(family);
    if (costs.length === 0 || qualities.length === 0) return [familySelect(context), empty(t("empty.frontier"))];
    if (!costs.includes(state.cost)) state.cost = costs[0] as CostName;
    if (!qualities.includes(state.quality)) state.quality = qualities[0] as QualityName;
    const rules = declaredRules(family);
    const body = h("div", {});
    const verdict = h("p", {class: "following", "aria-live": "polite"});
    const follow = (): void => {
      const decision = decide(family, rules);
      verdict.dataset["recommended"] = decision.recommended?.model.name ?? "";
      verdict.textContent = decisionHeadline(decision, family);
    };
    const show = (): void => {
      const points = placed(family, state.cost, state.quality);
      replaceChildren(body, figure(points, rules, follow));
    };
    const names = (kind: string, keys: string[]): [string, string][] => keys.map((k) => [k, t(`${kind}.${k}` as Key)]);
    const controls = h("div", {class: "controls"}, familySelect(context),
      select(t("frontier.cost"), state.cost, names("cost", costs), (value) => {
        state.cost = value as CostName;
        show();
      }),
      select(t("frontier.quality"), state.quality, names("quality", qualities), (value) => {
        state.quality = value as QualityName;
        show();
      }));
    follow();
    show();
    return [controls, verdict, body];
  },
};

const kMebibyte = 1024 ** 2;

function figure(points: Placed[], rules: Rules, follow: () => void): HTMLElement {
  const unit = t(`quality_unit.${state.quality}` as Key);
  let chart: ECharts | null = null;
  const limited = state.cost === "size" || state.cost === "speed";
  const limit = (): number | null => (state.cost === "size" ? (rules.maxSizeBytes === null ? null : rules.maxSizeBytes / kMebibyte) : rules.minSpeed);
  const dragged = (value: number): void => {
    const input = control?.querySelector("input");
    if (input) {
      input.value = String(value);
      input.dispatchEvent(new Event("shown"));
    }
    setLimit(value);
  };
  const setLimit = (value: number | null): void => {
    if (state.cost === "size") rules.maxSizeBytes = value === null ? null : value * kMebibyte;
    else rules.minSpeed = value;
    follow();
  };
  const costs = points.map((q) => q.cost);
  const end = Math.ceil(Math.max(...costs) * 1.05);
  const control = limited ? slider(t(state.cost === "size" ? "rules.size_label" : "rules.speed_label"),
    {min: 0, max: end, step: state.cost === "size" ? 1 : 0.5, value: limit() ?? (state.cost === "size" ? end : 0), text: (v) => `${significant(v)} ${t(`cost_unit.${state.cost}` as Key)}`},
    (value) => {
      setLimit(value);
      if (chart) drawLimit(chart, value, points, dragged);
    }) : null;
  const element = chartFigure({
    name: `frontier-${state.cost}-${state.quality}`, title: t("frontier.title"), note: limited ? t("frontier.note_drag") : t("frontier.note"), height: 440,
    table: table(points, unit),
    option: () => option(points, unit),
    onReady: (ready) => {
      chart = ready;
      if (limited) drawLimit(ready, limit() ?? (state.cost === "size" ? end : 0), points, dragged);
    },
  });
  return h("div", {}, control, element);
}

function extent(points: Placed[]): {x: [number, number]; y: [number, number]} {
  const xs = points.map((q) => q.cost);
  const ys = points.flatMap((q) => [q.quality.value, ...(q.quality.interval ?? [])]);
  const pad = (low: number, high: number): [number, number] => [low - (high - low || 1) * 0.08, high + (high - low || 1) * 0.08];
  return {x: [0, Math.max(...xs) * 1.1], y: pad(Math.min(...ys), Math.max(...ys))};
}

// A line across the chart that can be dragged; the slider above does the same for the keyboard.
function drawLimit(chart: ECharts, value: number, points: Placed[], set: (value: number) => void): void {
  const p = palette();
  const {x} = extent(points);
  const grid = {top: 30, bottom: 48};
  const pixel = chart.convertToPixel({xAxisIndex: 0}, Math.min(Math.max(value, x[0]), x[1])) as unknown as number;
  chart.setOption({graphic: [{
    id: "limit", type: "line", draggable: "horizontal", z: 20, x: pixel, y: 0, cursor: "ew-resize",
    shape: {x1: 0, y1: grid.top, x2: 0, y2: chart.getHeight() - grid.bottom},
    style: {stroke: p.accent, lineWidth: 2, lineDash: [6, 4]},
    ondrag(this: {x: number}) {
      set(Math.max(0, chart.convertFromPixel({xAxisIndex: 0}, this.x) as unknown as number));
    },
  }]});
}

function option(points: Placed[], unit: string): Record<string, unknown> {
  const p = palette();
  const {x, y} = extent(points);
  const better = points.filter((q) => !q.dominated).sort((a, b) => a.cost - b.cost);
  const colour = (q: Placed): string => (q.isBaseline ? p.baseline : q.dominated ? p.muted : p.accent);
  const shape = (q: Placed): string => (q.isBaseline ? "diamond" : q.dominated ? "emptyCircle" : "circle");
  return {
    grid: {left: 16, right: 30, top: 30, bottom: 48, containLabel: true},
    tooltip: tooltip((o: {dataIndex: number}) => {
      const q = points[o.dataIndex];
      return q ? `<b>${escapeHtml(q.name)}</b><br>${escapeHtml(costText(q))}<br>${withInterval(q.quality, unit, true)}${q.dominated ? `<br>${escapeHtml(t("frontier.dominated_by", {name: q.dominatedBy ?? ""}))}` : ""}` : "";
    }),
    xAxis: {...axis(t(`cost_axis.${state.cost}` as Key), {nameLocation: "middle", nameGap: 30, min: x[0], max: x[1]}), type: "value", axisLabel: {color: p.muted, showMaxLabel: false, formatter: signedAxis}},
    yAxis: {...axis(t(`quality_axis.${state.quality}` as Key), {nameLocation: "end", nameTextStyle: {color: p.muted, align: "left"}, min: y[0], max: y[1]}), type: "value",
      axisLabel: {color: p.muted, showMinLabel: false, showMaxLabel: false, formatter: signedAxis}},
    series: [
      {type: "line", step: false, silent: true, symbol: "none", z: 1, data: better.map((q) => [q.cost, q.quality.value]), lineStyle: {color: p.accent, width: 1, opacity: 0.45}},
      ...points.map((q, i) => crosses(`interval ${i}`, colour(q), [[q.cost, q.quality.value, NaN, NaN, q.quality.interval?.[0] ?? NaN, q.quality.interval?.[1] ?? NaN]])),
      {type: "scatter", z: 5, labelLayout: {hideOverlap: true, moveOverlap: "shiftY"}, data: points.map((q) => ({value: [q.cost, q.quality.value], symbol: shape(q), symbolSize: 12,
        itemStyle: {color: colour(q), opacity: q.dominated ? 0.7 : 1}, label: {show: true, position: "top", distance: 8, formatter: () => q.name, color: q.dominated ? p.muted : p.text, fontSize: 12}}))},
    ],
  };
}

function costText(q: Placed): string {
  return state.cost === "size" ? bytes(q.cost * kMebibyte) : `${significant(q.cost)} ${t(`cost_unit.${state.cost}` as Key)}`;
}

function table(points: Placed[], unit: string): {name: string; caption: string; columns: {id: string; label: string; numeric?: boolean}[]; rows: Cell[][]} {
  return {
    name: "frontier", caption: t("frontier.title"),
    columns: [{id: "variant", label: t("column.variant")}, {id: state.cost, label: t(`cost.${state.cost}` as Key), numeric: true}, {id: state.quality, label: t(`quality.${state.quality}` as Key), numeric: true},
      {id: "dominated_by", label: t("frontier.dominated")}],
    rows: points.map((q): Cell[] => [cell(q.name), cell(costText(q), q.exactCost), cell(withInterval(q.quality, unit, true), q.exactQuality), cell(q.dominatedBy ?? "–", q.dominatedBy ?? "")]),
  };
}
