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
bool has_hashes(const SamplePair& pair) {
  return !pair.baseline->source_hashes.prompt.empty() &&
         !pair.variant->source_hashes.prompt.empty();
}

enum class Prompts { kEqual, kDifferent, kUnknown };

// By what both runs record: digests of tokens and settings where the same program made them, else
// the prompt's text, else its hash.
Prompts compare_prompts(const FieldCheck& check, const SamplePair& pair, std::string& where) {
  where = has_texts(pair) ? text_difference(pair) : "";
  if (!where.empty()) return Prompts::kDifferent;
  if (check.same_origin() && has_digests(pair)) {
    if (pair.baseline->request_digests == pair.variant->request_digests) return Prompts::kEqual;
    where = digest_difference(pair);
    return Prompts::kDifferent;
  }
  if (has_texts(pair)) return Prompts::kEqual;
  if (!has_hashes(pair)) return Prompts::kUnknown;
  const std::string& b = pair.baseline->source_hashes.prompt;
  const std::string& v = pair.variant->source_hashes.prompt;
  if (b == v) return Prompts::kEqual;
  where = fmt::format("first in item {}: hashes of the prompt {} and {}", pair.baseline->id.key,
                      b.substr(0, 8), v.substr(0, 8));
  return Prompts::kDifferent;
}

void check_prompts(FieldCheck& check, const PairedTask& task) {
  std::vector<const SampleRecord*> different;
  std::string first;
  std::size_t n_unknown = 0;
  for (const SamplePair& pair : task.pairs) {
    std::string where;
    const Prompts prompts = compare_prompts(check, pair, where);
    if (prompts == Prompts::kUnknown) ++n_unknown;
    if (prompts != Prompts::kDifferent) continue;
    different.push_back(pair.baseline);
    if (first.empty()) first = where;
  }
  if (!different.empty()) {
    check.differs("prompts", task.baseline->prompts.hex().substr(0, 8),
                  task.variant->prompts.hex().substr(0, 8),
                  fmt::format("{} of {} items: {}; {}", different.size(), task.pairs.size(),
                              ids_of(different), first));
  } else if (n_unknown == task.pairs.size() && check.same_origin()) {
    check.digest("prompts", task.baseline->prompts, task.variant->prompts);
  } else if (n_unknown > 0) {
    check.cannot_tell("prompts");
  }
}

// Programs write targets in their own way, but hash them in the harness's.
bool targets_differ(const FieldCheck& check, const SamplePair& pair) {
  const std::string& b = pair.baseline->source_hashes.target;
  const std::string& v = pair.variant->source_hashes.target;
  if (!b.empty() && !v.empty()) return b != v;
  return check.same_origin() && pair.baseline->target != pair.variant->target;
}

void check_targets(FieldCheck& check, const PairedTask& task) {
  std::vector<const SampleRecord*> different;
  const SamplePair* first = nullptr;
  for (const SamplePair& pair : task.pairs) {
    if (!targets_differ(check, pair)) continue;
    if (first == nullptr) first = &pair;
    different.push_back(pair.baseline);
  }
  if (first == nullptr) return;
  check.differs(
      "targets", "'" + excerpt(first->baseline->target, 0, kContext) + "'",
      "'" + excerpt(first->variant->target, 0, kContext) + "'",
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
