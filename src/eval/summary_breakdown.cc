#include <algorithm>
#include <bit>
#include <cmath>
#include <map>
#include <string>

#include "eval/summary_records.h"

namespace assay {
namespace {

constexpr std::size_t kWorstTokens = 20;
constexpr std::size_t kContextCharacters = 60;
constexpr std::size_t kContextTokens = 32;  // enough for 60 characters in nearly all texts

// First position of the bin that holds `position` (1 or more), and the bin's width.
struct BinRange {
  int first = 0, width = 0;
};
BinRange bin_of(int position) {
  const int octave = static_cast<int>(std::bit_floor(static_cast<unsigned>(position)));
  if (octave < 64) return {octave, octave};
  const int quarter = octave / 4;
  return {octave + (position - octave) / quarter * quarter, quarter};
}

int position_of(const WindowPlan& plan, const Place& place) {
  return plan.windows[place.window].first_row + place.target + 1;
}

// The last kContextCharacters characters of UTF-8 text, beginning with a whole one.
std::string last_characters(const std::string& text) {
  std::size_t n_characters = 0, begin = text.size();
  while (begin > 0 && n_characters < kContextCharacters) {
    --begin;
    const bool continuation = (static_cast<unsigned char>(text[begin]) & 0xC0) == 0x80;
    if (!continuation) ++n_characters;
  }
  return text.substr(begin);
}

std::string text_of(const Model* vocabulary, Token token) {
  return vocabulary ? vocabulary->detokenize({&token, 1}) : "token " + std::to_string(token);
}

WorstToken worst_token(const WindowPlan& plan, const Place& place, const Model* vocabulary) {
  const Window& window = plan.windows[place.window];
  const std::size_t n_before =
      std::min(static_cast<std::size_t>(position_of(plan, place)), window.tokens.size());
  const std::size_t n_shown = std::min(n_before, kContextTokens);
  const std::span<const Token> before(window.tokens.data() + (n_before - n_shown), n_shown);
  const TokenDivergence& token = *place.token;
  const Token target = window.targets[static_cast<std::size_t>(place.target)];
  return {.document = window.document,
          .window = static_cast<int>(place.window),
          .position = position_of(plan, place),
          .kld = token.kld,
          .context = vocabulary ? last_characters(vocabulary->detokenize(before)) : "",
          .target = text_of(vocabulary, target),
          .top_baseline = text_of(vocabulary, token.top_baseline),
          .top = text_of(vocabulary, token.top),
          .p_baseline = std::exp(-static_cast<double>(token.nll_baseline)),
          .p = std::exp(-static_cast<double>(token.nll))};
}

}  // namespace

std::vector<PositionBin> divergence_by_position(const WindowPlan& plan, const ClusterMap& clusters,
                                                const std::vector<Place>& places) {
  std::map<int, Accumulator> sums;
  for (const Place& place : places) {
    const BinRange range = bin_of(position_of(plan, place));
    sums.try_emplace(range.first, clusters).first->second.add(place.window, place.token->kld);
  }
  std::vector<PositionBin> bins;
  for (const auto& [first, sum] : sums) {
    bins.push_back({.first = first,
                    .last = first + bin_of(first).width - 1,
                    .n_tokens = sum.n(),
                    .kld = clipped_at_zero(sum.mean())});
  }
  return bins;
}

std::vector<DocumentDivergence> divergence_by_document(const WindowPlan& plan,
                                                       const std::vector<Place>& places) {
  if (plan.documents.size() < 2) return {};
  std::map<int, ClusterSum> sums;
  for (const Place& place : places) {
    ClusterSum& sum = sums[plan.windows[place.window].document];
    sum.sum += place.token->kld;
    ++sum.n;
  }
  std::vector<DocumentDivergence> documents;
  for (const auto& [document, sum] : sums) {
    documents.push_back({.document = document,
                         .name = plan.documents.at(static_cast<std::size_t>(document)).name,
                         .n_tokens = sum.n,
                         .kld_mean = sum.sum / static_cast<double>(sum.n)});
  }
  std::stable_sort(documents.begin(), documents.end(),
                   [](const auto& a, const auto& b) { return a.kld_mean > b.kld_mean; });
  return documents;
}

std::vector<WorstToken> worst_tokens(const WindowPlan& plan, std::vector<Place> places,
                                     const Model* vocabulary) {
  std::stable_sort(places.begin(), places.end(),
                   [](const Place& a, const Place& b) { return a.token->kld > b.token->kld; });
  std::vector<WorstToken> worst;
  for (const Place& place : places) {
    if (worst.size() == kWorstTokens || place.token->kld <= 0) break;
    worst.push_back(worst_token(plan, place, vocabulary));
  }
  return worst;
}

}  // namespace assay
