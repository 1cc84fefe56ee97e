// Options of the commands that compare runs.
#pragma once

#include <string>
#include <vector>

#include "compare/compare.h"

namespace CLI {
class App;
}

namespace assay::cli {

struct CompareFlags {
  std::string margin = "1pp", max_ppl_increase = "5%";
  std::vector<std::string> class_margins;  // CLASS=MARGIN
  std::vector<std::string> floors;         // FRACTION, or TASK=FRACTION
  std::vector<std::string> metrics, tasks;
  double alpha = 0.05, power = 0.8;
  std::string adjust = "holm";
  bool allow_mismatch = false, repeats = false;
  int n_bootstrap = 0, n_threads = 1;
  std::uint64_t seed = 1234;
  std::string noise;        // path of a run
  std::string calibration;  // path of the text that the variants were calibrated on
};
void add_compare_flags(CLI::App& app, CompareFlags& flags);
void add_margin_flags(CLI::App& app, CompareFlags& flags);
// Without `noise`, which is the caller's to load.
CompareOptions to_compare_options(const CompareFlags& flags);

// What is compared: the first run of the first file against all others. A file with several runs,
// given alone, is its first against its others. Runs of later files that are the baseline again
// (same name and weights, in a file of several) are left out.
struct ComparedRuns {
  std::vector<Run> baselines;              // more than one: repeats with different seeds
  std::vector<std::vector<Run>> variants;  // each a model
};
ComparedRuns load_compared(const std::vector<std::string>& paths, bool repeats);

bool same_model(const Run& a, const Run& b);  // by name and weights

// Each variant against the baseline. Loads flags.noise.
std::vector<Comparison> compare_loaded(const ComparedRuns& runs, const CompareFlags& flags);

}  // namespace assay::cli
