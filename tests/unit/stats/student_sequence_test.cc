#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>
#include <random>

#include "core/error.h"
#include "stats/stats.h"

namespace assay {
namespace {

TEST(StudentSequence, EqualsTheIntegratedBayesFactor) {
  // tests/golden/stats/make_student_sequence.py
  const auto cases = nlohmann::json::parse(
      std::ifstream(std::string(ASSAY_SOURCE_DIR) + "/tests/golden/stats/student_sequence.json"));
  for (const auto& c : cases) {
    StudentSequence sequence(c.at("confidence"));
    for (const double value : c.at("values")) sequence.add(value);
    const auto interval = sequence.interval();
    ASSERT_TRUE(interval);
    EXPECT_NEAR(interval->low, c.at("low").get<double>(), 1e-6);
    EXPECT_NEAR(interval->high, c.at("high").get<double>(), 1e-6);
  }
}

TEST(StudentSequence, SaysNothingOnOneValueAndRefusesWrongConfidence) {
  StudentSequence sequence;
  EXPECT_FALSE(sequence.interval());
  sequence.add(1);
  EXPECT_FALSE(sequence.interval());
  EXPECT_THROW(StudentSequence(1.5), Error);
  EXPECT_THROW(StudentSequence(std::nan("")), Error);
}

// The share of runs in which the true mean is excluded at any look from the eighth value on.
double error_at_any_look(const std::function<double(std::mt19937_64&)>& draw, int every = 1) {
  constexpr int kRuns = 2000, kValues = 300, kFirst = 8;
  std::mt19937_64 random(11);
  int n_wrong = 0;
  for (int run = 0; run < kRuns; ++run) {
    StudentSequence sequence;
    for (int i = 0; i < kValues; ++i) {
      sequence.add(draw(random));
      const auto interval = sequence.interval();
      if (i + 1 < kFirst || (i + 1) % every != 0 || !interval ||
          (interval->low <= 0 && interval->high >= 0))
        continue;
      ++n_wrong;
      break;
    }
  }
  return static_cast<double>(n_wrong) / kRuns;
}

TEST(StudentSequence, KeepsItsErrorWhenOneStopsAtTheFirstSignificance) {
  std::normal_distribution<double> normal;
  EXPECT_LE(error_at_any_look([&](auto& random) { return normal(random); }), 0.05);
  // Skewness 1, as window means of KL divergence have it.
  std::gamma_distribution<double> gamma(4.0, 1.0);
  EXPECT_LE(error_at_any_look([&](auto& random) { return gamma(random) - 4; }, 4), 0.05);
  // 5 % and three standard errors of 2000 runs; 5.1 % were seen.
  EXPECT_LE(error_at_any_look([&](auto& random) { return gamma(random) - 4; }), 0.0646);
}

}  // namespace
}  // namespace assay
