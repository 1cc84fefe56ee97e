// Programs of models: pass@k as HF's code_eval has it.
#include <fmt/format.h>

#include "tasks/score_deferred.h"

namespace assay::detail::score {
namespace {

// A Python bytes literal.
std::string bytes_literal(const std::string& text) {
  std::string out = "b\"";
  for (const char c : text) {
    if (c >= ' ' && c <= '~' && c != '"' && c != '\\') {
      out += c;
    } else {
      out += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    }
  }
  return out + "\"";
}

std::int64_t k_of(const std::string& metric) {
  constexpr std::string_view kPrefix = "pass@";
  return metric.starts_with(kPrefix) ? std::stoll(metric.substr(kPrefix.size())) : 1;
}

}  // namespace

std::string guarded_program(const std::string& program) {
  // In code_eval too the program is executed by name of no module, and every way out but its end
  // is a failure.
  return fmt::format(
      "import os, sys, traceback\n"
      "_leave = os._exit\n"
      "os._exit = lambda status=1: _leave(1)\n"
      "try:\n"
      "    exec(compile({}, \"<program>\", \"exec\", dont_inherit=True), {{}})\n"
      "except BaseException:\n"
      "    traceback.print_exc()\n"
      "    sys.stderr.flush()\n"
      "    _leave(1)\n"
      "try:\n"
      "    sys.stdout.flush()\n"
      "except BaseException:\n"
      "    pass\n"
      "_leave(0)\n",
      bytes_literal(program));
}

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
    for (const std::string& program : job.programs) requests.push_back({guarded_program(program)});
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
