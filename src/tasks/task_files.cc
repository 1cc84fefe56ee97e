#include "tasks/task_files.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "core/error.h"

namespace assay::detail {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxIncludeDepth = 16;
constexpr std::size_t kMaxIncludes = 100;  // of one file

bool is_shipped(std::string_view file) { return file.starts_with(kShippedPrefix); }

std::string read_shipped(const std::string& file) {
  const std::string_view path = std::string_view(file).substr(kShippedPrefix.size());
  for (const EmbeddedFile& shipped : shipped_files()) {
    if (shipped.path == path) return std::string(shipped.content);
  }
  throw Error(ErrorKind::kIo, "There is no such shipped task file", file);
}

std::string read_text(const std::string& file) {
  if (is_shipped(file)) return read_shipped(file);
  std::error_code problem;
  const fs::file_status status = fs::status(file, problem);
  if (!fs::exists(status)) throw Error(ErrorKind::kIo, "There is no such task file", file);
  if (!fs::is_regular_file(status)) {
    throw Error(ErrorKind::kBadInput, "A task file must be a regular file", file);
  }
  std::ifstream stream(file, std::ios::binary);
  std::string text(kMaxYamlBytes + 1, '\0');
  stream.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (stream.bad() || !stream.is_open()) {
    throw Error(ErrorKind::kIo, "The task file cannot be read", file, "Check its permissions.");
  }
  text.resize(static_cast<std::size_t>(stream.gcount()));
  return text;
}

void drop(YamlNode& map, std::string_view key) {
  std::erase_if(map.fields, [&](const auto& field) { return field.first == key; });
}

[[noreturn]] void refuse_list(const std::string& why, const YamlNode& at) {
  throw Error(ErrorKind::kBadInput, why, place(at),
              "Each item is a map with `task`, laid over the rest of the file.");
}

}  // namespace

std::vector<Yaml> definitions(const Yaml& map) {
  const Yaml list = map->find("task_list");
  if (!list || map->find("task") || map->find("group") || map->find("class")) return {map};
  if (list->kind != YamlNode::Kind::kSequence) {
    refuse_list("task_list must be a list, not " + std::string(kind_name(*list)), *list);
  }
  if (list->items.size() * map->fields.size() > kMaxYamlNodes) {
    refuse_list("The task_list is too long for the number of fields beside it", *list);
  }
  YamlNode rest = *map;
  drop(rest, "task_list");
  std::vector<Yaml> all;
  for (const Yaml& item : list->items) {
    if (!item->find("task")) refuse_list("An item of task_list has no `task`", *item);
    auto whole = std::make_shared<YamlNode>(rest);
    overlay(*whole, *item);
    whole->line = item->line;
    all.push_back(std::move(whole));
  }
  return all;
}

TaskFiles::TaskFiles(const std::vector<std::string>& folders) {
  for (const std::string& folder : folders) allow(folder);
}

void TaskFiles::allow(const std::string& folder) {
  std::error_code problem;
  const fs::path canonical = fs::canonical(folder, problem);
  if (problem || !fs::is_directory(canonical, problem)) {
    throw Error(ErrorKind::kIo, "There is no such folder of task files", folder);
  }
  folders_.push_back(canonical.string());
}

std::vector<std::string> TaskFiles::list(const std::string& folder) const {
  std::vector<std::string> files;
  if (is_shipped(folder)) {
    for (const EmbeddedFile& file : shipped_files()) {
      if (!file.path.ends_with(".yaml")) continue;
      files.push_back(std::string(kShippedPrefix) + std::string(file.path));
    }
  } else {
    std::error_code problem, ignored;
    fs::recursive_directory_iterator entry(folder, problem), end;
    while (!problem && entry != end) {
      const std::string name = entry->path().filename().string();
      if (name == "__pycache__" || name == ".ipynb_checkpoints") {
        entry.disable_recursion_pending();
      } else if (entry->path().extension() == ".yaml" && entry->is_regular_file(ignored)) {
        files.push_back(entry->path().string());
      }
      entry.increment(problem);
    }
    if (problem) {
      throw Error(ErrorKind::kIo, "The folder of task files cannot be read", folder,
                  problem.message());
    }
  }
  std::sort(files.begin(), files.end());
  return files;
}

