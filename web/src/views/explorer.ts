// What each variant loses on each benchmark, and what the data say beyond single verdicts.
import {axis, chartFigure, signedAxis, escapeHtml, tooltip} from "../chart";
import {h, replaceChildren, type Child} from "../element";
import {t} from "../i18n";
import {barWhiskers, kBarCategoryGap, kBarGap} from "../intervals";
import {badge, kFindingMarks, verdictBadge} from "../marks";
import {count, points, probability, scaled, withInterval, type Shown} from "../numbers";
import {palette, variantColours} from "../palette";
import {byBits, comparisonOf, type Family, type Finding, type MetricRow} from "../study";
import {cell, tableElement, type Cell, type Table} from "../table";
import {card, classWord, empty, familySelect, segmented, type View} from "../view";
import {findingText} from "../words";

type Mode = "scores" | "absolute" | "relative";
interface State {
  mode: Mode;
  rows: "deciding" | "all";
}
const state: State = {mode: "absolute", rows: "deciding"};

export const explorerView: View = {
  id: "explorer",
  label: "view.explorer",
  lead: "lead.explorer",
  render(context) {
    const {family} = context;
    if (family.comparisons.length === 0) return [familySelect(context), empty(t("empty.tasks"), "assay eval BASE VARIANT... --tasks mmlu,gsm8k --json")];
    const body = h("div", {class: "stack"});
    const findings = findingsCard(context.study.findings.filter((f) => f.family === "" || f.family === family.name));
    const show = (): void => replaceChildren(body, chart(family), findings, card(t("explorer.rows"), tableElement(rowsTable(family), "wide")));
    const controls = h("div", {class: "controls"}, familySelect(context),
      segmented(t("explorer.mode"), state.mode, [["scores", t("explorer.scores")], ["absolute", t("explorer.absolute")], ["relative", t("explorer.relative")]],
        (value) => {
          state.mode = value as Mode;
          show();
        }),
      segmented(t("explorer.which"), state.rows, [["deciding", t("explorer.deciding")], ["all", t("explorer.all")]], (value) => {
        state.rows = value as State["rows"];
        show();
      }));
    show();
    return [controls, body, classes(family), texts(family)];
  },
};

interface Entry {
  variant: string;
  row: MetricRow;
}

function entries(family: Family): Entry[] {
  const out: Entry[] = [];
  for (const model of byBits(family)) {
    const comparison = comparisonOf(family, model.name);
    for (const row of [...(comparison?.metrics ?? []), ...(comparison?.groups ?? [])]) {
      if (state.rows === "all" || row.decides) out.push({variant: model.name, row});
    }
  }
  return out;
}

const labelOf = (row: MetricRow): string => (state.rows === "all" ? `${row.task} ${row.metric}${row.filter === "none" ? "" : ` ${row.filter}`}` : row.task);

function shownOf(row: MetricRow): Shown | null {
  if (row.kind === "ratio") return state.mode === "scores" ? null : scaled(row.change, 100, 1);
  if (state.mode === "scores") return scaled(row.variant, 100);
  return state.mode === "absolute" ? points(row.change) : row.recovery_percent && scaled(row.recovery_percent, 1, 100);
}

// The document's number behind it.
function exactOf(row: MetricRow): number | null {
  if (state.mode === "scores") return row.variant.value;
  return state.mode === "absolute" ? row.change.value : row.recovery_percent?.value ?? null;
}

function chart(family: Family): HTMLElement {
  const all = entries(family).filter((e) => e.row.kind === "points");
  const labels = [...new Set(all.map((e) => labelOf(e.row)))];
  const variants = [...new Set(all.map((e) => e.variant))];
  return chartFigure({
    name: `degradation-${state.mode}`, title: t(`explorer.title.${state.mode}`), note: t("explorer.note"), height: 380,
    table: chartTable(all, labels, variants, family),
    option: () => option(all, labels, variants, family),
  });
}

function series(all: Entry[], labels: string[], variant: string): (Shown | null)[] {
  return labels.map((label) => {
    const entry = all.find((e) => e.variant === variant && labelOf(e.row) === label);
    return entry ? shownOf(entry.row) : null;
  });
}

