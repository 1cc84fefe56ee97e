#include "tasks/column_types.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <optional>

#include "core/error.h"

namespace assay::detail {
namespace {

// The words that pandas.read_csv takes for "no value" by default.
constexpr std::array<std::string_view, 19> kMissing = {
    "",     "#N/A", "#N/A N/A", "#NA",  "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN",
    "<NA>", "N/A",  "NA",       "NULL", "NaN",     "None",     "n/a",  "nan",  "null"};

bool is_missing(std::string_view text) {
  return std::find(kMissing.begin(), kMissing.end(), text) != kMissing.end();
}

template <typename Number>
std::optional<Number> parse_number(std::string_view text) {
  if (text.starts_with('+') && text.size() > 1 && text[1] != '-') text.remove_prefix(1);
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  if constexpr (std::is_floating_point_v<Number>) {
    if (!std::isfinite(value)) return std::nullopt;  // JSON has no such number
  }
  return value;
}

std::optional<bool> parse_truth(std::string_view text) {
  if (text == "True" || text == "TRUE" || text == "true") return true;
  if (text == "False" || text == "FALSE" || text == "false") return false;
  return std::nullopt;
}

struct ColumnFacts {
  bool has_missing = false, has_text = false;
  bool integers = true, numbers = true, truths = true;
};

ColumnFacts look_at(const std::vector<Row>& rows, const std::string& column) {
  ColumnFacts facts;
  for (const Row& row : rows) {
    const Json& cell = row.at(column);
    if (cell.is_null() || is_missing(cell.get_ref<const std::string&>())) {
      facts.has_missing = true;
      continue;
    }
    const auto& text = cell.get_ref<const std::string&>();
    facts.has_text = true;
    facts.integers = facts.integers && parse_number<std::int64_t>(text).has_value();
    facts.numbers = facts.numbers && (facts.integers || parse_number<double>(text).has_value());
    facts.truths = facts.truths && parse_truth(text).has_value();
    if (!facts.numbers && !facts.truths && facts.has_missing) break;
  }
  return facts;
}

void convert(Json& cell, const ColumnFacts& facts) {
  if (cell.is_null()) return;
  const std::string text = cell.get<std::string>();
  if (is_missing(text))
    cell = nullptr;
  else if (facts.integers && !facts.has_missing)
    cell = *parse_number<std::int64_t>(text);
  else if (facts.numbers)
    cell = *parse_number<double>(text);
  else if (facts.truths)
    cell = *parse_truth(text);
}

// The length of the UTF-8 sequence at the start of `text`; 0 when it is none.
std::size_t sequence_length(std::string_view text) {
  const auto byte = [&](std::size_t i) {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U;
  };
  const auto continues = [&](std::size_t i) { return (byte(i) & 0xc0U) == 0x80U; };
  const unsigned first = byte(0);
  if (first < 0x80) return 1;
  if (first >= 0xc2 && first <= 0xdf) return continues(1) ? 2 : 0;
  if (first >= 0xe0 && first <= 0xef) {
    const bool overlong = first == 0xe0 && byte(1) < 0xa0;
    const bool surrogate = first == 0xed && byte(1) > 0x9f;
    return continues(1) && continues(2) && !overlong && !surrogate ? 3 : 0;
  }
  if (first >= 0xf0 && first <= 0xf4) {
    const bool overlong = first == 0xf0 && byte(1) < 0x90;
    const bool too_large = first == 0xf4 && byte(1) > 0x8f;
    return continues(1) && continues(2) && continues(3) && !overlong && !too_large ? 4 : 0;
  }
  return 0;
}

}  // namespace

void infer_column_types(std::vector<Row>& rows, const std::vector<std::string>& columns) {
  for (const std::string& column : columns) {
    const ColumnFacts facts = look_at(rows, column);
    for (Row& row : rows) convert(row[column], facts);
  }
}

void require_utf8(std::string_view text, const std::string& where) {
  while (!text.empty()) {
    const std::size_t length = sequence_length(text);
    if (length == 0)
      throw Error(ErrorKind::kBadInput, "The text is not UTF-8", where,
                  "Convert the file to UTF-8, for example by iconv.");
    text.remove_prefix(length);
  }
}

}  // namespace assay::detail
