// How far the variants' probabilities moved, token by token.
import {axis, chartFigure, escapeHtml, tooltip} from "../chart";
import {h, type Child} from "../element";
import {inlineForeign} from "../foreign_text";
import {t} from "../i18n";
import {crosses} from "../intervals";
import {count, percentOf, probability, scaled, significant, withInterval} from "../numbers";
import {palette, variantColours} from "../palette";
import {kPercentiles, type DivergedVariant, type Divergence, type Estimate, type PercentileName} from "../study";
import {cell, tableElement, type Cell} from "../table";
import {card, empty, familySelect, type View} from "../view";

const kShownPercentiles: PercentileName[] = ["median", "p75", "p90", "p95", "p99", "p999", "max"];
const kPercentileWords: Partial<Record<PercentileName, string>> = {median: "50 %", p75: "75 %", p90: "90 %", p95: "95 %", p99: "99 %", p999: "99.9 %", max: "max"};
const kWorstShown = 8;

export const divergenceView: View = {
  id: "divergence",
  label: "view.divergence",
  lead: "lead.divergence",
  render({family, study, setFamily}) {
    const select = familySelect({family, study, setFamily});
    if (family.divergences.length === 0) return [select, empty(t("empty.divergence"), "assay diverge BASE VARIANT... --text TEXT --json")];
    return [select, ...family.divergences.flatMap((report) => reportOf(report))];
  },
};

const byBits = (report: Divergence): DivergedVariant[] => [...report.variants].sort((a, b) => b.bits_per_weight - a.bits_per_weight);
const mean = (v: DivergedVariant): Estimate => ({value: v.kld.mean, std_error: v.kld.std_error, ci95: v.kld.ci95, reason: v.kld.reason});

function reportOf(report: Divergence): Child[] {
  const variants = byBits(report);
  const perplexity = report.baseline.perplexity;
  return [
    h("p", {class: "note"}, t("divergence.text", {corpus: perplexity.convention.corpus, n: count(perplexity.n_scored_tokens), chunks: count(perplexity.n_chunks)}), report.noise_floor
      ? ` ${t("divergence.noise", {kld: significant(report.noise_floor.kld_mean, 2), top: (100 * report.noise_floor.same_top_p).toFixed(2)})}` : ""),
    percentiles(report, variants), card(t("divergence.summary"), summary(variants)), positions(variants), ...worst(variants),
  ];
}

function percentiles(report: Divergence, variants: DivergedVariant[]): HTMLElement {
  const colours = variantColours(variants.length);
  const floor = 1e-7;
  return chartFigure({
    name: "kld-percentiles", title: t("divergence.percentiles"), note: t("divergence.percentiles_note"), height: 380,
    table: {
      name: "kld-percentiles", caption: t("divergence.percentiles"),
      columns: [{id: "variant", label: t("column.variant")}, {id: "mean", label: t("column.mean"), numeric: true}, ...kPercentiles.map((id) => ({id, label: kPercentileWords[id] ?? id, numeric: true}))],
      rows: variants.map((v): Cell[] => [cell(v.name), cell(withInterval(scaled(mean(v), 1)), v.kld.mean), ...kPercentiles.map((id) => cell(significant(v.kld[id], 2), v.kld[id]))]),
    },
    option: () => {
      const p = palette();
      return {
        grid: {left: 16, right: 90, top: 64, bottom: 30, containLabel: true},
        legend: legend(variants),
        tooltip: tooltip((o: {seriesName: string; dataIndex: number; value: number}) =>
          `<b>${escapeHtml(o.seriesName)}</b><br>${kPercentileWords[kShownPercentiles[o.dataIndex] ?? "max"] ?? ""}: ${significant(o.value)} nats`),
        xAxis: {...axis("", {splitLine: {show: false}}), type: "category", boundaryGap: false, data: kShownPercentiles.map((id) => kPercentileWords[id]), axisLabel: {color: p.text}},
        yAxis: {...axis("nats", {nameTextStyle: {color: p.muted, align: "right"}}), type: "log", axisLabel: {color: p.muted, formatter: (v: number) => significant(v, 1)}},
        series: [
          ...variants.map((v, i) => ({type: "line", name: v.name, data: kShownPercentiles.map((id) => Math.max(v.kld[id], floor)), symbolSize: 6, symbol: "circle",
            lineStyle: {color: colours[i], width: 2}, itemStyle: {color: colours[i]}, endLabel: {show: true, formatter: "{a}", color: p.text, fontSize: 12}, labelLayout: {hideOverlap: true}})),
          ...variants.flatMap((v, i) => [v.kld.p99_ci95 ? crosses(`p99 ${i}`, colours[i] ?? p.text, [[4, v.kld.p99, NaN, NaN, Math.max(floor, v.kld.p99_ci95[0]), v.kld.p99_ci95[1]]]) : null,
            v.kld.p999_ci95 ? crosses(`p999 ${i}`, colours[i] ?? p.text, [[5, v.kld.p999, NaN, NaN, Math.max(floor, v.kld.p999_ci95[0]), v.kld.p999_ci95[1]]]) : null].filter((s) => s !== null)),
          ...(report.noise_floor && report.noise_floor.kld_mean > 0 ? [{type: "line", silent: true, data: [], markLine: {silent: true, symbol: "none", data: [{yAxis: report.noise_floor.kld_mean, name: t("divergence.noise_line")}],
            label: {formatter: t("divergence.noise_line"), color: p.muted, position: "insideStartTop"}, lineStyle: {color: p.muted, type: "dashed"}}}] : []),
        ],
      };
    },
  });
}

