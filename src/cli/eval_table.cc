#include "cli/eval_table.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "cli/text_layout.h"

namespace assay {
namespace {

struct Line {  // one row of the table
  std::string task, version, n_shot;
  std::int64_t n = 0;
  bool group = false;
  std::string metric, filter;
};

const std::vector<MetricResult>* metrics_of(const Run& run, const Line& line) {
  if (line.group) {
    for (const GroupResult& group : run.groups) {
      if (group.group == line.task) return &group.metrics;
    }
    return nullptr;
  }
  for (const TaskResult& task : run.tasks) {
    if (task.task == line.task) return &task.metrics;
  }
  return nullptr;
}

const MetricResult* find_metric(const Run& run, const Line& line) {
  const std::vector<MetricResult>* metrics = metrics_of(run, line);
  if (metrics == nullptr) return nullptr;
  for (const MetricResult& metric : *metrics) {
    if (metric.metric == line.metric && metric.filter == line.filter) return &metric;
  }
  return nullptr;
}

std::vector<Line> lines_of(const Run& run) {
  std::vector<Line> lines;
  for (const GroupResult& group : run.groups) {
    for (const MetricResult& metric : group.metrics) {
      lines.push_back({.task = group.group,
                       .version = group.version,
                       .n_shot = "",
                       .n = metric.n_scored,
                       .group = true,
                       .metric = metric.metric,
                       .filter = metric.filter});
    }
  }
  for (const TaskResult& task : run.tasks) {
    for (const MetricResult& metric : task.metrics) {
      lines.push_back({.task = task.task,
                       .version = task.version,
                       .n_shot = std::to_string(task.num_fewshot),
                       .n = metric.n_scored,
                       .metric = metric.metric,
                       .filter = metric.filter});
    }
  }
  return lines;
}

std::string value_text(const MetricResult* metric) {
  if (metric == nullptr || metric->n_scored == 0) return "-";
  const Estimate& estimate = metric->estimate;
  if (!estimate.std_error) return fmt::format("{:.4f}", estimate.value);
  return fmt::format("{:.4f} ± {:.4f}", estimate.value, *estimate.std_error);
}

std::vector<Column> columns_of(const std::vector<Run>& runs) {
  std::vector<Column> columns{{.title = "task", .align = Align::kLeft},
                              {.title = "version", .priority = 3},
                              {.title = "shots", .priority = 2},
                              {.title = "n", .priority = 1},
                              {.title = "filter", .align = Align::kLeft, .priority = 1},
                              {.title = "metric", .align = Align::kLeft}};
  for (const Run& run : runs) columns.push_back({.title = run.header.model_name});
  for (const Line& line : lines_of(runs.front())) {
    const std::string cells[] = {line.task,   line.version, line.n_shot, std::to_string(line.n),
                                 line.filter, line.metric};
    for (std::size_t i = 0; i < std::size(cells); ++i) columns[i].cells.push_back(cells[i]);
    for (std::size_t r = 0; r < runs.size(); ++r)
      columns[std::size(cells) + r].cells.push_back(value_text(find_metric(runs[r], line)));
  }
  return columns;
}

std::string notes_of(const std::vector<Run>& runs, int width) {
  std::string text;
  std::set<std::string> said;
  for (const Run& run : runs) {
    for (const std::string& warning : run.header.warnings) {
      if (said.insert(warning).second) text += wrap(warning, width, 2);
    }
    for (const TaskResult& task : run.tasks) {
      for (const std::string& note : task.notes) {
        text += wrap(fmt::format("{}, {}: {}", run.header.model_name, task.task, note), width, 2);
      }
    }
  }
  return text;
}

std::string csv_of(const std::vector<Run>& runs) {
  std::vector<Column> columns{{.title = "model"},    {.title = "task"},       {.title = "version"},
                              {.title = "n_shot"},   {.title = "filter"},     {.title = "metric"},
                              {.title = "n_scored"}, {.title = "n_unscored"}, {.title = "value"},
                              {.title = "std_error"}};
  for (const Run& run : runs) {
    for (const Line& line : lines_of(run)) {
      const MetricResult* metric = find_metric(run, line);
      const bool known = metric->n_scored > 0;
      const auto& error = metric->estimate.std_error;
      const std::string cells[] = {run.header.model_name,
                                   line.task,
                                   line.version,
                                   line.n_shot,
                                   line.filter,
                                   line.metric,
                                   std::to_string(metric->n_scored),
                                   std::to_string(metric->n_unscored),
                                   known ? fmt::format("{}", metric->estimate.value) : "",
                                   known && error ? fmt::format("{}", *error) : ""};
      for (std::size_t i = 0; i < std::size(cells); ++i) columns[i].cells.push_back(cells[i]);
    }
  }
  return csv_table(columns);
}

}  // namespace

std::string render(const std::vector<Run>& runs, const TableOptions& options) {
  switch (options.format) {
    case TableFormat::kCsv:
      return csv_of(runs);
    case TableFormat::kMarkdown:
      return markdown_table(columns_of(runs));
    case TableFormat::kText:
      break;
  }
  std::string text = text_table(columns_of(runs), options.width);
  const std::string notes = notes_of(runs, options.width);
  if (!notes.empty()) text += "\n" + notes;
  text += "\n" + wrap(
                     "± is the standard error over samples, taken as independent within a task; a "
                     "group's is pooled as lm-evaluation-harness does. Values are fractions.",
                     options.width);
  return text;
}

}  // namespace assay
