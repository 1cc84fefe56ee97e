// JSON rows: one object a line, or one document that is (or holds) a list of objects.
#include <algorithm>
#include <string_view>

#include "core/error.h"
#include "tasks/dataset_file.h"
#include "tasks/text_file.h"

namespace assay::detail {
namespace {

constexpr int kMaxDepth = 256;

// Values are copied and written recursively later, so that depth must be bounded here.
bool is_too_deep(std::string_view text) {
  int depth = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\')
        ++i;
      else if (c == '"')
        in_string = false;
    } else if (c == '"') {
      in_string = true;
    } else if (c == '[' || c == '{') {
      if (++depth > kMaxDepth) return true;
    } else if (c == ']' || c == '}') {
      --depth;
    }
  }
  return false;
}

// "[json.exception.parse_error.101] parse error at line 1, column 5: syntax error ..." without
// its first part, whose line counts from the start of the text given.
std::string reason_of(const Json::exception& error) {
  const std::string text = error.what();
  const std::size_t syntax = text.find("syntax error");
  if (syntax != std::string::npos) return text.substr(syntax);
  const std::size_t end = text.find("] ");
  return end == std::string::npos ? text : text.substr(end + 2);
}

Json parse_at(std::string_view text, const std::string& where) {
  if (is_too_deep(text))
    throw Error(ErrorKind::kBadInput,
                "The JSON is nested deeper than " + std::to_string(kMaxDepth) + " levels", where);
  try {
    return Json::parse(text.begin(), text.end());
  } catch (const Json::exception& error) {
    throw Error(ErrorKind::kBadInput, "This is not JSON: " + reason_of(error), where,
                "Repair the file, or fetch it again if it was cut off.");
  }
}

void require_object(const Json& row, const std::string& where) {
  if (row.is_object()) return;
  throw Error(ErrorKind::kBadInput,
              std::string("A row must be a JSON object, this is of type ") + row.type_name(),
              where);
}

std::int64_t line_of(std::string_view text, std::size_t byte) {
  return 1 + std::count(text.begin(),
                        text.begin() + static_cast<std::ptrdiff_t>(std::min(byte, text.size())),
                        '\n');
}

Json parse_document(const std::string& text, const std::string& path) {
  if (is_too_deep(text)) return parse_at(text, path);
  try {
    return Json::parse(text);
  } catch (const Json::parse_error& error) {
    throw Error(ErrorKind::kBadInput, "This is not JSON: " + reason_of(error),
                path + ", line " + std::to_string(line_of(text, error.byte)),
                "Repair the file, or fetch it again if it was cut off.");
  }
}

std::vector<Row> rows_of_document(Json document, const std::string& path,
                                  const std::string& field) {
  if (!field.empty()) {
    if (!document.is_object() || !document.contains(field))
      throw Error(ErrorKind::kBadInput, "The JSON document has no field '" + field + "'", path,
                  "Correct 'field' in the task's dataset_kwargs.");
    Json inner = std::move(document[field]);
    document = std::move(inner);
  }
  if (!document.is_array())
    throw Error(ErrorKind::kBadInput, "The JSON document is no list of rows", path,
                "Name the field that holds the rows as 'field' in dataset_kwargs.");
  std::vector<Row> rows;
  rows.reserve(document.size());
  for (std::size_t i = 0; i < document.size(); ++i) {
    require_object(document[i], path + ", row " + std::to_string(i + 1));
    rows.push_back(std::move(document[i]));
  }
  return rows;
}

bool is_blank(std::string_view line) {
  return line.find_first_not_of(" \t\r") == std::string_view::npos;
}

}  // namespace

std::vector<Row> read_json_rows(const std::string& path, const ReadOptions& options) {
  std::vector<Row> rows;
  bool is_document = !options.field.empty();
  if (!is_document) {
    LineReader reader(path, options.stop);
    for (std::string line; reader.next(line);) {
      if (is_blank(line)) continue;
      if (rows.empty() && line[line.find_first_not_of(" \t")] == '[') {
        is_document = true;
        break;
      }
      Row row = parse_at(line, reader.where());
      require_object(row, reader.where());
      rows.push_back(std::move(row));
    }
  }
  if (!is_document) return rows;
  return rows_of_document(parse_document(read_text_file(path, options.stop), path), path,
                          options.field);
}

}  // namespace assay::detail
