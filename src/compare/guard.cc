// Do two runs ask the same questions? Each field that differs is named with both values.
#include "compare/guard.h"

#include <algorithm>

#include <fmt/format.h>

#include "core/error.h"

namespace assay {
namespace detail {
namespace {

std::string origin_of(const std::string& imported_from) {
  return imported_from.substr(0, imported_from.find(' '));
}

const char* yes_or_no(bool value) { return value ? "yes" : "no"; }

bool generates(const Run& run) {
  return std::any_of(run.tasks.begin(), run.tasks.end(),
                     [](const TaskResult& task) { return task.output_type == "generate_until"; });
}

void check_header(FieldCheck& check, const RunHeader& b, const RunHeader& v, bool generating) {
  check.text("limit", b.limit, v.limit);
  check.number("few-shot seed", static_cast<std::int64_t>(b.fewshot_seed),
               static_cast<std::int64_t>(v.fewshot_seed));
  if (generating) {
    check.number("sampling seed", static_cast<std::int64_t>(b.sampling_seed),
                 static_cast<std::int64_t>(v.sampling_seed));
  }
  if (b.chat != v.chat)
    check.differs("chat template applied", yes_or_no(b.chat), yes_or_no(v.chat));
  if (b.chat && v.chat) {
    check.digest("chat template", b.chat_template, v.chat_template);
    if (b.fewshot_as_multiturn != v.fewshot_as_multiturn) {
      check.differs("few-shot as multi-turn", yes_or_no(b.fewshot_as_multiturn),
                    yes_or_no(v.fewshot_as_multiturn));
    }
  }
  check.text("system instruction", b.system_instruction, v.system_instruction);
  check.text("BOS rule", b.bos_rule, v.bos_rule);
  if (check.same_origin()) check.digest("vocabulary", b.model.vocabulary, v.model.vocabulary);
  if (b.model.runtime.n_ctx > 0 && v.model.runtime.n_ctx > 0)
    check.number("longest request in tokens", b.model.runtime.n_ctx, v.model.runtime.n_ctx);
}

void check_dataset(FieldCheck& check, const DatasetIdentity& b, const DatasetIdentity& v) {
  check.text("data set", b.path, v.path);
  check.text("data set's configuration", b.name, v.name);
  check.text("split", b.split, v.split);
  if (check.same_origin()) {
    check.digest("data set's rows", b.content, v.content);
  } else {
    check.cannot_tell("data set's rows");
  }
}

std::string metric_names(const std::vector<MetricResult>& metrics) {
  std::vector<std::string> names;
  for (const MetricResult& m : metrics) names.push_back(fmt::format("{} ({})", m.metric, m.filter));
  return fmt::format("{}", fmt::join(names, ", "));
}

void check_metrics(FieldCheck& check, const TaskResult& b, const TaskResult& v) {
  const std::size_t n_shared = shared_metrics(b.metrics, v.metrics).size();
  if (n_shared < b.metrics.size() || n_shared < v.metrics.size())
    check.differs("metrics", metric_names(b.metrics), metric_names(v.metrics));
}

void check_task(FieldCheck& check, const TaskResult& b, const TaskResult& v) {
  check.text("version", b.version, v.version);
  check.number("few-shot examples", b.num_fewshot, v.num_fewshot);
  check.text("output type", b.output_type, v.output_type);
  check.text("generation settings", b.generation_kwargs_json, v.generation_kwargs_json);
  check_dataset(check, b.dataset, v.dataset);
  if (b.fewshot_dataset && v.fewshot_dataset && check.same_origin()) {
    check.digest("rows of the few-shot examples", b.fewshot_dataset->content,
                 v.fewshot_dataset->content);
  }
  if (check.same_origin()) {
    check.digest("definition", b.definition, v.definition);
  } else {
    check.cannot_tell("definition");
  }
  check_metrics(check, b, v);
}

}  // namespace

FieldCheck::FieldCheck(const Run& baseline, const Run& variant, GuardReport& report)
    : report_(report),
      baseline_imported_(!baseline.header.imported_from.empty()),
      variant_imported_(!variant.header.imported_from.empty()),
      same_origin_(origin_of(baseline.header.imported_from) ==
                   origin_of(variant.header.imported_from)) {}

void FieldCheck::text(const char* field, const std::string& baseline, const std::string& variant) {
  if (baseline == variant) return;
  const bool unknown =
      (baseline.empty() && baseline_imported_) || (variant.empty() && variant_imported_);
  if (unknown) {
    cannot_tell(field);
  } else {
    differs(field, baseline.empty() ? "none" : baseline, variant.empty() ? "none" : variant);
  }
}

void FieldCheck::number(const char* field, std::int64_t baseline, std::int64_t variant) {
  if (baseline != variant) differs(field, std::to_string(baseline), std::to_string(variant));
}

void FieldCheck::digest(const char* field, const Digest& baseline, const Digest& variant) {
  if (baseline == Digest{} || variant == Digest{}) {
    cannot_tell(field);
  } else if (baseline != variant) {
    differs(field, baseline.hex().substr(0, 8), variant.hex().substr(0, 8));
  }
}

void FieldCheck::differs(const char* field, std::string baseline, std::string variant,
                         std::string detail) {
  report_.mismatches.push_back({.task = task_,
                                .field = field,
                                .baseline = std::move(baseline),
                                .variant = std::move(variant),
                                .detail = std::move(detail)});
}

void FieldCheck::cannot_tell(const std::string& field) {
  if (said_.insert(field).second) report_.unchecked.push_back(field);
}

std::vector<const TaskResult*> selected_tasks(const Run& run, const CompareOptions& options) {
  std::vector<const TaskResult*> selected;
  if (options.tasks.empty()) {
    for (const TaskResult& task : run.tasks) selected.push_back(&task);
    return selected;
  }
  std::set<std::string> wanted;
  for (const std::string& name : options.tasks) {
    const auto group = std::find_if(run.groups.begin(), run.groups.end(),
                                    [&](const GroupResult& g) { return g.group == name; });
    if (group != run.groups.end()) {
      wanted.insert(group->tasks.begin(), group->tasks.end());
    } else if (find_task(run, name) != nullptr) {
      wanted.insert(name);
    } else {
      throw Error(ErrorKind::kUsage, "The baseline's run has no task or group '" + name + "'");
    }
  }
  for (const TaskResult& task : run.tasks) {
    if (wanted.contains(task.task)) selected.push_back(&task);
  }
  return selected;
}

}  // namespace detail

GuardReport check_comparable(const Run& baseline, const Run& variant,
                             const CompareOptions& options) {
  GuardReport report;
  detail::FieldCheck check(baseline, variant, report);
  detail::check_header(check, baseline.header, variant.header,
                       detail::generates(baseline) && detail::generates(variant));
  for (const TaskResult* task : detail::selected_tasks(baseline, options)) {
    check.in_task(task->task);
    const TaskResult* other = detail::find_task(variant, task->task);
    if (other == nullptr) {
      check.differs("task", fmt::format("{} items", task->n_samples), "not in this run");
      continue;
    }
    detail::check_task(check, *task, *other);
    detail::check_samples(check, detail::pair_samples(*task, *other), options);
  }
  return report;
}

std::string describe(std::span<const Mismatch> mismatches) {
  std::string text;
  for (const Mismatch& m : mismatches) {
    text += fmt::format("  {}{}: {} in the baseline, {} in the variant",
                        m.task.empty() ? "" : m.task + ", ", m.field, m.baseline, m.variant);
    if (!m.detail.empty()) text += " (" + m.detail + ")";
    text += "\n";
  }
  return text;
}

}  // namespace assay
