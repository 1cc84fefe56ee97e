// Where a hub repository (or a folder) keeps the rows of a split.
#include <fnmatch.h>

#include <algorithm>
#include <array>
#include <regex>
#include <set>

#include "core/error.h"
#include "tasks/split_plan.h"

namespace assay::detail {
namespace {

using SplitPatterns = std::vector<std::pair<std::string, std::vector<std::string>>>;

std::string base_name(const std::string& path) { return path.substr(path.rfind('/') + 1); }
std::string folder_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string::npos ? "" : path.substr(0, slash);
}

bool holds_rows(const std::string& path) {
  const std::string name = base_name(path);
  static constexpr std::array<const char*, 4> kOthers = {"dataset_infos.json", "requirements.txt",
                                                         "README.txt", "LICENSE.txt"};
  return !name.starts_with('.') && !path.starts_with('.') && format_of(path) &&
         std::find(kOthers.begin(), kOthers.end(), name) == kOthers.end();
}

// Files of one split in one format: of several formats the one that keeps types best.
SplitPlan make_plan(const std::string& split, std::vector<std::string> files) {
  const auto rank = [](const std::string& path) {
    const RowFormat format = *format_of(path);
    if (format == RowFormat::kParquet) return 0;
    return format == RowFormat::kJson ? 1 : 2 + static_cast<int>(format);
  };
  std::sort(files.begin(), files.end());
  files.erase(std::unique(files.begin(), files.end()), files.end());
  int best = 100;
  for (const std::string& file : files) best = std::min(best, rank(file));
  std::erase_if(files, [&](const std::string& file) { return rank(file) != best; });
  SplitPlan plan{.split = split, .files = files};
  plan.read.format = *format_of(files.front());
  return plan;
}

void add_file(SplitPatterns& splits, const std::string& split, const std::string& file) {
  for (auto& [name, files] : splits)
    if (name == split) return files.push_back(file);
  splits.emplace_back(split, std::vector<std::string>{file});
}

std::vector<SplitPlan> to_plans(const SplitPatterns& splits) {
  std::vector<SplitPlan> plans;
  for (const auto& [split, files] : splits) plans.push_back(make_plan(split, files));
  return plans;
}

std::vector<SplitPlan> plan_patterns(const std::vector<std::string>& files,
                                     const SplitPatterns& splits) {
  SplitPatterns found;
  for (const auto& [split, patterns] : splits)
    for (const std::string& pattern : patterns)
      for (const std::string& file : files)
        if (format_of(file) && matches_pattern(pattern, file)) add_file(found, split, file);
  return to_plans(found);
}

// The split that a word such as "dev" in a file's or folder's name means; "" = none.
std::string split_of_word(const std::string& name) {
  static const std::regex kWord("[A-Za-z]+");
  for (std::sregex_iterator it(name.begin(), name.end(), kWord), end; it != end; ++it) {
    const std::string word = it->str();
    if (word == "train" || word == "training") return "train";
    if (word == "validation" || word == "valid" || word == "dev" || word == "val")
      return "validation";
    if (word == "test" || word == "testing" || word == "eval" || word == "evaluation")
      return "test";
  }
  return {};
}

// As `datasets` does without a header: sharded files by their own name, else words in file names,
// else words in folder names, else all of it is "train".
std::vector<SplitPlan> plan_names(const std::vector<std::string>& files, const std::string& base) {
  static const std::regex kShard(R"((.+)-\d{5}-of-\d{5}.*)");
  SplitPatterns sharded, by_file, by_folder, rest;
  for (const std::string& file : files) {
    if (!file.starts_with(base) || !holds_rows(file)) continue;
    const std::string inside = file.substr(base.size());
    const std::string folder = folder_of(inside);
    const std::string name = base_name(inside);
    std::smatch shard;
    if ((folder.empty() || folder == "data") && std::regex_match(name, shard, kShard))
      add_file(sharded, shard[1], file);
    const std::string by_name = split_of_word(name.substr(0, name.find('.')));
    if (!by_name.empty()) add_file(by_file, by_name, file);
    const std::string by_path = split_of_word(folder);
    if (!by_path.empty()) add_file(by_folder, by_path, file);
    add_file(rest, "train", file);
  }
  for (const SplitPatterns* found : {&sharded, &by_file, &by_folder, &rest})
    if (!found->empty()) return to_plans(*found);
  return {};
}

std::vector<std::string> folders_with_rows(const std::vector<std::string>& files) {
  std::set<std::string> folders;
  for (const std::string& file : files)
    if (const std::size_t slash = file.find('/'); slash != std::string::npos && holds_rows(file))
      folders.insert(file.substr(0, slash));
  return {folders.begin(), folders.end()};
}

// Rows only in folders that are no splits: configurations, which must not be mixed.
bool has_unnamed_configs(const std::vector<std::string>& files,
                         const std::vector<std::string>& folders) {
  const bool at_top = std::any_of(files.begin(), files.end(), [](const std::string& file) {
    return file.find('/') == std::string::npos && holds_rows(file);
  });
  const auto is_config = [](const std::string& folder) {
    return folder != "data" && split_of_word(folder).empty();
  };
  return !at_top && std::count_if(folders.begin(), folders.end(), is_config) > 1;
}

const Json* find_config(const Json& header, const std::string& config) {
  const auto found = header.is_object() ? header.find("configs") : header.end();
  if (!header.is_object() || found == header.end() || !found->is_array()) return nullptr;
  const Json* fallback = found->size() == 1 && config.empty() ? &found->front() : nullptr;
  for (const Json& entry : *found) {
    if (!entry.is_object()) continue;
    const Json name = entry.value("config_name", Json("default"));
    if (name == Json(config.empty() ? "default" : config)) return &entry;
    if (config.empty() && entry.value("default", Json(false)) == Json(true)) fallback = &entry;
  }
  return fallback;
}

std::string config_names(const Json& header) {
  std::string names;
  for (const Json& entry : header.at("configs"))
    if (entry.is_object() && entry.contains("config_name") && entry["config_name"].is_string())
      names += (names.empty() ? "" : ", ") + entry["config_name"].get<std::string>();
  return names;
}

bool has_configs(const Json& header) {
  return header.is_object() && header.contains("configs") && header["configs"].is_array() &&
         !header["configs"].empty();
}

std::vector<SplitPlan> plan_config(const std::vector<std::string>& files, const Json& entry) {
  std::string folder = entry.contains("data_dir") && entry["data_dir"].is_string()
                           ? entry["data_dir"].get<std::string>() + "/"
                           : "";
  if (!entry.contains("data_files")) return plan_names(files, folder);
  SplitPatterns patterns = patterns_by_split(entry["data_files"]);
  for (auto& [split, list] : patterns)
    for (std::string& pattern : list) pattern.insert(0, folder);
  return plan_patterns(files, patterns);
}

}  // namespace

