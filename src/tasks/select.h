// Inside tasks only: from names to configurations.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "tasks/library.h"

namespace assay::detail {

// lm_eval/tasks/_factory.py: groups and tags become their tasks; what a group says beside its
// members goes over the fields of its tasks. Differences: a task that is reached twice appears
// once (Error{kUsage} when its settings differ), a name keeps its own tasks' names.
class Selector {
 public:
  Selector(const Index& index, TaskFiles& files) : index_(index), files_(files) {}

  // A task, group or tag of the index.
  void add(const std::string& name);
  // A task or group of a file that is not in the index.
  void add_file(const std::string& file);
  TaskSelection take() { return std::move(selection_); }

 private:
  using Names = std::vector<std::string>;
  // Each returns the names that a group lists for what was added.
  Names add_entry(const std::string& name, const IndexEntry& entry, const YamlNode& overrides);
  Names add_task(const YamlNode& map, const std::string& name, const YamlNode& overrides);
  Names add_group(const YamlNode& map, const std::string& name, const YamlNode& overrides);
  Names add_member(const YamlNode& member, const std::string& group, const YamlNode& overrides);
  Names add_named_member(const YamlNode& member, const std::string& group,
                         const YamlNode& overrides);
  Names add_group_member(const YamlNode& member, const std::string& group,
                         const YamlNode& overrides);
  std::size_t group_slot(const std::string& name);

  const Index& index_;
  TaskFiles& files_;
  TaskSelection selection_;
  std::map<std::string, std::size_t> task_at_, group_at_;
  std::vector<std::string> open_groups_;
  int n_added_ = 0;
};

}  // namespace assay::detail
