#include "study/early_stop.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "core/error.h"

namespace assay {
namespace {

constexpr std::int64_t kItems = 2000;

SampleRecord sample(std::int64_t i, double score) {
  return {.id = {"made_up", std::to_string(i)},
          .request_digests = {hash_bytes(std::to_string(i))},
          .scores = {{.metric = "acc", .filter = "none", .value = score, .reason = {}}}};
}

// Items 0, 2, 4 ... are right; of each hundred the first `n_flipped` right ones are wrong.
std::vector<SampleRecord> answers(int n_flipped = 0) {
  std::vector<SampleRecord> samples;
  for (std::int64_t i = 0; i < kItems; ++i) {
    const bool flipped = i % 2 == 0 && (i % 100) / 2 < n_flipped;
    samples.push_back(sample(i, i % 2 == 0 && !flipped ? 1 : 0));
  }
  return samples;
}

TaskResult baseline() {
  return {.task = "made_up",
          .metrics = {{.metric = "acc", .filter = "none", .higher_is_better = true}},
          .samples = answers()};
}

EarlyStop ask(const std::vector<SampleRecord>& variant, const EarlyStopOptions& options) {
  const TaskResult known = baseline();
  detail::EarlyStopping early(known, options, kItems);
  for (const std::int64_t i : random_order(kItems, options.seed)) {
    if (early.add(std::span(&variant[static_cast<std::size_t>(i)], 1))) break;
  }
  return early.result();
}

TEST(RandomOrder, HasEveryItemOnceAndDependsOnTheSeedOnly) {
  const auto order = random_order(100, 7);
  EXPECT_EQ(std::set<std::int64_t>(order.begin(), order.end()).size(), 100U);
  EXPECT_EQ(order, random_order(100, 7));
  EXPECT_NE(order, random_order(100, 8));
  EXPECT_TRUE(random_order(0, 1).empty());
}

TEST(EarlyStopping, EqualAnswersAreWithinTheMarginLongBeforeTheEnd) {
  const EarlyStop result = ask(answers(), {.margin = 0.02});
  EXPECT_EQ(result.verdict, EarlyVerdict::kWithinMargin);
  EXPECT_LT(result.n_compared, kItems / 2);
  EXPECT_EQ(result.n_discordant, 0);
  EXPECT_EQ(result.difference.value, 0);
}

TEST(EarlyStopping, TenPointsWorseIsWorseLongBeforeTheEnd) {
  const EarlyStop result = ask(answers(10), {.margin = 0.01});
  EXPECT_EQ(result.verdict, EarlyVerdict::kWorse);
  EXPECT_LT(result.n_compared, kItems / 2);
  EXPECT_LT(result.difference.ci95->high, -0.01);
}

TEST(EarlyStopping, PrecisionEndsItToo) {
  const EarlyStop result = ask(answers(2), {.precision = 0.02});
  EXPECT_EQ(result.verdict, EarlyVerdict::kPrecise);
  EXPECT_LE(result.difference.ci95->high - result.difference.ci95->low, 0.04);
  EXPECT_LT(result.n_compared, kItems);
}

// Losing exactly the margin can only be told by asking all.
TEST(EarlyStopping, AllItemsGiveTheDifferenceItself) {
  const EarlyStop result = ask(answers(1), {.margin = 0.0105});
  EXPECT_NEAR(result.difference.value, -0.01, result.n_compared == kItems ? 1e-12 : 0.01);
  EXPECT_NE(result.verdict, EarlyVerdict::kWorse);
}

// The verdict at the margin is wrong in at most 5 % of the orders, whenever it stops.
TEST(EarlyStopping, KeepsItsErrorOverManyOrders) {
  int n_wrong = 0;
  const std::vector<SampleRecord> variant = answers(2);  // two points lost of a hundred
  for (std::uint64_t seed = 0; seed < 200; ++seed)
    n_wrong +=
        ask(variant, {.margin = 0.0199, .seed = seed}).verdict == EarlyVerdict::kWithinMargin;
  EXPECT_LE(n_wrong, 19);  // 5 % of 200 and three standard errors
}

// Over a hundred orders, of a fifth of the items each: how many of them flip, the estimate, and the
// share of intervals that hold the truth.
struct Guided {
  double flips = 0, mean = 0, covered = 0;
};

Guided ask_guided(const TaskResult& known, const std::vector<SampleRecord>& variant, double truth) {
  Guided guided;
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    detail::EarlyStopping early(known, {.seed = seed, .guided = 0.2}, kItems);
    for (const std::int64_t i : early.order()) {
      if (early.add(std::span(&variant[static_cast<std::size_t>(i)], 1))) break;
    }
    const EarlyStop result = early.result();
    EXPECT_EQ(result.n_compared, kItems / 5);
    const Interval interval = *result.difference.ci95;
    guided.flips += static_cast<double>(result.n_discordant) / 100;
    guided.mean += result.difference.value / 100;
    guided.covered += interval.low <= truth && truth <= interval.high ? 0.01 : 0;
  }
  return guided;
}

// The right choice, the best other one and a hopeless one: of so many tokens each, of which the
// first two begin with the same ones.
void set_choices(SampleRecord& sample, double right, double other, std::size_t n_tokens,
                 std::size_t n_common = 0) {
  std::vector<float> tokens(n_tokens, -1), others(n_tokens, -2);
  std::fill_n(others.begin(), n_common, -1.0F);
  sample.choices = {"other", "right", "hopeless"};
  sample.gold = {1};
  sample.responses = {LoglikelihoodResult{.loglikelihood = other, .token_logprobs = others},
                      LoglikelihoodResult{.loglikelihood = right, .token_logprobs = tokens},
                      LoglikelihoodResult{.loglikelihood = -50, .token_logprobs = tokens}};
}

// Items that flip are those with a small lead: a fifth of the items finds nearly all of them.
TEST(EarlyStopping, GuidedSamplesEstimateTheWholeTask) {
  TaskResult known = baseline();
  const std::vector<SampleRecord> variant = answers(2);
  for (std::size_t i = 0; i < known.samples.size(); ++i) {
    const bool flips = known.samples[i].scores[0].value != variant[i].scores[0].value;
    set_choices(known.samples[i], -1, flips ? -1.1 : -4, 2);
  }
  const Guided guided = ask_guided(known, variant, -0.02);
  EXPECT_NEAR(guided.mean, -0.02, 0.002);
  EXPECT_GE(guided.covered, 0.88);  // 95 % less three standard errors
  EXPECT_GT(guided.flips, 32);      // of 40, where a random fifth has 8

  EXPECT_THROW(detail::EarlyStopping(baseline(), {.guided = 0.2}, kItems), Error);
}

// Two wrong choices side by side far above the right one: no flip between them changes the score.
TEST(EarlyStopping, TheGuideLooksAtTheRightChoice) {
  TaskResult known = baseline();
  const std::vector<SampleRecord> variant = answers(2);
  for (std::size_t i = 0; i < known.samples.size(); ++i) {
    const bool flips = known.samples[i].scores[0].value != variant[i].scores[0].value;
    set_choices(known.samples[i], flips ? -1.1 : -9, -1, 2);
    std::get<LoglikelihoodResult>(known.samples[i].responses[2]).loglikelihood = -1;
  }
  EXPECT_GT(ask_guided(known, variant, -0.02).flips, 32);
}

// The same lead is nearer to a flip where the choices differ in more tokens.
TEST(EarlyStopping, TheGuideKnowsThatLongChoicesMoveMore) {
  TaskResult known = baseline();
  const std::vector<SampleRecord> variant = answers(2);
  for (std::size_t i = 0; i < known.samples.size(); ++i) {
    const bool flips = known.samples[i].scores[0].value != variant[i].scores[0].value;
    set_choices(known.samples[i], -1, -2, 200, flips ? 0 : 198);
  }
  EXPECT_GT(ask_guided(known, variant, -0.02).flips, 32);

  // A run made elsewhere: the texts tell as well.
  for (std::size_t i = 0; i < known.samples.size(); ++i) {
    SampleRecord& sample = known.samples[i];
    const bool flips = sample.scores[0].value != variant[i].scores[0].value;
    for (Response& response : sample.responses)
      std::get<LoglikelihoodResult>(response).token_logprobs.clear();
    const std::string begin(400, 'a');
    sample.choices = {begin + "x", flips ? "y" + begin : begin + "y", "hopeless"};
  }
  EXPECT_GT(ask_guided(known, variant, -0.02).flips, 32);
}

TEST(EarlyStopping, RefusesWhatCannotBeCompared) {
  TaskResult perplexity = baseline();
  perplexity.metrics.front().higher_is_better = false;
  EXPECT_THROW(detail::EarlyStopping(perplexity, {.margin = 0.01}, kItems), Error);
  TaskResult unbounded = baseline();
  unbounded.samples.front().scores.front().value = 17;
  EXPECT_THROW(detail::EarlyStopping(unbounded, {.margin = 0.01}, kItems), Error);
  EXPECT_THROW(detail::EarlyStopping({.task = "made_up"}, {.margin = 0.01}, kItems), Error);

  const TaskResult known = baseline();
  detail::EarlyStopping early(known, {.margin = 0.01}, kItems);
  SampleRecord other = sample(3, 1);
  other.request_digests = {hash_bytes("another prompt")};
  EXPECT_THROW(early.add(std::span(&other, 1)), Error);
}

}  // namespace
}  // namespace assay