function legend(variants: DivergedVariant[]): Record<string, unknown> {
  const p = palette();
  return {top: 0, left: 0, type: "scroll", data: variants.map((v) => v.name), textStyle: {color: p.text}, itemWidth: 18, itemHeight: 8, pageTextStyle: {color: p.muted}};
}

function summary(variants: DivergedVariant[]): HTMLElement {
  return tableElement({
    name: "divergence", caption: t("divergence.summary"),
    columns: [{id: "variant", label: t("column.variant")}, {id: "bits_per_weight", label: t("column.bits"), numeric: true}, {id: "ppl", label: t("column.ppl"), numeric: true}, {id: "ppl_ratio", label: t("column.ppl_change"), numeric: true},
      {id: "kld_mean", label: t("column.kld"), numeric: true}, {id: "same_top_p", label: t("column.same_top"), numeric: true}, {id: "delta_p_mean", label: t("column.delta_p"), numeric: true}, {id: "delta_p_rms", label: t("column.delta_p_rms"), numeric: true}],
    rows: variants.map((v): Cell[] => [
      cell(v.name), cell(v.bits_per_weight.toFixed(2), v.bits_per_weight), cell(withInterval(scaled(v.perplexity, 1)), v.perplexity.value), cell(withInterval(percentOf(v.ppl_ratio), "%", true), v.ppl_ratio.value),
      cell(withInterval(scaled(mean(v), 1)), v.kld.mean), cell(withInterval(scaled(v.same_top_p, 100), "%"), v.same_top_p.value),
      cell(withInterval(scaled({value: v.delta_p.mean, std_error: null, ci95: v.delta_p.ci95, reason: null}, 100), "%", true), v.delta_p.mean),
      cell(withInterval(scaled({value: v.delta_p.rms, std_error: null, ci95: v.delta_p.rms_ci95, reason: null}, 100), "%"), v.delta_p.rms)]),
  });
}

function positions(variants: DivergedVariant[]): Child {
  const bins = variants[0]?.by_position ?? [];
  if (bins.length < 2) return null;
  const colours = variantColours(variants.length);
  return chartFigure({
    name: "kld-by-position", title: t("divergence.positions"), note: t("divergence.positions_note"), height: 320,
    table: {
      name: "kld-by-position", caption: t("divergence.positions"),
      columns: [{id: "positions", label: t("column.positions")}, ...variants.map((v) => ({id: v.name, label: v.name, numeric: true}))],
      rows: bins.map((bin, i): Cell[] => [cell(`${bin.first}–${bin.last}`), ...variants.map((v) => {
        const kld = v.by_position[i]?.kld;
        return cell(kld ? withInterval(scaled(kld, 1)) : "–", kld?.value ?? null);
      })]),
    },
    option: () => {
      const p = palette();
      return {
        grid: {left: 16, right: 90, top: 62, bottom: 44, containLabel: true},
        legend: legend(variants),
        tooltip: tooltip((o: {seriesName: string; dataIndex: number}) => {
          const kld = variants.find((v) => v.name === o.seriesName)?.by_position[o.dataIndex]?.kld;
          return `<b>${escapeHtml(o.seriesName)}</b><br>${kld ? withInterval(scaled(kld, 1), "nats") : ""}`;
        }),
        xAxis: {...axis(t("column.positions"), {nameLocation: "middle", nameGap: 28, splitLine: {show: false}}), type: "category", data: bins.map((b) => `${b.first}–${b.last}`)},
        yAxis: {...axis("nats", {nameTextStyle: {color: p.muted, align: "right"}}), type: "log", axisLabel: {color: p.muted, formatter: (v: number) => significant(v, 1)}},
        series: variants.flatMap((v, i) => [
          {type: "line", name: v.name, data: v.by_position.map((b) => b.kld.value), symbol: "circle", symbolSize: 6, lineStyle: {color: colours[i], width: 2}, itemStyle: {color: colours[i]},
            endLabel: {show: true, formatter: "{a}", color: p.text, fontSize: 12}, labelLayout: {hideOverlap: true}},
          crosses(`interval ${i}`, colours[i] ?? p.text, v.by_position.map((b, k) => [k, b.kld.value ?? NaN, NaN, NaN, b.kld.ci95 && b.kld.ci95[0] > 0 ? b.kld.ci95[0] : NaN, b.kld.ci95 ? b.kld.ci95[1] : NaN])),
        ]),
      };
    },
  });
}

function worst(variants: DivergedVariant[]): Child[] {
  return [card(t("divergence.worst"), h("p", {class: "note"}, t("divergence.worst_note")), ...variants.filter((v) => v.worst.length > 0).map((v) =>
    h("details", {class: "data"}, h("summary", {}, inlineForeign(v.name)), tableElement({
      name: "worst", caption: `${t("divergence.worst")}: ${v.name}`,
      columns: [{id: "kld", label: t("column.kld")}, {id: "context", label: t("column.context")}, {id: "target", label: t("column.target")}, {id: "top_baseline", label: t("column.top_baseline")},
        {id: "top", label: t("column.top")}, {id: "p_baseline", label: t("column.p_baseline"), numeric: true}, {id: "p", label: t("column.p"), numeric: true}],
      rows: v.worst.slice(0, kWorstShown).map((w): Cell[] => [cell(significant(w.kld, 2), w.kld), {text: w.context, node: inlineForeign(w.context)}, {text: w.target, node: h("code", {}, inlineForeign(w.target))},
        {text: w.top_baseline, node: h("code", {}, inlineForeign(w.top_baseline))}, {text: w.top, node: h("code", {}, inlineForeign(w.top))}, cell(probability(w.p_baseline), w.p_baseline), cell(probability(w.p), w.p)]),
    }, "wide"))))];
}