function baselineSeries(all: Entry[], labels: string[]): (Shown | null)[] {
  return labels.map((label) => {
    const entry = all.find((e) => labelOf(e.row) === label);
    return entry ? scaled(entry.row.baseline, 100) : null;
  });
}

function option(all: Entry[], labels: string[], variants: string[], family: Family): Record<string, unknown> {
  const p = palette();
  const scores = state.mode === "scores";
  const names = scores ? [family.baseline.name, ...variants] : variants;
  const colours = [...(scores ? [p.baseline] : []), ...variantColours(variants.length)];
  const data = names.map((name, i) => (scores && i === 0 ? baselineSeries(all, labels) : series(all, labels, name)));
  const ends = data.flat().flatMap((s) => (s ? [s.value, ...(s.interval ?? [])] : []));  // bars alone would end the axis within the whiskers
  const unit = scores ? "%" : state.mode === "absolute" ? t("unit.points") : "%";
  return {
    grid: {left: 8, right: 16, top: 64, bottom: 8, containLabel: true},
    legend: {top: 0, left: 0, type: "scroll", data: names, textStyle: {color: p.text}, itemWidth: 12, itemHeight: 12, pageTextStyle: {color: p.muted}},
    tooltip: tooltip((o: {seriesIndex: number; dataIndex: number; seriesName: string}) => {
      const shown = data[names.indexOf(o.seriesName)]?.[o.dataIndex] ?? null;
      return `<b>${escapeHtml(o.seriesName)}</b> · ${escapeHtml(labels[o.dataIndex] ?? "")}<br>${withInterval(shown, unit, !scores)}`;
    }),
    xAxis: {...axis("", {splitLine: {show: false}}), type: "category", data: labels, axisLabel: {color: p.text, fontSize: 13, interval: 0, hideOverlap: true},
      axisLine: {onZero: false, lineStyle: {color: p.line}}},
    yAxis: {...axis(scores ? t("axis.score") : state.mode === "absolute" ? t("axis.change_points") : t("axis.change_percent"), {nameLocation: "end", nameGap: 14, nameTextStyle: {color: p.muted, align: "left"}}),
      type: "value", min: scores ? 0 : Math.floor(Math.min(0, ...ends)), max: scores ? undefined : Math.ceil(Math.max(0, ...ends)), axisLabel: {color: p.muted, formatter: signedAxis}},
    series: names.flatMap((name, i) => [
      {type: "bar", name, data: data[i]?.map((s) => s?.value ?? null), barGap: kBarGap, barCategoryGap: kBarCategoryGap, itemStyle: {color: colours[i], borderRadius: 1},
        ...(i === 0 && !scores ? {markLine: {silent: true, symbol: "none", label: {show: false}, data: [{yAxis: 0}], lineStyle: {color: p.muted, type: "solid", width: 1}}} : {})},
      barWhiskers(name, i, names.length, (data[i] ?? []).map((s, k) => [k, s?.interval?.[0] ?? NaN, s?.interval?.[1] ?? NaN])),
    ]),
  };
}

function chartTable(all: Entry[], labels: string[], variants: string[], family: Family): Table {
  const scores = state.mode === "scores";
  const names = scores ? [family.baseline.name, ...variants] : variants;
  return {
    name: `degradation-${state.mode}`, caption: t(`explorer.title.${state.mode}`),
    columns: [{id: "task", label: t("column.task")}, ...names.map((name) => ({id: name, label: name, numeric: true}))],
    rows: labels.map((label): Cell[] => [cell(label), ...names.map((name, i) => {
      const isBaseline = scores && i === 0;
      const shown = (isBaseline ? baselineSeries(all, [label]) : series(all, [label], name))[0] ?? null;
      const entry = all.find((e) => labelOf(e.row) === label && (isBaseline || e.variant === name));
      return cell(withInterval(shown, "", !scores), entry ? (isBaseline ? entry.row.baseline.value : exactOf(entry.row)) : null);
    })]),
  };
}

