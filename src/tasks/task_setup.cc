#include "tasks/task_setup.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/error.h"
#include "tasks/builtins.h"
#include "tasks/task_code.h"

namespace assay::detail {
namespace {

const TaskValue& own_or(const TaskValue& own, const TaskValue& otherwise) {
  return own.kind == TaskValue::Kind::kAbsent ? otherwise : own;
}
bool is_none(const TaskValue& value) {
  return value.kind == TaskValue::Kind::kAbsent ||
         (value.kind == TaskValue::Kind::kJson && value.text == "null");
}

[[noreturn]] void refuse(const TaskValue& value) {
  throw Error(ErrorKind::kUsage,
              fmt::format("The task's function \"{}\" is not built in", value.text),
              value.line > 0 ? fmt::format("{}:{}", value.file, value.line) : value.file,
              "--trust-task-code runs the functions of a task in a Python process: use it only for "
              "task files that you trust.");
}

Dataset load_split(const TaskConfig& config, const TaskOptions& options, const std::string& split) {
  return load_dataset({.path = config.dataset_path,
                       .name = config.dataset_name,
                       .kwargs_json = config.dataset_kwargs_json,
                       .split = split,
                       .task_file = config.file},
                      options.data, options.stop);
}

void process(Dataset& data, const TaskValue& process_docs, const TaskFunctions& functions) {
  if (is_none(process_docs)) return;
  if (process_docs.kind != TaskValue::Kind::kFunction)
    throw Error(ErrorKind::kBadInput, "process_docs is no function", process_docs.file,
                "Write it as !function module.name.");
  data.rows = functions.documents(process_docs)(std::move(data.rows));
}

std::vector<Row> literal_samples(const TaskConfig& config, const TaskFunctions& functions) {
  const TaskValue& samples = config.fewshot.samples;
  if (samples.kind == TaskValue::Kind::kFunction) return functions.samples(samples);
  const Json list = Json::parse(samples.text, nullptr, false);
  if (!list.is_array())
    throw Error(ErrorKind::kBadInput, "fewshot_config.samples is no list of examples", config.file);
  return {list.begin(), list.end()};
}

// The split of the examples when none is named.
std::string preconfigured_split(const TaskConfig& config) {
  if (!config.training_split.empty()) return config.training_split;
  if (!config.validation_split.empty()) return config.validation_split;
  return config.test_split;
}

void load_examples(TaskData& data, const TaskConfig& config, const TaskOptions& options,
                   const TaskFunctions& functions) {
  const std::string named = config.fewshot.split.value_or(config.fewshot_split);
  if (named.empty() && !is_none(config.fewshot.samples)) {
    data.examples = literal_samples(config, functions);
    return;
  }
  const std::string split = named.empty() ? preconfigured_split(config) : named;
  const TaskValue& process_docs = named.empty()
                                      ? config.process_docs
                                      : own_or(config.fewshot.process_docs, config.process_docs);
  Dataset examples = load_split(config, options, split);
  process(examples, process_docs, functions);
  data.examples = std::move(examples.rows);
  data.examples_from = std::move(examples.identity);
}

}  // namespace

TaskFields bind_fields(const TaskConfig& config, const std::set<std::string>& columns,
                       const TaskFunctions& functions) {
  const FewshotConfig& fewshot = config.fewshot;
  const auto bind = [&](const TaskValue& value) { return Field(value, columns, functions); };
  return {
      .text = bind(config.doc_to_text),
      .target = bind(config.doc_to_target),
      .choices = bind(config.doc_to_choice),
      .fewshot_text = bind(is_none(fewshot.doc_to_text) ? config.doc_to_text : fewshot.doc_to_text),
      .fewshot_target =
          bind(is_none(fewshot.doc_to_target) ? config.doc_to_target : fewshot.doc_to_target),
      .fewshot_choices = bind(own_or(fewshot.doc_to_choice, config.doc_to_choice)),
      .description = Field(config.description, config.file),
      .gen_prefix = Field(config.gen_prefix, config.file),
      .fewshot_gen_prefix = Field(fewshot.gen_prefix.value_or(config.gen_prefix), config.file),
      .fewshot_delimiter = fewshot.fewshot_delimiter.value_or(config.fewshot_delimiter),
      .fewshot_target_delimiter = fewshot.target_delimiter.value_or(config.target_delimiter)};
}

TaskFunctions task_functions(const TaskOptions& options) {
  std::shared_ptr<TaskCode> code;
  if (options.trust_task_code) code = std::make_shared<TaskCode>(options.python, options.stop);
  return {.document = [code](const TaskValue& value) -> DocFunction {
            if (DocFunction builtin = find_document_builtin(value.text, value.file)) return builtin;
            if (!code) refuse(value);
            return [code, value](const Row& row) { return code->on_document(value, row); };
          },
          .documents = [code](const TaskValue& value) -> DocsFunction {
            if (DocsFunction builtin = find_documents_builtin(value.text, value.file))
              return builtin;
            if (!code) refuse(value);
            return [code, value](std::vector<Row> rows) {
              return code->on_documents(value, std::move(rows));
            };
          },
          .samples =
              [code](const TaskValue& value) {
                if (!code) refuse(value);
                return code->samples(value);
              }};
}

TaskData load_task_data(const TaskConfig& config, const TaskOptions& options,
                        const TaskFunctions& functions, int num_fewshot) {
  const std::string split = config.test_split.empty() ? config.validation_split : config.test_split;
  if (split.empty())
    throw Error(
        ErrorKind::kBadInput,
        fmt::format("The task {} has neither a test_split nor a validation_split", config.task),
        config.file, "One of them is what is evaluated.");
  TaskData data{.questions = load_split(config, options, split)};
  process(data.questions, config.process_docs, functions);
  if (num_fewshot > 0) load_examples(data, config, options, functions);
  // lm-eval compares the names of the splits, and both may be absent.
  data.examples_hold_questions =
      config.fewshot.split.value_or(config.fewshot_split) == config.test_split;
  return data;
}

int effective_fewshot(const TaskConfig& config, const TaskOptions& options) {
  if (config.num_fewshot == 0) return 0;
  return options.num_fewshot.value_or(config.num_fewshot.value_or(0));
}

std::vector<std::int64_t> selected_rows(const TaskConfig& config, const TaskOptions& options,
                                        std::int64_t n_rows) {
  const auto ids = options.sample_ids.find(config.task);
  if (ids != options.sample_ids.end() && !ids->second.empty()) {
    std::vector<std::int64_t> rows = ids->second;
    std::sort(rows.begin(), rows.end());
    rows.erase(std::unique(rows.begin(), rows.end()), rows.end());
    if (rows.front() < 0 || rows.back() >= n_rows)
      throw Error(ErrorKind::kUsage,
                  fmt::format("Sample {} of {} does not exist",
                              rows.front() < 0 ? rows.front() : rows.back(), config.task),
                  {}, fmt::format("It has the samples 0 to {}.", n_rows - 1));
    return rows;
  }
  std::int64_t n = n_rows;
  if (options.limit) {
    if (!(*options.limit >= 0))
      throw Error(ErrorKind::kUsage, "The limit must not be negative", {},
                  "Below 1 it is a fraction of the samples, else a count; 0 is no limit.");
    const double wanted = *options.limit < 1
                              ? std::ceil(static_cast<double>(n_rows) * *options.limit)
                              : std::floor(*options.limit);
    if (wanted > 0 && wanted < static_cast<double>(n_rows)) n = static_cast<std::int64_t>(wanted);
  }
  std::vector<std::int64_t> rows(static_cast<std::size_t>(n));
  std::iota(rows.begin(), rows.end(), std::int64_t{0});
  return rows;
}

}  // namespace assay::detail
