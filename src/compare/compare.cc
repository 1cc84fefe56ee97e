#include "compare/compare.h"

#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>

#include "compare/answers.h"
#include "compare/checked.h"
#include "compare/groups.h"
#include "compare/guard.h"
#include "compare/texts.h"
#include "compare/verdict.h"
#include "core/error.h"

namespace assay {
namespace detail {
namespace {

std::string name_of_key(const MetricKey& key) { return key.metric + "," + key.filter; }

std::string known_metrics(const PairedTask& task) {
  std::vector<std::string> names;
  for (const MetricKey& key : shared_metrics(task.baseline->metrics, task.variant->metrics))
    names.push_back(name_of_key(key));
  return fmt::format("{}", fmt::join(names, "  "));
}

// What decides this task: the first of the metrics asked for that it has, else its first.
MetricKey deciding_key(const PairedTask& task, const CompareOptions& options) {
  const std::vector<MetricKey> keys = shared_metrics(task.baseline->metrics, task.variant->metrics);
  for (const std::string& wanted : options.metrics) {
    for (const MetricKey& key : keys) {
      if (wanted == key.metric || wanted == name_of_key(key)) return key;
    }
  }
  if (!options.metrics.empty() || keys.empty()) {
    throw Error(ErrorKind::kUsage,
                fmt::format("{} has no metric '{}' in both runs", task.baseline->task,
                            fmt::join(options.metrics, "', '")),
                {}, "It has: " + known_metrics(task));
  }
  return keys.front();
}

class Work {
 public:
  Work(const Run& baseline, const Run& variant, const CompareOptions& options)
      : baseline_(baseline), variant_(variant), options_(options) {}

  Comparison run(GuardReport report) {
    fill_header(std::move(report));
    pair_tasks();
    result_.same_answers = answers_are_equal(tasks_);
    make_rows();
    groups_ = make_group_rows(baseline_, variant_, rows_, options_, result_.warnings);
    mark_deciding_groups();
    decide();
    add_rest();
    decide_whole(result_);
    return std::move(result_);
  }

 private:
  void fill_header(GuardReport report) {
    result_.baseline = compared_model(baseline_.header);
    result_.variant = compared_model(variant_.header);
    result_.settings = {.margin = options_.margin,
                        .max_ppl_increase = options_.max_ppl_increase,
                        .alpha = options_.alpha,
                        .power = options_.power,
                        .adjustment = name_of(options_.adjustment)};
    result_.comparable = report.mismatches.empty();
    result_.mismatches = std::move(report.mismatches);
    result_.unchecked = std::move(report.unchecked);
    result_.same_model = is_same_model(baseline_.header, variant_.header);
    result_.parts = part_differences(baseline_.header, variant_.header);
  }

  void pair_tasks() {
    for (const TaskResult* task : selected_tasks(baseline_, options_)) {
      const TaskResult* other = find_task(variant_, task->task);
      if (other != nullptr) tasks_.push_back(pair_samples(*task, *other));
    }
    if (tasks_.empty()) {
      throw Error(ErrorKind::kBadInput, "The two runs have no task in common", {},
                  "Evaluate both with the same --tasks.");
    }
    for (const TaskResult& task : variant_.tasks) {
      if (options_.tasks.empty() && find_task(baseline_, task.task) == nullptr)
        result_.warnings.push_back(task.task + " is in the variant's run only: not compared");
    }
  }

  void make_rows() {
    for (const PairedTask& task : tasks_) {
      const std::vector<MetricKey> keys =
          shared_metrics(task.baseline->metrics, task.variant->metrics);
      if (keys.empty() && options_.allow_mismatch) {
        result_.warnings.push_back(task.baseline->task + " has no metric in both runs");
        continue;
      }
      const MetricKey deciding = deciding_key(task, options_);
      for (const MetricKey& key : keys) {
        rows_.push_back(make_row(task, key, options_));
        rows_.back().out.decides = key == deciding;
        add_noise_of(task.baseline->task);
      }
    }
  }

  void add_noise_of(const std::string& name) {
    if (options_.noise == nullptr) return;
    const TaskResult* task = find_task(baseline_, name);
    const TaskResult* again = find_task(*options_.noise, name);
    if (again != nullptr) add_noise(rows_.back(), pair_samples(*task, *again));
  }

