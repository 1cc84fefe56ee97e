// A folder of task files for one test.
#pragma once

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "tasks/tasks.h"
#include "temporary_folder.h"

namespace assay {

// The fields that every task needs, for a data set that no test opens.
inline const std::string kTaskFields =
    "dataset_path: some/data\ntest_split: test\ndoc_to_text: '{{q}}'\ndoc_to_target: a\n";

class TaskFolder {
 public:
  TaskFolder& add(const std::string& name, const std::string& text) {
    const std::string path = folder_ / name;
    std::filesystem::create_directories(std::filesystem::path(path).parent_path());
    std::ofstream(path) << text;
    return *this;
  }
  TaskFolder& add_task(const std::string& name, const std::string& more = {}) {
    return add(name + ".yaml", "task: " + name + "\n" + kTaskFields + more);
  }
  std::string path() const { return folder_.path().string(); }
  TaskLibrary open() const { return open_task_library({.shipped = false, .folders = {path()}}); }
  TaskSelection select(const std::vector<std::string>& names) const {
    return select_tasks(open(), names);
  }
  // The only task of a file with these fields.
  TaskConfig only(const std::string& more) {
    add_task("only", more);
    return select({"only"}).tasks.at(0);
  }

 private:
  TemporaryFolder folder_;
};

}  // namespace assay
