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
    const std::vector<Yaml> defined = definitions(files_.load(file));
    if (defined.size() == 1 && !kind_of(*defined[0])) return;  // a part that others include
    ++result_.n_files;
    bool is_loaded = true;
    for (std::size_t i = 0; i < defined.size(); ++i) {
      is_loaded = check_definition(*defined[i], file, i) && is_loaded;
    }
    if (is_loaded) ++result_.n_loaded;
  }

  // False: it cannot be used, or it is a group, which is checked later.
  bool check_definition(const YamlNode& map, const std::string& file, std::size_t position) {
    const std::optional<IndexEntry::Kind> kind = kind_of(map);
    const bool is_group = kind == IndexEntry::Kind::kGroup;
    const Yaml name = map.find(is_group ? "group" : "task");
    if (!name || !name->is_text()) {
      problem(file, (name ? *name : map).line, "The name of a task or group must be a text", true);
      return false;
    }
    if (!add_to_index(own_, map, file, position)) {
      problem(file, name->line,
              "'" + name->text() + "' is already defined in " + own_[name->text()].file +
                  ", which is used",
              false);
    }
    if (is_group) {
      groups_.emplace_back(file, name->text());
      return false;
    }
    return report(parse_task(map).problems);
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
      if (report(parse_group(*files_.load(file)).problems)) ++result_.n_loaded;
    } catch (const Error& error) {
      report(file, error);
    }
  }

  // False: they stop the use of what they are about.
  bool report(const ConfigProblems& problems) {
    bool fatal = false;
    for (const ConfigProblem& found : problems) {
      const bool stops = found.severity != Severity::kPartial;
      fatal = fatal || stops;
      problem(found.file, found.line, found.message, stops);
    }
    return !fatal;
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
