// What the tensors became: types by bytes, per variant.
import {axis, chartFigure, escapeHtml, tooltip} from "../chart";
import {h} from "../element";
import {t} from "../i18n";
import {bytes, count, significant} from "../numbers";
import {palette, variantColours} from "../palette";
import {byBits, divergenceOf} from "../study";
import {cell, tableElement, type Cell} from "../table";
import {card, empty, familySelect, type View} from "../view";
import {layerLosses} from "./layer_losses";

const kRowHeight = 30;

export const layersView: View = {
  id: "layers",
  label: "view.layers",
  lead: "lead.layers",
  render(context) {
    const {family} = context;
    const models = [family.baseline, ...byBits(family)].filter((m) => m.tensor_types.length > 0);
    if (models.length === 0) return [familySelect(context), empty(t("empty.layers"))];
    const bitsOf = (type: string): number => {
      const found = models.flatMap((m) => m.tensor_types).find((x) => x.type === type);
      return found && found.n_weights > 0 ? (8 * found.size_bytes) / found.n_weights : 0;
    };
    const types = [...new Set(models.flatMap((m) => m.tensor_types.map((x) => x.type)))].sort((a, b) => bitsOf(b) - bitsOf(a));
    const colours = variantColours(types.length);
    const share = (i: number, type: string): number => {
      const of = models[i]?.tensor_types ?? [];
      const all = of.reduce((sum, x) => sum + x.n_weights, 0);
      return (100 * (of.find((x) => x.type === type)?.n_weights ?? 0)) / (all || 1);
    };
    const figure = chartFigure({
      name: "tensor-types", title: t("layers.title"), note: t("layers.note"), height: 110 + kRowHeight * models.length, tableOpen: true,
      table: {
        name: "tensor-types", caption: t("layers.title"),
        columns: [{id: "model", label: t("column.variant")}, {id: "type", label: t("column.type")}, {id: "n_tensors", label: t("column.tensors"), numeric: true}, {id: "n_weights", label: t("column.weights"), numeric: true},
          {id: "size_bytes", label: t("column.size"), numeric: true}, {id: "bits", label: t("column.bits"), numeric: true}],
        rows: models.flatMap((m) => m.tensor_types.map((x): Cell[] => [cell(m.name), cell(x.type), cell(count(x.n_tensors), x.n_tensors), cell(count(x.n_weights), x.n_weights), cell(bytes(x.size_bytes), x.size_bytes), cell(significant((8 * x.size_bytes) / (x.n_weights || 1)))])),
      },
      option: () => {
        const p = palette();
        return {
          grid: {left: 8, right: 24, top: 40, bottom: 34, containLabel: true},
          legend: {top: 0, left: 0, type: "scroll", textStyle: {color: p.text}, itemWidth: 12, itemHeight: 12},
          tooltip: tooltip((o: {seriesName: string; value: number; name: string}) => `<b>${escapeHtml(o.name)}</b><br>${escapeHtml(o.seriesName)}: ${o.value.toFixed(1)} %`),
          xAxis: {...axis(t("layers.axis"), {nameLocation: "middle", nameGap: 24, max: 100}), type: "value"},
          yAxis: {...axis("", {splitLine: {show: false}}), type: "category", inverse: true, data: models.map((m) => m.name), axisLabel: {color: p.text, fontSize: 13}},
          series: types.map((type, k) => ({type: "bar", stack: "all", name: type, barWidth: 16, data: models.map((_, i) => share(i, type)), itemStyle: {color: colours[k], borderColor: p.surface, borderWidth: 1}})),
        };
      },
    });
    const notes = models.flatMap((m) => [...m.notes, ...(divergenceOf(family, m.name)?.notes ?? [])].map((note) => `${m.name}: ${note}`));
    return [familySelect(context), figure, layerLosses(byBits(family)), notes.length > 0 && card(t("layers.notes"), h("ul", {lang: "en"}, ...[...new Set(notes)].map((note) => h("li", {}, note)))),
      parts(family.variants.flatMap((m) => m.parts.map((x): Cell[] => [cell(m.name), cell(x.part), cell(x.field), cell(x.baseline), cell(x.variant)])))];
  },
};

function parts(rows: Cell[][]): HTMLElement | null {
  if (rows.length === 0) return null;
  return card(t("layers.parts"), h("p", {class: "note"}, t("layers.parts_note")), tableElement({
    name: "parts", caption: t("layers.parts"), rows,
    columns: [{id: "variant", label: t("column.variant")}, {id: "part", label: t("column.part")}, {id: "field", label: t("column.field")}, {id: "baseline", label: t("column.baseline")}, {id: "value", label: t("column.variant")}],
  }));
}
