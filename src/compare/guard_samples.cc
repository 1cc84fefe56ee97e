// Prompts, targets and items of one task, sample by sample.
#include <algorithm>

#include <fmt/format.h>

#include "compare/guard.h"

namespace assay::detail {
namespace {

constexpr std::size_t kShown = 5;     // ids named in a message
constexpr std::size_t kContext = 24;  // characters shown around the place where texts part

std::string ids_of(const std::vector<const SampleRecord*>& samples) {
  std::string text;
  for (std::size_t i = 0; i < std::min(samples.size(), kShown); ++i)
    text += (i == 0 ? "" : ", ") + samples[i]->id.key;
  return samples.size() > kShown ? text + " ..." : text;
}

std::string prompt_of(const Request& request) {
  if (const auto* r = std::get_if<Loglikelihood>(&request.body))
    return r->context + r->continuation;
  if (const auto* r = std::get_if<LoglikelihoodRolling>(&request.body)) return r->text;
  return std::get<GenerateUntil>(request.body).context;
}

bool is_continuation_byte(char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80; }

// At most `n` bytes from `begin`, whole UTF-8 characters, on one line.
std::string excerpt(const std::string& text, std::size_t begin, std::size_t n) {
  std::size_t end = std::min(text.size(), begin + n);
  while (begin > 0 && begin < text.size() && is_continuation_byte(text[begin])) --begin;
  while (end > begin && end < text.size() && is_continuation_byte(text[end])) --end;
  std::string line;
  for (const char c : text.substr(begin, end - begin))
    line += c == '\n' ? std::string("\\n") : std::string(1, c);
  return line;
}

// Where two prompts part: "after 812 equal bytes, '... Question: A' goes on 'B' or 'C'".
std::string where_they_part(const std::string& b, const std::string& v) {
  const auto [at, other] = std::mismatch(b.begin(), b.end(), v.begin(), v.end());
  const auto n_equal = static_cast<std::size_t>(at - b.begin());
  const std::size_t begin = n_equal > kContext ? n_equal - kContext : 0;
  return fmt::format(
      "after {} equal bytes, '...{}' goes on '{}' in the baseline, '{}' in the "
      "variant",
      n_equal, excerpt(b, begin, n_equal - begin), excerpt(b, n_equal, kContext),
      excerpt(v, n_equal, kContext));
}

// The first request of a pair whose texts are there and differ.
std::string text_difference(const SamplePair& pair) {
  const auto& b = pair.baseline->requests;
  const auto& v = pair.variant->requests;
  for (std::size_t i = 0; i < std::min(b.size(), v.size()); ++i) {
    const std::string of_baseline = prompt_of(b[i]), of_variant = prompt_of(v[i]);
    if (of_baseline != of_variant)
      return fmt::format("item {}, request {}: {}", pair.baseline->id.key, i,
                         where_they_part(of_baseline, of_variant));
  }
  return {};
}

std::string digest_difference(const SamplePair& pair) {
  const auto& b = pair.baseline->request_digests;
  const auto& v = pair.variant->request_digests;
  if (b.size() != v.size()) {
    return fmt::format("item {} has {} requests in the baseline, {} in the variant",
                       pair.baseline->id.key, b.size(), v.size());
  }
  const auto n =
      static_cast<std::size_t>(std::mismatch(b.begin(), b.end(), v.begin()).first - b.begin());
  return fmt::format("first in item {}, request {}: tokens or settings {} and {}",
                     pair.baseline->id.key, n, b[n].hex().substr(0, 8), v[n].hex().substr(0, 8));
}

bool has_digests(const SamplePair& pair) {
  return !pair.baseline->request_digests.empty() && !pair.variant->request_digests.empty();
}
bool has_texts(const SamplePair& pair) {
  return !pair.baseline->requests.empty() && !pair.variant->requests.empty();
}

// lm-evaluation-harness's: also between a run of ours and one that was made there.
bool has_hashes(const SamplePair& pair) {
  return !pair.baseline->source_hashes.prompt.empty() &&
         !pair.variant->source_hashes.prompt.empty();
}
std::string hash_difference(const SamplePair& pair) {
  return fmt::format("first in item {}: prompt hashes {} and {}", pair.baseline->id.key,
                     pair.baseline->source_hashes.prompt.substr(0, 8),
                     pair.variant->source_hashes.prompt.substr(0, 8));
}

// What a pair tells of its prompts, the most telling first: texts, digests of tokens, hashes.
struct PromptCheck {
  bool told = false;
  std::string difference;  // "" = none seen
};
PromptCheck check_prompt(const SamplePair& pair, bool same_origin) {
  PromptCheck check;
  if (has_texts(pair)) check = {true, text_difference(pair)};
  if (check.difference.empty() && same_origin && has_digests(pair)) {
    check.told = true;
    if (pair.baseline->request_digests != pair.variant->request_digests)
      check.difference = digest_difference(pair);
  }
  if (check.difference.empty() && has_hashes(pair)) {
    check.told = true;
    if (pair.baseline->source_hashes.prompt != pair.variant->source_hashes.prompt)
      check.difference = hash_difference(pair);
  }
  return check;
}

void check_prompts(FieldCheck& check, const PairedTask& task) {
  std::vector<const SampleRecord*> different;
  std::string where;
  bool told = false, all_told = true;
  for (const SamplePair& pair : task.pairs) {
    const PromptCheck prompt = check_prompt(pair, check.same_origin());
    told = told || prompt.told;
    all_told = all_told && prompt.told;
    if (prompt.difference.empty()) continue;
    different.push_back(pair.baseline);
    if (where.empty()) where = prompt.difference;
  }
  if (!different.empty()) {
    check.differs("prompts", task.baseline->prompts.hex().substr(0, 8),
                  task.variant->prompts.hex().substr(0, 8),
                  fmt::format("{} of {} items: {}; {}", different.size(), task.pairs.size(),
                              ids_of(different), where));
  } else if (!told && check.same_origin()) {
    check.digest("prompts", task.baseline->prompts, task.variant->prompts);
  } else if (!all_told) {
    check.cannot_tell("prompts");
  }
}

void check_targets(FieldCheck& check, const PairedTask& task) {
  std::vector<const SampleRecord*> different;
  for (const SamplePair& pair : task.pairs) {
    if (pair.baseline->target != pair.variant->target) different.push_back(pair.baseline);
  }
  if (different.empty()) return;
  const SampleRecord* first = different.front();
  const auto pair = std::find_if(task.pairs.begin(), task.pairs.end(),
                                 [&](const SamplePair& p) { return p.baseline == first; });
  check.differs(
      "targets", "'" + excerpt(first->target, 0, kContext) + "'",
      "'" + excerpt(pair->variant->target, 0, kContext) + "'",
      fmt::format("{} of {} items: {}", different.size(), task.pairs.size(), ids_of(different)));
}

void check_missing(FieldCheck& check, const PairedTask& task, const CompareOptions& options) {
  const std::size_t n_missing = task.only_baseline.size() + task.only_variant.size();
  const std::size_t n_all = task.pairs.size() + n_missing;
  if (n_all == 0 ||
      static_cast<double>(n_missing) <= options.max_missing * static_cast<double>(n_all)) {
    return;
  }
  std::string detail = fmt::format("{} in both", task.pairs.size());
  if (!task.only_baseline.empty())
    detail += fmt::format("; {} only in the baseline: {}", task.only_baseline.size(),
                          ids_of(task.only_baseline));
  if (!task.only_variant.empty())
    detail += fmt::format("; {} only in the variant: {}", task.only_variant.size(),
                          ids_of(task.only_variant));
  check.differs("items", std::to_string(task.baseline->samples.size()),
                std::to_string(task.variant->samples.size()), detail);
}

}  // namespace

void check_samples(FieldCheck& check, const PairedTask& task, const CompareOptions& options) {
  check_prompts(check, task);
  check_targets(check, task);
  check_missing(check, task, options);
}

}  // namespace assay::detail
