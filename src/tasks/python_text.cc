#include "tasks/python_text.h"

#include <algorithm>
#include <clocale>
#include <cwctype>

#include "core/unicode_text.h"
#include "tasks/score_text.h"
#include "tasks/unicode_tables.h"

namespace assay::detail::python {
namespace {

// The C.UTF-8 locale knows Unicode's letters, whatever locale the process runs in.
locale_t unicode_locale() {
  static const locale_t locale = newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr);
  return locale;
}

std::size_t decode_one(std::string_view text, std::size_t at, char32_t& c) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(at);
  c = first;
  if (first < 0xc2 || first > 0xf4) return 1;
  const std::size_t n = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (at + n > text.size()) return 1;
  char32_t code = first & (0x7fU >> n);
  for (std::size_t i = 1; i < n; ++i) {
    if ((byte(at + i) & 0xc0U) != 0x80) return 1;
    code = code << 6U | (byte(at + i) & 0x3fU);
  }
  c = code;
  return n;
}

void append(std::string& out, char32_t c) {
  if (c < 0x80) {
    out += static_cast<char>(c);
    return;
  }
  const auto tail = [&](unsigned shift) { out += static_cast<char>(0x80U | (c >> shift & 0x3fU)); };
  if (c < 0x800) {
    out += static_cast<char>(0xc0U | c >> 6U);
  } else if (c < 0x10000) {
    out += static_cast<char>(0xe0U | c >> 12U);
    tail(6);
  } else {
    out += static_cast<char>(0xf0U | c >> 18U);
    tail(12);
    tail(6);
  }
  tail(0);
}

std::vector<std::string> encoded(const std::vector<std::u32string_view>& parts) {
  std::vector<std::string> result;
  result.reserve(parts.size());
  for (const std::u32string_view part : parts) result.push_back(encode(part));
  return result;
}

std::vector<std::string> split_white(std::string_view text, std::int64_t max) {
  const std::u32string all = decode(text);
  const std::u32string_view view = all;
  std::vector<std::u32string_view> parts;
  std::size_t at = 0;
  const auto skip = [&] {
    while (at < view.size() && is_space(view[at])) ++at;
  };
  for (skip(); at < view.size(); skip()) {
    if (max >= 0 && static_cast<std::int64_t>(parts.size()) == max) {
      parts.push_back(view.substr(at));
      break;
    }
    const std::size_t start = at;
    while (at < view.size() && !is_space(view[at])) ++at;
    parts.push_back(view.substr(start, at - start));
  }
  return encoded(parts);
}

std::vector<std::string> rsplit_white(std::string_view text, std::int64_t max) {
  const std::u32string all = decode(text);
  const std::u32string_view view = all;
  std::vector<std::u32string_view> parts;
  std::size_t end = view.size();
  const auto skip = [&] {
    while (end > 0 && is_space(view[end - 1])) --end;
  };
  for (skip(); end > 0; skip()) {
    if (max >= 0 && static_cast<std::int64_t>(parts.size()) == max) {
      parts.push_back(view.substr(0, end));
      break;
    }
    const std::size_t start = [&] {
      std::size_t at = end;
      while (at > 0 && !is_space(view[at - 1])) --at;
      return at;
    }();
    parts.push_back(view.substr(start, end - start));
    end = start;
  }
  std::reverse(parts.begin(), parts.end());
  return encoded(parts);
}

}  // namespace

std::u32string decode(std::string_view text) {
  std::u32string result;
  result.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    char32_t c = 0;
    at += decode_one(text, at, c);
    result += c;
  }
  return result;
}

std::string encode(std::u32string_view text) {
  std::string result;
  result.reserve(text.size());
  for (const char32_t c : text) append(result, c);
  return result;
}

std::int64_t length(std::string_view text) {
  std::int64_t n = 0;
  char32_t c = 0;
  for (std::size_t at = 0; at < text.size(); ++n) at += decode_one(text, at, c);
  return n;
}

std::string strip(std::string_view text, const std::optional<std::string>& chars, bool left,
                  bool right) {
  if (!chars) {
    while (left) {
      const std::size_t n = space_at(text, 0);
      if (n == 0) break;
      text.remove_prefix(n);
    }
    while (right) {
      const std::size_t n = space_before(text, text.size());
      if (n == 0) break;
      text.remove_suffix(n);
    }
    return std::string(text);
  }
  const std::u32string all = decode(text), set = decode(*chars);
  std::size_t start = 0, end = all.size();
  while (left && start < end && set.find(all[start]) != set.npos) ++start;
  while (right && end > start && set.find(all[end - 1]) != set.npos) --end;
  return encode(std::u32string_view(all).substr(start, end - start));
}

std::vector<std::string> split(std::string_view text, const std::optional<std::string>& separator,
                               std::int64_t max) {
  if (!separator) return split_white(text, max);
  std::vector<std::string> parts;
  std::size_t start = 0;
  for (std::size_t at = 0; max < 0 || static_cast<std::int64_t>(parts.size()) < max;
       start = at + separator->size()) {
    at = text.find(*separator, start);
    if (at == std::string_view::npos) break;
    parts.emplace_back(text.substr(start, at - start));
  }
  parts.emplace_back(text.substr(start));
  return parts;
}

