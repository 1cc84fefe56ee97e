// The parts of ECharts that the page uses; the rest stays out of the file.
import {BarChart, CustomChart, LineChart, ScatterChart} from "echarts/charts";
import {AriaComponent, GraphicComponent, GridComponent, LegendComponent, MarkAreaComponent, MarkLineComponent, TooltipComponent} from "echarts/components";
import {init, use, type ECharts, type EChartsCoreOption} from "echarts/core";
import {CanvasRenderer} from "echarts/renderers";

use([BarChart, CustomChart, LineChart, ScatterChart, AriaComponent, GraphicComponent, GridComponent, LegendComponent,
  MarkAreaComponent, MarkLineComponent, TooltipComponent, CanvasRenderer]);

export {init, type ECharts, type EChartsCoreOption};