  bool deciding(const std::string& task, const GroupRow& group) const {
    return std::any_of(rows_.begin(), rows_.end(), [&](const ComparisonRow& row) {
      return row.out.task == task && row.out.decides && row.out.metric == group.out.metric &&
             row.out.filter == group.out.filter;
    });
  }

  // The outermost group of a metric that decides its tasks speaks for them.
  void mark_deciding_groups() {
    for (GroupRow& group : groups_) {
      group.out.decides = std::all_of(group.tasks.begin(), group.tasks.end(),
                                      [&](const std::string& t) { return deciding(t, group); });
      if (!group.out.decides) continue;
      for (ComparisonRow& row : rows_) {
        if (std::find(group.tasks.begin(), group.tasks.end(), row.out.task) != group.tasks.end())
          row.out.decides = false;
      }
    }
  }

  // Those that decide are one family of tests; the others are shown for information, each task's
  // and group's by metric.
  void decide() {
    const Identity identity{.same_model = result_.same_model,
                            .same_answers = result_.same_answers,
                            .same_name = baseline_.header.model_name == variant_.header.model_name};
    std::map<std::string, std::vector<ComparisonRow*>> families;
    const auto add = [&](ComparisonRow& row) {
      families[row.out.decides ? "" : name_of_key({row.out.metric, row.out.filter})].push_back(
          &row);
    };
    for (ComparisonRow& row : rows_) add(row);
    for (GroupRow& row : groups_) add(row);
    for (auto& [name, rows] : families) decide_family(rows, options_, identity);
  }

  void add_rest() {
    std::vector<const ComparisonRow*> of_classes;
    std::set<std::string> seen;
    for (const ComparisonRow& row : rows_) {
      const PairedTask* task = nullptr;
      for (const PairedTask& t : tasks_) task = t.baseline->task == row.out.task ? &t : task;
      const MetricKey key{row.out.metric, row.out.filter};
      if (key == deciding_key(*task, options_)) of_classes.push_back(&row);
    }
    compare_classes(result_, of_classes, options_);
    for (const PairedTask& task : tasks_) {
      if (auto texts = compare_texts(task)) result_.texts.push_back(std::move(*texts));
    }
    add_warnings();
    for (ComparisonRow& row : rows_) result_.metrics.push_back(with_sentence(std::move(row.out)));
    for (GroupRow& row : groups_) {
      GroupComparison group;
      static_cast<MetricComparison&>(group) = with_sentence(std::move(row.out));
      group.tasks = std::move(row.tasks);
      group.weights = std::move(row.weights);
      group.weighting = std::move(row.weighting);
      result_.groups.push_back(std::move(group));
    }
  }

  MetricComparison with_sentence(MetricComparison row) const {
    row.sentence = sentence_of(row, result_.variant.name, options_.power);
    return row;
  }

  void add_warnings() {
    const int n_parts = count_parts(result_.parts);
    if (n_parts > 1) {
      result_.warnings.push_back(fmt::format(
          "The two differ in {} parts: a loss cannot be put down to one of them", n_parts));
    }
    if (result_.same_model) {
      result_.warnings.emplace_back("The two have the same weights and the same runtime");
    } else if (result_.same_answers) {
      result_.warnings.emplace_back("Every answer of the two is equal, to the last bit");
    }
    if (!result_.unchecked.empty()) {
      result_.warnings.push_back(
          fmt::format("A run does not record: {}. Whether the two are equal "
                      "in it could not be checked",
                      fmt::join(result_.unchecked, ", ")));
    }
  }

  const Run& baseline_;
  const Run& variant_;
  const CompareOptions& options_;
  Comparison result_;
  std::vector<PairedTask> tasks_;
  std::vector<ComparisonRow> rows_;
  std::vector<GroupRow> groups_;
};

}  // namespace

Comparison compare_checked(const Run& baseline, const Run& variant, const CompareOptions& options,
                           GuardReport report) {
  check_options(options);
  if (!report.mismatches.empty() && !options.allow_mismatch) {
    throw Error(ErrorKind::kBadInput,
                "The runs ask different questions:\n" + describe(report.mismatches), {},
                "Run both alike, or see the numbers, marked as not comparable, with "
                "--allow-mismatch.");
  }
  return Work(baseline, variant, options).run(std::move(report));
}

}  // namespace detail

Comparison compare_runs(const Run& baseline, const Run& variant, const CompareOptions& options) {
  detail::check_options(options);
  return detail::compare_checked(baseline, variant, options,
                                 check_comparable(baseline, variant, options));
}

}  // namespace assay
