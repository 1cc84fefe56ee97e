// Inside scores only: Unicode 14.0 by scripts/unicode_tables.py.
#pragma once

#include <span>
#include <string_view>

namespace assay::detail::score {

// Every step-th character from first to last maps to itself plus delta.
struct CaseRange {
  char32_t first, last;
  int step, delta;
};
struct SpecialCase {
  char32_t c;
  std::u32string_view mapped;
};
struct CharacterRange {
  char32_t first, last;
};

std::span<const CaseRange> lower_ranges();
std::span<const CaseRange> upper_ranges();
std::span<const SpecialCase> special_upper();
std::span<const SpecialCase> special_title();  // where the first letter of a word is not upper case
std::span<const CharacterRange> punctuation_ranges();
std::span<const CharacterRange> cased_ranges();           // property Cased
std::span<const CharacterRange> case_ignorable_ranges();  // property Case_Ignorable

}  // namespace assay::detail::score
