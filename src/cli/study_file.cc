#include "cli/study_file.h"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <filesystem>

#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "cli/load_runs.h"
#include "core/error.h"

namespace assay::cli {
namespace {

constexpr std::size_t kLargest = 1 << 20;  // bytes; aliases cannot be used to grow beyond it

// Keys whose values are files or folders.
constexpr const char* kReadKeys[] = {"baseline",         "variants", "text",
                                     "imatrix",          "data",     "include-path",
                                     "calibration-text", "samples"};
constexpr const char* kWrittenKeys[] = {"output", "store", "cache-dir"};

template <std::size_t kSize>
bool is_one_of(const std::string& key, const char* const (&keys)[kSize]) {
  return std::find(std::begin(keys), std::end(keys), key) != std::end(keys);
}

class Reader {
 public:
  Reader(const std::string& path, CLI::App& command) : path_(path), command_(command) {}

  StudyFile read() {
    const YAML::Node root = parse();
    if (!root.IsMap()) refuse(root, "A study is a map of settings", "baseline: model.gguf");
    StudyFile file;
    FamilyNames family;
    for (const auto& entry : root) {
      const std::string key = key_of(entry.first);
      if (key == "families") {
        file.families = families(entry.second);
      } else if (key == "baseline") {
        family.baseline = values(key, entry.second).front();
      } else if (key == "variants") {
        family.variants = values(key, entry.second);
      } else {
        set(key, entry.first, entry.second);
      }
    }
    if (!family.baseline.empty()) file.families.insert(file.families.begin(), std::move(family));
    if (file.families.empty()) refuse(root, "The study names no baseline", "baseline: model.gguf");
    return file;
  }

 private:
  [[noreturn]] void refuse(const YAML::Node& node, const std::string& what,
                           const std::string& example) const {
    throw Error(ErrorKind::kBadInput, what, fmt::format("{}:{}", path_, node.Mark().line + 1),
                "For example " + example + "; `assay study --help` lists the settings.");
  }

  YAML::Node parse() const {
    const std::string text = read_input(path_);
    if (text.size() > kLargest)
      throw Error(ErrorKind::kBadInput, "A study file of more than 1 MiB", path_,
                  "Is it another file?");
    if (text.find('\0') != std::string::npos)
      throw Error(ErrorKind::kBadInput, "This is no text file", path_, "Give a study's YAML file.");
    try {
      return YAML::Load(text);
    } catch (const YAML::Exception& error) {
      throw Error(ErrorKind::kBadInput, "Broken YAML: " + error.msg,
                  fmt::format("{}:{}", path_, error.mark.line + 1), "Correct the line.");
    }
  }

  std::string key_of(const YAML::Node& node) const {
    if (!node.IsScalar()) refuse(node, "A setting's name is a word", "margin: 1pp");
    std::string key = node.Scalar();
    std::replace(key.begin(), key.end(), '_', '-');
    return key;
  }

  std::vector<std::string> values(const std::string& key, const YAML::Node& node) const {
    std::vector<std::string> values;
    if (node.IsScalar()) {
      values.push_back(node.Scalar());
    } else if (key == "samples" && node.IsMap()) {
      values.push_back(rows(node));
    } else if (node.IsSequence()) {
      for (const YAML::Node& item : node) {
        if (!item.IsScalar()) refuse(item, "'" + key + "' is a list of words", key + ": [a, b]");
        values.push_back(item.Scalar());
      }
    }
    if (values.empty()) refuse(node, "'" + key + "' has no value", key + ": VALUE");
    if (is_one_of(key, kReadKeys)) {
      for (std::string& value : values) value = beside_file(value);
    }
    if (is_one_of(key, kWrittenKeys)) {
      const std::filesystem::path folder = std::filesystem::path(path_).parent_path();
      for (std::string& value : values) value = (folder / value).string();
    }
    return values;
  }

  // samples: {task: [0, 5]}, as the flag's JSON.
  std::string rows(const YAML::Node& node) const {
    const char* const example = "samples: {gsm8k: [0, 5, 9]}";
    nlohmann::json json;
    for (const auto& entry : node) {
      if (!entry.first.IsScalar()) refuse(entry.first, "A task's name is a word", example);
      if (!entry.second.IsSequence()) refuse(entry.second, "A task's rows are a list", example);
      nlohmann::json& list = json[entry.first.Scalar()] = nlohmann::json::array();
      for (const YAML::Node& row : entry.second) {
        std::int64_t number = 0;
        if (!YAML::convert<std::int64_t>::decode(row, number))
          refuse(row, "A row is a number", example);
        list.push_back(number);
      }
    }
    return json.dump();
  }

  // A name that is a file beside this one; variants' names that are no files stay.
  std::string beside_file(const std::string& value) const {
    const std::size_t plus = value.find('+');
    const std::filesystem::path named = value.substr(0, plus);
    const std::filesystem::path beside = std::filesystem::path(path_).parent_path() / named;
    std::error_code error;
    if (named.is_absolute() || !std::filesystem::exists(beside, error)) return value;
    return beside.string() + (plus == std::string::npos ? "" : value.substr(plus));
  }

  std::vector<FamilyNames> families(const YAML::Node& node) const {
    const char* const example = "families: [{baseline: small.gguf, variants: [Q8_0]}]";
    if (!node.IsSequence()) refuse(node, "'families' is a list", example);
    std::vector<FamilyNames> families;
    for (const YAML::Node& item : node) {
      if (!item.IsMap()) refuse(item, "A family is a map of baseline and variants", example);
      FamilyNames family;
      for (const auto& entry : item) {
        const std::string key = key_of(entry.first);
        if (key == "baseline") {
          family.baseline = values(key, entry.second).front();
        } else if (key == "variants") {
          family.variants = values(key, entry.second);
        } else {
          refuse(entry.first, "A family has no '" + key + "'", example);
        }
      }
      if (family.baseline.empty()) refuse(item, "The family names no baseline", example);
      families.push_back(std::move(family));
    }
    return families;
  }

  void set(const std::string& key, const YAML::Node& name, const YAML::Node& node) const {
    CLI::Option* option = command_.get_option_no_throw("--" + key);
    if (option == nullptr)
      refuse(name, "There is no setting '" + name.Scalar() + "'", "margin: 1pp");
    if (option->count() > 0) return;  // the command line's counts
    try {
      option->add_result(values(key, node));
      option->run_callback();
    } catch (const CLI::Error& error) {
      refuse(node, fmt::format("'{}': {}", name.Scalar(), error.what()), key + ": VALUE");
    }
  }

  std::string path_;
  CLI::App& command_;
};

}  // namespace

StudyFile read_study_file(const std::string& path, CLI::App& command) {
  return Reader(path, command).read();
}

}  // namespace assay::cli
