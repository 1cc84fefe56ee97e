// Programs of models: pass@k as HF's code_eval has it.
#include <fmt/format.h>

#include "tasks/score_deferred.h"

namespace assay::detail::score {
namespace {

std::int64_t k_of(const std::string& metric) {
  constexpr std::string_view kPrefix = "pass@";
  return metric.starts_with(kPrefix) ? std::stoll(metric.substr(kPrefix.size())) : 1;
}

}  // namespace

double pass_at_k(std::int64_t n, std::int64_t c, std::int64_t k) {
  if (n - c < k) return 1;
  double none = 1;
  for (std::int64_t i = n - c + 1; i <= n; ++i)
    none *= 1 - static_cast<double>(k) / static_cast<double>(i);
  return 1 - none;
}

void run_code_jobs(std::span<const CodeJob> jobs, const RunPrograms& run) {
  std::vector<SandboxRequest> requests;
  for (const CodeJob& job : jobs)
    for (const std::string& program : job.programs) requests.push_back({program});
  const std::vector<SandboxResult> results = run(requests);
  std::size_t at = 0;
  for (const CodeJob& job : jobs) {
    const auto n = static_cast<std::int64_t>(job.programs.size());
    std::int64_t right = 0;
    for (std::int64_t i = 0; i < n; ++i)
      if (results[at++].outcome == SandboxResult::Outcome::kPassed) ++right;
    for (const Slot& slot : job.slots) {
      const std::int64_t k = k_of(slot.sample->scores[slot.score].metric);
      Outcome outcome;
      if (n < k) {
        outcome.reason = fmt::format("{} answers are too few for k = {}", n, k);
      } else {
        outcome.value = pass_at_k(n, right, k);
      }
      slot.fill(outcome);
    }
  }
}

}  // namespace assay::detail::score
