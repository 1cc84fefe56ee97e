// Entries of datasets.yaml: which one fits, and what its splits are.
#include "tasks/dataset_mapping.h"

#include <fnmatch.h>

#include <algorithm>
#include <filesystem>
#include <set>

#include "core/error.h"

namespace assay::detail {
namespace {

constexpr const char* kRemedy = "docs/formats/datasets.md describes the format.";
constexpr int kVersion = 1;

class Entry {
 public:
  Entry(const Json& json, std::string where) : json_(json), where_(std::move(where)) {}

  [[noreturn]] void refuse(const std::string& why) const {
    throw Error(ErrorKind::kBadInput, why, where_, kRemedy);
  }

  const Json& get(const char* key) const {
    static const Json kNull;
    const auto found = json_.find(key);
    return found == json_.end() ? kNull : *found;
  }

  // A text or a list of texts; empty when the key is missing.
  std::vector<std::string> texts(const char* key) const { return texts_of(get(key), key); }

  std::vector<std::string> texts_of(const Json& value, const std::string& key) const {
    std::vector<std::string> list;
    if (value.is_null()) return list;
    for (const Json& item : value.is_array() ? value : Json::array({value})) {
      if (!item.is_string()) refuse("'" + key + "' must be a text or a list of texts");
      list.push_back(item.get<std::string>());
    }
    return list;
  }

  bool flag(const char* key, bool otherwise) const {
    const Json& value = get(key);
    if (value.is_null()) return otherwise;
    if (!value.is_boolean()) refuse("'" + std::string(key) + "' must be true or false");
    return value.get<bool>();
  }

  void check_keys() const {
    static const std::set<std::string> kKnown = {"path",      "name",  "splits",  "format",
                                                 "header",    "field", "columns", "where",
                                                 "delimiter", "types", "note"};
    if (!json_.is_object()) refuse("An entry must be a map");
    for (const auto& item : json_.items())
      if (kKnown.count(item.key()) == 0) refuse("Unknown key '" + item.key() + "'");
  }

 private:
  const Json& json_;
  std::string where_;
};

bool fits(const std::vector<std::string>& patterns, const std::string& text) {
  return std::any_of(patterns.begin(), patterns.end(), [&](const std::string& pattern) {
    return fnmatch(pattern.c_str(), text.c_str(), 0) == 0;
  });
}

// A name goes into paths: it may not lead out of the folder.
bool is_plain(const std::string& name) {
  return name.find('/') == std::string::npos && name.find('\\') == std::string::npos &&
         name != "." && name != ".." && name.find('\0') == std::string::npos;
}

std::string expand(std::string text, const MappingQuery& query, const std::string& split) {
  const std::pair<std::string, const std::string&> values[] = {{"{name}", query.name},
                                                               {"{split}", split}};
  for (const auto& [mark, value] : values)
    for (std::size_t at = 0; (at = text.find(mark, at)) != std::string::npos; at += value.size())
      text.replace(at, mark.size(), value);
  return text;
}

Json expand_all(const Json& value, const MappingQuery& query, const std::string& split) {
  if (value.is_string()) return expand(value.get<std::string>(), query, split);
  Json copy = value;
  if (value.is_structured())
    for (auto& item : copy) item = expand_all(item, query, split);
  return copy;
}

std::string absolute(const std::string& file, const std::string& folder) {
  const std::filesystem::path path(file);
  if (path.is_absolute()) return file;
  return (std::filesystem::path(folder) / path).lexically_normal().string();
}

ReadOptions read_options(const Entry& entry, const std::string& first_file) {
  ReadOptions read;
  std::optional<RowFormat> format = format_of(first_file);
  if (const auto words = entry.texts("format"); !words.empty()) format = parse_format(words[0]);
  if (!format) entry.refuse("The format of '" + first_file + "' is not known; say it by 'format'");
  read.format = *format;
  read.column_names = entry.texts("header");
  if (const auto field = entry.texts("field"); !field.empty()) read.field = field[0];
  if (const auto delimiter = entry.texts("delimiter"); !delimiter.empty()) {
    if (delimiter[0].size() != 1) entry.refuse("'delimiter' must be one character");
    read.delimiter = delimiter[0][0];
  }
  read.infer_types = entry.flag("types", false);
  return read;
}

std::string base_note(const Entry& entry) {
  const auto note = entry.texts("note");
  return note.empty() ? std::string() : note[0];
}

// A split is a file, a list of files, or a map with `file` and its own `where`, `columns`,
// `format` or `note`.
SplitPlan plan_split(const Json& entry_json, const std::string& where, const std::string& split,
                     const Json& value) {
  Json merged = entry_json;
  Json files = value;
  if (value.is_object()) {
    files = value.value("file", Json());
    for (const auto& item : value.items())
      if (item.key() != "file") merged[item.key()] = item.value();
  }
  const Entry entry(merged, where);
  entry.check_keys();
  SplitPlan plan{.split = split, .files = entry.texts_of(files, "splits." + split)};
  if (plan.files.empty()) entry.refuse("The split '" + split + "' names no file");
  plan.read = read_options(entry, plan.files[0]);
  plan.columns = entry.get("columns");
  plan.where = entry.get("where");
  plan.note = base_note(entry);
  return plan;
}

}  // namespace

std::vector<SplitPlan> plan_mapped(const Json& tree, const std::string& file,
                                   const std::string& folder, const MappingQuery& query) {
  const Entry top(tree, file);
  if (!tree.is_object() || !top.get("datasets").is_array())
    top.refuse("A mapping must have 'version' and a list 'datasets'");
  if (top.get("version") != Json(kVersion))
    top.refuse("This program reads mappings of version " + std::to_string(kVersion));
  for (std::size_t i = 0; i < top.get("datasets").size(); ++i) {
    const Json& json = top.get("datasets")[i];
    const std::string where = file + ", data set " + std::to_string(i + 1);
    const Entry entry(json, where);
    entry.check_keys();
    const auto names = entry.texts("name");
    if (!fits(entry.texts("path"), query.path) || (!names.empty() && !fits(names, query.name)))
      continue;
    if (!is_plain(query.name)) entry.refuse("'" + query.name + "' cannot be part of a path");
    if (!entry.get("splits").is_object()) entry.refuse("'splits' must be a map");
    std::vector<SplitPlan> plans;
    for (const auto& item : entry.get("splits").items()) {
      SplitPlan plan = plan_split(json, where, item.key(), item.value());
      for (std::string& path : plan.files) path = absolute(expand(path, query, item.key()), folder);
      plan.columns = expand_all(plan.columns, query, item.key());
      plan.where = expand_all(plan.where, query, item.key());
      plans.push_back(std::move(plan));
    }
    return plans;
  }
  return {};
}

}  // namespace assay::detail
