// A chart with what belongs to it: a title, a sentence that says how to read it, its table, CSV and
// PNG.
import {init, type ECharts, type EChartsCoreOption} from "./echarts";
import {h, type Child} from "./element";
import {t} from "./i18n";
import {palette} from "./palette";
import {csvOf, download, downloadText, tableElement, type Table} from "./table";

export interface ChartSpec {
  name: string;  // of files
  title: string;
  note?: Child;
  height: number;
  option: () => EChartsCoreOption;
  table: Table;
  tableOpen?: boolean;
  onReady?: (chart: ECharts) => void;
}

const kWaiting = new Set<() => void>();
const kLive = new Set<{chart: ECharts; observer: ResizeObserver}>();

// Charts start when they have a size; this starts those that have one now, for paper.
export function startCharts(): void {
  for (const start of kWaiting) start();
}

export function disposeCharts(): void {
  kWaiting.clear();
  for (const {chart, observer} of kLive) {
    observer.disconnect();
    chart.dispose();
  }
  kLive.clear();
}

export function chartFigure(spec: ChartSpec): HTMLElement {
  const canvas = h("div", {class: "chart", style: `height:${spec.height}px`, role: "img", "aria-label": `${spec.title}. ${t("chart.see_table")}`});
  let chart: ECharts | null = null;
  const start = (): void => {
    if (chart || canvas.clientWidth === 0) return;
    kWaiting.delete(start);
    chart = init(canvas, null, {renderer: "canvas"});
    chart.setOption(withDefaults(spec.option()));
    kLive.add({chart, observer});
    spec.onReady?.(chart);
  };
  kWaiting.add(start);
  const observer = new ResizeObserver(() => (chart ? chart.resize() : start()));
  observer.observe(canvas);
  const png = (): void => {
    if (chart) download(`${spec.name}.png`, chart.getDataURL({type: "png", pixelRatio: 2, backgroundColor: palette().surface}));
  };
  return h("figure", {class: "figure", "data-chart": spec.name},
    h("figcaption", {},
      h("h3", {}, spec.title),
      h("div", {class: "tools"},
        h("button", {type: "button", class: "quiet", onclick: () => downloadText(`${spec.name}.csv`, csvOf(spec.table))}, t("chart.csv")),
        h("button", {type: "button", class: "quiet", onclick: png}, t("chart.png")))),
    spec.note ? h("p", {class: "note"}, spec.note) : null,
    canvas,
    h("details", {class: "data", open: spec.tableOpen ?? false}, h("summary", {}, t("chart.table")), tableElement(spec.table)));
}

function withDefaults(option: EChartsCoreOption): EChartsCoreOption {
  const p = palette();
  const family = getComputedStyle(document.body).fontFamily;
  return {
    animation: false,
    textStyle: {fontFamily: family, color: p.text, fontSize: 12},
    backgroundColor: "transparent",
    ...option,
    aria: {enabled: false},  // the figure itself carries the label, the table the numbers
  };
}

// Axes that do not shout.
export function axis(name: string, extra: Record<string, unknown> = {}): Record<string, unknown> {
  const p = palette();
  return {
    name,
    nameTextStyle: {color: p.muted, fontSize: 12},
    axisLine: {lineStyle: {color: p.line}},
    axisTick: {show: false},
    axisLabel: {color: p.muted, fontSize: 12},
    splitLine: {lineStyle: {color: p.line, width: 1}},
    ...extra,
  };
}

// Labels of an axis with a proper minus.
export function signedAxis(value: number): string {
  return String(Math.round(value * 1e6) / 1e6).replace("-", "\u2212");
}

export function tooltip(formatter: (parameters: never) => string): Record<string, unknown> {
  const p = palette();
  return {
    trigger: "item", confine: true, backgroundColor: p.surface, borderColor: p.line, textStyle: {color: p.text, fontSize: 12},
    extraCssText: "box-shadow:0 2px 10px rgba(0,0,0,.12);max-width:420px;white-space:normal",
    formatter,
  };
}

// Tooltips are HTML: whatever comes from data goes through here.
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);
}
