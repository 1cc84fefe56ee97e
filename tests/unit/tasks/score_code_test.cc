#include <gtest/gtest.h>

#include "tasks/score_deferred.h"
#include "unit/tasks/score_golden.h"

namespace assay::detail::score {
namespace {

TEST(ScoreCode, PassAtKIsTheUnbiasedEstimator) {
  // 1 - C(n-c, k) / C(n, k) in exact fractions.
  for (const Json& c : testing::golden()["pass_at_k"])
    EXPECT_NEAR(pass_at_k(c[0], c[1], c[2]), c[3].get<double>(), 1e-14) << c.dump();
}

TEST(ScoreCode, ProgramsAreCountedPerSample) {
  SampleRecord sample;
  sample.scores = {{"pass@1", "f", std::nullopt, ""},
                   {"pass@2", "f", std::nullopt, ""},
                   {"pass@8", "f", std::nullopt, ""}};
  const std::vector<CodeJob> jobs = {
      {.programs = {"a", "b", "c", "d"}, .slots = {{&sample, 0}, {&sample, 1}, {&sample, 2}}}};
  std::size_t n = 0;
  run_code_jobs(jobs, [&](std::span<const SandboxRequest> programs) {
    n = programs.size();
    std::vector<SandboxResult> results(n);
    results[2].outcome = SandboxResult::Outcome::kPassed;
    results[1].outcome = SandboxResult::Outcome::kTimedOut;
    return results;
  });
  EXPECT_EQ(n, 4U);
  EXPECT_EQ(sample.scores[0].value, 0.25);
  EXPECT_EQ(sample.scores[1].value, 0.5);
  EXPECT_EQ(sample.scores[2].reason, "4 answers are too few for k = 8");
}

}  // namespace
}  // namespace assay::detail::score
