#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "eval/eval.h"

namespace assay {
namespace {

using nlohmann::json;

// NumPy's llama-perplexity formulas, statsmodels' clustered errors: tests/golden/stats.
const json& golden() {
  static const json parsed =
      json::parse(std::ifstream(std::string(ASSAY_SOURCE_DIR) + "/tests/golden/stats/golden.json"));
  return parsed;
}

struct Scored {
  WindowPlan plan;
  std::vector<std::vector<TokenDivergence>> records;
  std::vector<std::vector<float>> nll;
};

Scored golden_records(ConventionName convention = ConventionName::kLlamaCpp) {
  Scored scored;
  scored.plan.convention.name = convention;
  for (const json& window : golden().at("records")) {
    const std::size_t n = window.at("nll").size();
    Window planned{.tokens = std::vector<Token>(2 * n, 7), .first_row = static_cast<int>(n) - 1};
    planned.targets.assign(n, 3);
    planned.document = window.at("document");
    scored.plan.windows.push_back(planned);
    std::vector<TokenDivergence> records;
    for (std::size_t i = 0; i < n; ++i) {
      records.push_back({.nll_baseline = window.at("nll_baseline")[i],
                         .nll = window.at("nll")[i],
                         .kld = window.at("kld")[i],
                         .top_baseline = window.at("top_baseline")[i],
                         .top = window.at("top")[i],
                         .overlap5 = window.at("overlap5")[i],
                         .overlap10 = window.at("overlap10")[i]});
    }
    scored.records.push_back(records);
    scored.nll.push_back(window.at("nll").get<std::vector<float>>());
  }
  const json& lm_eval = golden().at("summary").at("lm_eval");
  for (std::size_t i = 0; i < lm_eval.at("words").size(); ++i) {
    scored.plan.documents.push_back({.name = "document " + std::to_string(i),
                                     .n_words = lm_eval.at("words")[i],
                                     .n_bytes = lm_eval.at("bytes")[i]});
  }
  return scored;
}

void expect_close(double actual, double expected, double relative = 1e-9) {
  EXPECT_NEAR(actual, expected, relative * std::abs(expected) + 1e-14);
}

// Float32 probabilities of NumPy and of the C library differ in the last bit.
constexpr double kFloat32 = 1e-6;

void expect_clustered(const Estimate& actual, const json& expected, double relative = 1e-8) {
  expect_close(actual.value, expected.at("value"), relative);
  ASSERT_TRUE(actual.std_error && actual.ci95);
  expect_close(*actual.std_error, expected.at("std_error"), relative);
}

void expect_interval(const Estimate& actual, const json& expected, double relative = 1e-8) {
  expect_clustered(actual, expected, relative);
  expect_close(actual.ci95->low, expected.at("low"), relative);
  expect_close(actual.ci95->high, expected.at("high"), relative);
}

TEST(SummarizeDivergence, EqualsLlamaPerplexitysFormulas) {
  const Scored scored = golden_records();
  const DivergenceStatistics actual = summarize_divergence(scored.plan, scored.records, nullptr);
  const json& expected = golden().at("summary").at("llama");
  expect_close(actual.ln_ppl_ratio.value, expected.at("ln_ratio"));
  expect_close(actual.ln_ppl_ratio_std_error_iid.value(), expected.at("ln_ratio_error"));
  expect_close(actual.ppl_ratio.value, expected.at("ppl_ratio"));
  expect_close(actual.ppl_difference.value, expected.at("ppl_difference"));
  expect_close(actual.ln_ppl_correlation.value(), expected.at("correlation"));
  expect_close(actual.kld.value, expected.at("kld"));
  expect_close(actual.kld_std_error_iid.value(), expected.at("kld_error"));
  EXPECT_NEAR(actual.delta_p.value, expected.at("delta_p").get<double>(), 1e-8);
  expect_close(actual.delta_p_std_error_iid.value(), expected.at("delta_p_error"), kFloat32);
  expect_close(actual.delta_p_rms.value, expected.at("rms"), kFloat32);
  expect_close(actual.delta_p_rms_std_error_iid.value(), expected.at("rms_error"), kFloat32);
  expect_close(actual.same_top_p.value, expected.at("same_top"));
  expect_close(actual.same_top_p_std_error_iid.value(), expected.at("same_top_error"));
}

TEST(SummarizeDivergence, ErrorsClusteredByDocumentEqualStatsmodels) {
  const Scored scored = golden_records();
  const DivergenceStatistics actual = summarize_divergence(scored.plan, scored.records, nullptr);
  const json& expected = golden().at("summary").at("clustered");
  expect_interval(actual.ln_ppl_ratio, expected.at("ln_ratio"));
  expect_clustered(actual.kld, expected.at("kld"));
  expect_clustered(actual.same_top_p, expected.at("same_top"));
  expect_interval(actual.top5_overlap, expected.at("top5"));
  expect_interval(actual.top10_overlap, expected.at("top10"));
  EXPECT_NEAR(actual.delta_p.value, expected.at("delta_p").at("value").get<double>(), 1e-8);
  expect_close(actual.delta_p.std_error.value(), expected.at("delta_p").at("std_error"), kFloat32);
  const double mse = expected.at("mse").at("value"), mse_error = expected.at("mse").at("std_error");
  expect_close(actual.delta_p_rms.std_error.value(), 0.5 / std::sqrt(mse) * mse_error, kFloat32);
  expect_close(actual.ppl_difference.std_error.value(), expected.at("difference_error"));
  expect_close(actual.ppl_ratio.ci95->low,
               std::exp(expected.at("ln_ratio").at("low").get<double>()));
}

TEST(SummarizeDivergence, PercentilesEqualNumpys) {
  const Scored scored = golden_records();
  const DivergenceStatistics actual = summarize_divergence(scored.plan, scored.records, nullptr);
  const json& kld = golden().at("summary").at("kld_percentiles");
  expect_close(actual.kld_percentiles.median, kld.at("median"));
  expect_close(actual.kld_percentiles.p99_9, kld.at("p99_9"));
  expect_close(actual.kld_percentiles.p5, kld.at("p5"));
  const json& delta = golden().at("summary").at("delta_p_percentiles");
  EXPECT_NEAR(actual.delta_p_percentiles.p0_1, delta.at("p0_1").get<double>(), 1e-7);
  EXPECT_NEAR(actual.delta_p_percentiles.max, delta.at("max").get<double>(), 1e-7);
}

TEST(SummarizeDivergence, DocumentsAndPositionsPartitionTheTokens) {
  const Scored scored = golden_records();
  const DivergenceStatistics actual = summarize_divergence(scored.plan, scored.records, nullptr);
  const json& expected = golden().at("summary").at("by_document");
  ASSERT_EQ(actual.by_document.size(), expected.size());
  std::int64_t n = 0;
  for (const DocumentDivergence& document : actual.by_document) {
    expect_close(document.kld_mean, expected.at(std::to_string(document.document)));
    n += document.n_tokens;
  }
  EXPECT_EQ(n, golden().at("summary").at("n").get<std::int64_t>());
  for (std::size_t i = 1; i < actual.by_document.size(); ++i) {
    EXPECT_GE(actual.by_document[i - 1].kld_mean, actual.by_document[i].kld_mean);
  }
  double weighted = 0;
  std::int64_t n_positions = 0;
  for (const PositionBin& bin : actual.by_position) {
    weighted += bin.kld.value * static_cast<double>(bin.n_tokens);
    n_positions += bin.n_tokens;
  }
  EXPECT_EQ(n_positions, n);
  expect_close(weighted / static_cast<double>(n), actual.kld.value);
}

TEST(SummarizePerplexity, EqualsLlamaPerplexityAndStatsmodels) {
  const Scored scored = golden_records();
  const PerplexityStatistics actual = summarize_perplexity(scored.plan, scored.nll);
  const json& llama = golden().at("summary").at("llama");
  const json& clustered = golden().at("summary").at("clustered").at("ln_ppl");
  expect_close(actual.perplexity.value, llama.at("ppl"));
  expect_close(actual.std_error_iid.value(), llama.at("ppl_error"));
  const double ppl = llama.at("ppl");
  expect_close(actual.perplexity.std_error.value(), ppl * clustered.at("std_error").get<double>());
  expect_close(actual.perplexity.ci95->high, std::exp(clustered.at("high").get<double>()));
  EXPECT_EQ(actual.n_clusters, 5);
  EXPECT_EQ(actual.n_chunks, static_cast<int>(scored.plan.windows.size()));
  EXPECT_FALSE(actual.word_perplexity);
  EXPECT_TRUE(actual.documents.empty());
}

TEST(SummarizePerplexity, ConversationsHaveLikelihoodsButNoWords) {
  const Scored scored = golden_records(ConventionName::kChat);
  const PerplexityStatistics actual = summarize_perplexity(scored.plan, scored.nll);
  ASSERT_EQ(actual.documents.size(), scored.plan.documents.size());
  const json& expected = golden().at("summary").at("lm_eval").at("document_nll");
  for (std::size_t i = 0; i < actual.documents.size(); ++i) {
    expect_close(-actual.documents[i].log_likelihood, expected[i]);
    EXPECT_FALSE(actual.documents[i].n_words);
  }
}

TEST(SummarizePerplexity, LmEvalAggregatesOverDocuments) {
  const Scored scored = golden_records(ConventionName::kLmEval);
  const PerplexityStatistics actual = summarize_perplexity(scored.plan, scored.nll);
  const json& expected = golden().at("summary").at("lm_eval");
  expect_close(actual.word_perplexity.value().value, expected.at("word_perplexity"));
  expect_close(actual.byte_perplexity.value().value, expected.at("byte_perplexity"));
  expect_close(actual.bits_per_byte.value().value, expected.at("bits_per_byte"));
  const double word = expected.at("word_perplexity"), ln2 = std::log(2.0);
  const double ln_word_error = expected.at("ln_word").at("std_error");
  const double ln_byte_error = expected.at("ln_byte").at("std_error");
  expect_close(actual.word_perplexity->std_error.value(), word * ln_word_error);
  expect_close(actual.bits_per_byte->std_error.value(), ln_byte_error / ln2);
  const double ln_byte_low = expected.at("ln_byte").at("low");
  expect_close(actual.bits_per_byte->ci95.value().low, ln_byte_low / ln2);
  expect_close(actual.byte_perplexity->ci95.value().low, std::exp(ln_byte_low));
  const std::vector<double> sums = document_log_likelihoods(scored.plan, scored.nll);
  std::int64_t n_scored = 0;
  for (std::size_t i = 0; i < sums.size(); ++i) {
    expect_close(-sums[i], expected.at("document_nll")[i]);
    EXPECT_EQ(actual.documents.at(i).log_likelihood, sums[i]);
    EXPECT_EQ(actual.documents[i].n_words, scored.plan.documents[i].n_words);
    EXPECT_EQ(actual.documents[i].n_bytes, scored.plan.documents[i].n_bytes);
    n_scored += actual.documents[i].n_scored_tokens;
  }
  EXPECT_EQ(n_scored, actual.n_scored_tokens);
}

WindowPlan small_plan(int n_windows, int n_targets, int n_documents = 1) {
  WindowPlan plan;
  for (int i = 0; i < n_windows; ++i) {
    Window window{.tokens = std::vector<Token>(static_cast<std::size_t>(2 * n_targets), 1),
                  .first_row = n_targets - 1,
                  .targets = std::vector<Token>(static_cast<std::size_t>(n_targets), 2)};
    window.document = i % n_documents;
    plan.windows.push_back(window);
  }
  plan.documents.resize(static_cast<std::size_t>(n_documents));
  return plan;
}

TEST(SummarizeDivergence, TheBaselineAgainstItselfIsExactlyNothing) {
  const WindowPlan plan = small_plan(4, 300);
  std::vector<std::vector<TokenDivergence>> records(4);
  float nll = 0.1F;
  for (auto& window : records) {
    for (int i = 0; i < 300; ++i, nll = std::fmod(nll * 1.7F + 0.013F, 11.0F)) {
      window.push_back({.nll_baseline = nll,
                        .nll = nll,
                        .top_baseline = i,
                        .top = i,
                        .overlap5 = 5,
                        .overlap10 = 10});
    }
  }
  const DivergenceStatistics actual = summarize_divergence(plan, records, nullptr);
  const auto expect_exactly = [](const Estimate& estimate, double value) {
    EXPECT_EQ(estimate.value, value);
    EXPECT_EQ(estimate.std_error, 0.0);
    ASSERT_TRUE(estimate.ci95);
    EXPECT_EQ(estimate.ci95->low, value);
    EXPECT_EQ(estimate.ci95->high, value);
  };
  for (const Estimate& zero : {actual.ln_ppl_ratio, actual.ppl_difference, actual.kld,
                               actual.delta_p, actual.delta_p_rms}) {
    expect_exactly(zero, 0);
  }
  for (const Estimate& one :
       {actual.ppl_ratio, actual.same_top_p, actual.top5_overlap, actual.top10_overlap}) {
    expect_exactly(one, 1);
  }
  for (const PositionBin& bin : actual.by_position) expect_exactly(bin.kld, 0);
  EXPECT_EQ(actual.ln_ppl_correlation, 1.0);
  for (const auto& iid :
       {actual.ln_ppl_ratio_std_error_iid, actual.kld_std_error_iid, actual.delta_p_std_error_iid,
        actual.delta_p_rms_std_error_iid, actual.same_top_p_std_error_iid}) {
    EXPECT_EQ(iid, 0.0);
  }
  EXPECT_EQ(actual.kld_percentiles.max, 0);
  EXPECT_TRUE(actual.worst.empty());
}

TEST(SummarizeDivergence, OneWindowHasNoErrorButAReason) {
  const WindowPlan plan = small_plan(1, 4);
  const std::vector<std::vector<TokenDivergence>> records(
      1, std::vector<TokenDivergence>(4, {.nll_baseline = 1, .nll = 2, .kld = 1}));
  const DivergenceStatistics actual = summarize_divergence(plan, records, nullptr);
  EXPECT_FALSE(actual.kld.std_error);
  EXPECT_NE(actual.kld.reason, "");
  EXPECT_FALSE(actual.ppl_ratio.ci95);
  EXPECT_FALSE(actual.ln_ppl_correlation);  // no spread
}

TEST(SummarizePerplexity, ClustersByWindowWhenOneDocumentHasTheTokens) {
  WindowPlan plan = small_plan(3, 2);
  EXPECT_EQ(summarize_perplexity(plan, {{1, 2}, {3, 4}, {5, 6}}).n_clusters, 3);
  plan.documents.resize(2);
  plan.windows[2].document = 1;
  EXPECT_EQ(summarize_perplexity(plan, {{1, 2}, {3, 4}, {5, 6}}).n_clusters, 2);
}

TEST(SummarizePerplexity, OverflowIsInfiniteWithAReason) {
  const PerplexityStatistics actual =
      summarize_perplexity(small_plan(2, 2), {{900, 901}, {902, 950}});
  EXPECT_TRUE(std::isinf(actual.perplexity.value));
  EXPECT_FALSE(actual.perplexity.std_error);
  EXPECT_FALSE(actual.std_error_iid);
  EXPECT_NE(actual.perplexity.reason, "");
}

TEST(SummarizePerplexity, RefusesRecordsThatDoNotFitOrAreNotFinite) {
  const WindowPlan plan = small_plan(2, 2);
  EXPECT_THROW(summarize_perplexity(plan, {{1, 2}}), Error);
  EXPECT_THROW(summarize_perplexity(plan, {{1, 2}, {1}}), Error);
  EXPECT_THROW(summarize_perplexity({}, {}), Error);
  try {
    summarize_perplexity(plan, {{1, 2}, {1, std::numeric_limits<float>::quiet_NaN()}});
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kEngine);
    EXPECT_EQ(error.where(), "window 1, scored token 1");
  }
}

TEST(SummarizeDivergence, PositionsCountTheTokensInTheCache) {
  // 512 tokens, the second half scored: targets 257 ... 511 in the quarters of one octave.
  WindowPlan plan = small_plan(2, 255);
  for (Window& window : plan.windows) window.first_row = 256;
  std::vector<std::vector<TokenDivergence>> records(2, std::vector<TokenDivergence>(255));
  records[1][10] = {.nll_baseline = 1, .nll = 3, .kld = 2, .top_baseline = 4, .top = 5};
  const DivergenceStatistics actual = summarize_divergence(plan, records, nullptr);
  ASSERT_EQ(actual.by_position.size(), 4U);
  EXPECT_EQ(actual.by_position[0].first, 256);
  EXPECT_EQ(actual.by_position[0].last, 319);
  EXPECT_EQ(actual.by_position[0].n_tokens, 2 * 63);
  EXPECT_EQ(actual.by_position[3].last, 511);
  ASSERT_EQ(actual.worst.size(), 1U);
  EXPECT_EQ(actual.worst[0].position, 267);
  EXPECT_EQ(actual.worst[0].window, 1);
  EXPECT_EQ(actual.worst[0].top, "token 5");
  expect_close(actual.worst[0].p, std::exp(-3.0));
}

TEST(SummarizeDivergence, UsesOnlyTheFlaggedTargets) {
  WindowPlan plan = small_plan(2, 4);
  for (Window& window : plan.windows) window.scored = {0, 1, 0, 1};
  std::vector<std::vector<TokenDivergence>> records(2, std::vector<TokenDivergence>(2));
  records[0][1].kld = 1;
  const DivergenceStatistics actual = summarize_divergence(plan, records, nullptr);
  ASSERT_EQ(actual.worst.size(), 1U);
  EXPECT_EQ(actual.worst[0].position, 3 + 3 + 1);  // first_row 3, the fourth target
  EXPECT_EQ(actual.kld.value, 0.25);
}

// Speaks of token 97 as "a"; 1000 stands for a three-byte character.
class Letters : public Model {
 public:
  const ModelInfo& info() const override { return info_; }
  std::vector<Token> tokenize(std::string_view, TokenizeOptions) const override { return {}; }
  std::string detokenize(std::span<const Token> tokens) const override {
    std::string text;
    for (const Token token : tokens) {
      text += token == 1000 ? std::string("€") : std::string(1, static_cast<char>(token));
    }
    return text;
  }
  void extend(std::span<const Extension>, const RowSink&, std::stop_token) override {}
  void release(std::span<const Branch>) override {}

 private:
  ModelInfo info_;
};

TEST(SummarizeDivergence, WorstTokensShowTheTextBeforeThem) {
  WindowPlan plan = small_plan(1, 1);
  plan.windows[0] = {.tokens = {'a', 1000, 'b', 'c'}, .first_row = 1, .targets = {'b'}};
  const std::vector<std::vector<TokenDivergence>> records = {
      {{.nll_baseline = 0.5F, .nll = 2, .kld = 1, .top_baseline = 'b', .top = 'x'}}};
  const Letters letters;
  const DivergenceStatistics actual = summarize_divergence(plan, records, &letters);
  ASSERT_EQ(actual.worst.size(), 1U);
  EXPECT_EQ(actual.worst[0].context, "a€");
  EXPECT_EQ(actual.worst[0].target, "b");
  EXPECT_EQ(actual.worst[0].top_baseline, "b");
  EXPECT_EQ(actual.worst[0].top, "x");
}

}  // namespace
}  // namespace assay
