#include "cli/text_layout.h"

#include <algorithm>
#include <cstdint>

#include "cli/table.h"

namespace assay {
namespace {

constexpr const char* kGap = "  ";

struct Range {
  char32_t first, last;
};
// The blocks that matter for names of models and documents; not all of Unicode's tables.
constexpr Range kCombining[] = {{0x300, 0x36F},   {0x200B, 0x200F}, {0x1AB0, 0x1AFF},
                                {0x20D0, 0x20FF}, {0xFE00, 0xFE0F}, {0xFE20, 0xFE2F}};
constexpr Range kWide[] = {
    {0x1100, 0x115F}, {0x2E80, 0x303E},   {0x3041, 0x33FF},   {0x3400, 0x4DBF},  {0x4E00, 0x9FFF},
    {0xA000, 0xA4CF}, {0xAC00, 0xD7A3},   {0xF900, 0xFAFF},   {0xFE30, 0xFE4F},  {0xFF00, 0xFF60},
    {0xFFE0, 0xFFE6}, {0x1F300, 0x1F64F}, {0x1F900, 0x1F9FF}, {0x20000, 0x3FFFD}};

template <std::size_t kSize>
bool contains(const Range (&ranges)[kSize], char32_t point) {
  return std::any_of(std::begin(ranges), std::end(ranges), [&](const Range& range) {
    return range.first <= point && point <= range.last;
  });
}

// The code point at `offset`, which is moved behind it; a byte that begins none counts as itself.
char32_t next_point(const std::string& text, std::size_t& offset) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned first = byte(offset++);
  int n_more = first >= 0xF0 ? 3 : first >= 0xE0 ? 2 : first >= 0xC0 ? 1 : 0;
  char32_t point = n_more == 0 ? first : first & (0x3FU >> n_more);
  for (; n_more > 0 && offset < text.size() && (byte(offset) & 0xC0U) == 0x80; --n_more) {
    point = (point << 6) | (byte(offset++) & 0x3FU);
  }
  return point;
}

int column_width(const Column& column) {
  int width = display_width(column.title);
  for (const std::string& cell : column.cells) width = std::max(width, display_width(cell));
  return width;
}

int table_width(const std::vector<Column>& columns) {
  int width = -2;
  for (const Column& column : columns) width += column_width(column) + 2;
  return width;
}

std::string padded(const std::string& text, int width, Align align) {
  const std::string space(static_cast<std::size_t>(std::max(0, width - display_width(text))), ' ');
  return align == Align::kLeft ? text + space : space + text;
}

std::string without_trailing_space(std::string line) {
  return line.erase(line.find_last_not_of(' ') + 1);
}

// Removes the columns of the highest priority number that is left; false when none may go.
bool leave_out_one(std::vector<Column>& columns, std::string& left_out) {
  const auto least =
      std::max_element(columns.begin(), columns.end(),
                       [](const Column& a, const Column& b) { return a.priority < b.priority; });
  if (least == columns.end() || least->priority == 0) return false;
  left_out += (left_out.empty() ? "" : ", ") + least->title;
  columns.erase(least);
  return true;
}

std::string blocks(const std::vector<Column>& columns) {
  int width = 0;
  for (const Column& column : columns) width = std::max(width, display_width(column.title));
  std::string text;
  for (std::size_t row = 0; row < columns.front().cells.size(); ++row) {
    text += columns.front().cells[row] + "\n";
    for (std::size_t i = 1; i < columns.size(); ++i) {
      text += kGap + padded(columns[i].title, width, Align::kLeft) + kGap + columns[i].cells[row] +
              "\n";
    }
  }
  return text;
}

std::string markdown_cell(const std::string& text) {
  std::string cell;
  for (const char character : text) {
    if (character == '|' || character == '\\') cell += '\\';
    cell += character;
  }
  return cell;
}

std::string csv_cell(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string cell = "\"";
  for (const char character : text) {
    if (character == '"') cell += '"';
    cell += character;
  }
  return cell + "\"";
}

}  // namespace

int display_width(const std::string& text) {
  int width = 0;
  for (std::size_t offset = 0; offset < text.size();) {
    const char32_t point = next_point(text, offset);
    if (!contains(kCombining, point)) width += contains(kWide, point) ? 2 : 1;
  }
  return width;
}

std::string printable(const std::string& text) {
  std::string clean = text;
  for (std::size_t i = 0; i < clean.size(); ++i) {
    const auto byte = static_cast<unsigned char>(clean[i]);
    // C1 controls (0x9B introduces terminal commands) are C2 80 to C2 9F in UTF-8.
    const bool c1 = byte == 0xC2 && i + 1 < clean.size() &&
                    static_cast<unsigned char>(clean[i + 1]) >= 0x80 &&
                    static_cast<unsigned char>(clean[i + 1]) < 0xA0;
    if (c1) clean.replace(i, 2, "?");
    if (byte < 0x20 || byte == 0x7F) clean[i] = '?';
  }
  return clean;
}

std::string text_table(std::vector<Column> columns, int width) {
  const std::vector<Column> all = columns;
  std::string left_out;
  while (width > 0 && table_width(columns) > width) {
    if (!leave_out_one(columns, left_out)) return blocks(all);
  }
  std::string text;
  const std::size_t n_rows = columns.front().cells.size();
  for (std::size_t line = 0; line <= n_rows; ++line) {
    std::string row;
    for (const Column& column : columns) {
      if (!row.empty()) row += kGap;
      row += padded(line == 0 ? column.title : column.cells[line - 1], column_width(column),
                    column.align);
    }
    text += without_trailing_space(row) + "\n";
  }
  if (!left_out.empty()) text += wrap("(no room for: " + left_out + ")", width);
  return text;
}

std::string markdown_table(const std::vector<Column>& columns) {
  std::string title = "|", rule = "|", rows;
  for (const Column& column : columns) {
    title += " " + markdown_cell(column.title) + " |";
    rule += column.align == Align::kLeft ? ":---|" : "---:|";
  }
  for (std::size_t row = 0; row < columns.front().cells.size(); ++row) {
    rows += "|";
    for (const Column& column : columns) rows += " " + markdown_cell(column.cells[row]) + " |";
    rows += "\n";
  }
  return title + "\n" + rule + "\n" + rows;
}

std::string csv_table(const std::vector<Column>& columns) {
  std::string text;
  for (std::size_t line = 0; line <= columns.front().cells.size(); ++line) {
    for (std::size_t i = 0; i < columns.size(); ++i) {
      if (i > 0) text += ',';
      text += csv_cell(line == 0 ? columns[i].title : columns[i].cells[line - 1]);
    }
    text += "\n";
  }
  return text;
}

std::string wrap(const std::string& text, int width, int indent) {
  std::string result, line;
  std::size_t begin = 0;
  while (begin < text.size()) {
    const std::size_t end = std::min(text.find(' ', begin), text.size());
    const std::string word = text.substr(begin, end - begin);
    begin = end + 1;
    const bool first = line.find_first_not_of(' ') == std::string::npos;
    if (!first && width > 0 && display_width(line) + 1 + display_width(word) > width) {
      result += line + "\n";
      line = std::string(static_cast<std::size_t>(indent), ' ') + word;
    } else {
      line += first ? word : " " + word;
    }
  }
  return result + line + "\n";
}

}  // namespace assay