function rowsTable(family: Family): Table {
  return {
    name: "comparisons", caption: t("explorer.rows"),
    columns: [{id: "variant", label: t("column.variant")}, {id: "task", label: t("column.task")}, {id: "metric", label: t("column.metric")}, {id: "n", label: "n", numeric: true},
      {id: "baseline", label: t("column.baseline"), numeric: true}, {id: "score", label: t("column.score"), numeric: true}, {id: "change", label: t("column.change_ci"), numeric: true},
      {id: "lost", label: t("column.lost"), numeric: true}, {id: "gained", label: t("column.gained"), numeric: true}, {id: "sees", label: t("column.sees"), numeric: true},
      {id: "p_worse", label: t("column.p_worse"), numeric: true}, {id: "verdict", label: t("column.verdict")}],
    rows: entries(family).map(({variant, row}): Cell[] => {
      const ratio = row.kind === "ratio";
      const side = (shown: Shown | null): string => (shown ? (ratio ? shown.value.toFixed(2) : `${shown.value.toFixed(2)} %`) : "–");
      return [
        cell(variant), cell(row.task), cell(row.filter === "none" ? row.metric : `${row.metric}, ${row.filter}`), cell(count(row.n), row.n),
        cell(side(scaled(row.baseline, ratio ? 1 : 100)), row.baseline.value), cell(side(scaled(row.variant, ratio ? 1 : 100)), row.variant.value),
        cell(withInterval(ratio ? scaled(row.change, 100, 1) : points(row.change), ratio ? "%" : t("unit.points_short"), true), row.change.value),
        cell(row.flips ? count(row.flips.lost) : "–", row.flips?.lost ?? null), cell(row.flips ? count(row.flips.gained) : "–", row.flips?.gained ?? null),
        cell(row.minimum_detectable_effect === null ? "–" : (100 * row.minimum_detectable_effect).toFixed(1), row.minimum_detectable_effect),
        cell(probability(row.p_worse), row.p_worse), {text: t(`verdict.${row.verdict}`), value: row.verdict, node: verdictBadge(row.verdict)},
      ];
    }),
  };
}

export function findingsCard(findings: Finding[]): Child {
  if (findings.length === 0) return null;
  const rank = {shown: 0, undecided: 1, not_shown: 2};
  const sorted = [...findings].sort((a, b) => rank[a.state] - rank[b.state]);
  return card(t("findings.title"), h("p", {class: "note"}, t("findings.note")), h("ul", {class: "findings"}, ...sorted.map((finding) =>
    h("li", {"data-kind": finding.kind, "data-state": finding.state}, badge(kFindingMarks[finding.state], t(`state.${finding.state}`)), h("span", {}, findingText(finding))))));
}

function classes(family: Family): Child {
  const rows = byBits(family).flatMap((model) => (comparisonOf(family, model.name)?.classes ?? []).map((c): Cell[] =>
    [cell(model.name), cell(classWord(c.task_class), c.task_class), cell(c.tasks.join(", ")), cell(count(c.n), c.n), cell(withInterval(points(c.change), t("unit.points_short"), true), c.change.value)]));
  if (rows.length === 0) return null;
  return card(t("classes.title"), tableElement({
    name: "classes", caption: t("classes.title"), rows,
    columns: [{id: "variant", label: t("column.variant")}, {id: "class", label: t("column.class")}, {id: "tasks", label: t("column.tasks")}, {id: "n", label: "n", numeric: true}, {id: "change", label: t("column.change_ci"), numeric: true}],
  }));
}

function texts(family: Family): Child {
  const rows = byBits(family).flatMap((model) => (comparisonOf(family, model.name)?.texts ?? []).map((x): Cell[] =>
    [cell(model.name), cell(x.task), cell(count(x.n), x.n), cell(withInterval(scaled(x.identical, 100), "%"), x.identical.value),
      cell(x.first_divergent === null ? "–" : `${x.first_divergent} ${x.unit}`, x.first_divergent), cell(withInterval(scaled(x.length_drift, 1), "", true), x.length_drift.value)]));
  if (rows.length === 0) return null;
  return card(t("texts.title"), tableElement({
    name: "texts", caption: t("texts.title"), rows,
    columns: [{id: "variant", label: t("column.variant")}, {id: "task", label: t("column.task")}, {id: "n", label: "n", numeric: true}, {id: "identical", label: t("column.identical"), numeric: true},
      {id: "first_divergent", label: t("column.first_divergent"), numeric: true}, {id: "length_drift", label: t("column.length_drift"), numeric: true}],
  }));
}
