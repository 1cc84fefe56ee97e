#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include "core/error.h"
#include "eval/eval.h"
#include "eval/summary_records.h"
#include "stats/stats.h"

namespace assay {
namespace {

template <typename Record>
std::vector<std::size_t> counts_of(const std::vector<std::vector<Record>>& records) {
  std::vector<std::size_t> counts;
  for (const auto& window : records) counts.push_back(window.size());
  return counts;
}

// A fraction's interval stays within [0, 1].
Estimate clipped_fraction(Estimate estimate) {
  if (estimate.ci95) {
    estimate.ci95->low = std::max(estimate.ci95->low, 0.0);
    estimate.ci95->high = std::min(estimate.ci95->high, 1.0);
  }
  return estimate;
}

std::optional<double> finite(std::optional<double> value) {
  return value && std::isfinite(*value) ? value : std::nullopt;
}

std::optional<double> times(double factor, const std::optional<double>& value) {
  if (!value) return std::nullopt;
  return finite(factor * *value);
}

Estimate scaled(Estimate estimate, double factor) {
  estimate.value *= factor;
  if (estimate.std_error) *estimate.std_error *= factor;
  if (estimate.ci95) estimate.ci95 = {estimate.ci95->low * factor, estimate.ci95->high * factor};
  return estimate;
}

// Without words and bytes, which only the lm-eval convention counts.
std::vector<DocumentLikelihood> document_likelihoods(const WindowPlan& plan,
                                                     const std::vector<std::vector<float>>& nll) {
  const std::vector<double> sums = document_log_likelihoods(plan, nll);
  std::vector<DocumentLikelihood> documents;
  for (std::size_t i = 0; i < sums.size(); ++i) {
    documents.push_back({.name = plan.documents[i].name, .log_likelihood = sums[i]});
  }
  for (std::size_t window = 0; window < nll.size(); ++window) {
    documents[static_cast<std::size_t>(plan.windows[window].document)].n_scored_tokens +=
        static_cast<std::int64_t>(nll[window].size());
  }
  return documents;
}

void add_document_perplexities(const WindowPlan& plan, PerplexityStatistics& statistics) {
  std::vector<ClusterSum> by_word, by_byte;
  std::int64_t n_words = 0, n_bytes = 0;
  for (std::size_t i = 0; i < plan.documents.size(); ++i) {
    DocumentLikelihood& document = statistics.documents[i];
    document.n_words = plan.documents[i].n_words;
    document.n_bytes = plan.documents[i].n_bytes;
    by_word.push_back({-document.log_likelihood, plan.documents[i].n_words});
    by_byte.push_back({-document.log_likelihood, plan.documents[i].n_bytes});
    n_words += plan.documents[i].n_words;
    n_bytes += plan.documents[i].n_bytes;
  }
  if (n_words > 0) statistics.word_perplexity = exp_estimate(clustered_mean(by_word));
  if (n_bytes == 0) return;
  const Estimate nats_per_byte = clustered_mean(by_byte);
  statistics.byte_perplexity = exp_estimate(nats_per_byte);
  statistics.bits_per_byte = scaled(nats_per_byte, 1 / std::numbers::ln2);
}

// The quantities of one comparison, added up over all scored tokens.
struct Sums {
  explicit Sums(const ClusterMap& map)
      : baseline(map),
        variant(map),
        difference(map),
        kld(map),
        delta_p(map),
        squared_delta_p(map),
        same_top(map),
        top5(map),
        top10(map) {}

  void add(std::size_t window, const TokenDivergence& token) {
    const double nll_baseline = token.nll_baseline, nll = token.nll;
    baseline.add(window, nll_baseline);
    variant.add(window, nll);
    difference.add(window, nll - nll_baseline);
    products += nll * nll_baseline;
    kld.add(window, token.kld);
    kld_values.push_back(token.kld);
    // Single precision, as llama-perplexity.
    const double delta = std::exp(-token.nll) - std::exp(-token.nll_baseline);
    delta_p.add(window, delta);
    squared_delta_p.add(window, delta * delta);
    delta_p_values.push_back(delta);
    same_top.add(window, token.top == token.top_baseline ? 1 : 0);
    top5.add(window, token.overlap5 / 5.0);
    top10.add(window, token.overlap10 / 10.0);
  }

