#include "compare/texts.h"

#include <algorithm>
#include <string_view>

#include "stats/stats.h"

namespace assay::detail {
namespace {

struct Pair {
  const GenerateResult* baseline;
  const GenerateResult* variant;
  std::size_t cluster;  // the item: its repeats are not independent
};

std::vector<Pair> generated(const PairedTask& task) {
  std::vector<Pair> pairs;
  std::size_t item = 0;
  for (const SamplePair& sample : task.pairs) {
    const auto& b = sample.baseline->responses;
    const auto& v = sample.variant->responses;
    for (std::size_t i = 0; i < std::min(b.size(), v.size()); ++i) {
      const auto* of_baseline = std::get_if<GenerateResult>(&b[i]);
      const auto* of_variant = std::get_if<GenerateResult>(&v[i]);
      if (of_baseline && of_variant) pairs.push_back({of_baseline, of_variant, item});
    }
    ++item;
  }
  return pairs;
}

std::vector<std::string_view> words(std::string_view text) {
  constexpr std::string_view kSpace = " \t\n\r\f\v";
  std::vector<std::string_view> found;
  for (std::size_t at = text.find_first_not_of(kSpace); at != std::string_view::npos;) {
    const std::size_t end = std::min(text.find_first_of(kSpace, at), text.size());
    found.push_back(text.substr(at, end - at));
    at = text.find_first_not_of(kSpace, end);
  }
  return found;
}

struct Drift {
  double first_divergent = 0, length = 0;
};

template <typename Sequence>
Drift drift_of(const Sequence& b, const Sequence& v) {
  const auto at = std::mismatch(b.begin(), b.end(), v.begin(), v.end()).first - b.begin();
  return {.first_divergent = static_cast<double>(at),
          .length = static_cast<double>(v.size()) - static_cast<double>(b.size())};
}

Estimate by_item(const std::vector<Pair>& pairs, const std::vector<double>& values) {
  std::vector<ClusterSum> clusters;
  std::size_t current = 0;
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    if (clusters.empty() || pairs[i].cluster != current) clusters.emplace_back();
    current = pairs[i].cluster;
    clusters.back().sum += values[i];
    ++clusters.back().n;
  }
  return clustered_mean(clusters);
}

}  // namespace

std::optional<TextComparison> compare_texts(const PairedTask& task) {
  const std::vector<Pair> pairs = generated(task);
  if (pairs.empty()) return std::nullopt;
  const bool tokens = std::all_of(pairs.begin(), pairs.end(), [](const Pair& pair) {
    return pair.baseline->text.empty() == pair.baseline->tokens.empty() ||
           (!pair.baseline->tokens.empty() && !pair.variant->tokens.empty());
  });
  TextComparison result{.task = task.baseline->task,
                        .n = static_cast<std::int64_t>(pairs.size()),
                        .unit = tokens ? "tokens" : "words"};
  std::vector<double> same, lengths, first;
  for (const Pair& pair : pairs) {
    const bool equal = pair.baseline->text == pair.variant->text;
    const Drift drift = tokens ? drift_of(pair.baseline->tokens, pair.variant->tokens)
                               : drift_of(words(pair.baseline->text), words(pair.variant->text));
    same.push_back(equal ? 1 : 0);
    lengths.push_back(drift.length);
    if (!equal) first.push_back(drift.first_divergent);
    result.n_identical += equal ? 1 : 0;
  }
  result.identical = by_item(pairs, same);
  if (pairs.back().cluster + 1 == pairs.size())  // one text per item
    result.identical.ci95 = wilson_interval(result.n_identical, result.n);
  result.length_drift = by_item(pairs, lengths);
  if (!first.empty()) result.first_divergent = percentiles(std::move(first)).median;
  return result;
}

}  // namespace assay::detail
