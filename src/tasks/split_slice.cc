#include "tasks/split_slice.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>

#include "core/error.h"
#include "core/unicode_text.h"

namespace assay::detail {
namespace {

[[noreturn]] void refuse(const std::string& text) {
  throw Error(ErrorKind::kBadInput, "'" + text + "' names no split of a data set", {},
              "Write a name, such as test, or a part of it: train[:100], train[10%:20%].");
}

std::optional<SliceBound> parse_bound(std::string bound, const std::string& whole) {
  if (bound.empty()) return std::nullopt;
  SliceBound result{.percent = bound.ends_with('%')};
  if (result.percent) bound.pop_back();
  std::erase(bound, '_');  // 1_000
  const auto [end, error] =
      std::from_chars(bound.data(), bound.data() + bound.size(), result.value);
  const bool too_large = result.percent && std::abs(result.value) > 100;
  if (error != std::errc() || end != bound.data() + bound.size() || too_large) refuse(whole);
  return result;
}

SplitPart parse_part(const std::string& text, const std::string& whole) {
  SplitPart part;
  const std::size_t open = text.find('[');
  part.split = text.substr(0, open);
  if (part.split.empty()) refuse(whole);
  if (open == std::string::npos) return part;
  const std::size_t colon = text.find(':', open);
  if (!text.ends_with(']') || colon == std::string::npos) refuse(whole);
  part.from = parse_bound(text.substr(open + 1, colon - open - 1), whole);
  part.to = parse_bound(text.substr(colon + 1, text.size() - colon - 2), whole);
  return part;
}

std::int64_t to_row(const std::optional<SliceBound>& bound, std::int64_t n_rows,
                    std::int64_t otherwise) {
  if (!bound) return otherwise;
  std::int64_t row = bound->value;
  if (bound->percent)
    row = std::llrint(static_cast<double>(bound->value) * static_cast<double>(n_rows) / 100.0);
  if (std::abs(row) > n_rows)
    throw Error(ErrorKind::kBadInput,
                "A slice reaches to row " + std::to_string(bound->value) + " of a split of " +
                    std::to_string(n_rows) + " rows",
                {}, "Make the slice smaller.");
  return row < 0 ? row + n_rows : row;
}

}  // namespace

std::vector<SplitPart> parse_split(const std::string& text) {
  std::vector<SplitPart> parts;
  for (std::size_t start = 0; start <= text.size();) {
    const std::size_t end = std::min(text.find('+', start), text.size());
    const std::string_view part = strip(std::string_view(text).substr(start, end - start));
    parts.push_back(parse_part(std::string(part), text));
    start = end + 1;
  }
  return parts;
}

std::pair<std::int64_t, std::int64_t> rows_of(const SplitPart& part, std::int64_t n_rows) {
  const std::int64_t from = to_row(part.from, n_rows, 0);
  const std::int64_t to = to_row(part.to, n_rows, n_rows);
  return {from, std::max(from, to)};
}

}  // namespace assay::detail
