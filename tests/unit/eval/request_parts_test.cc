// Sampling, drafts and the text of an answer.
#include <gtest/gtest.h>

#include <cmath>

#include "eval/request_draft.h"
#include "eval/request_generate.h"
#include "eval/request_sample.h"

namespace assay::detail {
namespace {

// How often each token is drawn, of n.
std::vector<int> draw(const std::vector<float>& logits, const Sampling& sampling, int n) {
  std::vector<int> counts(logits.size());
  for (int i = 0; i < n; ++i) {
    const Token token =
        sample(logits, sampling, static_cast<std::uint64_t>(i), static_cast<std::size_t>(i % 7));
    ++counts[static_cast<std::size_t>(token)];
  }
  return counts;
}

void expect_drawn(const std::vector<int>& counts, const std::vector<double>& probabilities) {
  int n = 0;
  for (const int count : counts) n += count;
  for (std::size_t t = 0; t < counts.size(); ++t) {
    const double p = probabilities[t];
    const double four_sigma = 4 * std::sqrt(p * (1 - p) / n);
    EXPECT_NEAR(counts[t] / static_cast<double>(n), p, four_sigma) << t;
  }
}

std::vector<float> logits_of(const std::vector<double>& probabilities) {
  std::vector<float> logits;
  for (const double p : probabilities) logits.push_back(static_cast<float>(std::log(p) + 3));
  return logits;
}

TEST(Sample, FollowsTheSoftmaxAtItsTemperature) {
  const std::vector<double> p{0.5, 0.25, 0.125, 0.1, 0.025};
  expect_drawn(draw(logits_of(p), {.temperature = 1}, 40000), p);
  std::vector<double> sharp;  // temperature 1/2 squares the probabilities
  double sum = 0;
  for (const double q : p) sum += q * q;
  for (const double q : p) sharp.push_back(q * q / sum);
  expect_drawn(draw(logits_of(p), {.temperature = 0.5}, 40000), sharp);
}

TEST(Sample, KeepsTheLikelyTokensOnly) {
  const std::vector<double> p{0.125, 0.5, 0.025, 0.25, 0.1};
  const std::vector<double> two{0, 2.0 / 3, 0, 1.0 / 3, 0};
  expect_drawn(draw(logits_of(p), {.temperature = 1, .top_k = 2}, 40000), two);
  expect_drawn(draw(logits_of(p), {.temperature = 1, .top_p = 0.7}, 40000), two);
  expect_drawn(draw(logits_of(p), {.temperature = 1, .top_p = 0.01}, 100), {0, 1, 0, 0, 0});
  expect_drawn(draw(logits_of(p), {.temperature = 1, .top_k = 1}, 100), {0, 1, 0, 0, 0});
  expect_drawn(draw(logits_of(p), {.temperature = 1, .top_p = 0.6, .top_k = 3}, 40000), two);
}

TEST(Sample, IsAFunctionOfSeedDrawAndPosition) {
  const std::vector<float> logits(200, 0.0F);
  const Sampling sampling{.temperature = 1, .seed = 9};
  const Token token = sample(logits, sampling, 3, 5);
  EXPECT_EQ(sample(logits, sampling, 3, 5), token);
  EXPECT_NE(sample(logits, {.temperature = 1, .seed = 10}, 3, 5), token);
  EXPECT_NE(sample(logits, sampling, 4, 5), token);
  EXPECT_NE(sample(logits, sampling, 3, 6), token);
}

TEST(Sample, ModelsThatNearlyAgreeDrawNearlyTheSame) {
  std::vector<float> a(1000), b(1000);
  for (std::size_t i = 0; i < a.size(); ++i) {
    a[i] = static_cast<float>(i % 37) / 10;
    b[i] = a[i] + (i % 2 == 0 ? 0.01F : -0.01F);
  }
  int n_equal = 0;
  for (std::uint64_t d = 0; d < 500; ++d) {
    const Sampling sampling{.temperature = 1};
    n_equal += sample(a, sampling, d, 0) == sample(b, sampling, d, 0) ? 1 : 0;
  }
  EXPECT_GT(n_equal, 470);
}

std::vector<Token> grow(Draft& draft, std::vector<Token> answer, const std::vector<Token>& more) {
  for (const Token token : more) {
    answer.push_back(token);
    draft.follow(answer);
  }
  return answer;
}

std::vector<Token> proposal(const Draft& draft) {
  return {draft.proposal().begin(), draft.proposal().end()};
}

TEST(Draft, ProposesWhatFollows) {
  const std::vector<Token> tokens{1, 2, 3, 4};
  Draft draft(tokens);
  EXPECT_EQ(proposal(draft), tokens);
  grow(draft, {}, {1, 2});
  EXPECT_EQ(proposal(draft), (std::vector<Token>{3, 4}));
}

TEST(Draft, FindsItsPlaceAgainBehindADifference) {
  const std::vector<Token> tokens{1, 2, 3, 4, 5, 6, 7, 8, 9};
  Draft other_word(tokens);
  std::vector<Token> answer = grow(other_word, {}, {1, 2, 99, 4, 5});
  EXPECT_TRUE(proposal(other_word).empty());
  answer = grow(other_word, answer, {6});
  EXPECT_EQ(proposal(other_word), (std::vector<Token>{7, 8, 9}));
  grow(other_word, answer, {98, 97, 96, 95});
  EXPECT_TRUE(proposal(other_word).empty());

  Draft one_more(tokens);
  grow(one_more, {}, {1, 2, 99, 3, 4, 5});
  EXPECT_EQ(proposal(one_more), (std::vector<Token>{6, 7, 8, 9}));
}

TEST(Draft, LearnsHowFarItIsRight) {
  const std::vector<Token> tokens(1000, 1);
  Draft draft(tokens);
  EXPECT_EQ(draft.proposal().size(), 32U);
  draft.learn(32, 32);
  EXPECT_EQ(draft.proposal().size(), 64U);
  for (int i = 0; i < 9; ++i) draft.learn(64, 64);
  EXPECT_EQ(draft.proposal().size(), 256U);
  draft.learn(256, 10);
  EXPECT_EQ(draft.proposal().size(), 20U);
  draft.learn(20, 0);
  EXPECT_EQ(draft.proposal().size(), 4U);
}

TEST(AnswerText, IsCutBeforeTheFirstStopString) {
  const auto cut = [](std::string text, const std::vector<std::string>& stops) {
    return cut_at_stops(std::move(text), stops);
  };
  EXPECT_EQ(cut("one\n\nQ: two", {"Q:", "\n\n"}), "one");
  EXPECT_EQ(cut("one", {"\n", ""}), "one");
  EXPECT_EQ(cut("caf\xC3\xA9 \xE2\x82\xAC 5", {"\xE2\x82\xAC"}), "caf\xC3\xA9 ");
  // One after the other, as lm-eval does: "bc" leaves "a", in which "ab" does not occur.
  EXPECT_EQ(cut("abcd", {"bc", "ab"}), "a");
}

// Expected: CPython 3.11, bytes.decode("utf-8", "replace").
TEST(AnswerText, BytesThatAreNoUtf8AreReplaced) {
  const std::string r = "\xEF\xBF\xBD";
  EXPECT_EQ(valid_utf8("a\xC3\xA9z"), "a\xC3\xA9z");
  EXPECT_EQ(valid_utf8("a\xE2\x82"), "a" + r);
  EXPECT_EQ(valid_utf8("\xF0\x9F\x98z"), r + "z");
  EXPECT_EQ(valid_utf8("\xE0\x80\x80"), r + r + r);
  EXPECT_EQ(valid_utf8("\xF0\x90\x80q\x80"), r + "q" + r);
  EXPECT_EQ(valid_utf8("\xED\xA0\x80"), r + r + r);
  EXPECT_EQ(valid_utf8("\xFF\xC3"), r + r);
}

}  // namespace
}  // namespace assay::detail
