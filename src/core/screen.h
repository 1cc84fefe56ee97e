// Which variants are hopeless, decided on as little text as the question needs: plain data.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/convention.h"
#include "core/estimate.h"

namespace assay {

enum class ScreenVerdict {
  kPassed,     // shown to be within every limit
  kDropped,    // shown to be beyond a limit
  kUndecided,  // the text ended before either was shown
};

// One limit on one variant. The interval holds at every window at once (a confidence sequence), so
// that stopping when it excludes the limit keeps the stated confidence.
struct ScreenCriterion {
  std::string name;   // "ppl_increase" (a fraction of the baseline's perplexity), "kld" (nats)
  double limit = 0;   // in the unit of its name
  Estimate estimate;  // on the windows seen; ci95 is the sequence's at the run's confidence
  ScreenVerdict verdict = ScreenVerdict::kUndecided;
};

struct ScreenedVariant {
  std::string name;
  ScreenVerdict verdict = ScreenVerdict::kUndecided;
  std::vector<ScreenCriterion> criteria;
  std::int64_t n_windows = 0, n_scored_tokens = 0;  // seen until it was decided
  std::int64_t size_bytes = 0;
};

struct ScreenReport {
  std::string baseline;
  Convention convention;
  double confidence = 0.95;        // per variant
  std::uint64_t seed = 0;          // of the order of the windows
  std::int64_t n_windows = 0;      // of the whole text
  std::int64_t n_window_runs = 0;  // windows times models that this screening needed, baseline too
  std::vector<ScreenedVariant> variants;
  std::vector<std::string> warnings;
};

inline constexpr const char* kScreenSchema = "assay-screen/1";
// docs/formats/screen.md; indented, with a newline at the end.
std::string to_json(const ScreenReport& report);
ScreenReport screen_report_from_json(std::string_view text);  // Error{kBadInput}
const char* to_string(ScreenVerdict verdict);                 // "passed", "dropped", "undecided"

}  // namespace assay
