// The scheduler on the scripted engine, which refuses steps beyond its limits: whatever memory,
// branches and batches, the answers are those of one request at a time.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>

#include "core/error.h"
#include "eval/eval.h"

namespace assay {
namespace {

using Kind = EncodedRequest::Kind;
struct Outcome {
  std::vector<Response> responses;
  RequestStatistics statistics;
};

Outcome run(Model& model, const std::vector<EncodedRequest>& requests, int n_threads = 1) {
  Outcome outcome{.responses = std::vector<Response>(requests.size())};
  std::vector<int> n_answers(requests.size());
  outcome.statistics =
      run_requests(model, requests,
                   {.n_threads = n_threads, .done = [&](std::size_t request, Response response) {
                      ++n_answers.at(request);
                      outcome.responses.at(request) = std::move(response);
                    }});
  for (const int n : n_answers) EXPECT_EQ(n, 1);
  return outcome;
}

Outcome run_scripted(const std::vector<EncodedRequest>& requests, ScriptedOptions options = {}) {
  options.share_prefixes = true;
  return run(*open_scripted(options), requests);
}

EncodedRequest score(std::vector<Token> tokens, int n_context) {
  return {.kind = Kind::kLoglikelihood, .tokens = std::move(tokens), .n_context = n_context};
}

EncodedRequest generate(std::vector<Token> tokens, int max_new_tokens,
                        std::vector<std::string> until = {}) {
  const int n = static_cast<int>(tokens.size());
  return {.kind = Kind::kGenerate,
          .tokens = std::move(tokens),
          .n_context = n,
          .until = std::move(until),
          .max_new_tokens = max_new_tokens};
}

const LoglikelihoodResult& scored(const Response& response) {
  return std::get<LoglikelihoodResult>(response);
}
const GenerateResult& generated(const Response& response) {
  return std::get<GenerateResult>(response);
}

// ---- By definition, one row at a time ----

std::vector<float> row_after(Model& model, const std::vector<Token>& context) {
  std::vector<float> row;
  const int wanted = static_cast<int>(context.size()) - 1;
  const Extension extension{0, 1, context, std::span(&wanted, 1)};
  const auto keep = [&](std::span<const Row> rows) {
    row.assign(rows[0].logits.begin(), rows[0].logits.end());
  };
  model.extend(std::span(&extension, 1), keep, {});
  model.release(std::vector<Branch>{1});
  return row;
}

Token top_of(const std::vector<float>& row) {
  return static_cast<Token>(std::max_element(row.begin(), row.end()) - row.begin());
}

double logprob(const std::vector<float>& row, Token token) {
  long double sum = 0;
  for (const float logit : row) sum += std::exp(static_cast<long double>(logit));
  return static_cast<double>(static_cast<long double>(row[static_cast<std::size_t>(token)]) -
                             std::log(sum));
}

void expect_score_by_definition(Model& model, const EncodedRequest& request,
                                const LoglikelihoodResult& result) {
  double sum = 0;
  bool greedy = true;
  double margin = std::numeric_limits<double>::max();
  for (std::size_t i = static_cast<std::size_t>(request.n_context); i < request.tokens.size();
       ++i) {
    std::vector<float> row = row_after(
        model, {request.tokens.begin(), request.tokens.begin() + static_cast<std::ptrdiff_t>(i)});
    sum += logprob(row, request.tokens[i]);
    greedy = greedy && top_of(row) == request.tokens[i];
    std::sort(row.begin(), row.end(), std::greater<>());
    margin = std::min(margin, static_cast<double>(row[0] - row[1]));
  }
  EXPECT_NEAR(result.loglikelihood, sum, 1e-4);
  EXPECT_EQ(result.is_greedy, greedy);
  EXPECT_EQ(result.token_logprobs.size(),
            request.tokens.size() - static_cast<std::size_t>(request.n_context));
  if (!result.token_logprobs.empty()) {
    EXPECT_EQ(result.top_margin, margin);
  }
}

void expect_greedy_by_definition(Model& model, const EncodedRequest& request,
                                 const GenerateResult& result) {
  std::vector<Token> context = request.tokens;
  std::vector<Token> answer;
  StopReason stop = StopReason::kLength;
  while (static_cast<int>(answer.size()) < request.max_new_tokens) {
    const Token token = top_of(row_after(model, context));
    if (token == model.info().eos) {
      stop = StopReason::kEndOfSequence;
      break;
    }
    context.push_back(token);
    answer.push_back(token);
    const std::string text = model.detokenize(answer);
    if (std::any_of(request.until.begin(), request.until.end(),
                    [&](const auto& s) { return text.find(s) != std::string::npos; })) {
      stop = StopReason::kStopString;
      break;
    }
  }
  EXPECT_EQ(result.tokens, answer);
  EXPECT_EQ(result.stop, stop);
}

// ---- Random requests ----

std::vector<Token> random_tokens(std::mt19937& random, std::size_t n, int n_kinds) {
  std::vector<Token> tokens(n);
  for (Token& token : tokens) token = static_cast<Token>(random() % static_cast<unsigned>(n_kinds));
  return tokens;
}

// Some requests go on where others stopped, or are the same.
std::vector<Token> random_context(std::mt19937& random,
                                  const std::vector<EncodedRequest>& requests) {
  std::vector<Token> tokens;
  if (!requests.empty() && random() % 4 != 0) tokens = requests[random() % requests.size()].tokens;
  if (random() % 3 != 0) tokens.resize(tokens.size() - random() % (tokens.size() + 1));
  const std::vector<Token> more = random_tokens(random, random() % 12, 3);
  tokens.insert(tokens.end(), more.begin(), more.end());
  if (tokens.empty()) tokens.push_back(7);
  tokens.resize(std::min<std::size_t>(tokens.size(), 40));
  return tokens;
}

std::vector<EncodedRequest> random_requests(unsigned seed, std::size_t n) {
  std::mt19937 random(seed);
  std::vector<EncodedRequest> requests;
  while (requests.size() < n) {
    const std::vector<Token> tokens = random_context(random, requests);
    switch (random() % 4) {
      case 0:
      case 1:
        requests.push_back(
            score(tokens, 1 + static_cast<int>(random() % tokens.size())));  // or none
        break;
      case 2:
        requests.push_back(generate(tokens, static_cast<int>(random() % 12), {"\x5", "\x9\x2"}));
        if (random() % 3 == 0) requests.back().sampling = {.temperature = 0.7, .top_p = 0.9};
        requests.back().draw = random() % 3;
        break;
      default:
        requests.push_back({.kind = Kind::kRolling, .tokens = tokens, .max_length = 9});
    }
  }
  return requests;
}

void expect_same(const Response& a, const Response& b) {
  ASSERT_EQ(a.index(), b.index());
  if (const auto* left = std::get_if<LoglikelihoodResult>(&a)) {
    const LoglikelihoodResult& right = scored(b);
    EXPECT_EQ(left->loglikelihood, right.loglikelihood);
    EXPECT_EQ(left->token_logprobs, right.token_logprobs);
    EXPECT_EQ(left->is_greedy, right.is_greedy);
    EXPECT_EQ(left->top_margin, right.top_margin);
  } else {
    EXPECT_EQ(generated(a).tokens, generated(b).tokens);
    EXPECT_EQ(generated(a).text, generated(b).text);
    EXPECT_EQ(generated(a).stop, generated(b).stop);
    EXPECT_EQ(generated(a).n_near_ties, generated(b).n_near_ties);
  }
}

TEST(Requests, ScoresAndTextsAreTheModels) {
  const std::vector<EncodedRequest> requests = random_requests(1, 60);
  const Outcome outcome = run_scripted(requests);
  const auto model = open_scripted({});
  for (std::size_t r = 0; r < requests.size(); ++r) {
    SCOPED_TRACE(r);
    if (requests[r].kind == Kind::kLoglikelihood)
      expect_score_by_definition(*model, requests[r], scored(outcome.responses[r]));
    if (requests[r].kind == Kind::kGenerate && requests[r].sampling.temperature <= 0)
      expect_greedy_by_definition(*model, requests[r], generated(outcome.responses[r]));
  }
}

TEST(Requests, RollingScoresEachTokenOnceInItsWindow) {
  const std::vector<Token> text{1, 2, 3, 4, 5, 6, 7};
  const Outcome outcome = run_scripted({{.kind = Kind::kRolling, .tokens = text, .max_length = 3}});
  const auto model = open_scripted({});
  double sum = 0;
  for (const RollingWindow& window : rolling_windows(text, 256, 3)) {
    const std::size_t first = window.input.size() - window.predicted.size() + 1;
    for (std::size_t i = 0; i < window.predicted.size(); ++i) {
      const auto end = window.input.begin() + static_cast<std::ptrdiff_t>(first + i);
      sum += logprob(row_after(*model, {window.input.begin(), end}), window.predicted[i]);
    }
  }
  EXPECT_NEAR(scored(outcome.responses[0]).loglikelihood, sum, 1e-4);
  EXPECT_EQ(scored(outcome.responses[0]).token_logprobs.size(), text.size());
  EXPECT_FALSE(scored(outcome.responses[0]).is_greedy);
}

TEST(Requests, AnswersDoNotDependOnMemoryBranchesOrBatches) {
  struct Limits {
    int n_ctx, n_seq_max, n_ubatch, n_rows_max;
    bool share = true;  // one memory of n_ctx tokens for all branches, else one for each
  };
  const Limits limits[] = {{52, 1, 512, 0},      {52, 2, 7, 0},       {52, 64, 1, 0},
                           {60, 3, 16, 1},       {80, 2, 512, 2},     {80, 8, 32, 3},
                           {120, 64, 64, 0},     {4096, 256, 512, 0}, {52, 1, 512, 0, false},
                           {52, 5, 16, 0, false}};
  for (unsigned seed = 1; seed <= 40; ++seed) {
    const std::vector<EncodedRequest> requests = random_requests(seed, 5 + seed * 2);
    const Outcome expected = run_scripted(requests);
    EXPECT_EQ(expected.statistics.n_tokens_computed, expected.statistics.n_tokens_distinct);
    for (const Limits& limit : limits) {
      SCOPED_TRACE(testing::Message() << seed << ", branches " << limit.n_seq_max);
      const auto model = open_scripted({.n_ctx = limit.n_ctx,
                                        .n_seq_max = limit.n_seq_max,
                                        .n_ubatch = limit.n_ubatch,
                                        .n_rows_max = limit.n_rows_max,
                                        .share_prefixes = limit.share});
      const Outcome outcome = run(*model, requests);
      for (std::size_t r = 0; r < requests.size(); ++r)
        expect_same(outcome.responses[r], expected.responses[r]);
      const RequestStatistics& s = outcome.statistics;
      EXPECT_EQ(s.n_tokens_distinct, expected.statistics.n_tokens_distinct);
      EXPECT_GE(s.n_tokens_computed, s.n_tokens_distinct);
      EXPECT_GE(s.n_tokens_recomputed, s.n_tokens_computed - s.n_tokens_distinct);
    }
  }
}

TEST(Requests, AloneOrTogetherIsTheSame) {
  const std::vector<EncodedRequest> requests = random_requests(77, 40);
  const Outcome together = run_scripted(requests);
  for (std::size_t r = 0; r < requests.size(); ++r)
    expect_same(run_scripted({requests[r]}).responses[0], together.responses[r]);
}

TEST(Requests, ThreadsDoNotMatterAndTheModelIsLeftEmpty) {
  const std::vector<EncodedRequest> requests = random_requests(5, 50);
  const auto model = open_scripted({.n_ctx = 400, .n_seq_max = 6, .share_prefixes = true});
  const Outcome one = run(*model, requests, 1);
  const Outcome four = run(*model, requests, 4);  // refused if branches were left
  for (std::size_t r = 0; r < requests.size(); ++r)
    expect_same(one.responses[r], four.responses[r]);
}

TEST(Requests, ASharedPrefixIsComputedOnce) {
  std::vector<EncodedRequest> requests;
  for (Token question = 0; question < 30; ++question) {
    for (Token choice = 0; choice < 4; ++choice) {
      std::vector<Token> tokens(300, 9);
      tokens.insert(tokens.end(), {10, question, 11, static_cast<Token>(100 + choice)});
      requests.push_back(score(tokens, 303));
    }
  }
  const Outcome outcome = run_scripted(requests, {.n_ctx = 512, .n_seq_max = 4});
  EXPECT_EQ(outcome.statistics.n_tokens_asked, 120 * 303);
  EXPECT_EQ(outcome.statistics.n_tokens_distinct, 301 + 30 * 2);
  EXPECT_EQ(outcome.statistics.n_tokens_computed, 301 + 30 * 2);
}

TEST(Requests, EqualGenerationsAreAnsweredOnceAndDrawsDiffer) {
  EncodedRequest greedy = generate({1, 2, 3}, 20);
  EncodedRequest sampled = greedy;
  sampled.sampling = {.temperature = 1, .seed = 4};
  EncodedRequest other = sampled;
  other.draw = 1;
  const Outcome outcome = run_scripted({greedy, greedy, sampled, other, sampled});
  expect_same(outcome.responses[0], outcome.responses[1]);
  expect_same(outcome.responses[2], outcome.responses[4]);
  EXPECT_NE(generated(outcome.responses[2]).tokens, generated(outcome.responses[3]).tokens);
  EXPECT_NE(generated(outcome.responses[2]).tokens, generated(outcome.responses[0]).tokens);
  EXPECT_EQ(outcome.statistics.n_tokens_distinct, 3);
  EXPECT_EQ(outcome.statistics.n_tokens_generated, 60);
}

TEST(Requests, NothingToScoreIsProbabilityOne) {
  const Outcome outcome =
      run_scripted({score({1, 2}, 2), {.kind = Kind::kRolling, .max_length = 8}});
  EXPECT_EQ(scored(outcome.responses[0]).loglikelihood, 0);
  EXPECT_EQ(scored(outcome.responses[1]).loglikelihood, 0);
  EXPECT_EQ(outcome.statistics.n_tokens_computed, 0);
}

TEST(Requests, WhatCannotBeRunIsAnErrorOfThatRequestOnly) {
  const std::vector<Token> longer(65, 1);
  const Outcome outcome =
      run_scripted({score({1, 999, 3}, 1),
                    score({1, 2}, 1),
                    score({1, 2}, 0),
                    generate(longer, 4),
                    generate({}, 4),
                    {.kind = Kind::kRolling, .tokens = {1, -3}, .max_length = 8}},
                   {.n_ctx = 64});
  const auto message = [&](std::size_t r) {
    return std::get<RequestError>(outcome.responses[r]).message;
  };
  EXPECT_EQ(message(0), "There is no token 999 in this model");
  EXPECT_EQ(scored(outcome.responses[1]).token_logprobs.size(), 1U);
  EXPECT_EQ(message(2), "A continuation needs at least one token of context");
  EXPECT_EQ(message(3),
            "65 tokens do not fit into the context of 64 that the model was opened with");
  EXPECT_EQ(message(4), "An answer needs at least one token of context");
  EXPECT_EQ(message(5), "There is no token -3 in this model");
}

TEST(Requests, AnAnswerEndsWhereTheContextIsFull) {
  EncodedRequest request = generate({1, 2, 3}, 50);
  request.max_length = 10;
  const Outcome outcome =
      run_scripted({request, generate({1, 2, 3}, 50), generate({4}, 0)}, {.n_ctx = 30});
  EXPECT_EQ(generated(outcome.responses[0]).tokens.size(), 7U);
  EXPECT_EQ(generated(outcome.responses[0]).stop, StopReason::kLength);
  EXPECT_EQ(generated(outcome.responses[1]).tokens.size(), 27U);
  EXPECT_TRUE(generated(outcome.responses[2]).tokens.empty());
}

// ---- Drafts ----

TEST(Requests, DraftsChangeTheWorkAndNotTheAnswer) {
  std::mt19937 random(3);
  for (const bool truncates : {true, false}) {
    for (unsigned seed = 1; seed <= 20; ++seed) {
      std::vector<EncodedRequest> requests;
      for (int i = 0; i < 12; ++i)
        requests.push_back(generate(random_tokens(random, 1 + random() % 9, 3), 60, {"\x11\x12"}));
      const ScriptedOptions variant{.noise = 0.01, .noise_seed = seed};
      const Outcome baseline = run_scripted(requests);
      const Outcome plain = run_scripted(requests, variant);
      for (std::size_t r = 0; r < requests.size(); ++r)
        requests[r].draft = generated(baseline.responses[r]).tokens;
      for (const int n_ubatch : {3, 40, 512}) {
        const Outcome drafted = run_scripted(requests, {.noise = 0.01,
                                                        .noise_seed = seed,
                                                        .n_ctx = 160,
                                                        .n_seq_max = 6,
                                                        .n_ubatch = n_ubatch,
                                                        .truncates = truncates});
        for (std::size_t r = 0; r < requests.size(); ++r)
          expect_same(drafted.responses[r], plain.responses[r]);
        EXPECT_LE(drafted.statistics.n_accepted, drafted.statistics.n_drafted);
        if (truncates) {
          EXPECT_GT(drafted.statistics.n_accepted, 0);
        }
      }
    }
  }
}

TEST(Requests, ARightDraftIsAcceptedWhole) {
  EncodedRequest request = generate({1, 2, 3}, 100);
  const GenerateResult plain = generated(run_scripted({request}).responses[0]);
  ASSERT_GT(plain.tokens.size(), 10U);
  request.draft = plain.tokens;
  const GenerateResult drafted = generated(run_scripted({request}).responses[0]);
  EXPECT_EQ(drafted.tokens, plain.tokens);
  EXPECT_EQ(drafted.n_drafted, drafted.n_accepted);
  EXPECT_GE(drafted.n_accepted, static_cast<int>(plain.tokens.size()) - 6);
}

// ---- Failures ----

TEST(Requests, StopsWhenAsked) {
  std::stop_source source;
  source.request_stop();
  const auto model = open_scripted({.share_prefixes = true});
  const std::vector<EncodedRequest> requests{score({1, 2}, 1)};
  try {
    run_requests(*model, requests, {.stop = source.get_token()});
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kInterrupted);
  }
}

}  // namespace
}  // namespace assay
