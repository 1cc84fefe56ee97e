// How far quantising moved the weights, by layer and by tensor.
import {axis, chartFigure, escapeHtml, tooltip} from "../chart";
import type {Child} from "../element";
import {t} from "../i18n";
import {bytes, count, significant} from "../numbers";
import {palette, variantColours} from "../palette";
import type {StudyModel, TensorLoss} from "../study";
import {cell, type Cell} from "../table";

// The root mean square over all weights of each layer, in percent; by layer.
export function byLayer(tensors: TensorLoss[]): [number, number][] {
  const sums = new Map<number, {n: number; squares: number}>();
  for (const tensor of tensors) {
    const layer = /^blk\.(\d+)\./.exec(tensor.name)?.[1];
    if (layer === undefined) continue;
    const sum = sums.get(Number(layer)) ?? {n: 0, squares: 0};
    sum.n += tensor.n_weights;
    sum.squares += tensor.n_weights * tensor.relative_rms ** 2;
    sums.set(Number(layer), sum);
  }
  return [...sums].sort((a, b) => a[0] - b[0]).map(([layer, s]) => [layer, 100 * Math.sqrt(s.squares / s.n)]);
}

export function layerLosses(variants: StudyModel[]): Child {
  const models = variants.filter((m) => (m.tensors ?? []).length > 0);
  if (models.length === 0) return null;
  const percent = (value: number): string => `${significant(100 * value)} %`;
  return chartFigure({
    name: "layer-losses", title: t("layers.losses"), note: t("layers.losses_note"), height: 340,
    table: {
      name: "layer-losses", caption: t("layers.losses"),
      columns: [{id: "variant", label: t("column.variant")}, {id: "tensor", label: t("column.tensor")}, {id: "type", label: t("column.type")}, {id: "n_weights", label: t("column.weights"), numeric: true},
        {id: "size_bytes", label: t("column.size"), numeric: true}, {id: "relative_rms", label: t("layers.change"), numeric: true}],
      rows: models.flatMap((m) => (m.tensors ?? []).map((x): Cell[] => [cell(m.name), cell(x.name), cell(x.type), cell(count(x.n_weights), x.n_weights), cell(bytes(x.size_bytes), x.size_bytes), cell(percent(x.relative_rms), x.relative_rms)])),
    },
    option: () => {
      const p = palette();
      const colours = variantColours(models.length);
      return {
        grid: {left: 8, right: 24, top: 62, bottom: 34, containLabel: true},
        legend: {top: 0, left: 0, type: "scroll", textStyle: {color: p.text}, itemWidth: 12, itemHeight: 12},
        tooltip: tooltip((o: {seriesName: string; value: [number, number]}) => `<b>${escapeHtml(o.seriesName)}</b><br>${escapeHtml(t("layers.layer"))} ${o.value[0]}: ${significant(o.value[1])} %`),
        xAxis: {...axis(t("layers.layer"), {nameLocation: "middle", nameGap: 24, minInterval: 1}), type: "value"},
        yAxis: {...axis(`${t("layers.change")}, %`, {nameTextStyle: {color: p.muted, align: "left"}, min: 0}), type: "value"},
        series: models.map((m, i) => ({type: "line", name: m.name, symbolSize: 5, data: byLayer(m.tensors ?? []), lineStyle: {color: colours[i], width: 2}, itemStyle: {color: colours[i]}})),
      };
    },
  });
}
