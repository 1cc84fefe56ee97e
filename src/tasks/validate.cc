// What of a folder of task files can be used.
#include <algorithm>
#include <charconv>

#include "core/error.h"
#include "tasks/config.h"
#include "tasks/select.h"

namespace assay {
namespace detail {
namespace {

using Severity = ConfigProblem::Severity;

class Validator {
 public:
  explicit Validator(const std::string& folder) : folder_(folder), files_({folder}) {
    index_ = open_task_library({}).impl->index;  // a group may list shipped tasks
  }

  ValidationResult run() {
    for (const std::string& file : files_.list(folder_)) {
      try {
        check_file(file);
      } catch (const Error& error) {
        ++result_.n_files;
        report(file, error);
      }
    }
    for (auto& [name, entry] : own_) index_[name] = entry;
    for (const auto& [file, name] : groups_) check_group(file, name);
    return std::move(result_);
  }

 private:
  void check_file(const std::string& file) {
    const Yaml map = files_.load(file);
    const std::optional<IndexEntry::Kind> kind = kind_of(*map);
    if (!kind) return;  // a part that others include
    const bool is_group = *kind == IndexEntry::Kind::kGroup;
    const Yaml name = map->find(is_group ? "group" : "task");
    if (!name || !name->is_text()) {
      throw Error(ErrorKind::kBadInput, "The name of a task or group must be a text",
                  place(name ? *name : *map));
    }
    ++result_.n_files;
    if (!add_to_index(own_, *map, file)) {
      problem(file, name->line,
              "'" + name->text() + "' is already defined in " + own_[name->text()].file +
                  ", which is used",
              false);
    }
    if (is_group) {
      groups_.emplace_back(file, name->text());
      return;
    }
    ParsedTask parsed = parse_task(*map);
    report(parsed.problems);
  }

  // A group is good when it can be selected.
  void check_group(const std::string& file, const std::string& name) {
    try {
      Selector selector(index_, files_);
      if (own_[name].file == file) {
        selector.add(name);
      } else {
        selector.add_file(file);
      }
      report(parse_group(*files_.load(file)).problems);
    } catch (const Error& error) {
      report(file, error);
    }
  }

  void report(const ConfigProblems& problems) {
    bool fatal = false;
    for (const ConfigProblem& found : problems) {
      const bool stops = found.severity != Severity::kPartial;
      fatal = fatal || stops;
      problem(found.file, found.line, found.message, stops);
    }
    if (!fatal) ++result_.n_loaded;
  }

  void report(const std::string& file, const Error& error) {
    // "FILE:LINE", where the file may be one that `file` includes or lists
    const std::string& where = error.where();
    const std::size_t colon = where.rfind(':');
    int line = 0;
    if (colon != std::string::npos) {
      std::from_chars(where.data() + colon + 1, where.data() + where.size(), line);
    }
    const bool elsewhere = line > 0 && where.substr(0, colon) != file;
    problem(file, elsewhere ? 0 : line, error.what(), true);
  }

  void problem(const std::string& file, int line, const std::string& message, bool fatal) {
    result_.problems.push_back({.file = file, .line = line, .message = message, .fatal = fatal});
  }

  std::string folder_;
  TaskFiles files_;
  Index index_, own_;
  std::vector<std::pair<std::string, std::string>> groups_;  // file, name
  ValidationResult result_;
};

}  // namespace
}  // namespace detail

ValidationResult validate_task_files(const std::string& folder) {
  return detail::Validator(folder).run();
}

}  // namespace assay
