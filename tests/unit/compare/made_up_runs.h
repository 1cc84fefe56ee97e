// Runs whose answers are given: what comparisons are tried on.
#pragma once

#include <cmath>
#include <functional>
#include <string>
#include <vector>

#include "compare/compare.h"
#include "core/error.h"
#include "core/hash.h"

namespace assay::made_up {

using MadeUpRun = Run;  // inside a TEST, Run is a function of GoogleTest

inline Score score(double value, const std::string& metric = "acc",
                   const std::string& filter = "none") {
  return {.metric = metric, .filter = filter, .value = value};
}

// A choice of four whose likelihoods say what was chosen.
inline SampleRecord choice_sample(const std::string& task, int key, int chosen, int gold = 0) {
  SampleRecord sample;
  sample.id = {task, std::to_string(key)};
  sample.choices = {"A", "B", "C", "D"};
  sample.gold = {gold};
  sample.target = std::to_string(gold);
  for (int i = 0; i < 4; ++i) {
    sample.responses.push_back(LoglikelihoodResult{.loglikelihood = i == chosen ? -1.0 : -2.0});
    sample.request_digests.push_back(
        hash_bytes(task + std::to_string(key) + "/" + std::to_string(i)));
  }
  sample.scores = {score(chosen == gold ? 1 : 0)};
  return sample;
}

// What `assay eval` would put above the samples.
inline void finish(TaskResult& task) {
  task.n_samples = task.n_original = static_cast<std::int64_t>(task.samples.size());
  Hasher hasher;
  for (const SampleRecord& sample : task.samples) {
    for (const Digest& digest : sample.request_digests) hasher.add_field(digest);
  }
  task.prompts = hasher.finish();
  for (MetricResult& metric : task.metrics) {
    double sum = 0;
    metric.n_scored = 0;
    for (const SampleRecord& sample : task.samples) {
      for (const Score& s : sample.scores) {
        const bool counts = s.metric == metric.metric && s.filter == metric.filter && s.value &&
                            std::isfinite(*s.value);
        if (!counts) continue;
        sum += *s.value;
        ++metric.n_scored;
      }
    }
    metric.estimate.value = metric.n_scored > 0 ? sum / static_cast<double>(metric.n_scored) : 0;
  }
}

inline TaskResult task_of(const std::string& name, std::vector<SampleRecord> samples) {
  TaskResult task;
  task.task = name;
  task.version = "1";
  task.definition = hash_bytes("definition of " + name);
  task.output_type = "multiple_choice";
  task.dataset = {.path = "rows", .split = "test", .content = hash_bytes("rows of " + name)};
  task.metrics = {{.metric = "acc", .filter = "none"}};
  task.samples = std::move(samples);
  finish(task);
  return task;
}

// Item i is answered with choice answers(i); choice 0 is right.
inline TaskResult choices(const std::string& name, int n, const std::function<int(int)>& answers) {
  std::vector<SampleRecord> samples;
  for (int i = 0; i < n; ++i) samples.push_back(choice_sample(name, i, answers(i)));
  return task_of(name, std::move(samples));
}

inline Run run_of(const std::string& model, std::vector<TaskResult> tasks) {
  Run run;
  run.header.model_name = model;
  run.header.model.weights = hash_bytes("weights of " + model);
  run.header.model.engine = "engine";
  run.header.bos_rule = "none";
  run.tasks = std::move(tasks);
  return run;
}

// 70 % right, of n items; the variant loses the first `lost` right ones and gains the last
// `gained` wrong ones.
inline Run base_run(int n, const std::string& task = "task") {
  return run_of("base", {choices(task, n, [n](int i) { return i < n * 7 / 10 ? 0 : 1; })});
}
inline Run variant_run(int n, int lost, int gained, const std::string& task = "task") {
  return run_of("variant", {choices(task, n, [=](int i) {
                  if (i < lost) return 2;
                  if (i >= n - gained) return 0;
                  return i < n * 7 / 10 ? 0 : 1;
                })});
}

inline std::string message_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

}  // namespace assay::made_up
