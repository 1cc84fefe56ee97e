#include <algorithm>
#include <limits>

#include "core/error.h"
#include "tasks/config.h"

namespace assay::detail {

using Severity = ConfigProblem::Severity;

FieldReader::FieldReader(const YamlNode& map, std::string map_name, ConfigProblems& problems)
    : map_(map), map_name_(std::move(map_name)), problems_(problems) {}

void FieldReader::report(Severity severity, const YamlNode& at, const std::string& message) {
  problems_.push_back(
      {.severity = severity, .file = *at.file, .line = at.line, .message = message});
}

void FieldReader::wrong_kind(std::string_view key, const YamlNode& value,
                             std::string_view expected) {
  std::string message =
      full_name(key) + " must be " + std::string(expected) + ", not " + kind_name(value);
  const bool wants_text = expected.find("text") != std::string_view::npos;
  if (wants_text && value.kind == YamlNode::Kind::kScalar) message += "; put it in quotes";
  report(Severity::kBroken, value, message);
}

std::string FieldReader::full_name(std::string_view key) const {
  return map_name_.empty() ? std::string(key) : map_name_ + "." + std::string(key);
}

Yaml FieldReader::get(std::string_view key) {
  read_.emplace_back(key);
  return map_.find(key);
}

Yaml FieldReader::value(std::string_view key) {
  Yaml found = get(key);
  return found && found->is_null() ? nullptr : found;
}

std::optional<std::string> FieldReader::optional_text(std::string_view key) {
  const Yaml found = value(key);
  if (!found) return std::nullopt;
  if (found->is_text()) return found->text();
  wrong_kind(key, *found, "a text");
  return std::nullopt;
}

std::string FieldReader::text(std::string_view key, const std::string& fallback) {
  return optional_text(key).value_or(fallback);
}

std::string FieldReader::text_or_number(std::string_view key) {
  const Yaml found = get(key);
  if (!found || found->is_null()) return {};
  if (found->kind == YamlNode::Kind::kScalar && found->scalar.is_number()) {
    return number_text(found->scalar);
  }
  return text(key);
}

std::optional<int> FieldReader::integer(std::string_view key, int minimum) {
  const Yaml found = value(key);
  if (!found) return std::nullopt;
  if (found->kind == YamlNode::Kind::kScalar && found->scalar.is_number_integer()) {
    const auto number = found->scalar.get<std::int64_t>();
    if (number >= minimum && number <= std::numeric_limits<int>::max()) {
      return static_cast<int>(number);
    }
  }
  wrong_kind(key, *found, "an integer of at least " + std::to_string(minimum));
  return std::nullopt;
}

bool FieldReader::boolean(std::string_view key, bool fallback) {
  const Yaml found = value(key);
  if (!found) return fallback;
  if (found->kind == YamlNode::Kind::kScalar && found->scalar.is_boolean()) {
    return found->scalar.get<bool>();
  }
  wrong_kind(key, *found, "true or false");
  return fallback;
}

std::string FieldReader::json_map(std::string_view key) {
  const Yaml found = value(key);
  if (!found) return {};
  if (found->kind == YamlNode::Kind::kMap) return to_json(*found).dump();
  wrong_kind(key, *found, "a map");
  return {};
}

TaskValue FieldReader::task_value(std::string_view key, bool null_counts) {
  const Yaml found = null_counts ? get(key) : value(key);
  if (!found) return {};
  TaskValue result{.file = *found->file, .line = found->line};
  if (found->kind == YamlNode::Kind::kFunction) {
    result.kind = TaskValue::Kind::kFunction;
    result.text = found->text();
    report(Severity::kPartial, *found,
           full_name(key) + ": !function " + result.text + " is the task's own Python code");
  } else if (found->is_text()) {
    result.kind = TaskValue::Kind::kText;
    result.text = found->text();
  } else {
    result.kind = TaskValue::Kind::kJson;
    result.text = to_json(*found).dump();
  }
  return result;
}

std::vector<std::string> FieldReader::texts(std::string_view key) {
  const Yaml found = value(key);
  if (!found) return {};
  if (found->is_text()) return {found->text()};
  std::vector<std::string> result;
  if (found->kind != YamlNode::Kind::kSequence) {
    wrong_kind(key, *found, "a text or a list of texts");
    return result;
  }
  for (const Yaml& item : found->items) {
    if (item->is_text()) {
      result.push_back(item->text());
    } else {
      wrong_kind(key, *item, "a text or a list of texts");
    }
  }
  return result;
}

std::vector<std::string> FieldReader::rest() {
  std::vector<std::string> keys;
  for (const auto& [key, value] : map_.fields) {
    if (std::find(read_.begin(), read_.end(), key) == read_.end()) keys.push_back(key);
  }
  read_.insert(read_.end(), keys.begin(), keys.end());
  return keys;
}

void FieldReader::report_unknown() {
  constexpr std::size_t kMaxReported = 5;
  std::size_t n_reported = 0;
  for (const std::string& key : rest()) {
    if (++n_reported > kMaxReported) return;
    report(
        Severity::kBroken, *map_.find(key),
        "unknown field '" + full_name(key.substr(0, 80)) + "'; lm-eval does not accept it either");
  }
}

void require_usable(const ConfigProblems& problems, const std::string& name) {
  for (const ConfigProblem& problem : problems) {
    if (problem.severity == Severity::kPartial) continue;
    throw Error(ErrorKind::kBadInput, "'" + name + "' cannot be used: " + problem.message,
                problem.file + ":" + std::to_string(problem.line),
                "`assay tasks validate DIR` lists what is wrong in a folder.");
  }
}

}  // namespace assay::detail
