// Inside cli only: what both pictures show.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "core/tradeoff.h"

namespace assay {

struct PlotPoint {
  std::string name;
  bool on_front = false;
  double x = 1, y = 0;  // times as fast; accuracy change in percentage points
  Interval x_range, y_range;
};

struct PlotArea {
  double left = 0, right = 1, bottom = 0, top = 1;
  double across(double x) const { return (x - left) / (right - left); }
  double up(double y) const { return (y - bottom) / (top - bottom); }
};

// Rows that have a speed and an accuracy; the baseline is at (1, 0).
std::vector<PlotPoint> plot_points(const TradeoffReport& report);
// Around all intervals, with a margin.
PlotArea plot_area(const std::vector<PlotPoint>& points);

}  // namespace assay
