// Text and JSON of other programs, read piece by piece.
#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstring>
#include <ctime>
#include <fstream>

#include <fmt/format.h>

#include "core/error.h"
#include "core/files.h"
#include "store/import.h"

namespace assay::detail {
namespace {

bool is_blank(const std::string& line) {
  return line.find_first_not_of(" \t\r") == std::string::npos;
}

// Python's constants outside of strings, with null in their place.
std::string without_constants(const std::string& text) {
  std::string out;
  out.reserve(text.size());
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (in_string) {
      in_string = text[i] != '"';
      out += text[i];
      if (text[i] == '\\' && i + 1 < text.size()) out += text[++i];
      continue;
    }
    in_string = text[i] == '"';
    bool is_constant = false;
    for (const std::string_view constant : {"NaN", "-Infinity", "Infinity"}) {
      if (text.compare(i, constant.size(), constant) != 0) continue;
      out += "null";
      i += constant.size() - 1;
      is_constant = true;
      break;
    }
    if (!is_constant) out += text[i];
  }
  return out;
}

std::int64_t line_of(const std::string& text, std::size_t byte) {
  const auto end = text.begin() + static_cast<std::ptrdiff_t>(std::min(byte, text.size()));
  return std::count(text.begin(), end, '\n');
}

std::ifstream open_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    throw Error(ErrorKind::kIo, std::string("Cannot read: ") + std::strerror(errno), path,
                "Check the name and the permissions.");
  }
  return file;
}

void check_read(const std::ifstream& file, const std::string& path) {
  if (!file.bad()) return;
  throw Error(ErrorKind::kIo, "Reading stopped in the middle", path, "Is it a folder?");
}

// One JSON array, its elements handed on as they end, so that only one is in memory.
void for_each_element(const std::string& path,
                      const std::function<void(Json&&, const std::string&)>& use) {
  std::int64_t n = 0;
  const Json::parser_callback_t hand_on = [&](int depth, Json::parse_event_t event, Json& value) {
    if (depth != 1 || event != Json::parse_event_t::object_end) return true;
    use(std::move(value), fmt::format("{}, item {}", path, ++n));
    return false;
  };
  parse_foreign(read_file(path), path, 1, hand_on);
}

}  // namespace

std::string place(const std::string& file, std::int64_t line) {
  return line > 0 ? fmt::format("{}:{}", file, line) : file;
}

void refuse(const std::string& what, const std::string& where, const std::string& remedy) {
  throw Error(ErrorKind::kBadInput, what, where, remedy);
}

Json parse_foreign(const std::string& text, const std::string& file, std::int64_t first_line,
                   const Json::parser_callback_t& keep) {
  try {
    // A callback may not see the same element twice: the text is made strict first.
    return Json::parse(keep ? without_constants(text) : text, keep);
  } catch (const Json::parse_error& error) {
    if (!keep) {
      const std::string strict = without_constants(text);
      if (strict != text) {
        return parse_foreign(strict, file, first_line,
                             [](int, Json::parse_event_t, Json&) { return true; });
      }
    }
    const bool is_cut = error.byte > text.size();
    refuse(is_cut ? "The JSON ends in the middle" : fmt::format("Not JSON: {}", error.what()),
           place(file, first_line + line_of(text, error.byte > 0 ? error.byte - 1 : 0)),
           is_cut ? "Was the run stopped while it wrote? Remove the last line, or run it again."
                  : "Give the file as the other program wrote it.");
  }
}

void for_each_line(const std::string& path,
                   const std::function<void(const std::string&, std::int64_t)>& use) {
  std::ifstream file = open_file(path);
  std::string line;
  for (std::int64_t n = 1; std::getline(file, line); ++n) {
    if (line.ends_with('\r')) line.pop_back();
    use(line, n);
  }
  check_read(file, path);
}

void for_each_object(const std::string& path,
                     const std::function<void(Json&&, const std::string&)>& use) {
  char first = 0;
  open_file(path) >> first;
  if (first == '[') return for_each_element(path, use);
  for_each_line(path, [&](const std::string& line, std::int64_t number) {
    if (is_blank(line)) return;
    Json object = parse_foreign(line, path, number);
    if (!object.is_object()) {
      refuse("The line is not a JSON object", place(path, number),
             "A samples file has an object on every line.");
    }
    use(std::move(object), place(path, number));
  });
}

std::optional<double> number_of(const Json& value) {
  if (value.is_boolean()) return value.get<bool>() ? 1 : 0;
  if (value.is_number()) return value.get<double>();
  if (!value.is_string()) return std::nullopt;
  const std::string& text = value.get_ref<const std::string&>();
  if (text == "True" || text == "true") return 1;
  if (text == "False" || text == "false") return 0;
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::string python_text(const Json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_null()) return "None";
  if (value.is_boolean()) return value.get<bool>() ? "True" : "False";
  if (!value.is_array()) return value.dump();
  std::string text = "[";
  for (const Json& part : value) {
    if (text.size() > 1) text += ", ";
    const bool has_quote =
        part.is_string() && part.get<std::string>().find('\'') != std::string::npos;
    const char* quote = !part.is_string() ? "" : has_quote ? "\"" : "'";
    text += quote + python_text(part) + quote;
  }
  return text + "]";
}

const Json& part(const Json& object, const std::string& key) {
  static const Json kNothing = Json::object();
  if (!object.is_object()) return kNothing;
  const auto at = object.find(key);
  return at == object.end() || at->is_null() ? kNothing : *at;
}

std::string text_or(const Json& object, const char* key, const std::string& otherwise) {
  const auto at = object.find(key);
  if (at == object.end() || at->is_null()) return otherwise;
  return python_text(*at);
}

Response text_response(std::string text) {
  GenerateResult result;
  result.text = std::move(text);
  result.stop = StopReason::kEndOfSequence;
  return result;
}

std::string utc_text(double seconds) {
  if (!(std::abs(seconds) < 1e11)) return {};
  const auto whole = static_cast<std::time_t>(seconds);
  std::tm utc{};
  gmtime_r(&whole, &utc);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &utc);
  return text;
}

}  // namespace assay::detail
