// What open_task finds out before the first sample.
#pragma once

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "tasks/document.h"
#include "tasks/generation.h"

namespace assay::detail {

// Fields of a task bound to the columns of its data.
struct TaskFields {
  Field text, target, choices;                          // of a question
  Field fewshot_text, fewshot_target, fewshot_choices;  // of an example
  Field description, gen_prefix, fewshot_gen_prefix;
  std::string fewshot_delimiter, fewshot_target_delimiter;  // of an example
};
TaskFields bind_fields(const TaskConfig& config, const std::set<std::string>& columns,
                       const TaskFunctions& functions);

// Native functions; with trust_task_code the task's own in a Python process, else a refusal.
TaskFunctions task_functions(const TaskOptions& options);

struct TaskData {
  Dataset questions;
  std::vector<Row> examples;                     // empty when no few-shot examples are wanted
  std::optional<DatasetIdentity> examples_from;  // absent: none, or written in the task
  bool examples_hold_questions = false;          // the question is left out of its examples
};
// Chooses the splits as lm-eval 0.4.13 does and runs process_docs. Errors: kBadInput, kUsage, kIo.
TaskData load_task_data(const TaskConfig& config, const TaskOptions& options,
                        const TaskFunctions& functions, int num_fewshot);

int effective_fewshot(const TaskConfig& config, const TaskOptions& options);
// Rows that are asked, by limit or sample ids. Errors: kUsage.
std::vector<std::int64_t> selected_rows(const TaskConfig& config, const TaskOptions& options,
                                        std::int64_t n_rows);

}  // namespace assay::detail
