#include "tasks/select.h"

#include <fnmatch.h>

#include <algorithm>
#include <filesystem>

#include "core/error.h"
#include "tasks/config.h"

namespace assay {
namespace detail {
namespace {

constexpr int kMaxAdded = 20'000;  // tasks and groups met on the way; ends groups that explode

YamlNode empty_map() {
  YamlNode map;
  map.kind = YamlNode::Kind::kMap;
  return map;
}

// What goes from a group, or from a reference to one, to the tasks inside.
YamlNode task_fields(const YamlNode& map) {
  YamlNode fields = empty_map();
  for (const auto& field : map.fields) {
    if (!is_group_field(field.first) && field.first != "class") fields.fields.push_back(field);
  }
  return fields;
}

std::string quoted_list(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "'" : ", '") + name + "'";
  return text;
}

std::string did_you_mean(const Index& index, const std::string& name) {
  const std::vector<std::string> near = nearest_names(index, name);
  return near.empty() ? std::string() : "Did you mean " + quoted_list(near) + "? ";
}

}  // namespace

void Selector::add(const std::string& name) { add_entry(name, index_.at(name), empty_map()); }

void Selector::add_file(const std::string& file) {
  const std::vector<Yaml> defined = definitions(files_.load(file));
  Index own;
  for (std::size_t i = 0; i < defined.size(); ++i) add_to_index(own, *defined[i], file, i);
  if (own.empty()) {
    throw Error(ErrorKind::kBadInput, "The file defines no task or group", file);
  }
  for (const auto& [name, entry] : own) {
    if (entry.kind != IndexEntry::Kind::kTag) add_entry(name, entry, empty_map());
  }
}

Selector::Names Selector::add_entry(const std::string& name, const IndexEntry& entry,
                                    const YamlNode& overrides) {
  if (entry.kind == IndexEntry::Kind::kTag) {
    Names names;
    for (const std::string& task : entry.tagged) {
      const auto found = index_.find(task);
      if (found == index_.end() || found->second.kind == IndexEntry::Kind::kTag) continue;
      const Names added = add_entry(task, found->second, overrides);
      names.insert(names.end(), added.begin(), added.end());
    }
    return names;
  }
  const Yaml map = definitions(files_.load(entry.file)).at(entry.position);
  return entry.kind == IndexEntry::Kind::kGroup ? add_group(*map, name, overrides)
                                                : add_task(*map, name, overrides);
}

Selector::Names Selector::add_task(const YamlNode& map, const std::string& name,
                                   const YamlNode& overrides) {
  if (++n_added_ > kMaxAdded) {
    throw Error(ErrorKind::kBadInput, "The groups list more than 20000 tasks", place(map));
  }
  YamlNode merged = map;
  overlay(merged, overrides);
  ParsedTask parsed = parse_task(merged);
  parsed.config.task = name;
  require_usable(parsed.problems, name);
  parsed.config.canonical_json = canonical_json(parsed.config);
  const auto [at, is_new] = task_at_.emplace(name, selection_.tasks.size());
  if (is_new) {
    selection_.tasks.push_back(std::move(parsed.config));
  } else if (selection_.tasks[at->second].canonical_json != parsed.config.canonical_json) {
    throw Error(ErrorKind::kUsage,
                "'" + name +
                    "' is selected twice, with different settings (groups may change "
                    "those of their tasks)",
                place(map), "Select them in separate runs.");
  }
  return {name};
}

std::size_t Selector::group_slot(const std::string& name) {
  const auto [at, is_new] = group_at_.emplace(name, selection_.groups.size());
  if (is_new) selection_.groups.emplace_back();
  return at->second;
}

Selector::Names Selector::add_group(const YamlNode& map, const std::string& name,
                                    const YamlNode& overrides) {
  const bool is_open =
      std::find(open_groups_.begin(), open_groups_.end(), name) != open_groups_.end();
  if (is_open || open_groups_.size() >= static_cast<std::size_t>(kMaxGroupDepth)) {
    throw Error(ErrorKind::kBadInput,
                is_open ? "The group '" + name + "' contains itself"
                        : "Groups are nested deeper than " + std::to_string(kMaxGroupDepth),
                place(map), "Remove it from the list of an inner group.");
  }
  if (++n_added_ > kMaxAdded) {
    throw Error(ErrorKind::kBadInput, "The groups list more than 20000 tasks", place(map));
  }
  ParsedGroup parsed = parse_group(map);
  require_usable(parsed.problems, name);
  parsed.config.group = name;
  const std::size_t slot = group_slot(name);
  YamlNode inner = task_fields(map);
  overlay(inner, overrides);
  open_groups_.push_back(name);
  for (const Yaml& member : map.find("task")->items) {
    for (std::string& added : add_member(*member, name, inner)) {
      Names& members = parsed.config.members;
      const bool listed = std::find(members.begin(), members.end(), added) != members.end();
      if (!listed) members.push_back(std::move(added));
    }
  }
  open_groups_.pop_back();
  selection_.groups[slot] = std::move(parsed.config);
  return {name};
}

Selector::Names Selector::add_member(const YamlNode& member, const std::string& group,
                                     const YamlNode& overrides) {
  if (member.is_text()) {
    const auto found = index_.find(member.text());
    if (found != index_.end()) return add_entry(member.text(), found->second, overrides);
    throw Error(ErrorKind::kBadInput,
                "The group '" + group + "' lists '" + member.text() +
                    "', and there is no task, group or tag of that name",
                place(member),
                did_you_mean(index_, member.text()) + "Give the folder that defines it, too.");
  }
  if (member.find("group")) return add_group_member(member, group, overrides);
  if (member.find("task")) return add_named_member(member, group, overrides);
  throw Error(ErrorKind::kBadInput,
              "The group '" + group + "' has a member without a task or group name (" +
                  kind_name(member) + ")",
              place(member), "Each member is a name, or a map with `task` or `group`.");
}

Selector::Names Selector::add_named_member(const YamlNode& member, const std::string& group,
                                           const YamlNode& overrides) {
  const Yaml name = member.find("task");
  if (!name->is_text()) {
    throw Error(
        ErrorKind::kBadInput,
        "`task` of a member of the group '" + group + "' must be a name, not " + kind_name(*name),
        place(*name), "A group inside a group has `group` and `task`.");
  }
  const auto found = index_.find(name->text());
  if (found == index_.end()) {  // the task is defined here
    YamlNode whole = member;
    YamlNode merged = overrides;
    overlay(merged, member);
    whole.fields = merged.fields;
    return add_task(whole, group + "::" + name->text(), empty_map());
  }
  const bool is_group = found->second.kind == IndexEntry::Kind::kGroup;
  YamlNode own = is_group ? task_fields(member) : member;
  std::erase_if(own.fields, [](const auto& field) { return field.first == "task"; });
  YamlNode merged = overrides;
  overlay(merged, own);
  return add_entry(name->text(), found->second, merged);
}

Selector::Names Selector::add_group_member(const YamlNode& member, const std::string& group,
                                           const YamlNode& overrides) {
  const Yaml name = member.find("group");
  if (!name->is_text()) {
    throw Error(ErrorKind::kBadInput,
                "`group` must be a name, not " + std::string(kind_name(*name)), place(*name));
  }
  const auto found = index_.find(name->text());
  if (found == index_.end()) return add_group(member, group + "::" + name->text(), overrides);
  YamlNode merged = overrides;
  overlay(merged, task_fields(member));
  return add_entry(name->text(), found->second, merged);
}

namespace {

[[noreturn]] void unknown_name(const TaskLibrary::Impl& library, const std::string& name) {
  std::string remedy = did_you_mean(library.index, name) + "`assay tasks ls` lists the names.";
  if (library.n_broken > 0) {
    remedy += " " + std::to_string(library.n_broken) +
              " task files could not be read; the first: " + library.first_broken;
  }
  throw Error(ErrorKind::kUsage, "There is no task, group or tag '" + name + "'", {}, remedy);
}

void add_matching(Selector& selector, const TaskLibrary::Impl& library,
                  const std::string& pattern) {
  bool found = false;
  for (const auto& [name, entry] : library.index) {
    if (fnmatch(pattern.c_str(), name.c_str(), FNM_NOESCAPE) != 0) continue;
    selector.add(name);
    found = true;
  }
  if (!found) unknown_name(library, pattern);
}

}  // namespace
}  // namespace detail

TaskSelection select_tasks(const TaskLibrary& library, std::span<const std::string> names) {
  const TaskLibrary::Impl& impl = *library.impl;
  detail::TaskFiles files(impl.folders);
  detail::Selector selector(impl.index, files);
  for (const std::string& name : names) {
    std::error_code problem;
    if (impl.index.contains(name)) {
      selector.add(name);
    } else if (name.ends_with(".yaml") && std::filesystem::is_regular_file(name, problem)) {
      const auto parent = std::filesystem::absolute(name).parent_path();
      files.allow(parent.string());
      selector.add_file(name);
    } else if (name.find_first_of("*?[") != std::string::npos) {
      detail::add_matching(selector, impl, name);
    } else {
      detail::unknown_name(impl, name);
    }
  }
  return selector.take();
}

}  // namespace assay
