// Columns and filters of datasets.yaml: from the rows of a file to those of the hub.
#include <algorithm>
#include <charconv>
#include <set>

#include "core/error.h"
#include "core/unicode_text.h"
#include "tasks/dataset_mapping.h"

namespace assay::detail {
namespace {

constexpr const char* kRemedy = "docs/formats/datasets.md describes the format.";

[[noreturn]] void refuse(const std::string& why, const std::string& where) {
  throw Error(ErrorKind::kBadInput, why, where, kRemedy);
}

// "question.stem": a column, then members. Null when it is not there.
const Json& value_at(const Json& row, const std::string& path) {
  static const Json kNull;
  if (const auto whole = row.find(path); whole != row.end()) return *whole;
  const std::size_t dot = path.find('.');
  const auto found = row.find(path.substr(0, dot));
  if (dot == std::string::npos || found == row.end() || !found->is_object()) return kNull;
  return value_at(*found, path.substr(dot + 1));
}

// Applies `make` to a text, or to each text of a list; anything else is null.
template <typename Make>
Json for_each_text(const Json& value, Make make) {
  if (value.is_string()) return make(value.get<std::string>());
  if (!value.is_array()) return nullptr;
  Json list = Json::array();
  for (const Json& item : value) list.push_back(for_each_text(item, make));
  return list;
}

Json to_integer(const Json& value) {
  if (value.is_boolean()) return value.get<bool>() ? 1 : 0;
  if (value.is_number_integer()) return value;
  if (value.is_number_float()) {
    const double number = value.get<double>();
    const auto whole = static_cast<std::int64_t>(number);
    return static_cast<double>(whole) == number ? Json(whole) : Json();
  }
  if (!value.is_string()) return nullptr;
  const std::string_view text = strip(value.get_ref<const std::string&>());
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() ? Json(number) : Json();
}

Json to_type(const Json& value, const std::string& type, const std::string& where) {
  if (type == "integer") return to_integer(value);
  if (type == "text") {
    if (value.is_null() || value.is_string()) return value;
    return value.dump();
  }
  refuse("'as' must be text or integer, not '" + type + "'", where);
}

// One column's rule, a map with one of the keys below, or the name of a column to copy.
class ColumnRule {
 public:
  ColumnRule(const Json& rule, const std::string& where) : rule_(rule), where_(where) {}

  void check() const {
    if (rule_.is_string()) return;
    if (!rule_.is_object() || rule_.empty())
      refuse("A column must be the name of one, or a map of its rule", where_);
    static const std::set<std::string> kKnown = {
        "constant", "list",   "index", "in",     "split", "at", "each",   "take",
        "make",     "column", "as",    "before", "after", "of", "prefix", "when_starts_with"};
    for (const auto& item : rule_.items())
      if (kKnown.count(item.key()) == 0) refuse("Unknown rule '" + item.key() + "'", where_);
  }

  // The columns of the file that the rule reads; refuses a rule that is none.
  std::vector<std::string> sources() const {
    check();
    if (rule_.is_string()) return {rule_.get<std::string>()};
    std::vector<std::string> names;
    for (const char* key : {"column", "index", "split", "each", "of"})
      if (has(key)) names.push_back(text(key));
    if (has("list"))
      for (const Json& item : rule_["list"]) append(names, item);
    if (has("make"))
      for (const auto& item : rule_["make"].items()) append(names, item.value());
    return names;
  }

  Json apply(const Json& row) const {
    if (rule_.is_string()) return value_at(row, rule_.get_ref<const std::string&>());
    if (has("constant")) return rule_["constant"];
    if (has("column"))
      return has("as") ? to_type(value_at(row, text("column")), text("as"), where_)
                       : value_at(row, text("column"));
    if (has("list")) return make_list(row);
    if (has("make")) return make_object(row);
    if (has("index")) return index(value_at(row, text("index")));
    if (has("split")) return split(value_at(row, text("split")));
    if (has("each")) return take_each(value_at(row, text("each")));
    if (has("of")) return edit(value_at(row, text("of")));
    refuse("A rule needs one of: column, constant, list, make, index, split, each, of", where_);
  }

 private:
  bool has(const char* key) const { return rule_.contains(key); }
  std::string text(const char* key) const {
    const auto found = rule_.find(key);
    if (found == rule_.end() || !found->is_string())
      refuse("'" + std::string(key) + "' must be a text", where_);
    return found->get<std::string>();
  }
  void append(std::vector<std::string>& names, const Json& inner) const {
    for (std::string& name : ColumnRule(inner, where_).sources()) names.push_back(std::move(name));
  }

