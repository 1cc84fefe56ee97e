// lm_eval/tasks/_index.py: which names there are. What a file says beyond them is read when a task
// is selected.
#include "tasks/library.h"

#include <algorithm>

#include "core/error.h"

namespace assay {
namespace detail {
namespace {

std::string text_of(const YamlNode& map, std::string_view key) {
  const Yaml value = map.find(key);
  return value && value->is_text() ? value->text() : std::string();
}

std::string version_of(const YamlNode& map) {
  const Yaml metadata = map.find("metadata");
  const Yaml version = metadata ? metadata->find("version") : nullptr;
  if (!version || version->is_null()) return {};
  return version->is_text() ? version->text() : to_json(*version).dump();
}

void add_members(IndexEntry& entry, const YamlNode& map) {
  const Yaml members = map.find("task");
  if (!members) return;
  for (const Yaml& member : members->items) {
    if (member->is_text()) {
      entry.members.push_back(member->text());
    } else if (const Yaml task = member->find("task"); task && task->is_text()) {
      entry.members.push_back(task->text());
    } else if (const Yaml group = member->find("group"); group && group->is_text()) {
      if (task) add_members(entry, *member);
      if (!task) entry.members.push_back(group->text());
    }
  }
}

void add_tags(Index& index, const YamlNode& map, const std::string& task) {
  const Yaml tags = map.find("tag");
  if (!tags || tags->is_null()) return;
  std::vector<Yaml> items = {tags};
  if (tags->kind == YamlNode::Kind::kSequence) items = tags->items;
  for (const Yaml& tag : items) {
    if (!tag->is_text()) continue;
    IndexEntry fresh;
    fresh.kind = IndexEntry::Kind::kTag;
    IndexEntry& entry = index.try_emplace(tag->text(), fresh).first->second;
    entry.tagged.insert(task);
  }
}

// Adds one folder's names; over names of folders before it.
void add_folder(TaskLibrary::Impl& library, const std::string& folder, TaskFiles& files) {
  Index own;
  for (const std::string& file : files.list(folder)) {
    try {
      const std::vector<Yaml> defined = definitions(files.load(file));
      for (std::size_t i = 0; i < defined.size(); ++i) add_to_index(own, *defined[i], file, i);
    } catch (const Error& error) {
      // One broken file does not stop the others; said when a name is not found.
      if (library.n_broken++ == 0) library.first_broken = error.what();
    }
  }
  for (auto& [name, entry] : own) library.index[name] = std::move(entry);
}

class TaskCounter {
 public:
  explicit TaskCounter(const Index& index) : index_(index) {}

  int count(const std::string& name, int depth = 0) {
    const auto found = index_.find(name);
    if (found == index_.end() || depth > kMaxGroupDepth) return 1;  // defined where it is listed
    const IndexEntry& entry = found->second;
    if (entry.kind == IndexEntry::Kind::kTag) return static_cast<int>(entry.tagged.size());
    if (entry.kind != IndexEntry::Kind::kGroup) return 1;
    const auto [known, is_new] = counts_.emplace(name, 0);  // 0 ends a loop of groups
    if (!is_new) return known->second;
    std::int64_t n = 0;
    for (const std::string& member : entry.members) n += count(member, depth + 1);
    return counts_[name] = static_cast<int>(std::min<std::int64_t>(n, 1'000'000));
  }

 private:
  const Index& index_;
  std::map<std::string, int> counts_;
};

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t changed = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({changed, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row[b.size()];
}

}  // namespace

std::optional<IndexEntry::Kind> kind_of(const YamlNode& map) {
  if (map.find("class")) return IndexEntry::Kind::kPythonTask;
  if (map.find("group")) return IndexEntry::Kind::kGroup;
  if (map.find("task")) return IndexEntry::Kind::kTask;
  return std::nullopt;
}

bool add_to_index(Index& index, const YamlNode& map, const std::string& file,
                  std::size_t position) {
  const std::optional<IndexEntry::Kind> kind = kind_of(map);
  if (!kind) return false;
  const bool is_group = *kind == IndexEntry::Kind::kGroup;
  const std::string name = text_of(map, is_group ? "group" : "task");
  if (name.empty()) return false;
  const auto known = index.find(name);
  if (known != index.end() && known->second.kind != IndexEntry::Kind::kTag) return false;
  IndexEntry& entry = index[name];  // a task or group wins over a tag of that name
  entry.kind = *kind;
  entry.file = file;
  entry.position = position;
  entry.alias = text_of(map, is_group ? "group_alias" : "task_alias");
  entry.version = version_of(map);
  if (is_group) {
    add_members(entry, map);
  } else {
    entry.output_type = map.find("output_type") ? text_of(map, "output_type") : "generate_until";
    add_tags(index, map, name);
  }
  return true;
}

std::vector<std::string> nearest_names(const Index& index, const std::string& name) {
  constexpr std::size_t kLongestName = 200;
  std::vector<std::pair<std::size_t, std::string>> ranked;
  if (name.size() > kLongestName) return {};
  for (const auto& [known, entry] : index) {
    std::size_t distance = edit_distance(name, known);
    if (known.starts_with(name)) distance = std::min<std::size_t>(distance, 2);
    if (distance <= std::max<std::size_t>(2, name.size() / 3)) ranked.emplace_back(distance, known);
  }
  std::sort(ranked.begin(), ranked.end());
  std::vector<std::string> names;
  for (std::size_t i = 0; i < std::min<std::size_t>(ranked.size(), 3); ++i) {
    names.push_back(ranked[i].second);
  }
  return names;
}

}  // namespace detail

TaskLibrary open_task_library(const TaskLibraryOptions& options) {
  auto impl = std::make_shared<TaskLibrary::Impl>();
  impl->folders = options.folders;
  detail::TaskFiles files(options.folders);
  if (options.shipped) {
    detail::add_folder(*impl, std::string(detail::kShippedPrefix), files);
  }
  for (const std::string& folder : options.folders) {
    detail::add_folder(*impl, folder, files);
  }
  return {.impl = std::move(impl)};
}

std::vector<TaskEntry> list_tasks(const TaskLibrary& library) {
  std::vector<TaskEntry> entries;
  detail::TaskCounter counter(library.impl->index);
  for (const auto& [name, entry] : library.impl->index) {
    TaskEntry listed{.name = name,
                     .file = entry.file,
                     .alias = entry.alias,
                     .output_type = entry.output_type,
                     .version = entry.version,
                     .n_tasks = counter.count(name)};
    if (entry.kind == detail::IndexEntry::Kind::kGroup) listed.kind = TaskEntry::Kind::kGroup;
    if (entry.kind == detail::IndexEntry::Kind::kTag) listed.kind = TaskEntry::Kind::kTag;
    entries.push_back(std::move(listed));
  }
  return entries;
}

}  // namespace assay
