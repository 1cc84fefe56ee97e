// Inside tasks only: the names of a library and where they are defined.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "tasks/task_files.h"
#include "tasks/tasks.h"

namespace assay::detail {

struct IndexEntry {
  enum class Kind { kTask, kPythonTask, kGroup, kTag };
  Kind kind = Kind::kTask;
  std::string file, alias, output_type, version;
  std::size_t position = 0;          // among the definitions of its file
  std::set<std::string> tagged;      // of a tag: its tasks
  std::vector<std::string> members;  // of a group: names in its list
};
inline constexpr int kMaxGroupDepth = 32;  // groups within groups
using Index = std::map<std::string, IndexEntry>;

// What a file's map defines; nothing for a template that others include.
std::optional<IndexEntry::Kind> kind_of(const YamlNode& map);
// Adds what one definition of a file defines; a name that is there already stays, as in lm-eval.
// False: nothing was added, since it defines nothing or its name is taken or no text.
bool add_to_index(Index& index, const YamlNode& map, const std::string& file,
                  std::size_t position = 0);

// Up to three names of the index that a person may have meant.
std::vector<std::string> nearest_names(const Index& index, const std::string& name);

}  // namespace assay::detail

struct assay::TaskLibrary::Impl {
  std::vector<std::string> folders;
  assay::detail::Index index;
  int n_broken = 0;          // files that could not be read
  std::string first_broken;  // why, of the first
};
