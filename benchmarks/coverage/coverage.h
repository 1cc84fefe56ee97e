// How often the intervals of src/stats hold the truth, by simulation with fixed seeds.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace assay::coverage {

// One line of the table: a method at one setting.
struct Row {
  std::string method;
  std::string setting;  // "accuracy 0.5", "discordance 0.03, all of it lost"
  std::int64_t n = 0;   // items
  double share = 0;     // of runs whose interval held the truth; of runs with a false alarm
  double error = 0;     // standard error of `share` by the number of runs
};

struct Options {
  int n_runs = 20000;
  std::uint64_t seed = 20261126;
};

// One setting each. Nominal coverage is 95 %.
Row proportion(const std::string& method, std::int64_t n, double accuracy, const Options& options);

struct PairedSetting {
  double accuracy = 0.7;  // of the baseline
  double discordance = 0.05;
  double lost_share = 0.5;  // of the discordant items
};
Row paired(const std::string& method, std::int64_t n, const PairedSetting& setting,
           const Options& options);

// Differences in {-1, 0, 1} whose rates vary between clusters of `cluster_size` items (beta, with
// the given intraclass correlation). Methods: "Student t", "BCa".
Row clustered(const std::string& method, std::int64_t n, std::int64_t cluster_size,
              const Options& options);

// Share of runs that ever raise a false alarm in up to n items, looking after every one (the
// hardest stopping rule there is: stop as soon as it is significant).
Row sequential(const std::string& method, std::int64_t n, const PairedSetting& setting,
               const Options& options);

// The whole tables, as markdown.
std::string report(double effort);  // 1 for the long run; a tenth of the runs for 0.1

}  // namespace assay::coverage
