#include <algorithm>
#include <numeric>

#include <fmt/format.h>

#include "cli/speed_table.h"
#include "cli/text_layout.h"

namespace assay {

std::string latency_summary(const SpeedResult& result) {
  std::string text;
  for (const SpeedSeries& series : result.series) {
    std::vector<double> ms;
    double n_tokens = 0;
    for (const SpeedSample& sample : series.samples) {
      if (sample.round < 0) continue;
      ms.push_back(static_cast<double>(sample.duration_ns) / 1e6);
      n_tokens += sample.n_prompt + sample.n_gen;
    }
    if (ms.empty()) continue;
    std::sort(ms.begin(), ms.end());
    const double total_ms = std::accumulate(ms.begin(), ms.end(), 0.0);
    const std::size_t middle = ms.size() / 2;
    const double median =
        ms.size() % 2 == 0 ? std::midpoint(ms[middle - 1], ms[middle]) : ms[middle];
    text += fmt::format("{}, {}\n",
                        printable(result.setups[static_cast<std::size_t>(series.setup)].name),
                        to_string(result.tests[static_cast<std::size_t>(series.test)]));
    text += fmt::format("Count:            {} iterations\n", ms.size());
    text += fmt::format("Duration:         {:.2f} ms\n", total_ms);
    text += "Latency:\n";
    text += fmt::format("   Median:        {:.2f} ms\n", median);
    text += fmt::format("   Average:       {:.2f} ms\n", total_ms / static_cast<double>(ms.size()));
    text += fmt::format("   Min:           {:.2f} ms\n", ms.front());
    text += fmt::format("   Max:           {:.2f} ms\n", ms.back());
    text += fmt::format("Throughput:       {:.2f} tokens/s\n\n", n_tokens * 1000 / total_ms);
  }
  return text;
}

}  // namespace assay
