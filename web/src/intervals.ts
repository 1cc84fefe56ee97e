// Intervals as ECharts draws them: a line with a dot, or a whisker on a bar.
import {palette} from "./palette";

interface RenderApi {
  value(i: number): number;
  coord(point: [number | string, number | string]): [number, number];
  barLayout?(o: {count: number; barGap?: string; barCategoryGap?: string}): {offsetCenter: number; width: number}[];
}

const kWhisker = 3;

function line(x1: number, y1: number, x2: number, y2: number, colour: string, width: number): Record<string, unknown> {
  return {type: "line", shape: {x1, y1, x2, y2}, style: {stroke: colour, lineWidth: width}};
}

// Data: [category, low, high]; the whisker stands in the middle of bar `index` of `count`.
export function barWhiskers(name: string, index: number, count: number, data: (number | null)[][]): Record<string, unknown> {
  const colour = palette().text;
  return {
    type: "custom", name, silent: true, z: 5, data,
    tooltip: {show: false},
    renderItem: (_: unknown, api: RenderApi) => {
      const layout = api.barLayout?.({count, barGap: kBarGap, barCategoryGap: kBarCategoryGap})[index];
      if (!layout || !Number.isFinite(api.value(1))) return null;
      const low = api.coord([api.value(0), api.value(1)]);
      const high = api.coord([api.value(0), api.value(2)]);
      const x = low[0] + layout.offsetCenter;
      const half = Math.min(kWhisker, layout.width / 3);
      return {type: "group", children: [line(x, low[1], x, high[1], colour, 1.2),
        line(x - half, low[1], x + half, low[1], colour, 1.2), line(x - half, high[1], x + half, high[1], colour, 1.2)]};
    },
  };
}
export const kBarGap = "8%";
export const kBarCategoryGap = "28%";

// Data: [x, y, xLow, xHigh, yLow, yHigh]; a NaN end draws nothing on that axis.
export function crosses(name: string, colour: string, data: number[][], width = 1.5): Record<string, unknown> {
  return {
    type: "custom", name, silent: true, z: 2, data,
    tooltip: {show: false},
    renderItem: (_: unknown, api: RenderApi) => {
      const children: Record<string, unknown>[] = [];
      const [x, y] = api.coord([api.value(0), api.value(1)]);
      if (Number.isFinite(api.value(2)) && Number.isFinite(api.value(3))) {
        children.push(line(api.coord([api.value(2), api.value(1)])[0], y, api.coord([api.value(3), api.value(1)])[0], y, colour, width));
      }
      if (Number.isFinite(api.value(4)) && Number.isFinite(api.value(5))) {
        children.push(line(x, api.coord([api.value(0), api.value(4)])[1], x, api.coord([api.value(0), api.value(5)])[1], colour, width));
      }
      return {type: "group", children};
    },
  };
}
