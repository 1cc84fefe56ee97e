// Whether text that calibrated a variant stands again in what evaluates it. Shared runs of 13
// words, as GPT-3's authors looked for contamination (Brown et al. 2020, appendix C).
#include <algorithm>
#include <cstring>
#include <unordered_set>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "compare/compare.h"
#include "core/hash.h"

namespace assay {
namespace {

constexpr std::size_t kWords = 13;
constexpr std::size_t kFewestWords = 8;  // shorter texts stand in many others by chance
constexpr std::size_t kNamed = 10;

bool is_word_byte(unsigned char c) {
  return c >= 0x80 || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

// Letters and digits in lower case. From U+3000 on (Chinese, Japanese, Korean), where words have no
// spaces between them, each character is one.
std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words;
  bool open = false;
  for (std::size_t i = 0; i < text.size();) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c >= 0xE3) {
      const std::size_t n = std::min<std::size_t>(c >= 0xF0 ? 4 : 3, text.size() - i);
      words.emplace_back(text.substr(i, n));
      open = false;
      i += n;
      continue;
    }
    if (is_word_byte(c)) {
      if (!open) words.emplace_back();
      words.back() += static_cast<char>(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
    }
    open = is_word_byte(c);
    ++i;
  }
  return words;
}

std::uint64_t key_of(std::span<const std::string> words) {
  Hasher hasher;
  for (const std::string& word : words) hasher.add_field(word);
  const Digest digest = hasher.finish();
  std::uint64_t key = 0;
  std::memcpy(&key, digest.bytes.data(), sizeof key);
  return key;
}

class Calibration {
 public:
  explicit Calibration(std::string_view text) : words_(words_of(text)) {}

  bool shares(std::string_view text) {
    const std::vector<std::string> words = words_of(text);
    if (words.size() < kFewestWords) return false;
    const std::size_t n = std::min(words.size(), kWords);
    const std::unordered_set<std::uint64_t>& known = runs_of(n);
    for (std::size_t i = 0; i + n <= words.size(); ++i) {
      if (known.contains(key_of(std::span(words).subspan(i, n)))) return true;
    }
    return false;
  }

 private:
  // All runs of n words, made when first asked for.
  const std::unordered_set<std::uint64_t>& runs_of(std::size_t n) {
    std::unordered_set<std::uint64_t>& runs = runs_[n - kFewestWords];
    if (runs.empty()) {
      for (std::size_t i = 0; i + n <= words_.size(); ++i)
        runs.insert(key_of(std::span(words_).subspan(i, n)));
    }
    return runs;
  }

  std::vector<std::string> words_;
  std::unordered_set<std::uint64_t> runs_[kWords - kFewestWords + 1];
};

// A row's texts one by one: what a template puts between them is not the row's.
bool row_shares(Calibration& calibration, const nlohmann::json& row) {
  if (row.is_string()) return calibration.shares(row.get_ref<const std::string&>());
  return row.is_structured() &&
         std::any_of(row.begin(), row.end(),
                     [&](const nlohmann::json& field) { return row_shares(calibration, field); });
}

void count(TextOverlap& overlap, bool shares, const std::string& id) {
  ++overlap.n;
  if (!shares) return;
  ++overlap.n_shared;
  if (overlap.ids.size() < kNamed) overlap.ids.push_back(id);
}

}  // namespace

std::vector<TextOverlap> calibration_overlap(std::string_view calibration, const Run& run) {
  Calibration known(calibration);
  std::vector<TextOverlap> overlaps;
  for (const TaskResult& task : run.tasks) {
    TextOverlap overlap{.what = task.task};
    for (const SampleRecord& sample : task.samples) {
      const auto row = nlohmann::json::parse(sample.doc_json, nullptr, false);
      count(overlap, row_shares(known, row), sample.id.key);
    }
    if (overlap.n_shared > 0) overlaps.push_back(std::move(overlap));
  }
  return overlaps;
}

std::vector<TextOverlap> calibration_overlap(std::string_view calibration, const std::string& name,
                                             std::span<const std::string_view> documents) {
  Calibration known(calibration);
  TextOverlap overlap{.what = name};
  for (std::size_t d = 0; d < documents.size(); ++d)
    count(overlap, known.shares(documents[d]), std::to_string(d));
  if (overlap.n_shared == 0) return {};
  return {std::move(overlap)};
}

std::string describe(const TextOverlap& overlap, const std::string& calibration) {
  std::string ids;
  for (const std::string& id : overlap.ids) ids += (ids.empty() ? "" : ", ") + id;
  return fmt::format(
      "{} of {} items of {} share {} words in a row with the calibration text {} ({}{}): what was "
      "calibrated on them looks better there than it is",
      overlap.n_shared, overlap.n, overlap.what, kWords, calibration, ids,
      overlap.n_shared > static_cast<std::int64_t>(overlap.ids.size()) ? ", ..." : "");
}

}  // namespace assay
