#include <fmt/format.h>

#include "cli/tradeoff_plot.h"
#include "cli/tradeoff_points.h"
#include "cli/xml_text.h"

namespace assay {
namespace {

constexpr double kWidth = 720, kHeight = 460, kLeft = 80, kRight = 30, kTop = 30, kBottom = 60;
constexpr int kTicks = 5;

double at_x(const PlotArea& area, double x) {
  return kLeft + area.across(x) * (kWidth - kLeft - kRight);
}
double at_y(const PlotArea& area, double y) {
  return kHeight - kBottom - area.up(y) * (kHeight - kTop - kBottom);
}

std::string line(double x1, double y1, double x2, double y2, const char* style) {
  return fmt::format("<line x1=\"{:.1f}\" y1=\"{:.1f}\" x2=\"{:.1f}\" y2=\"{:.1f}\" {}/>\n", x1, y1,
                     x2, y2, style);
}

std::string text_at(double x, double y, const char* anchor, const std::string& text) {
  return fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"{}\">{}</text>\n", x, y, anchor,
                     xml_text(text));
}

std::string axes(const TradeoffReport& report, const PlotArea& area) {
  constexpr const char* kGrid = "stroke=\"#ddd\"";
  std::string svg;
  for (int i = 0; i <= kTicks; ++i) {
    const double share = static_cast<double>(i) / kTicks;
    const double x = area.left + share * (area.right - area.left);
    const double y = area.bottom + share * (area.top - area.bottom);
    svg += line(at_x(area, x), kTop, at_x(area, x), kHeight - kBottom, kGrid);
    svg += line(kLeft, at_y(area, y), kWidth - kRight, at_y(area, y), kGrid);
    svg += text_at(at_x(area, x), kHeight - kBottom + 18, "middle", fmt::format("{:.2f}x", x));
    svg += text_at(kLeft - 8, at_y(area, y) + 4, "end", fmt::format("{:+.2f}", y));
  }
  svg += text_at((kLeft + kWidth - kRight) / 2, kHeight - 14, "middle",
                 "times as fast (" + report.decode_test + ")");
  svg += text_at(kLeft - 60, kTop - 12, "start",
                 "accuracy change in points (" + report.accuracy_of + ")");
  return svg;
}

std::string marks(const std::vector<PlotPoint>& points, const PlotArea& area) {
  std::string svg;
  for (const PlotPoint& p : points) {
    const char* colour = p.on_front ? "#1f6feb" : "#888888";
    const std::string style = fmt::format("stroke=\"{}\" stroke-width=\"1.5\"", colour);
    const double x = at_x(area, p.x), y = at_y(area, p.y);
    svg += line(at_x(area, p.x_range.low), y, at_x(area, p.x_range.high), y, style.c_str());
    svg += line(x, at_y(area, p.y_range.low), x, at_y(area, p.y_range.high), style.c_str());
    svg += fmt::format("<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"5\" fill=\"{}\"/>\n", x, y,
                       p.on_front ? colour : "#ffffff\" stroke=\"#888888");
    svg += text_at(x + 8, y - 8, "start", p.name);
  }
  return svg;
}

}  // namespace

std::string tradeoff_svg(const TradeoffReport& report) {
  const std::vector<PlotPoint> points = plot_points(report);
  const PlotArea area = plot_area(points);
  return fmt::format(
             "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0:.0f}\" height=\"{1:.0f}\" "
             "viewBox=\"0 0 {0:.0f} {1:.0f}\" font-family=\"sans-serif\" font-size=\"12\">\n"
             "<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n",
             kWidth, kHeight) +
         axes(report, area) + marks(points, area) + "</svg>\n";
}

}  // namespace assay
