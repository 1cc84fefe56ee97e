// The fields of a JSON document, and those that its page in docs/formats names: they must agree.
#pragma once

#include <algorithm>
#include <fstream>
#include <functional>
#include <iterator>
#include <map>
#include <regex>
#include <set>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace assay {

struct FieldRules {
  std::string page;                                           // "study.md"
  std::map<std::string, std::vector<std::string>> stand_for;  // "MODEL": {"baseline", "variants[]"}
  std::set<std::string> embedded;  // documents that have pages of their own
  bool expand_estimates = false;   // false: the page names an estimate, not its fields
  // Rows of the page's tables, by their first column: {} = all.
  std::function<bool(const std::string& cell)> is_field = {};
};

inline void collect_fields(const nlohmann::json& json, const std::string& path,
                           const FieldRules& rules, std::set<std::string>& fields) {
  const bool is_estimate = json.is_object() && json.contains("ci95") && json.contains("reason");
  if (json.is_object() && (rules.expand_estimates || !is_estimate)) {
    for (const auto& [key, value] : json.items())
      collect_fields(value, path.empty() ? key : path + "." + key, rules, fields);
  } else if (!rules.embedded.contains(path) && json.is_array() && !json.empty() &&
             json.front().is_object()) {
    for (const auto& value : json) collect_fields(value, path + "[]", rules, fields);
  } else {
    fields.insert(path);
  }
}

// First column of the page's tables: | `field` or `a`, `b` | ... |
inline std::set<std::string> documented_fields(const FieldRules& rules) {
  std::ifstream stream(std::string(ASSAY_SOURCE_DIR) + "/docs/formats/" + rules.page);
  std::set<std::string> fields;
  const std::regex code("`([^`]+)`");
  for (std::string line; std::getline(stream, line);) {
    const std::string cell = line.substr(0, line.find(" | "));
    if (!line.starts_with("| `") || (rules.is_field && !rules.is_field(cell))) continue;
    for (std::sregex_iterator it(cell.begin(), cell.end(), code), end; it != end; ++it) {
      const std::string path = (*it)[1];
      const auto found = rules.stand_for.find(path.substr(0, path.find('.')));
      if (found == rules.stand_for.end()) {
        fields.insert(path);
        continue;
      }
      for (const std::string& place : found->second)
        fields.insert(place + path.substr(found->first.size()));
    }
  }
  return fields;
}

// What only one of the two has.
inline std::vector<std::string> undocumented(const std::string& document, const FieldRules& rules) {
  std::set<std::string> fields;
  collect_fields(nlohmann::json::parse(document), "", rules, fields);
  const std::set<std::string> named = documented_fields(rules);
  std::vector<std::string> different;
  std::set_symmetric_difference(named.begin(), named.end(), fields.begin(), fields.end(),
                                std::back_inserter(different));
  return different;
}

}  // namespace assay
