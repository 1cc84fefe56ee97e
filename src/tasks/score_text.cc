#include "tasks/score_text.h"

#include <algorithm>

#include "tasks/unicode_tables.h"

namespace assay::detail::score {
namespace {

constexpr char32_t kReplacement = 0xfffd;

// One character at `at`, its length in bytes; kReplacement for a byte that starts none.
std::size_t decode_one(std::string_view text, std::size_t at, char32_t& c) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(at);
  c = first;
  if (first < 0x80) return 1;
  c = kReplacement;
  if (first < 0xc2 || first > 0xf4) return 1;
  const std::size_t n = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  char32_t code = first & (0x7fU >> n);
  for (std::size_t i = 1; i < n; ++i) {
    if (at + i >= text.size() || (byte(at + i) & 0xc0U) != 0x80) return i;
    code = code << 6U | (byte(at + i) & 0x3fU);
    const bool impossible =
        (n == 3 && i == 1 && (code < 0x20 || (code >= 0x360 && code < 0x380))) ||
        (n == 4 && i == 1 && (code < 0x10 || code >= 0x110));
    if (impossible) return i;
  }
  c = code;
  return n;
}

template <typename Range>
const Range* find_range(std::span<const Range> ranges, char32_t c) {
  const auto at = std::upper_bound(ranges.begin(), ranges.end(), c,
                                   [](char32_t x, const Range& r) { return x < r.first; });
  if (at == ranges.begin() || c > std::prev(at)->last) return nullptr;
  return &*std::prev(at);
}

// Runs of every second character overlap their neighbour, so up to two are looked at.
char32_t map_case(std::span<const CaseRange> ranges, char32_t c) {
  const auto at = std::upper_bound(ranges.begin(), ranges.end(), c,
                                   [](char32_t x, const CaseRange& r) { return x < r.first; });
  for (auto i = at; i != ranges.begin() && at - i < 3;) {
    --i;
    if (c <= i->last && (c - i->first) % static_cast<char32_t>(i->step) == 0)
      return static_cast<char32_t>(static_cast<int>(c) + i->delta);
  }
  return c;
}

bool is_ignorable(char32_t c) { return find_range(case_ignorable_ranges(), c) != nullptr; }
bool is_cased(char32_t c) { return find_range(cased_ranges(), c) != nullptr; }

bool is_final_sigma(std::u32string_view text, std::size_t at) {
  std::size_t before = at;
  while (before > 0 && is_ignorable(text[before - 1])) --before;
  if (before == 0 || !is_cased(text[before - 1])) return false;
  std::size_t after = at + 1;
  while (after < text.size() && is_ignorable(text[after])) ++after;
  return after == text.size() || !is_cased(text[after]);
}

template <typename Test>
std::string without(std::string_view text, Test test) {
  std::u32string kept;
  for (const char32_t c : characters(text))
    if (!test(c)) kept += c;
  return utf8(kept);
}

void append(std::string& out, char32_t c) {
  const auto tail = [&](unsigned shift) { out += static_cast<char>(0x80U | (c >> shift & 0x3fU)); };
  if (c < 0x80) {
    out += static_cast<char>(c);
  } else if (c < 0x800) {
    out += static_cast<char>(0xc0U | c >> 6U);
    tail(0);
  } else if (c < 0x10000) {
    out += static_cast<char>(0xe0U | c >> 12U);
    tail(6);
    tail(0);
  } else {
    out += static_cast<char>(0xf0U | c >> 18U);
    tail(12);
    tail(6);
    tail(0);
  }
}

}  // namespace

std::u32string characters(std::string_view text) {
  std::u32string out;
  out.reserve(text.size());
  char32_t c = 0;
  for (std::size_t at = 0; at < text.size();) {
    at += decode_one(text, at, c);
    out += c;
  }
  return out;
}

std::string utf8(std::u32string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const char32_t c : text) append(out, c);
  return out;
}

std::string valid_utf8(std::string_view text) { return utf8(characters(text)); }

std::vector<std::string> split(std::string_view text, std::string_view separator) {
  std::vector<std::string> parts;
  std::size_t at = 0;
  for (std::size_t found = 0; (found = text.find(separator, at)) != std::string_view::npos;) {
    parts.emplace_back(text.substr(at, found - at));
    at = found + separator.size();
  }
  parts.emplace_back(text.substr(at));
  return parts;
}

std::string lower(std::string_view text) {
  const std::u32string in = characters(text);
  std::u32string out;
  out.reserve(in.size());
  for (std::size_t i = 0; i < in.size(); ++i) {
    if (in[i] == 0x130) {
      out += U"i\u0307";
    } else if (in[i] == 0x3a3) {
      out += is_final_sigma(in, i) ? U'\u03c2' : U'\u03c3';
    } else {
      out += map_case(lower_ranges(), in[i]);
    }
  }
  return utf8(out);
}

std::string upper(std::string_view text) {
  const std::span<const SpecialCase> special = special_upper();
  std::u32string out;
  for (const char32_t c : characters(text)) {
    const auto at = std::lower_bound(special.begin(), special.end(), c,
                                     [](const SpecialCase& s, char32_t x) { return s.c < x; });
    if (c >= 0x80 && at != special.end() && at->c == c) {
      out += at->mapped;
    } else {
      out += map_case(upper_ranges(), c);
    }
  }
  return utf8(out);
}

bool is_punctuation(char32_t c) { return find_range(punctuation_ranges(), c) != nullptr; }

std::string without_punctuation(std::string_view text) { return without(text, is_punctuation); }

std::string without_ascii_punctuation(std::string_view text) {
  return without(text, [](char32_t c) {
    return (c >= '!' && c <= '/') || (c >= ':' && c <= '@') || (c >= '[' && c <= '`') ||
           (c >= '{' && c <= '~');
  });
}

std::string without_ascii_digits(std::string_view text) {
  return without(text, [](char32_t c) { return c >= '0' && c <= '9'; });
}

}  // namespace assay::detail::score
