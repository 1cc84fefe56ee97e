// Inside cli only: UTF-8 text in columns.
#pragma once

#include <string>
#include <vector>

namespace assay {

enum class Align { kLeft, kRight };

struct Column {
  std::string title;
  Align align = Align::kRight;
  int priority = 0;  // columns of priority 0 are never left out; the highest goes first
  std::vector<std::string> cells;  // one per row
};

// One line each, for terminals: control characters become '?'.
std::string printable(const std::string& text);

// Aligned lines. Columns are left out until the table fits `width` (0 = any) and named in a last
// line; if that is not enough, one block of "title  cell" lines per row.
std::string text_table(std::vector<Column> columns, int width);
std::string markdown_table(const std::vector<Column>& columns);
std::string csv_table(const std::vector<Column>& columns);

// Breaks at spaces; continuation lines begin with `indent` spaces. Words longer than a line stay
// whole. width 0: one line. Ends with a newline.
std::string wrap(const std::string& text, int width, int indent = 0);

}  // namespace assay