  Json make_list(const Json& row) const {
    Json list = Json::array();
    for (const Json& item : rule_["list"]) list.push_back(ColumnRule(item, where_).apply(row));
    return list;
  }
  Json make_object(const Json& row) const {
    Json object = Json::object();
    for (const auto& item : rule_["make"].items())
      object[item.key()] = ColumnRule(item.value(), where_).apply(row);
    return object;
  }

  // {index: column, in: "ABCD"}: the place of a letter, or of a text in a list.
  Json index(const Json& value) const {
    if (!value.is_string() || !has("in")) return nullptr;
    const std::string wanted{strip(value.get_ref<const std::string&>())};
    const Json& among = rule_["in"];
    if (among.is_string()) {
      const std::size_t at = among.get_ref<const std::string&>().find(wanted);
      return wanted.size() == 1 && at != std::string::npos ? Json(at) : Json();
    }
    const auto found = std::find(among.begin(), among.end(), Json(wanted));
    return found == among.end() ? Json() : Json(found - among.begin());
  }

  // {split: column, at: ";"}: its parts without surrounding space, empty ones dropped.
  Json split(const Json& value) const {
    if (!value.is_string()) return nullptr;
    const auto& whole = value.get_ref<const std::string&>();
    const std::string mark = text("at");
    if (mark.empty()) refuse("'at' must not be empty", where_);
    Json parts = Json::array();
    for (std::size_t start = 0; start <= whole.size();) {
      const std::size_t end = std::min(whole.find(mark, start), whole.size());
      const std::string_view part = strip(std::string_view(whole).substr(start, end - start));
      if (!part.empty()) parts.push_back(part);
      start = end + mark.size();
    }
    return parts;
  }

  // {each: column, take: text}: that member of each object of a list.
  Json take_each(const Json& value) const {
    if (!value.is_array()) return nullptr;
    const std::string member = text("take");
    Json list = Json::array();
    for (const Json& item : value)
      list.push_back(item.is_object() ? value_at(item, member) : Json());
    return list;
  }

  // {of: column, before: X | after: X | prefix: P [, when_starts_with: X]}
  Json edit(const Json& value) const {
    return for_each_text(value, [&](const std::string& whole) -> Json {
      if (has("prefix")) {
        const bool wanted = !has("when_starts_with") || whole.starts_with(text("when_starts_with"));
        return wanted ? text("prefix") + whole : whole;
      }
      const std::string mark = text(has("before") ? "before" : "after");
      const std::size_t at = whole.find(mark);
      if (at == std::string::npos) return nullptr;
      return has("before") ? whole.substr(0, at) : whole.substr(at + mark.size());
    });
  }

  const Json& rule_;
  const std::string& where_;
};

bool passes(const Json& row, const Json& where) {
  if (!where.is_object()) return true;
  for (const auto& item : where.items()) {
    const Json& value = value_at(row, item.key());
    const Json& wanted = item.value();
    const bool is_one_of =
        wanted.is_array() && std::find(wanted.begin(), wanted.end(), value) != wanted.end();
    if (!is_one_of && value != wanted) return false;
  }
  return true;
}

void require_sources(const std::vector<Row>& rows, const Json& columns, const std::string& file) {
  for (const auto& item : columns.items())
    for (const std::string& source : ColumnRule(item.value(), file).sources()) {
      const std::string column = source.substr(0, source.find('.'));
      const bool there = std::any_of(rows.begin(), rows.end(), [&](const Row& row) {
        return row.contains(source) || row.contains(column);
      });
      if (!there && !rows.empty())
        refuse("No row has the column '" + source + "', from which the mapping makes '" +
                   item.key() + "'",
               file);
    }
}

}  // namespace

std::vector<Row> map_rows(std::vector<Row> rows, const Json& columns, const Json& where,
                          const std::string& file) {
  std::erase_if(rows, [&](const Row& row) { return !passes(row, where); });
  if (columns.is_null()) return rows;
  if (!columns.is_object()) refuse("'columns' must be a map from a column to its rule", file);
  require_sources(rows, columns, file);
  for (Row& row : rows) {
    Row mapped = Row::object();
    for (const auto& item : columns.items())
      mapped[item.key()] = ColumnRule(item.value(), file).apply(row);
    row = std::move(mapped);
  }
  return rows;
}

}  // namespace assay::detail