bool matches_pattern(const std::string& pattern, const std::string& path) {
  if (pattern.find("**") == std::string::npos)
    return fnmatch(pattern.c_str(), path.c_str(), FNM_PATHNAME) == 0;
  // "**/x" also matches x itself.
  if (const std::size_t at = pattern.find("**/"); at != std::string::npos) {
    std::string without = pattern;
    if (matches_pattern(without.erase(at, 3), path)) return true;
  }
  return fnmatch(pattern.c_str(), path.c_str(), 0) == 0;
}

std::vector<std::pair<std::string, std::vector<std::string>>> patterns_by_split(
    const Json& data_files) {
  const auto to_list = [](const Json& value) {
    std::vector<std::string> list;
    for (const Json& item : value.is_array() ? value : Json::array({value}))
      if (item.is_string()) list.push_back(item.get<std::string>());
    return list;
  };
  SplitPatterns splits;
  if (data_files.is_object()) {
    for (const auto& item : data_files.items())
      splits.emplace_back(item.key(), to_list(item.value()));
    return splits;
  }
  const bool by_split = data_files.is_array() && !data_files.empty() &&
                        data_files.front().is_object();  // [{split: .., path: ..}]
  if (!by_split) return {{"train", to_list(data_files)}};
  for (const Json& item : data_files)
    if (item.is_object() && item.contains("split") && item["split"].is_string() &&
        item.contains("path"))
      splits.emplace_back(item["split"].get<std::string>(), to_list(item["path"]));
  return splits;
}

std::vector<SplitPlan> plan_repository(const std::vector<std::string>& files, const Json& header,
                                       const std::string& config, const Json& data_files,
                                       std::string& why_not) {
  std::vector<SplitPlan> plans;
  why_not = "it has no file of rows";
  if (!data_files.is_null()) {
    plans = plan_patterns(files, patterns_by_split(data_files));
    why_not = "no file fits data_files " + data_files.dump();
  } else if (const Json* entry = find_config(header, config)) {
    plans = plan_config(files, *entry);
    why_not = "none of the files that its README.md names is there";
  } else if (has_configs(header)) {
    why_not = (config.empty() ? "it has several configurations and none is the default"
                              : "it has no configuration '" + config + "'") +
              std::string("; there are: ") + config_names(header);
  } else {
    const std::vector<std::string> folders = folders_with_rows(files);
    const bool has_folder = std::find(folders.begin(), folders.end(), config) != folders.end();
    if (has_folder && !config.empty()) {
      plans = plan_names(files, config + "/");
    } else if (has_unnamed_configs(files, folders)) {
      why_not = "its files lie in several folders, and nothing says which one is meant";
    } else if (config.empty() || config == "default") {
      plans = plan_names(files, "");
    } else {
      why_not = "it has no folder '" + config + "' with files of rows";
    }
  }
  if (!plans.empty()) why_not.clear();
  return plans;
}

std::vector<SplitPlan> plan_converted(const std::vector<std::string>& files,
                                      const std::string& config, std::string& why_not) {
  std::vector<std::string> configs = folders_with_rows(files);
  std::string wanted = config;
  if (wanted.empty()) wanted = configs.size() == 1 ? configs.front() : "default";
  SplitPatterns splits;
  for (const std::string& file : files) {
    const std::string folder = folder_of(file);
    if (!folder.starts_with(wanted + "/") || !file.ends_with(".parquet")) continue;
    std::string split = folder.substr(wanted.size() + 1);
    if (split.starts_with("partial-")) continue;  // cut off by the hub: not the whole split
    add_file(splits, split, file);
  }
  if (splits.empty())
    why_not = "the hub's conversion to Parquet has no configuration '" + wanted + "'";
  return to_plans(splits);
}

}  // namespace assay::detail
