// assay tasks: the tasks that can be asked, and what of a folder of task files can be used.
#include <algorithm>
#include <map>

#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "cli/commands.h"
#include "cli/table.h"
#include "cli/tasks_show.h"
#include "tasks/tasks.h"

namespace assay::cli {
namespace {

using Json = nlohmann::ordered_json;

struct TasksCommandFlags {
  std::vector<std::string> include_paths;
  std::string folder;
  bool no_shipped = false, json = false;
};

const char* kind_text(TaskEntry::Kind kind) {
  switch (kind) {
    case TaskEntry::Kind::kTask:
      return "task";
    case TaskEntry::Kind::kGroup:
      return "group";
    case TaskEntry::Kind::kTag:
      return "tag";
  }
  return "";
}

void print_json(const std::vector<TaskEntry>& entries) {
  Json json = Json::array();
  for (const TaskEntry& entry : entries) {
    json.push_back({{"name", entry.name},
                    {"kind", kind_text(entry.kind)},
                    {"n_tasks", entry.n_tasks},
                    {"output_type", entry.output_type},
                    {"version", entry.version},
                    {"alias", entry.alias},
                    {"file", entry.file}});
  }
  fmt::print("{}\n", json.dump(2, ' ', false, Json::error_handler_t::replace));
}

void list(const TasksCommandFlags& flags) {
  const std::vector<TaskEntry> entries =
      list_tasks(open_task_library({.shipped = !flags.no_shipped, .folders = flags.include_paths}));
  if (flags.json) return print_json(entries);
  int width = 4;
  for (const TaskEntry& entry : entries) width = std::max(width, display_width(entry.name));
  const std::size_t column = static_cast<std::size_t>(std::min(width, 48));
  fmt::print("{:<{}}  {:<5}  {:>5}  {:<21}  {:<7}  {}\n", "name", column, "kind", "tasks",
             "output type", "version", "defined in");
  for (const TaskEntry& entry : entries) {
    fmt::print("{:<{}}  {:<5}  {:>5}  {:<21}  {:<7}  {}\n", entry.name, column,
               kind_text(entry.kind), entry.n_tasks, entry.output_type, entry.version, entry.file);
  }
}

void print_json(const ValidationResult& result) {
  Json json = {{"n_files", result.n_files}, {"n_loaded", result.n_loaded}};
  json["problems"] = Json::array();
  for (const TaskFileProblem& problem : result.problems) {
    json["problems"].push_back({{"file", problem.file},
                                {"line", problem.line},
                                {"message", problem.message},
                                {"fatal", problem.fatal}});
  }
  fmt::print("{}\n", json.dump(2, ' ', false, Json::error_handler_t::replace));
}

void print_problems(const ValidationResult& result) {
  std::int64_t n_partial = 0;
  for (const TaskFileProblem& problem : result.problems) {
    n_partial += problem.fatal ? 0 : 1;
    fmt::print("{}{}  {}: {}\n", problem.file,
               problem.line > 0 ? fmt::format(":{}", problem.line) : std::string(),
               problem.fatal ? "error" : "note", problem.message);
  }
  const double percent = result.n_files == 0 ? 100.0
                                             : 100.0 * static_cast<double>(result.n_loaded) /
                                                   static_cast<double>(result.n_files);
  fmt::print("{} of {} files that define a task or group can be used ({:.1f} %); {} notes\n",
             result.n_loaded, result.n_files, percent, n_partial);
}

void validate(const TasksCommandFlags& flags, Context& context) {
  const ValidationResult result = validate_task_files(flags.folder);
  if (flags.json) {
    print_json(result);
  } else {
    print_problems(result);
  }
  if (result.n_loaded < result.n_files) context.exit_code = 3;
}

}  // namespace

void add_tasks_command(CLI::App& app, Context& context) {
  auto flags = std::make_shared<TasksCommandFlags>();
  CLI::App* tasks =
      app.add_subcommand("tasks", "The tasks: list them, show prompts, check task files");
  tasks->require_subcommand(1);
  CLI::App* ls = tasks->add_subcommand("ls", "List tasks, groups and tags");
  ls->add_option("--include-path", flags->include_paths,
                 "Folder of task files; its names go before the shipped ones");
  ls->add_flag("--no-shipped", flags->no_shipped, "Leave out the tasks inside the program");
  ls->add_flag("--json", flags->json, "As JSON");
  ls->callback([flags] { list(*flags); });
  CLI::App* check = tasks->add_subcommand(
      "validate", "Say which task files of a folder can be used, and why others cannot");
  check->add_option("DIR", flags->folder, "Folder of task files in lm-eval's YAML")->required();
  check->add_flag("--json", flags->json, "As JSON");
  check->callback([flags, &context] { validate(*flags, context); });
  add_tasks_show(*tasks, context);
}

}  // namespace assay::cli
