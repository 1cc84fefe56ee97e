// Row numerics against long-double sums.
#include "eval/row_math.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>
#include <vector>

namespace assay::detail {
namespace {

std::vector<float> random_row(std::size_t n, unsigned seed, float spread) {
  std::mt19937 generator(seed);
  std::normal_distribution<float> normal(0, spread);
  std::vector<float> row(n);
  for (float& value : row) value = normal(generator);
  return row;
}

long double log_sum_exp(const std::vector<float>& row) {
  long double max = row[0], sum = 0;
  for (const float v : row) max = std::max(max, static_cast<long double>(v));
  for (const float v : row) sum += std::exp(static_cast<long double>(v) - max);
  return max + std::log(sum);
}

long double exact_kl(const std::vector<float>& b, const std::vector<float>& q) {
  const long double zb = log_sum_exp(b), zq = log_sum_exp(q);
  long double kl = 0;
  for (std::size_t i = 0; i < b.size(); ++i) {
    const long double lb = b[i] - zb, lq = q[i] - zq;
    kl += std::exp(lb) * (lb - lq);
  }
  return kl;
}

class RowMath : public testing::TestWithParam<std::size_t> {};

TEST_P(RowMath, LogSumExpAndTopEqualTheDefinition) {
  const std::vector<float> row = random_row(GetParam(), 7, 5);
  const RowSummary summary = summarize_row(row);
  EXPECT_NEAR(summary.log_sum_exp, static_cast<double>(log_sum_exp(row)), 1e-6);
  std::vector<Token> order(row.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = static_cast<Token>(i);
  const auto at = [&](Token t) { return row[static_cast<std::size_t>(t)]; };
  std::stable_sort(order.begin(), order.end(), [&](Token a, Token b) { return at(a) > at(b); });
  for (std::size_t i = 0; i < summary.top.size(); ++i) {
    EXPECT_EQ(summary.top[i], i < order.size() ? order[i] : -1) << i;
  }
}

TEST_P(RowMath, KlEqualsTheDefinition) {
  const std::vector<float> b = random_row(GetParam(), 1, 4);
  for (const float difference : {1e-3F, 0.1F, 3.0F}) {
    std::vector<float> q = random_row(GetParam(), 2, difference);
    for (std::size_t i = 0; i < q.size(); ++i) q[i] += b[i];
    const RowSummary sb = summarize_row(b), sq = summarize_row(q);
    const double kl = kl_divergence({.values = b, .offset = sb.max}, q, sq.max);
    const auto exact = static_cast<double>(exact_kl(b, q));
    EXPECT_NEAR(kl, exact, 1e-6 + 1e-6 * exact);
  }
}

TEST_P(RowMath, KlOfARowWithItselfIsExactlyZero) {
  const std::vector<float> row = random_row(GetParam(), 3, 6);
  EXPECT_EQ(
      kl_divergence({.values = row, .offset = summarize_row(row).max}, row, summarize_row(row).max),
      0.0);
}

// Sizes around the lanes and blocks of the vector loops, and real vocabularies.
INSTANTIATE_TEST_SUITE_P(Sizes, RowMath,
                         testing::Values(1, 5, 15, 16, 17, 512, 1023, 1024, 1025, 32000, 49152,
                                         262144));

TEST(RowMathEdges, TiesTakeTheLowestToken) {
  const std::vector<float> row(3000, 1.5F);
  const RowSummary summary = summarize_row(row);
  for (std::size_t i = 0; i < summary.top.size(); ++i)
    EXPECT_EQ(summary.top[i], static_cast<Token>(i));
}

TEST(RowMathEdges, NonFiniteLogitsAreSeen) {
  for (const float bad :
       {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
    std::vector<float> row = random_row(5000, 1, 1);
    row[4321] = bad;
    EXPECT_FALSE(summarize_row(row).finite);
  }
}

TEST(RowMathEdges,
     ForbiddenTokensCountNothing) {  // some models give -infinity to tokens that must not be said
  std::vector<float> b = random_row(2000, 1, 2), q = b;
  b[7] = q[7] = -std::numeric_limits<float>::infinity();
  q[3] += 0.5F;
  const RowSummary sb = summarize_row(b), sq = summarize_row(q);
  EXPECT_TRUE(sb.finite);
  const double kl = kl_divergence({.values = b, .offset = sb.max}, q, sq.max);
  b[7] = q[7] = -80;
  EXPECT_NEAR(kl, static_cast<double>(exact_kl(b, q)), 1e-6);
}

// llama.cpp's base file: log-probabilities, of which those above -16 count.
TEST(RowMathEdges, LogProbabilitiesAboveTheFloorOnly) {
  std::vector<float> b = random_row(4096, 1, 6);
  const auto z = static_cast<float>(log_sum_exp(b));
  for (float& v : b) v -= z;
  const std::vector<float> q = random_row(4096, 2, 6);
  const long double zq = log_sum_exp(q);
  long double expected = 0;
  for (std::size_t i = 0; i < b.size(); ++i) {
    if (b[i] > -16) expected += std::exp(static_cast<long double>(b[i])) * (b[i] - (q[i] - zq));
  }
  const double kl = kl_divergence({.values = b, .offset = 0, .floor = -16, .normalised = true}, q,
                                  summarize_row(q).max);
  EXPECT_NEAR(kl, static_cast<double>(expected), 1e-5);
}

TEST(RowMathEdges, CommonOfTopLists) {
  TopK a, b;
  for (int i = 0; i < kTopK; ++i) {
    a[static_cast<std::size_t>(i)] = i;
    b[static_cast<std::size_t>(i)] = i + 3;
  }
  EXPECT_EQ(count_common(a, b, 5), 2);
  EXPECT_EQ(count_common(a, b, 10), 7);
  EXPECT_EQ(count_common(a, a, 10), 10);
}

}  // namespace
}  // namespace assay::detail
