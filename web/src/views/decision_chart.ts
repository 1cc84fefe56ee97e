// One line per variant: its weakest task (or its perplexity) with the interval, against the limit.
import {axis, chartFigure, escapeHtml, tooltip} from "../chart";
import {t} from "../i18n";
import {crosses} from "../intervals";
import {percentOf, points, withInterval, type Shown} from "../numbers";
import {palette} from "../palette";
import {declaredMargin, perplexityLimit, type Decision, type Judged, type Rules} from "../rules";
import {divergenceOf, type Estimate, type Family} from "../study";
import {cell, type Cell} from "../table";
import {kStandingMarks} from "../words";

const kSymbols = {good: "circle", bad: "rect", open: "triangle", shown: "circle", denied: "circle"} as const;
const kRowHeight = 30;

interface Line {
  judged: Judged;
  what: string;
  shown: Shown;
  exact: Estimate;
}

function lineOf(family: Family, judged: Judged): Line | null {
  const row = judged.reasons.find((r) => r.row)?.row;
  if (row) {
    const shown = points(row.change);
    return shown && {judged, what: row.task, shown, exact: row.change};
  }
  const ratio = divergenceOf(family, judged.model.name)?.ppl_ratio;
  const shown = ratio && family.comparisons.length === 0 ? percentOf(ratio) : null;
  return shown && ratio ? {judged, what: t("axis.perplexity"), shown, exact: ratio} : null;
}

export function evidenceChart(family: Family, decision: Decision, rules: Rules): HTMLElement | null {
  const lines = decision.all.map((j) => lineOf(family, j)).filter((line): line is Line => line !== null);
  if (lines.length === 0) return null;
  const byTasks = family.comparisons.length > 0;
  const limit = byTasks ? -100 * (rules.margin ?? declaredMargin(family)) : 100 * perplexityLimit(family);
  const unit = byTasks ? t("unit.points") : "%";
  return chartFigure({
    name: "evidence",
    title: byTasks ? t("evidence.title") : t("evidence.title_perplexity"),
    note: byTasks ? t("evidence.note") : t("evidence.note_perplexity"),
    height: 90 + kRowHeight * lines.length,
    table: {
      name: "evidence", caption: t("evidence.title"),
      columns: [{id: "variant", label: t("column.variant")}, {id: "task", label: t("column.task")}, {id: "change", label: t("column.change"), numeric: true},
        {id: "low", label: t("column.low"), numeric: true}, {id: "high", label: t("column.high"), numeric: true}],
      rows: lines.map((line): Cell[] => [cell(line.judged.model.name), cell(line.what), cell(withInterval({value: line.shown.value, interval: line.shown.interval}, unit, true), line.exact.value),
        cell(line.shown.interval?.[0].toFixed(2) ?? "–", line.exact.ci95?.[0] ?? null), cell(line.shown.interval?.[1].toFixed(2) ?? "–", line.exact.ci95?.[1] ?? null)]),
    },
    option: () => option(lines, limit, unit, byTasks),
  });
}

function option(lines: Line[], limit: number, unit: string, byTasks: boolean): Record<string, unknown> {
  const p = palette();
  const ends = lines.flatMap((l) => [l.shown.value, ...(l.shown.interval ?? [])]).concat(limit, 0);
  const low = Math.min(...ends);
  const high = Math.max(...ends);
  const room = (high - low) * 0.06 || 1;
  const colour = (line: Line): string => p[kStandingMarks[line.judged.standing] as "good" | "bad" | "open"];
  return {
    grid: {left: 8, right: 24, top: 34, bottom: 40, containLabel: true},
    tooltip: tooltip((o: {dataIndex: number}) => {
      const line = lines[o.dataIndex];
      return line ? `<b>${escapeHtml(line.judged.model.name)}</b> · ${escapeHtml(line.what)}<br>${withInterval(line.shown, unit, true)}` : "";
    }),
    xAxis: {...axis(byTasks ? t("axis.change_points") : t("axis.ppl_increase"), {nameLocation: "middle", nameGap: 28, min: low - room, max: high + room}),
      type: "value", axisLabel: {color: p.muted, showMinLabel: false, showMaxLabel: false, formatter: (v: number) => String(Math.round(v * 10) / 10).replace("-", "\u2212")}},
    yAxis: {...axis("", {splitLine: {show: false}}), type: "category", inverse: true, data: lines.map((l) => l.judged.model.name), axisLabel: {color: p.text, fontSize: 13}},
    series: [
      ...lines.map((line, i) => crosses(`interval ${i}`, colour(line), [[line.shown.value, i, line.shown.interval?.[0] ?? NaN, line.shown.interval?.[1] ?? NaN, NaN, NaN]], 2.5)),
      {
        type: "scatter", z: 4, data: lines.map((line, i) => ({value: [line.shown.value, i], symbol: kSymbols[kStandingMarks[line.judged.standing]],
          symbolSize: 12, itemStyle: {opacity: 1, color: colour(line), borderColor: p.surface, borderWidth: 1.5}})),
        markLine: {
          silent: true, symbol: "none", label: {color: p.text, fontSize: 12, formatter: (o: {name: string}) => o.name},
          data: [
            {name: t("axis.no_change"), xAxis: 0, lineStyle: {color: p.muted, type: "solid", width: 1}, label: {position: "start", align: byTasks ? "left" : "right", distance: 8}},
            {name: byTasks ? t("axis.margin") : t("axis.limit"), xAxis: limit, lineStyle: {color: p.bad, type: "dashed", width: 1.5}, label: {position: "start", align: byTasks ? "right" : "left", distance: 8, color: p.bad}},
          ],
        },
        markArea: {silent: true, itemStyle: {color: p.region}, data: [byTasks ? [{xAxis: low - room}, {xAxis: limit}] : [{xAxis: limit}, {xAxis: high + room}]]},
      },
    ],
  };
}
