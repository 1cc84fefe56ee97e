// Per-token records to statistics. The formulas of llama-perplexity
// (tools/perplexity/perplexity.cpp, v0.5.0) for what it prints, with tokens taken as independent;
// clustered errors beside them.
#include <algorithm>
#include <cmath>
#include <functional>
#include <map>

#include "eval/eval.h"
#include "eval/schedule.h"
#include "stats/stats.h"

namespace assay {
namespace {

// A scored token: its record and where it stands.
struct Scored {
  std::size_t window = 0, record = 0;
  int position = 0;  // of the row in the window = depth of the KV cache
  int target = 0;    // index into the window's targets
};

std::vector<Scored> scored_tokens(const WindowPlan& plan) {
  std::vector<Scored> tokens;
  for (std::size_t w = 0; w < plan.windows.size(); ++w) {
    const Window& window = plan.windows[w];
    std::size_t record = 0;
    for (int t = 0; t < static_cast<int>(window.targets.size()); ++t) {
      const int row = window.first_row + t;
      if (detail::is_scored(window, row)) tokens.push_back({w, record++, row, t});
    }
  }
  return tokens;
}

// Sums of a per-token value: over all, and by cluster.
class Sums {
 public:
  explicit Sums(const WindowPlan& plan) : by_document_(plan.documents.size() > 1), plan_(plan) {
    clusters_.resize(by_document_ ? plan.documents.size() : plan.windows.size());
  }
  void add(std::size_t window, double value) {
    const std::size_t c =
        by_document_ ? static_cast<std::size_t>(plan_.windows[window].document) : window;
    clusters_[c].sum += value;
    clusters_[c].n += 1;
    sum_ += value;
    squares_ += value * value;
    ++n_;
  }
  Estimate mean() const { return clustered_mean(clusters_); }
  std::optional<double> iid() const { return iid_std_error(sum_, squares_, n_); }
  double sum() const { return sum_; }
  std::int64_t n() const { return n_; }
  int n_clusters() const { return static_cast<int>(clusters_.size()); }