std::vector<std::string> rsplit(std::string_view text, const std::optional<std::string>& separator,
                                std::int64_t max) {
  if (!separator) return rsplit_white(text, max);
  std::vector<std::string> parts;
  while (max < 0 || static_cast<std::int64_t>(parts.size()) < max) {
    const std::size_t at = text.rfind(*separator);
    if (at == std::string_view::npos) break;
    parts.emplace_back(text.substr(at + separator->size()));
    text = text.substr(0, at);
  }
  parts.emplace_back(text);
  std::reverse(parts.begin(), parts.end());
  return parts;
}

std::vector<std::string> splitlines(std::string_view text) {
  const std::u32string all = decode(text);
  const auto ends_line = [](char32_t c) {
    return (c >= 0x0a && c <= 0x0d) || (c >= 0x1c && c <= 0x1e) || c == 0x85 || c == 0x2028 ||
           c == 0x2029;
  };
  std::vector<std::string> lines;
  std::size_t start = 0;
  for (std::size_t at = 0; at < all.size(); ++at) {
    if (!ends_line(all[at])) continue;
    lines.push_back(encode(std::u32string_view(all).substr(start, at - start)));
    if (all[at] == '\r' && at + 1 < all.size() && all[at + 1] == '\n') ++at;
    start = at + 1;
  }
  if (start < all.size()) lines.push_back(encode(std::u32string_view(all).substr(start)));
  return lines;
}

std::string replace(std::string_view text, std::string_view from, std::string_view to,
                    std::int64_t max) {
  if (max < 0 && !from.empty()) return replace_all(text, from, to);
  std::string result;
  std::int64_t n = 0;
  std::size_t at = 0;
  while (at <= text.size() && (max < 0 || n < max)) {
    const std::size_t next = text.find(from, at);
    if (next == std::string_view::npos) break;
    result.append(text, at, next - at).append(to);
    ++n;
    at = next + from.size();
    if (!from.empty()) continue;
    if (at == text.size()) return result;
    char32_t c = 0;  // between the characters
    const std::size_t width = decode_one(text, at, c);
    result.append(text, at, width);
    at += width;
  }
  return result.append(text, at);
}

std::int64_t find(std::string_view text, std::string_view part, bool last) {
  const std::size_t at = last ? text.rfind(part) : text.find(part);
  return at == std::string_view::npos ? -1 : length(text.substr(0, at));
}

std::int64_t count(std::string_view text, std::string_view part) {
  if (part.empty()) return length(text) + 1;
  std::int64_t n = 0;
  for (std::size_t at = 0; (at = text.find(part, at)) != text.npos; at += part.size()) ++n;
  return n;
}

std::string upper(std::string_view text) { return score::upper(text); }
std::string lower(std::string_view text) { return score::lower(text); }

namespace {

std::string title_case(char32_t c, std::string_view bytes) {
  const std::span<const score::SpecialCase> special = score::special_title();
  const auto found = std::find_if(special.begin(), special.end(),
                                  [c](const score::SpecialCase& entry) { return entry.c == c; });
  if (found != special.end()) return encode(found->mapped);
  return upper(bytes);
}

}  // namespace

std::string title(std::string_view text) {
  bool in_word = false;
  std::string out;
  for (const char32_t c : decode(text)) {
    const std::string one = encode(std::u32string(1, c));
    out += in_word ? lower(one) : title_case(c, one);
    in_word = is_letter(c);
  }
  return out;
}

std::string capitalize(std::string_view text) {
  if (text.empty()) return {};
  char32_t c = 0;
  const std::string_view first = text.substr(0, decode_one(text, 0, c));
  // Lowered whole: a sigma that ends a word has another form.
  return title_case(c, first) + lower(text).substr(lower(first).size());
}

bool is_space(char32_t c) {
  std::string one;
  append(one, c);
  return space_at(one, 0) > 0;
}

bool is_letter(char32_t c) {
  if (c < 0x80) return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  const locale_t locale = unicode_locale();
  return locale != nullptr && iswalpha_l(static_cast<wint_t>(c), locale) != 0;
}

bool is_digits(std::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

Slice slice(std::int64_t size, std::optional<std::int64_t> start, std::optional<std::int64_t> stop,
            std::int64_t step) {
  const std::int64_t low = step > 0 ? 0 : -1, high = step > 0 ? size : size - 1;
  const auto clip = [&](std::int64_t at) {
    return std::clamp(at < 0 ? std::max(at + size, low) : at, low, high);
  };
  Slice result{.start = start ? clip(*start) : (step > 0 ? low : high), .step = step};
  const std::int64_t end = stop ? clip(*stop) : (step > 0 ? high : low);
  const std::int64_t distance = step > 0 ? end - result.start : result.start - end;
  // The step is at most the size in effect, so that hostile values cannot overflow.
  result.step = std::clamp(step, -size - 1, size + 1);
  if (distance > 0) {
    const std::int64_t width = result.step > 0 ? result.step : -result.step;
    result.n = (distance + width - 1) / width;
  }
  return result;
}

}  // namespace assay::detail::python
