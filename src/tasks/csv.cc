// Comma or tab separated rows: RFC 4180 with what Python's csv and pandas allow beyond it.
#include <algorithm>
#include <utility>

#include "core/error.h"
#include "tasks/column_types.h"
#include "tasks/dataset_file.h"
#include "tasks/text_file.h"

namespace assay::detail {
namespace {

struct Record {
  std::vector<std::string> fields;
  std::int64_t line = 0;  // where it begins
};

class CsvParser {
 public:
  CsvParser(std::string_view text, char delimiter, std::string path)
      : text_(text), delimiter_(delimiter), path_(std::move(path)) {}

  // The next record that is not an empty line; false at the end.
  bool next(Record& record) {
    while (at_ < text_.size() && (text_[at_] == '\n' || text_[at_] == '\r')) skip_line_end();
    if (at_ >= text_.size()) return false;
    record.fields.clear();
    record.line = line_;
    while (true) {
      record.fields.push_back(read_field());
      if (at_ < text_.size() && text_[at_] == delimiter_) {
        ++at_;
        continue;
      }
      if (at_ < text_.size()) skip_line_end();
      return true;
    }
  }

 private:
  void skip_line_end() {
    if (text_[at_] == '\r' && at_ + 1 < text_.size() && text_[at_ + 1] == '\n') ++at_;
    ++at_;
    ++line_;
  }

  bool at_field_end() const {
    return at_ >= text_.size() || text_[at_] == delimiter_ || text_[at_] == '\n' ||
           text_[at_] == '\r';
  }

  // A quote has a meaning only where a field begins; text after the closing one is kept.
  std::string read_field() {
    std::string field;
    if (at_ < text_.size() && text_[at_] == '"') read_quoted(field);
    while (!at_field_end()) field += text_[at_++];
    return field;
  }

  void read_quoted(std::string& field) {
    const std::int64_t first_line = line_;
    for (++at_; at_ < text_.size(); ++at_) {
      const char c = text_[at_];
      if (c == '"') {
        if (at_ + 1 >= text_.size() || text_[at_ + 1] != '"') {
          ++at_;
          return;
        }
        ++at_;
      }
      if (c == '\n') ++line_;
      field += c;
    }
    throw Error(ErrorKind::kBadInput, "A quoted field does not end",
                path_ + ", line " + std::to_string(first_line),
                "Close the quote, or double it where it is part of the text.");
  }

  std::string_view text_;
  char delimiter_;
  std::string path_;
  std::size_t at_ = 0;
  std::int64_t line_ = 1;
};

std::vector<std::string> unique_names(std::vector<std::string> names) {
  for (std::size_t i = 0; i < names.size(); ++i) {
    const std::string name = names[i];
    const auto before = names.begin() + static_cast<std::ptrdiff_t>(i);
    for (int k = 1; std::find(names.begin(), before, names[i]) != before; ++k)
      names[i] = name + "." + std::to_string(k);
  }
  return names;
}

}  // namespace

std::vector<Row> read_csv_rows(const std::string& path, const ReadOptions& options) {
  const std::string text = read_text_file(path, options.stop);
  CsvParser parser(text, options.format == RowFormat::kTsv ? '\t' : options.delimiter, path);
  std::vector<std::string> columns = options.column_names;
  std::vector<Row> rows;
  Record record;
  if (columns.empty() && parser.next(record)) columns = unique_names(record.fields);
  while (parser.next(record)) {
    if (rows.size() % 4096 == 0) check_stop(options.stop);
    const std::string where = path + ", line " + std::to_string(record.line);
    if (record.fields.size() > columns.size())
      throw Error(ErrorKind::kBadInput,
                  "The row has " + std::to_string(record.fields.size()) + " fields, the table " +
                      std::to_string(columns.size()) + " columns",
                  where, "Quote fields that hold the delimiter.");
    Row row = Row::object();
    for (std::size_t i = 0; i < columns.size(); ++i) {
      if (i >= record.fields.size()) {
        row[columns[i]] = nullptr;
        continue;
      }
      require_utf8(record.fields[i], where);
      row[columns[i]] = std::move(record.fields[i]);
    }
    rows.push_back(std::move(row));
  }
  if (options.infer_types) infer_column_types(rows, columns);
  return rows;
}

}  // namespace assay::detail
