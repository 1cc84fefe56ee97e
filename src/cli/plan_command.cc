// assay plan: how many items, and how long, until a question is answered.
#include <algorithm>
#include <cmath>
#include <memory>

#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "cli/commands.h"
#include "cli/compare_flags.h"
#include "cli/dataset_flags.h"
#include "cli/flags.h"
#include "cli/load_runs.h"
#include "cli/text_layout.h"
#include "core/error.h"
#include "core/number_format.h"
#include "eval/eval.h"

namespace assay::cli {
namespace {

struct PlanFlags {
  CompareFlags compare;
  std::string discordance = "3%", difference = "0", accuracy, baseline, variant;
  std::vector<std::string> include_paths;
  double seconds_per_item = 0;
  bool json = false, offline = false;
  DatasetFlags data;
  StoreFlags store;
};

struct PlanLine {
  PlanBasis basis;
  PlanQuestion question;
  PlanAnswer answer;
};

// "3%", "3pp" or "0.03", with a sign.
double parse_share(const std::string& text, const std::string& option) {
  char* end = nullptr;
  const double value = std::strtod(text.c_str(), &end);
  const std::string unit(end);
  const bool percent = unit == "%" || unit == "pp";
  const double share = percent ? value / kPercent : value;
  if (end == text.c_str() || !(percent || unit.empty()) || !(share > -1 && share < 1)) {
    throw Error(ErrorKind::kUsage, option + " '" + text + "' is no share", {},
                "For example " + option + " 3%.");
  }
  return share;
}

PlanQuestion question_of(const PlanFlags& flags) {
  PlanQuestion question{.margin = parse_margin(flags.compare.margin, "--margin"),
                        .alpha = flags.compare.alpha,
                        .power = flags.compare.power,
                        .discordance = parse_share(flags.discordance, "--discordance"),
                        .difference = parse_share(flags.difference, "--difference")};
  if (!(question.discordance > 0))
    throw Error(ErrorKind::kUsage,
                "--discordance must be above 0: two models that never differ "
                "need no items");
  if (!flags.accuracy.empty()) question.accuracy = parse_share(flags.accuracy, "--accuracy");
  return question;
}

PlanLine line_of(PlanBasis basis, const PlanQuestion& question) {
  return {.basis = std::move(basis), .question = question, .answer = plan_items(question)};
}

std::vector<PlanLine> from_runs(const PlanFlags& flags) {
  const std::vector<std::string> paths = flags.variant.empty()
                                             ? std::vector{flags.baseline}
                                             : std::vector{flags.baseline, flags.variant};
  const ComparedRuns runs = load_compared(paths, false);
  std::vector<PlanLine> lines;
  for (PlanBasis& basis : plan_basis(runs.baselines.front(), runs.variants.front().front(),
                                     to_compare_options(flags.compare))) {
    PlanQuestion question = question_of(flags);
    question.discordance = basis.discordance;
    question.accuracy = basis.accuracy;
    question.design_effect = basis.design_effect;
    lines.push_back(line_of(std::move(basis), question));
  }
  return lines;
}

// How many items each task has; 0 where its data cannot be had, which a plan needs for nothing
// else. Why not is said once, and a network that failed is not asked again.
std::vector<TaskResult> task_sizes(const TaskSelection& selection, const TaskOptions& options) {
  std::vector<TaskResult> sizes;
  bool reachable = true;
  std::string why_not;
  for (const TaskConfig& config : selection.tasks) {
    std::int64_t n = 0;
    try {
      if (reachable) n = open_task(config, options).n_samples();
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::kInterrupted) throw;
      reachable = error.kind() != ErrorKind::kIo;
      if (why_not.empty()) why_not = config.task + ": " + error.what();
    }
    sizes.push_back({.task = config.task, .n_samples = n});
  }
  if (!why_not.empty())
    fmt::print(stderr, "How many items there are is not known for all tasks: {}\n\n", why_not);
  return sizes;
}

// Equal weights of a group's tasks need more items than weights by size.
double effect_of(const GroupConfig& group, const std::vector<std::int64_t>& sizes) {
  const bool equal = !group.aggregates.front().weight_by_size && std::ranges::count(sizes, 0) == 0;
  const std::vector<double> weights(sizes.size(), 1 / static_cast<double>(sizes.size()));
  return equal ? design_effect(weights, sizes) : 1;
}

std::vector<PlanLine> from_tasks(const PlanFlags& flags, const Context& context) {
  const HubOptions hub{
      .cache_dir = cache_dir(flags.store), .offline = flags.offline, .stop = context.stop};
  const TaskSelection selection =
      select_tasks(open_task_library({.folders = flags.include_paths}), flags.compare.tasks);
  std::vector<PlanLine> lines;
  TaskOptions options;
  options.data = dataset_sources(flags.data, hub);
  const std::vector<TaskResult> tasks = task_sizes(selection, options);
  const std::vector<GroupResult> groups = aggregate_groups(selection, tasks);
  for (std::size_t i = 0; i < groups.size(); ++i) {
    if (selection.groups[i].aggregates.empty()) continue;  // no number of its own
    std::vector<std::int64_t> sizes;
    for (const TaskResult& task : tasks) {
      if (std::ranges::count(groups[i].tasks, task.task) > 0) sizes.push_back(task.n_samples);
    }
    if (sizes.empty()) continue;
    PlanQuestion question = question_of(flags);
    question.design_effect = effect_of(selection.groups[i], sizes);
    const bool known = std::ranges::count(sizes, 0) == 0;
    lines.push_back(line_of(
        {.task = groups[i].group, .n_available = known ? groups[i].n_samples : 0}, question));
  }
  for (const TaskResult& task : tasks) {
    lines.push_back(
        line_of({.task = task.task, .n_available = task.n_samples}, question_of(flags)));
  }
  return lines;
}

std::string duration_text(double seconds) {
  if (!(seconds > 0)) return "-";
  if (seconds < 120) return fmt::format("{:.0f} s", seconds);
  if (seconds < 7200) return fmt::format("{:.0f} min", seconds / 60);
  return fmt::format("{:.1f} h", seconds / 3600);
}

double seconds_of(const PlanLine& line, const PlanFlags& flags) {
  const double each =
      flags.seconds_per_item > 0 ? flags.seconds_per_item : line.basis.seconds_per_item;
  return each * static_cast<double>(line.answer.n_paired);
}

std::string enough_text(const PlanLine& line) {
  if (line.basis.n_available == 0) return "-";
  return line.answer.n_paired <= line.basis.n_available ? "yes" : "NO";
}

std::string table_of(const std::vector<PlanLine>& lines, const PlanFlags& flags) {
  std::vector<Column> columns{{.title = "task", .align = Align::kLeft},
                              {.title = "discordance"},
                              {.title = "paired items"},
                              {.title = "unpaired, each model"},
                              {.title = "the task has"},
                              {.title = "enough"},
                              {.title = "time of the variant"}};
  for (const PlanLine& line : lines) {
    const std::string cells[] = {
        line.basis.task.empty() ? "any" : line.basis.task,
        fmt::format("{:.2f} %", kPercent * line.question.discordance),
        std::to_string(line.answer.n_paired),
        line.answer.n_unpaired ? std::to_string(*line.answer.n_unpaired) : "-",
        line.basis.n_available > 0 ? std::to_string(line.basis.n_available) : "-",
        enough_text(line),
        duration_text(seconds_of(line, flags))};
    for (std::size_t i = 0; i < std::size(cells); ++i) columns[i].cells.push_back(cells[i]);
  }
  return text_table(std::move(columns), 0);
}

void print_text(const std::vector<PlanLine>& lines, const PlanFlags& flags) {
  const PlanQuestion& question = lines.front().question;
  fmt::print("{}\n", table_of(lines, flags));
  fmt::print(
      "Items so that \"loses less than {}\" is shown with {:g} % power (one-sided error {:g}) when "
      "the true difference is {:g} points. {}\n",
      points_text(question.margin), kPercent * question.power, question.alpha,
      kPercent * question.difference,
      flags.baseline.empty()
          ? "Discordance: the share of items that the two answer differently; a first run of a few "
            "hundred items tells it (--baseline, --variant)."
          : "Discordance: its upper 95 % limit in these runs.");
  for (const PlanLine& line : lines) {
    if (line.question.design_effect > 1 + 1e-9)
      fmt::print(
          "{} weighs its tasks equally, whatever their size: that takes {:.2f} times the items.\n",
          line.basis.task, line.question.design_effect);
  }
}

void print_json(const std::vector<PlanLine>& lines, const PlanFlags& flags) {
  using Json = nlohmann::ordered_json;
  Json list = Json::array();
  for (const PlanLine& line : lines) {
    const double seconds = seconds_of(line, flags);
    list.push_back(
        {{"task", line.basis.task},
         {"metric", line.basis.metric},
         {"discordance", line.question.discordance},
         {"difference", line.question.difference},
         {"margin", line.question.margin},
         {"alpha", line.question.alpha},
         {"power", line.question.power},
         {"design_effect", line.question.design_effect},
         {"n_paired", line.answer.n_paired},
         {"n_unpaired", line.answer.n_unpaired ? Json(*line.answer.n_unpaired) : Json()},
         {"n_available", line.basis.n_available > 0 ? Json(line.basis.n_available) : Json()},
         {"seconds", seconds > 0 ? Json(seconds) : Json()}});
  }
  fmt::print("{}\n", Json{{"schema", "assay-plan/1"}, {"plans", list}}.dump(2));
}

void run_plan(const PlanFlags& flags, const Context& context) {
  question_of(flags);
  if (flags.baseline.empty() && !flags.variant.empty())
    throw Error(ErrorKind::kUsage, "--variant needs --baseline");
  std::vector<PlanLine> lines;
  if (!flags.baseline.empty()) {
    lines = from_runs(flags);
  } else if (!flags.compare.tasks.empty()) {
    lines = from_tasks(flags, context);
  } else {
    lines.push_back(line_of({}, question_of(flags)));
  }
  if (lines.empty()) {
    throw Error(ErrorKind::kBadInput, "No task of these runs is right or wrong by item", {},
                "Plans are for such metrics: name one by --metric.");
  }
  if (flags.json) return print_json(lines, flags);
  print_text(lines, flags);
}

}  // namespace