 private:
  bool by_document_;
  const WindowPlan& plan_;
  std::vector<ClusterSum> clusters_;
  double sum_ = 0, squares_ = 0;
  std::int64_t n_ = 0;
};

// -log-likelihood per word, byte or token unit of the documents: lm-eval's ratio of sums.
Estimate nll_per_unit(const WindowPlan& plan, const std::vector<double>& log_likelihoods,
                      std::int64_t PlanDocument::*unit) {
  std::vector<ClusterSum> clusters;
  for (std::size_t d = 0; d < plan.documents.size(); ++d)
    clusters.push_back({-log_likelihoods[d], plan.documents[d].*unit});
  return clustered_mean(clusters);
}

Estimate scaled(Estimate estimate, double factor) {
  estimate.value *= factor;
  if (estimate.std_error) *estimate.std_error *= factor;
  if (estimate.ci95) estimate.ci95 = {estimate.ci95->low * factor, estimate.ci95->high * factor};
  return estimate;
}

double p_of(float nll) { return static_cast<double>(std::exp(-nll)); }

// sqrt of a mean of squares, its error by the delta method as llama-perplexity has it: 0.5 / rms *
// error.
Estimate root(const Estimate& mean_square) {
  Estimate estimate{.value = std::sqrt(mean_square.value), .reason = mean_square.reason};
  if (mean_square.std_error) {
    estimate.std_error = estimate.value > 0 ? 0.5 / estimate.value * *mean_square.std_error : 0;
  }
  if (mean_square.ci95) {
    estimate.ci95 = Interval{std::sqrt(std::max(0.0, mean_square.ci95->low)),
                             std::sqrt(std::max(0.0, mean_square.ci95->high))};
  }
  return estimate;
}

std::optional<double> correlation(const std::vector<std::vector<TokenDivergence>>& records) {
  double n = 0, sa = 0, sb = 0, saa = 0, sbb = 0, sab = 0;
  for (const auto& window : records) {
    for (const TokenDivergence& t : window) {
      const auto a = static_cast<double>(t.nll), b = static_cast<double>(t.nll_baseline);
      n += 1, sa += a, sb += b, saa += a * a, sbb += b * b, sab += a * b;
    }
  }
  const double va = saa / n - sa / n * sa / n, vb = sbb / n - sb / n * sb / n;
  if (n < 2 || va <= 0 || vb <= 0) return std::nullopt;
  return (sab / n - sa / n * sb / n) / std::sqrt(va * vb);
}

// PPL - PPL(baseline): to first order the mean of ppl * nll - ppl_b * nll_b has its error.
Estimate perplexity_difference(const WindowPlan& plan,
                               const std::vector<std::vector<TokenDivergence>>& records, double ppl,
                               double ppl_baseline) {
  Sums linear(plan);
  for (std::size_t w = 0; w < records.size(); ++w) {
    for (const TokenDivergence& t : records[w]) {
      linear.add(
          w, ppl * static_cast<double>(t.nll) - ppl_baseline * static_cast<double>(t.nll_baseline));
    }
  }
  Estimate estimate = linear.mean();
  const double shift = ppl - ppl_baseline - estimate.value;
  estimate.value += shift;
  if (estimate.ci95) estimate.ci95 = {estimate.ci95->low + shift, estimate.ci95->high + shift};
  return estimate;
}

std::vector<PositionBin> bins_by_position(
    const WindowPlan& plan, const std::vector<Scored>& tokens,
    const std::vector<std::vector<TokenDivergence>>& records) {
  constexpr int kBins = 8;
  if (tokens.empty()) return {};
  const auto [low, high] =
      std::minmax_element(tokens.begin(), tokens.end(),
                          [](const Scored& a, const Scored& b) { return a.position < b.position; });
  const int width = (high->position - low->position) / kBins + 1;
  std::map<int, Sums> sums;
  for (const Scored& t : tokens) {
    const int bin = (t.position - low->position) / width;
    sums.try_emplace(bin, plan).first->second.add(
        t.window, static_cast<double>(records[t.window][t.record].kld));
  }
  std::vector<PositionBin> bins;
  for (const auto& [bin, sum] : sums) {
    const int first = low->position + bin * width;
    bins.push_back({first, std::min(first + width - 1, high->position), sum.n(), sum.mean()});
  }
  return bins;
}

std::vector<DocumentDivergence> by_document(
    const WindowPlan& plan, const std::vector<std::vector<TokenDivergence>>& records) {
  if (plan.documents.size() < 2) return {};
  std::vector<DocumentDivergence> documents(plan.documents.size());
  for (std::size_t w = 0; w < records.size(); ++w) {
    DocumentDivergence& document = documents[static_cast<std::size_t>(plan.windows[w].document)];
    for (const TokenDivergence& t : records[w]) {
      document.kld_mean += static_cast<double>(t.kld);
      ++document.n_tokens;
    }
  }
  for (std::size_t d = 0; d < documents.size(); ++d) {
    documents[d].document = static_cast<int>(d);
    documents[d].name = plan.documents[d].name;
    if (documents[d].n_tokens > 0)
      documents[d].kld_mean /= static_cast<double>(documents[d].n_tokens);
  }
  std::stable_sort(documents.begin(), documents.end(),
                   [](const auto& a, const auto& b) { return a.kld_mean > b.kld_mean; });
  return documents;
}

// The last `n_bytes` of a text, from the start of a character.
std::string tail(const std::string& text, std::size_t n_bytes) {
  std::size_t start = text.size() > n_bytes ? text.size() - n_bytes : 0;
  while (start < text.size() && (static_cast<unsigned char>(text[start]) & 0xc0) == 0x80) ++start;
  return text.substr(start);
}

std::vector<WorstToken> worst_tokens(const WindowPlan& plan, std::vector<Scored> tokens,
                                     const std::vector<std::vector<TokenDivergence>>& records,
                                     const Model* vocabulary) {
  constexpr std::size_t kWorst = 20;
  constexpr int kContextTokens = 24;
  const auto kld = [&](const Scored& t) { return records[t.window][t.record].kld; };
  const auto n = static_cast<std::ptrdiff_t>(std::min(kWorst, tokens.size()));
  std::partial_sort(
      tokens.begin(), tokens.begin() + n, tokens.end(), [&](const Scored& a, const Scored& b) {
        return kld(a) > kld(b) ||
               (kld(a) == kld(b) && std::pair(a.window, a.record) < std::pair(b.window, b.record));
      });
  tokens.resize(static_cast<std::size_t>(n));
  std::vector<WorstToken> worst;
  for (const Scored& t : tokens) {
    const Window& window = plan.windows[t.window];
    const TokenDivergence& record = records[t.window][t.record];
    WorstToken w{.document = window.document,
                 .window = static_cast<int>(t.window),
                 .position = t.position,
                 .kld = static_cast<double>(record.kld),
                 .p_baseline = p_of(record.nll_baseline),
                 .p = p_of(record.nll)};
    if (vocabulary != nullptr) {
      const auto text = [&](Token token) { return vocabulary->detokenize(std::span(&token, 1)); };
      const int from = std::max(0, t.position + 1 - kContextTokens);
      w.context = tail(
          vocabulary->detokenize(std::span(window.tokens)
                                     .subspan(static_cast<std::size_t>(from),
                                              static_cast<std::size_t>(t.position + 1 - from))),
          80);
      w.target = text(window.targets[static_cast<std::size_t>(t.target)]);
      w.top_baseline = text(record.top_baseline);
      w.top = text(record.top);
    }
    worst.push_back(std::move(w));
  }
  return worst;
}

void add_token_statistics(const WindowPlan& plan,
                          const std::vector<std::vector<TokenDivergence>>& records,
                          DivergenceStatistics& statistics) {
  Sums ratio(plan), kld(plan), delta(plan), square(plan), same(plan), top5(plan), top10(plan);
  std::vector<double> klds, deltas;
  for (std::size_t w = 0; w < records.size(); ++w) {
    for (const TokenDivergence& t : records[w]) {
      const double delta_p = p_of(t.nll) - p_of(t.nll_baseline);
      ratio.add(w, static_cast<double>(t.nll) - static_cast<double>(t.nll_baseline));
      kld.add(w, static_cast<double>(t.kld));
      delta.add(w, delta_p);
      square.add(w, delta_p * delta_p);
      same.add(w, t.top == t.top_baseline ? 1 : 0);
      top5.add(w, t.overlap5 / 5.0);
      top10.add(w, t.overlap10 / 10.0);
      klds.push_back(static_cast<double>(t.kld));
      deltas.push_back(delta_p);
    }
  }
  statistics.ln_ppl_ratio = ratio.mean();
  statistics.ln_ppl_ratio_std_error_iid = ratio.iid();
  statistics.ppl_ratio = exp_estimate(statistics.ln_ppl_ratio);
  statistics.kld = kld.mean();
  statistics.kld_std_error_iid = kld.iid();
  statistics.kld_percentiles = percentiles(std::move(klds));
  statistics.delta_p = delta.mean();
  statistics.delta_p_std_error_iid = delta.iid();
  statistics.delta_p_percentiles = percentiles(std::move(deltas));
  statistics.delta_p_rms = root(square.mean());
  if (const auto iid = square.iid()) {
    statistics.delta_p_rms_std_error_iid =
        statistics.delta_p_rms.value > 0 ? 0.5 / statistics.delta_p_rms.value * *iid : 0;
  }
  statistics.same_top_p = same.mean();
  statistics.same_top_p_std_error_iid = same.iid();  // equals sqrt(p (1-p) / (n-1))
  statistics.top5_overlap = top5.mean();
  statistics.top10_overlap = top10.mean();
}

}  // namespace

std::vector<double> document_log_likelihoods(const WindowPlan& plan,
                                             const std::vector<std::vector<float>>& nll) {
  std::vector<double> sums(plan.documents.size());
  for (std::size_t w = 0; w < nll.size(); ++w) {
    for (const float value : nll[w])
      sums[static_cast<std::size_t>(plan.windows[w].document)] -= static_cast<double>(value);
  }
  return sums;
}

PerplexityStatistics summarize_perplexity(const WindowPlan& plan,
                                          const std::vector<std::vector<float>>& nll) {
  Sums sums(plan);
  for (std::size_t w = 0; w < nll.size(); ++w) {
    for (const float value : nll[w]) sums.add(w, static_cast<double>(value));
  }
  PerplexityStatistics statistics{.perplexity = exp_estimate(sums.mean()),
                                  .n_scored_tokens = sums.n(),
                                  .n_chunks = static_cast<int>(plan.windows.size()),
                                  .n_clusters = sums.n_clusters()};
  if (const auto iid = sums.iid()) statistics.std_error_iid = statistics.perplexity.value * *iid;
  if (plan.convention.name == ConventionName::kLmEval) {
    const std::vector<double> log_likelihoods = document_log_likelihoods(plan, nll);
    const Estimate per_byte = nll_per_unit(plan, log_likelihoods, &PlanDocument::n_bytes);
    statistics.word_perplexity =
        exp_estimate(nll_per_unit(plan, log_likelihoods, &PlanDocument::n_words));
    statistics.byte_perplexity = exp_estimate(per_byte);
    statistics.bits_per_byte = scaled(per_byte, 1 / std::log(2.0));
  }
  return statistics;
}

DivergenceStatistics summarize_divergence(const WindowPlan& plan,
                                          const std::vector<std::vector<TokenDivergence>>& records,
                                          const Model* vocabulary) {
  DivergenceStatistics statistics;
  add_token_statistics(plan, records, statistics);
  statistics.ln_ppl_correlation = correlation(records);
  double sum = 0, sum_baseline = 0, n = 0;
  for (const auto& window : records) {
    for (const TokenDivergence& t : window) {
      sum += static_cast<double>(t.nll), sum_baseline += static_cast<double>(t.nll_baseline),
          n += 1;
    }
  }
  if (n > 0) {
    statistics.ppl_difference =
        perplexity_difference(plan, records, std::exp(sum / n), std::exp(sum_baseline / n));
  }
  const std::vector<Scored> tokens = scored_tokens(plan);
  statistics.by_position = bins_by_position(plan, tokens, records);
  statistics.by_document = by_document(plan, records);
  statistics.worst = worst_tokens(plan, tokens, records, vocabulary);
  return statistics;
}

}  // namespace assay