Yaml TaskFiles::load(const std::string& file) {
  std::vector<std::string> chain;
  return load_within(file, chain);
}

Yaml TaskFiles::parse(const std::string& file) {
  Yaml root = parse_yaml(read_text(file), file);
  if (root->kind != YamlNode::Kind::kMap) {
    throw Error(ErrorKind::kBadInput,
                "A task file is a map of fields; this is " + std::string(kind_name(*root)),
                place(*root));
  }
  return root;
}

Yaml TaskFiles::load_within(const std::string& file, std::vector<std::string>& chain) {
  if (const auto known = resolved_.find(file); known != resolved_.end()) return known->second;
  Yaml own = parse(file);
  const Yaml includes = own->find("include");
  // Leaves are not kept: a large folder has thousands, and each is read once.
  const bool is_leaf = chain.empty() && !own->find("task_list");
  if (!includes) return is_leaf ? own : resolved_[file] = own;

  chain.push_back(file);
  std::vector<Yaml> names = {includes};
  if (includes->kind == YamlNode::Kind::kSequence) names = includes->items;
  if (names.size() > kMaxIncludes) {
    throw Error(ErrorKind::kBadInput,
                "A file includes more than " + std::to_string(kMaxIncludes) + " others",
                place(*includes));
  }
  auto merged = std::make_shared<YamlNode>();
  merged->kind = YamlNode::Kind::kMap;
  merged->file = own->file;
  merged->line = own->line;
  for (const Yaml& name : names) {
    const std::string included = resolve(*name, file);
    if (std::find(chain.begin(), chain.end(), included) != chain.end()) {
      throw Error(ErrorKind::kBadInput, "The files include each other in a loop", place(*name),
                  "Remove one of the includes.");
    }
    if (chain.size() >= kMaxIncludeDepth) {
      throw Error(ErrorKind::kBadInput,
                  "Includes are nested deeper than " + std::to_string(kMaxIncludeDepth) + " files",
                  place(*name));
    }
    YamlNode base = *load_within(included, chain);
    drop(base, "task_list");
    overlay(*merged, base);
  }
  chain.pop_back();
  overlay(*merged, *own);
  drop(*merged, "include");
  if (!is_leaf) resolved_[file] = merged;
  return merged;
}

std::string TaskFiles::resolve(const YamlNode& include, const std::string& from) const {
  if (!include.is_text()) {
    throw Error(ErrorKind::kBadInput,
                "include must be a path or a list of paths, not " + std::string(kind_name(include)),
                place(include));
  }
  const bool shipped = is_shipped(from);
  const std::string base = shipped ? from.substr(kShippedPrefix.size()) : from;
  const fs::path joined = (fs::path(base).parent_path() / include.text()).lexically_normal();
  if (shipped) return std::string(kShippedPrefix) + joined.string();
  std::error_code problem;
  const fs::path canonical = fs::canonical(joined, problem);
  if (problem) {
    throw Error(ErrorKind::kBadInput, "The included file '" + include.text() + "' is not there",
                place(include), "It is looked for beside the file that includes it.");
  }
  if (!is_inside(canonical.string())) {
    throw Error(ErrorKind::kBadInput,
                "The include '" + include.text() + "' leaves the folder of task files",
                place(include), "Give the folder that holds both files.");
  }
  return joined.string();
}

bool TaskFiles::is_inside(const std::string& file) const {
  return std::any_of(folders_.begin(), folders_.end(), [&](const std::string& folder) {
    const std::string prefix = folder.ends_with('/') ? folder : folder + '/';
    return file.starts_with(prefix);
  });
}

}  // namespace assay::detail