void add_plan_command(CLI::App& app, Context& context) {
  auto flags = std::make_shared<PlanFlags>();
  CLI::App* command = app.add_subcommand(
      "plan", "How many items a question needs, paired and unpaired, and how long that takes");
  add_margin_flags(*command, flags->compare);
  command
      ->add_option("--discordance", flags->discordance,
                   "Share of items that the two models answer differently (without runs)")
      ->capture_default_str();
  command
      ->add_option("--difference", flags->difference,
                   "True difference that is expected, such as -0.3pp")
      ->capture_default_str();
  command->add_option("--accuracy", flags->accuracy, "Of the baseline: for the unpaired design");
  command->add_option("--baseline", flags->baseline,
                      "Its run, or a file with both: discordance, accuracy and time from there");
  command->add_option("--variant", flags->variant, "A variant's run");
  command->add_option("--metric", flags->compare.metrics, "Of the runs: what decides")
      ->allow_extra_args(false);
  command
      ->add_option("--task,--tasks", flags->compare.tasks,
                   "Tasks: their number of items; with runs only these")
      ->delimiter(',')
      ->allow_extra_args(false);
  command->add_option("--seconds-per-item", flags->seconds_per_item, "For the time of the variant");
  command->add_option("--include-path", flags->include_paths, "Folder with more task files")
      ->allow_extra_args(false);
  command->add_flag("--offline", flags->offline, "Data sets from files and the cache only");
  command->add_flag("--json", flags->json, "One JSON document");
  add_dataset_flags(*command, flags->data);
  add_store_flags(*command, flags->store);
  command->callback([flags, &context] { run_plan(*flags, context); });
}

}  // namespace assay::cli
