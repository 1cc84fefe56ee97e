#include "tasks/dataset_file.h"

#include <algorithm>
#include <unordered_set>

#include "core/error.h"
#include "core/unicode_text.h"
#include "tasks/text_file.h"

namespace assay::detail {
namespace {

struct FormatWord {
  const char* word;
  RowFormat format;
};
constexpr FormatWord kWords[] = {
    {"json", RowFormat::kJson},       {"jsonl", RowFormat::kJson},
    {"ndjson", RowFormat::kJson},     {"csv", RowFormat::kCsv},
    {"tsv", RowFormat::kTsv},         {"text", RowFormat::kText},
    {"txt", RowFormat::kText},        {"wikitext", RowFormat::kWikitext},
    {"parquet", RowFormat::kParquet},
};

// " = Title = ", but no " = = Section = = ".
bool is_page_heading(std::string_view line) {
  const std::string flat = replace_all(replace_all(line, "= = =", "==="), "= =", "==");
  const std::string_view stripped = strip(flat);
  return stripped.starts_with("= ") && stripped.ends_with(" =");
}

}  // namespace

std::optional<RowFormat> parse_format(const std::string& word) {
  for (const FormatWord& known : kWords)
    if (word == known.word) return known.format;
  return std::nullopt;
}

std::optional<RowFormat> format_of(const std::string& path) {
  std::string_view name = path;
  if (name.ends_with(".gz")) name.remove_suffix(3);
  const std::size_t dot = name.rfind('.');
  if (dot == std::string_view::npos) return std::nullopt;
  std::string ending(name.substr(dot + 1));
  std::transform(ending.begin(), ending.end(), ending.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  if (ending == "wikitext") return std::nullopt;  // a word of the mapping, not an ending
  return parse_format(ending);
}

void check_stop(const std::stop_token& stop) {
  if (stop.stop_requested())
    throw Error(ErrorKind::kInterrupted, "Stopped while reading a data set");
}

void fill_missing_columns(std::vector<Row>& rows) {
  std::vector<std::string> columns;
  std::unordered_set<std::string> known;
  for (const Row& row : rows)
    for (const auto& item : row.items())
      if (known.insert(item.key()).second) columns.push_back(item.key());
  for (Row& row : rows) {
    if (row.size() == columns.size()) continue;
    Row full = Row::object();
    for (const std::string& column : columns) {
      const auto found = row.find(column);
      full[column] = found == row.end() ? Json() : std::move(*found);
    }
    row = std::move(full);
  }
}

std::vector<Row> read_text_rows(const std::string& path, const ReadOptions& options) {
  std::vector<Row> rows;
  LineReader reader(path, options.stop);
  for (std::string line; reader.next(line);) rows.push_back(Row{{"text", line}});
  return rows;
}

// A page is its heading line and all lines up to the next heading of the first level; what stands
// before the first heading counts only when it is more than white space. Line ends stay.
std::vector<Row> read_wikitext_rows(const std::string& path, const ReadOptions& options) {
  std::vector<Row> rows;
  const std::string text = read_text_file(path, options.stop);
  std::size_t page_start = 0;
  const auto add_page = [&](std::size_t end) {
    rows.push_back(Row{{"page", text.substr(page_start, end - page_start)}});
  };
  for (std::size_t start = 0; start <= text.size();) {
    const std::size_t end = std::min(text.find('\n', start), text.size());
    if (is_page_heading(std::string_view(text).substr(start, end - start))) {
      // Without the line end before the heading.
      const std::size_t page_end = start == 0 ? 0 : start - 1;
      if (page_end > page_start &&
          !strip(std::string_view(text).substr(page_start, page_end - page_start)).empty())
        add_page(page_end);
      page_start = start;
    }
    start = end + 1;
  }
  add_page(text.size());
  return rows;
}

std::vector<Row> read_rows(const std::string& path, const ReadOptions& options) {
  std::vector<Row> rows;
  switch (options.format) {
    case RowFormat::kJson:
      rows = read_json_rows(path, options);
      break;
    case RowFormat::kCsv:
    case RowFormat::kTsv:
      rows = read_csv_rows(path, options);
      break;
    case RowFormat::kText:
      rows = read_text_rows(path, options);
      break;
    case RowFormat::kWikitext:
      rows = read_wikitext_rows(path, options);
      break;
    case RowFormat::kParquet:
      rows = read_parquet_rows(path, options);
      break;
  }
  fill_missing_columns(rows);
  return rows;
}

}  // namespace assay::detail
