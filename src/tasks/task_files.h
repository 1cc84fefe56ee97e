// Inside tasks only: where the text of task files comes from, and `include:`.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/embedded_files.h"
#include "tasks/yaml.h"

namespace assay::detail {

// A shipped file is named kShippedPrefix + its path below the repository's tasks/.
inline constexpr std::string_view kShippedPrefix = "shipped:";

// Every file of tasks/ that is inside the program, by path.
const std::vector<EmbeddedFile>& shipped_files();

// Reads task files of some folders and of the program, each parsed once. An include stays inside
// the folders (links followed), so that a foreign task folder cannot read other files.
// Errors: kIo (cannot be read), kBadInput (too large, not a regular file, not YAML).
class TaskFiles {
 public:
  explicit TaskFiles(const std::vector<std::string>& folders);
  void allow(const std::string& folder);  // one more; kIo when there is none

  // The *.yaml files below `folder` (or kShippedPrefix), in the order of their paths; not those in
  // __pycache__ and .ipynb_checkpoints. Links to folders are not followed. Error: kIo.
  std::vector<std::string> list(const std::string& folder) const;

  // The file's map, includes resolved as lm-eval does: of several the last wins, the file's own
  // keys win over all; `task_list` is not inherited. Error: kBadInput for anything but a map,
  // naming the file and line of the include that failed.
  Yaml load(const std::string& file);

 private:
  Yaml parse(const std::string& file);
  Yaml load_within(const std::string& file, std::vector<std::string>& chain);
  std::string resolve(const YamlNode& include, const std::string& from) const;
  bool is_inside(const std::string& file) const;

  std::vector<std::string> folders_;  // canonical
  std::map<std::string, Yaml> resolved_;
};

// What a file's map defines: itself, or, where it has a `task_list` and no name of its own, each
// of the list's maps laid over the rest of the file. Error: kBadInput for another list.
std::vector<Yaml> definitions(const Yaml& map);

}  // namespace assay::detail
