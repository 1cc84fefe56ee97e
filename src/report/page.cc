// The study's JSON inside the page's template.
#include "core/error.h"
#include "report/report.h"

namespace assay {
namespace {

constexpr std::string_view kPlace = "{\"assay\":\"study goes here\"}";

// Length of a character of UTF-8 that must not stand in the page's source as it is: line and
// paragraph separators (which older parsers take for line ends) and direction marks (which make the
// source read otherwise than it is). 0 for any other.
std::size_t length_of_unsafe(std::string_view at) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(at[i]); };
  if (at.size() >= 2 && byte(0) == 0xD8 && byte(1) == 0x9C) return 2;  // U+061C
  if (at.size() < 3 || byte(0) != 0xE2) return 0;
  const bool general = byte(1) == 0x80 && (byte(2) == 0x8E || byte(2) == 0x8F ||   // U+200E, U+200F
                                           (byte(2) >= 0xA8 && byte(2) <= 0xAE));  // U+2028-202E
  const bool isolates = byte(1) == 0x81 && byte(2) >= 0xA6 && byte(2) <= 0xA9;     // U+2066-2069
  return general || isolates ? 3 : 0;
}

void append_escape(std::string& out, unsigned code) {
  constexpr char kHex[] = "0123456789abcdef";
  out += "\\u";
  for (int shift = 12; shift >= 0; shift -= 4) out += kHex[(code >> shift) & 15];
}

// JSON whose strings have escapes for all that HTML could take for markup. Outside of strings none
// of these characters is JSON.
std::string escaped(std::string_view json) {
  std::string out;
  out.reserve(json.size() + json.size() / 16);
  for (std::size_t i = 0; i < json.size(); ++i) {
    const char c = json[i];
    const std::size_t n = length_of_unsafe(json.substr(i, 3));
    if (c == '<' || c == '>' || c == '&') {
      append_escape(out, static_cast<unsigned char>(c));
    } else if (n > 0) {
      const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(json[at]); };
      unsigned code = byte(i) & (n == 2 ? 0x1Fu : 0x0Fu);
      for (std::size_t k = 1; k < n; ++k) code = code << 6 | (byte(i + k) & 0x3Fu);
      append_escape(out, code);
      i += n - 1;
    } else {
      out += c;
    }
  }
  return out;
}

}  // namespace

std::string report_page(std::string_view page_template, std::string_view study_json) {
  if (page_template.empty()) {
    throw Error(ErrorKind::kUsage, "This program was built without the report's page", {},
                "Install Node.js with npm, configure and build again; or use --json.");
  }
  const std::size_t place = page_template.find(kPlace);
  if (place == std::string_view::npos)
    throw Error(ErrorKind::kEngine, "The report's page has no place for the study");
  std::string page(page_template.substr(0, place));
  page += escaped(study_json);
  page += page_template.substr(place + kPlace.size());
  return page;
}

}  // namespace assay
