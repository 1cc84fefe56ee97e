// Inside tasks only: task and group configurations from their YAML maps.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tasks/tasks.h"
#include "tasks/yaml.h"

namespace assay::detail {

struct ConfigProblem {
  enum class Severity {
    kPartial,   // loads and runs, perhaps only under a condition that the message names
    kUnusable,  // loads, but Assay cannot run it
    kBroken,    // wrong: lm-eval does not load it either, or it cannot be understood
  };
  Severity severity = Severity::kBroken;
  std::string file;
  int line = 0;
  std::string message;
};
using ConfigProblems = std::vector<ConfigProblem>;

// Reads the fields of one map. What is wrong becomes a problem, and the fallback is returned.
class FieldReader {
 public:
  // map_name: for messages ("fewshot_config"; "" = the file's own fields).
  FieldReader(const YamlNode& map, std::string map_name, ConfigProblems& problems);

  Yaml get(std::string_view key);    // null when absent
  Yaml value(std::string_view key);  // null when absent or empty
  std::string text(std::string_view key, const std::string& fallback = {});
  std::string text_or_number(std::string_view key);
  std::optional<std::string> optional_text(std::string_view key);
  std::optional<int> integer(std::string_view key, int minimum);
  bool boolean(std::string_view key, bool fallback);
  std::string json_map(std::string_view key);  // "" when absent or empty
  // null_counts: `null` is not the same as absent, and becomes the JSON "null".
  TaskValue task_value(std::string_view key, bool null_counts = false);
  std::vector<std::string> texts(std::string_view key);  // a text or a list of texts
  void report_unknown();                                 // keys that nobody asked for are broken
  std::vector<std::string> rest();                       // those keys; they count as read

  void report(ConfigProblem::Severity severity, const YamlNode& at, const std::string& message);
  void wrong_kind(std::string_view key, const YamlNode& value, std::string_view expected);

 private:
  std::string full_name(std::string_view key) const;
  const YamlNode& map_;
  std::string map_name_;
  ConfigProblems& problems_;
  std::vector<std::string> read_;
};

struct ParsedTask {
  TaskConfig config;
  ConfigProblems problems;
};
// The map of one task, includes and overrides applied.
ParsedTask parse_task(const YamlNode& map);

std::vector<FilterPipeline> parse_filters(FieldReader& reader, ConfigProblems& problems);
std::vector<MetricConfig> parse_metrics(FieldReader& reader, bool own_results,
                                        ConfigProblems& problems);
FewshotConfig parse_fewshot(FieldReader& reader, ConfigProblems& problems);

// Without members, which need the library.
struct ParsedGroup {
  GroupConfig config;
  ConfigProblems problems;
};
ParsedGroup parse_group(const YamlNode& map);
// Fields of a group's map; its other fields go to its tasks.
bool is_group_field(std::string_view key);

// With a digest of the Python files that the task's functions stand in.
std::string canonical_json(const TaskConfig& config);
std::string number_text(const Json& number);  // as Python's str

// Throws Error{kBadInput} for the first problem that stops the use of a task or group.
void require_usable(const ConfigProblems& problems, const std::string& name);

}  // namespace assay::detail