  Accumulator baseline, variant, difference, kld, delta_p, squared_delta_p, same_top, top5, top10;
  std::vector<double> kld_values, delta_p_values;
  double products = 0;  // of the two negative log-likelihoods
};

// Correlation of the per-token values; llama-perplexity divides both covariance and variances by
// n - 1, which cancels.
std::optional<double> correlation(const Sums& sums) {
  const double n = static_cast<double>(sums.variant.n());
  const double mean = sums.variant.sum() / n, mean_baseline = sums.baseline.sum() / n;
  const double variance = sums.variant.sum_of_squares() / n - mean * mean;
  const double variance_baseline =
      sums.baseline.sum_of_squares() / n - mean_baseline * mean_baseline;
  if (n < 2 || variance <= 0 || variance_baseline <= 0) return std::nullopt;
  const double covariance = sums.products / n - mean * mean_baseline;
  return std::clamp(covariance / std::sqrt(variance * variance_baseline), -1.0, 1.0);
}

// PPL - PPL(baseline): to first order the mean of ppl * nll - ppl_baseline * nll_baseline, whose
// clustered error carries the covariance of the pair.
Estimate perplexity_difference(const Sums& sums) {
  const double n = static_cast<double>(sums.variant.n());
  const double ppl = std::exp(sums.variant.sum() / n);
  const double ppl_baseline = std::exp(sums.baseline.sum() / n);
  if (!std::isfinite(ppl) || !std::isfinite(ppl_baseline)) {
    return {.value = std::numeric_limits<double>::infinity(),
            .reason = "a perplexity is too large for a floating-point number"};
  }
  std::vector<ClusterSum> clusters;
  for (std::size_t i = 0; i < sums.variant.sums().size(); ++i) {
    clusters.push_back(
        {ppl * sums.variant.sums()[i].sum - ppl_baseline * sums.baseline.sums()[i].sum,
         sums.variant.sums()[i].n});
  }
  Estimate estimate = clustered_mean(clusters);
  const double shift = (ppl - ppl_baseline) - estimate.value;
  estimate.value = ppl - ppl_baseline;
  if (estimate.ci95) estimate.ci95 = {estimate.ci95->low + shift, estimate.ci95->high + shift};
  return estimate;
}

// Root of a mean square: its interval is the root of the mean square's, its error the delta method.
Estimate root(const Estimate& mean_square) {
  Estimate estimate{.value = std::sqrt(mean_square.value), .reason = mean_square.reason};
  if (mean_square.std_error) {
    estimate.std_error = estimate.value > 0 ? 0.5 / estimate.value * *mean_square.std_error : 0.0;
  }
  if (mean_square.ci95) {
    estimate.ci95 = {std::sqrt(std::max(mean_square.ci95->low, 0.0)),
                     std::sqrt(mean_square.ci95->high)};
  }
  return estimate;
}

DivergenceStatistics statistics_of(const Sums& sums) {
  const std::int64_t n = sums.kld.n();
  DivergenceStatistics statistics;
  statistics.ln_ppl_ratio = sums.difference.mean();
  statistics.ln_ppl_ratio_std_error_iid = sums.difference.std_error_iid();
  statistics.ppl_ratio = exp_estimate(statistics.ln_ppl_ratio);
  statistics.ppl_difference = perplexity_difference(sums);
  statistics.ln_ppl_correlation = correlation(sums);
  statistics.kld = clipped_at_zero(sums.kld.mean());
  statistics.kld_std_error_iid = sums.kld.std_error_iid();
  statistics.kld_percentiles = percentiles(sums.kld_values);
  statistics.delta_p = sums.delta_p.mean();
  statistics.delta_p_std_error_iid = sums.delta_p.std_error_iid();
  statistics.delta_p_percentiles = percentiles(sums.delta_p_values);
  statistics.delta_p_rms = root(sums.squared_delta_p.mean());
  const double rms = statistics.delta_p_rms.value;
  statistics.delta_p_rms_std_error_iid =
      times(rms > 0 ? 0.5 / rms : 0.0, sums.squared_delta_p.std_error_iid());
  statistics.same_top_p = clipped_fraction(sums.same_top.mean());
  if (n > 1) {
    const double p = statistics.same_top_p.value;
    statistics.same_top_p_std_error_iid = std::sqrt(p * (1 - p) / static_cast<double>(n - 1));
  }
  statistics.top5_overlap = clipped_fraction(sums.top5.mean());
  statistics.top10_overlap = clipped_fraction(sums.top10.mean());
  return statistics;
}

}  // namespace

std::vector<double> document_log_likelihoods(const WindowPlan& plan,
                                             const std::vector<std::vector<float>>& nll) {
  if (nll.size() != plan.windows.size()) {
    throw Error(ErrorKind::kBadInput, "Records and plan have different numbers of windows");
  }
  std::vector<double> sums(plan.documents.size(), 0.0);
  for (std::size_t window = 0; window < nll.size(); ++window) {
    double& sum = sums.at(static_cast<std::size_t>(plan.windows[window].document));
    for (const float value : nll[window]) sum -= static_cast<double>(value);
  }
  return sums;
}

PerplexityStatistics summarize_perplexity(const WindowPlan& plan,
                                          const std::vector<std::vector<float>>& nll) {
  const ClusterMap clusters = cluster_windows(plan, counts_of(nll));
  Accumulator sum(clusters);
  for (std::size_t window = 0; window < nll.size(); ++window) {
    for (std::size_t i = 0; i < nll[window].size(); ++i) {
      require_finite(nll[window][i], "a log-likelihood", window, i);
      sum.add(window, nll[window][i]);
    }
  }
  PerplexityStatistics statistics;
  statistics.perplexity = exp_estimate(sum.mean());
  statistics.std_error_iid = times(statistics.perplexity.value, sum.std_error_iid());
  statistics.n_scored_tokens = sum.n();
  statistics.n_chunks = static_cast<int>(plan.windows.size());
  statistics.n_clusters = clusters.n_clusters;
  const bool is_lm_eval = plan.convention.name == ConventionName::kLmEval;
  if (is_lm_eval || plan.convention.name == ConventionName::kChat) {
    statistics.documents = document_likelihoods(plan, nll);
  }
  if (is_lm_eval) add_document_perplexities(plan, statistics);
  return statistics;
}

DivergenceStatistics summarize_divergence(const WindowPlan& plan,
                                          const std::vector<std::vector<TokenDivergence>>& records,
                                          const Model* vocabulary) {
  const ClusterMap clusters = cluster_windows(plan, counts_of(records));
  const std::vector<Place> places = places_of(plan, records);
  Sums sums(clusters);
  for (const Place& place : places) sums.add(place.window, *place.token);

  DivergenceStatistics statistics = statistics_of(sums);
  statistics.kld_p99_ci95 = kld_percentile_interval(clusters, places, 0.99);
  statistics.kld_p99_9_ci95 = kld_percentile_interval(clusters, places, 0.999);
  statistics.by_position = divergence_by_position(plan, clusters, places);
  statistics.by_document = divergence_by_document(plan, places);
  statistics.worst = worst_tokens(plan, places, vocabulary);
  return statistics;
}

}  // namespace assay
