#include "cli/xml_text.h"

#include <algorithm>

namespace assay {
namespace {

// Bytes of the UTF-8 character at `i`; 0 when it is none, or one that XML 1.0 cannot hold.
std::size_t xml_character(const std::string& text, std::size_t i) {
  const auto byte = static_cast<unsigned char>(text[i]);
  if (byte < 0x80) return byte >= 0x20 || byte == '\n' || byte == '\t' ? 1 : 0;
  const std::size_t n = byte >= 0xF5   ? 0
                        : byte >= 0xF0 ? 4
                        : byte >= 0xE0 ? 3
                        : byte >= 0xC2 ? 2
                                       : 0;
  if (n == 0 || i + n > text.size()) return 0;
  for (std::size_t k = 1; k < n; ++k) {
    if ((static_cast<unsigned char>(text[i + k]) & 0xC0U) != 0x80) return 0;
  }
  const auto second = static_cast<unsigned char>(text[i + 1]);
  const bool overlong = (byte == 0xE0 && second < 0xA0) || (byte == 0xF0 && second < 0x90);
  const bool surrogate = byte == 0xED && second >= 0xA0;
  const bool beyond = byte == 0xF4 && second >= 0x90;
  const bool not_a_character =
      byte == 0xEF && second == 0xBF && static_cast<unsigned char>(text[i + 2]) >= 0xBE;
  return overlong || surrogate || beyond || not_a_character ? 0 : n;
}

}  // namespace

std::string xml_text(const std::string& text) {
  std::string safe;
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t n = xml_character(text, i);
    const char c = text[i];
    if (n == 0) {
      safe += '?';
    } else if (c == '&' || c == '<' || c == '>' || c == '"' || c == '\n' || c == '\t') {
      safe += c == '&'    ? "&amp;"
              : c == '<'  ? "&lt;"
              : c == '>'  ? "&gt;"
              : c == '"'  ? "&quot;"
              : c == '\n' ? "&#10;"
                          : "&#9;";
    } else {
      safe += text.substr(i, n);
    }
    i += std::max<std::size_t>(1, n);
  }
  return safe;
}

}  // namespace assay
