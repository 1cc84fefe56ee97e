// Programs of models: pass@k as HF's code_eval has it.
#include <map>

#include <fmt/format.h>

#include "tasks/score_deferred.h"

namespace assay::detail::score {
namespace {

constexpr std::size_t kMostKept = 1 << 14;  // some MiB

bool ended_by_itself(SandboxResult::Outcome outcome) {
  return outcome == SandboxResult::Outcome::kPassed || outcome == SandboxResult::Outcome::kFailed;
}

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

std::vector<SandboxResult> run_new_programs(std::span<const SandboxRequest> programs,
                                            ProgramResults& known, const RunPrograms& run) {
  std::vector<SandboxRequest> fresh;
  std::map<std::string_view, std::size_t> places;  // of the fresh ones
  for (const SandboxRequest& request : programs) {
    if (known.contains(request.program)) continue;
    if (places.emplace(request.program, fresh.size()).second) fresh.push_back(request);
  }
  const std::vector<SandboxResult> ran = fresh.empty() ? std::vector<SandboxResult>() : run(fresh);
  std::vector<SandboxResult> results;
  for (const SandboxRequest& request : programs) {
    const auto place = places.find(request.program);
    if (place == places.end()) {
      results.push_back({.outcome = known.at(request.program)});
    } else {
      results.push_back(ran[place->second]);
    }
  }
  for (std::size_t i = 0; i < fresh.size() && known.size() < kMostKept; ++i) {
    if (ended_by_itself(ran[i].outcome)) known.emplace(fresh[i].program, ran[i].outcome);
  }
  return results;
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
