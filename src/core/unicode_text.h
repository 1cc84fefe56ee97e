// UTF-8 and white space as Python's str sees them, because lm-eval counts words and strips by
// those.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace assay::detail {

// Length in bytes of the white space character at `at`, 0 when there is none (Python's \s).
std::size_t space_at(std::string_view text, std::size_t at);
// Length in bytes of the white space character that ends just before `end`, 0 when there is none.
std::size_t space_before(std::string_view text, std::size_t end);
std::string_view strip(std::string_view text);

// text.replace(from, to): one pass from the left, matches do not overlap.
std::string replace_all(std::string_view text, std::string_view from, std::string_view to);

// len(re.split(r"\s+", text)): one more than the runs of white space.
std::int64_t count_words(std::string_view text);

// Offset of the first byte that is not valid UTF-8 (RFC 3629).
std::optional<std::size_t> find_invalid_utf8(std::string_view text);

}  // namespace assay::detail

namespace assay {

// lm-eval's wikitext detokeniser (lm_eval/tasks/wikitext/preprocess_wikitext.py, 0.4.13).
std::string wikitext_detokenize(const std::string& page);

}  // namespace assay
