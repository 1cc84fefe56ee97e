#include "cli/tradeoff_plot.h"

#include <cmath>

#include <fmt/format.h>

#include "cli/text_layout.h"
#include "cli/tradeoff_points.h"
#include "core/number_format.h"

namespace assay {
namespace {

constexpr double kMargin = 0.06;

class Canvas {
 public:
  Canvas(int width, int height)
      : width_(width),
        rows_(static_cast<std::size_t>(height), std::string(static_cast<std::size_t>(width), ' ')) {
  }

  int column(double share) const {
    return std::clamp(static_cast<int>(std::lround(share * (width_ - 1))), 0, width_ - 1);
  }
  int row(double share) const {
    const int height = static_cast<int>(rows_.size());
    return std::clamp(static_cast<int>(std::lround((1 - share) * (height - 1))), 0, height - 1);
  }
  // Names and points are never overwritten by lines.
  void put(int column, int row, char c, bool over = false) {
    char& cell = rows_[static_cast<std::size_t>(row)][static_cast<std::size_t>(column)];
    if (cell == ' ' || over) cell = c;
  }
  const std::vector<std::string>& rows() const { return rows_; }

 private:
  int width_;
  std::vector<std::string> rows_;
};

void draw(const std::vector<PlotPoint>& points, const PlotArea& area, Canvas& canvas) {
  for (std::size_t i = 0; i < points.size(); ++i) {
    const char first = points[i].on_front ? 'A' : 'a';
    canvas.put(canvas.column(area.across(points[i].x)), canvas.row(area.up(points[i].y)),
               static_cast<char>(first + static_cast<char>(i % 26)));
  }
  for (const PlotPoint& p : points) {
    const int row = canvas.row(area.up(p.y)), column = canvas.column(area.across(p.x));
    for (int c = canvas.column(area.across(p.x_range.low));
         c <= canvas.column(area.across(p.x_range.high)); ++c)
      canvas.put(c, row, '-');
    for (int r = canvas.row(area.up(p.y_range.high)); r <= canvas.row(area.up(p.y_range.low)); ++r)
      canvas.put(column, r, '|');
  }
}

}  // namespace

std::vector<PlotPoint> plot_points(const TradeoffReport& report) {
  std::vector<PlotPoint> points;
  for (const TradeoffRow& row : report.rows) {
    if (!row.accuracy || !row.decode_tps || (!row.is_baseline && !row.decode_ratio)) continue;
    PlotPoint point{.name = row.name, .on_front = row.on_front};
    if (row.decode_ratio) point.x = row.decode_ratio->value;
    point.x_range = row.decode_ratio && row.decode_ratio->ci95 ? *row.decode_ratio->ci95
                                                               : Interval{point.x, point.x};
    point.y = kPercent * row.accuracy->value;
    point.y_range = {point.y, point.y};
    if (row.accuracy->ci95)
      point.y_range = {kPercent * row.accuracy->ci95->low, kPercent * row.accuracy->ci95->high};
    points.push_back(point);
  }
  return points;
}

PlotArea plot_area(const std::vector<PlotPoint>& points) {
  PlotArea area{.left = 1, .right = 1, .bottom = 0, .top = 0};
  for (const PlotPoint& p : points) {
    area.left = std::min(area.left, p.x_range.low);
    area.right = std::max(area.right, p.x_range.high);
    area.bottom = std::min(area.bottom, p.y_range.low);
    area.top = std::max(area.top, p.y_range.high);
  }
  const double wide = std::max(area.right - area.left, 1e-3);
  const double high = std::max(area.top - area.bottom, 1e-3);
  return {area.left - kMargin * wide, area.right + kMargin * wide, area.bottom - kMargin * high,
          area.top + kMargin * high};
}

std::string tradeoff_plot(const TradeoffReport& report, int width, int height) {
  constexpr int kLabels = 9;  // characters left of the picture
  const std::vector<PlotPoint> points = plot_points(report);
  if (points.size() < 2) return {};
  const PlotArea area = plot_area(points);
  Canvas canvas(std::max(20, width - kLabels - 1), height);
  draw(points, area, canvas);
  std::string text = "accuracy change, points\n";
  for (int r = 0; r < height; ++r) {
    const double share = 1 - static_cast<double>(r) / (height - 1);
    const bool labelled = r % 4 == 0 || r == height - 1;
    const double y = area.bottom + share * (area.top - area.bottom);
    text += (labelled ? fmt::format("{:>+{}.2f}", y, kLabels - 1) : std::string(kLabels - 1, ' ')) +
            " |";
    std::string line = canvas.rows()[static_cast<std::size_t>(r)];
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  }
  const int inner = std::max(20, width - kLabels - 1);
  text +=
      std::string(kLabels, ' ') + "+" + std::string(static_cast<std::size_t>(inner), '-') + "\n";
  const std::string left = fmt::format("{:.2f}x", area.left),
                    right = fmt::format("{:.2f}x", area.right);
  const int gap = inner - static_cast<int>(left.size() + right.size());
  text += std::string(kLabels + 1, ' ') + left +
          fmt::format("{:^{}}", "times as fast (" + report.decode_test + ")", std::max(0, gap)) +
          right + "\n";
  for (std::size_t i = 0; i < points.size(); ++i) {
    const char first = points[i].on_front ? 'A' : 'a';
    text += fmt::format("{}{} {}", i == 0 ? "" : ", ",
                        static_cast<char>(first + static_cast<char>(i % 26)),
                        printable(points[i].name));
  }
  return text + ". Capitals: not dominated.\n";
}

}  // namespace assay
