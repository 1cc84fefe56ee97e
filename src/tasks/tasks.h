// Task files to samples and requests, responses to scores. Pure: no model. Semantics are those of
// lm-evaluation-harness 0.4.13 (lm_eval/config/task.py, api/task.py), whose YAML this reads.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "core/request.h"
#include "core/run.h"

namespace assay {

// ---- Configuration (config*.cc) ----

// A value of a task file whose meaning depends on its form. Inside JSON, here and in args_json, a
// function is {"!function": "module.name"}.
struct TaskValue {
  enum class Kind {
    kAbsent,
    kText,      // a Jinja template or the name of a column
    kFunction,  // !function module.name
    kJson,      // anything else: a list, a number, a map; as JSON
  };
  Kind kind = Kind::kAbsent;
  std::string text;  // the template, "module.name", or the JSON
  std::string file;  // where it stands, for messages
  int line = 0;
};

struct FilterStep {
  std::string function;   // "regex", "take_first", ...; "!function utils.f" = the task's own
  std::string args_json;  // its other keys, an object
};
struct FilterPipeline {
  std::string name = "none";
  std::vector<FilterStep> steps;
};
struct MetricConfig {
  std::string metric;  // "acc"; "!function utils.f" as "utils.f" with is_function
  bool is_function = false;
  std::string aggregation;  // "" = the metric's default; "!function utils.f" = the task's own
  bool higher_is_better = true;
  std::string args_json;  // ignore_case, regexes_to_ignore, hf_evaluate ...: an object
};
struct FewshotConfig {
  std::string sampler = "default";   // default | first_n
  std::optional<std::string> split;  // over fewshot_split; "" = no split
  TaskValue samples;                 // literal list or function; only where there is no split
  std::vector<int> indices;
  // Absent: the task's own. The JSON "null": none, also where the task has one.
  TaskValue process_docs, doc_to_text, doc_to_target, doc_to_choice;
  std::optional<std::string> fewshot_delimiter, target_delimiter, gen_prefix;
};

struct TaskConfig {
  std::string task, alias;
  std::vector<std::string> tags;
  std::string file;  // where it was defined
  std::string dataset_path, dataset_name, dataset_kwargs_json;
  std::string training_split, validation_split, test_split, fewshot_split;
  TaskValue process_docs, doc_to_text, doc_to_target, doc_to_choice, process_results;
  std::string description, target_delimiter = " ", fewshot_delimiter = "\n\n", gen_prefix;
  FewshotConfig fewshot;
  std::optional<int> num_fewshot;
  std::string output_type = "generate_until";
  std::string generation_kwargs_json;  // "" = lm-eval's default (until the few-shot delimiter)
  int repeats = 1;
  std::vector<FilterPipeline> filters;  // empty: one pipeline "none" that takes the first
  std::vector<MetricConfig> metrics;    // empty: the output type's defaults
  bool unsafe_code = false;
  std::string version;     // metadata.version
  std::string task_class;  // metadata.task_class: knowledge | maths | code | language
  std::string metadata_json;
  std::string canonical_json;  // all of the above that decides prompts and scores, canonical
};

struct AggregateMetric {
  std::string metric;
  bool weight_by_size = true;
  std::vector<std::string> filters;  // empty: those the tasks have
};
struct GroupConfig {
  std::string group, alias, version;
  std::vector<std::string> members;         // names of tasks and groups
  std::vector<AggregateMetric> aggregates;  // empty: no number of its own
};

struct TaskEntry {
  enum class Kind { kTask, kGroup, kTag };
  Kind kind = Kind::kTask;
  std::string name, file, alias, output_type, version;
  int n_tasks = 1;
};

struct TaskLibraryOptions {
  bool shipped = true;               // the definitions inside the program
  std::vector<std::string> folders;  // --include-path; on equal names the last wins
};
struct TaskLibrary {  // opaque; made by open_task_library
  struct Impl;
  std::shared_ptr<const Impl> impl;
};
// Reads names only; a file is read fully when it is selected. Errors: kIo (no such folder).
TaskLibrary open_task_library(const TaskLibraryOptions& options);
std::vector<TaskEntry> list_tasks(const TaskLibrary& library);  // by name

struct TaskSelection {
  std::vector<TaskConfig> tasks;    // each once, in the order of the names given
  std::vector<GroupConfig> groups;  // outer before inner
};
// names: tasks, groups, tags, wildcards ("mmlu_*"). Errors: kUsage for an unknown name (with the
// nearest ones), kBadInput naming file and line for a wrong file.
TaskSelection select_tasks(const TaskLibrary& library, std::span<const std::string> names);

struct TaskFileProblem {
  std::string file;
  int line = 0;
  std::string message;
  bool fatal = false;  // false: loads, but a part of it is not supported
};
struct ValidationResult {
  std::int64_t n_files = 0, n_loaded = 0;
  std::vector<TaskFileProblem> problems;
};
ValidationResult validate_task_files(const std::string& folder);

// ---- Datasets (dataset*.cc) ----

// Where data sets are looked for, in order: mapping file, local folder, cache and hub.
struct DatasetSources {
  std::string mapping_file;  // --data FILE: a datasets.yaml; "" = none
  std::string data_folder;   // $ASSAY_DATA; "" = none
  // Fetches one file of a hub data set and returns its path; lists files when `file` is empty.
  // Empty function: no hub. Given by the command, so that this folder knows no network.
  std::function<std::vector<std::string>(const std::string& repository)> list_hub;
  std::function<std::string(const std::string& repository, const std::string& file)> fetch_hub;
};

// ---- Tasks ready to run (task*.cc) ----

struct ChatOptions {
  bool apply = false;
  std::string system_instruction;
  bool fewshot_as_multiturn = true;
  // Renders messages with the generation prompt; with `continue_last` the last message is an
  // assistant's that goes on (gen_prefix). Given by the caller, who has the model.
  struct Message {
    std::string role, content;
  };
  std::function<std::string(std::span<const Message> messages, bool continue_last)> render;
};

struct TaskOptions {
  std::optional<int> num_fewshot;  // over the task's own, unless that is 0 by rule of the task
  std::uint64_t fewshot_seed = 1234;
  std::uint64_t sampling_seed = 1234;
  std::optional<double> limit;                                  // below 1: a fraction; else a count
  std::map<std::string, std::vector<std::int64_t>> sample_ids;  // per task: only these rows
  std::string gen_kwargs;  // "temperature=0.2,top_k=40", over the task's own
  DatasetSources data;
  ChatOptions chat;
  bool trust_task_code = false;  // run the task's !function code in a Python process
  std::string python = "python3";
  std::stop_token stop;
};

// A task with its data, ready to be asked. Samples are made one by one, so that memory does not
// grow with their number. Not thread-safe.
class Task {
 public:
  Task(Task&&) noexcept;
  Task& operator=(Task&&) noexcept;
  ~Task();
  const TaskConfig& config() const;
  TaskResult header() const;       // everything but prompts, metrics and samples
  std::int64_t n_samples() const;  // after limits
  // Id, document, target, choices, gold and requests. A row that cannot be asked (missing column,
  // label out of range) has no gold or no requests and a score without value that says why.
  SampleRecord sample(std::int64_t i);

 private:
  friend Task open_task(const TaskConfig& config, const TaskOptions& options);
  struct Impl;
  explicit Task(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};
// Errors: kBadInput (data set not found: where it was looked for and how to get it; a template
// that fails, with file, line and row), kUsage, kIo.
Task open_task(const TaskConfig& config, const TaskOptions& options);

// ---- Sandbox (sandbox*.cc) ----

struct SandboxLimits {
  std::chrono::milliseconds wall_timeout{3000};  // as HF code_eval
  std::int64_t memory_bytes = std::int64_t{1} << 30;
  int n_processes = 32;
  std::int64_t file_bytes = std::int64_t{16} << 20;
};
struct SandboxRequest {
  std::string program;  // Python source
};
struct SandboxResult {
  enum class Outcome { kPassed, kFailed, kTimedOut, kKilled };  // killed: a limit was hit
  Outcome outcome = Outcome::kFailed;
  int exit_status = 0;
  std::string output;  // of both streams, the first 64 KiB
  double seconds = 0;
};
struct SandboxOptions {
  SandboxLimits limits;
  int n_parallel = 1;
  std::string python = "python3";
  std::stop_token stop;
};
// nullopt: isolation works here; else why not and what to do.
std::optional<std::string> sandbox_problem();
// Runs each program in a sandbox of its own: no network, read-only root, private temporary
// folder, limits. Results in order. Errors: kEngine when isolation is not available (never runs
// anything without), kInterrupted.
std::vector<SandboxResult> run_sandboxed(std::span<const SandboxRequest> programs,
                                         const SandboxOptions& options);

// ---- Scores (score*.cc) ----

// What programs did that ended by themselves (a time-out may be the machine's), by their source.
using ProgramResults = std::map<std::string, SandboxResult::Outcome>;
struct ScoreOptions {
  int n_threads = 1;  // programs run at once by the sandbox
  SandboxLimits sandbox;
  bool trust_task_code = false;
  std::string python = "python3";
  // Kept from call to call: a program equal to one that ran before is not run again, so that equal
  // answers score the same. Null: each program runs.
  std::shared_ptr<ProgramResults> ran;
  std::stop_token stop;
};
// Fills filtered and scores of every sample from its responses: a pure function of configuration
// and records (model-written code runs in the sandbox). A response that is an error leaves the
// sample unscored. Scores of the filter "weight" are no results of their own but complete others:
// "n_words" and "n_bytes" are the divisors of word_perplexity and of byte_perplexity and
// bits_per_byte, whose values are log-likelihoods; "gold" is the right choice beside f1 and mcc,
// whose values are the chosen one; "symbolic" is 1 where SymPy was there to compare answers, 0
// where only texts were. brier_score and likelihood are each sample's own, to be averaged.
// Errors: kEngine when code must run and no isolation is available; kBadInput for a pattern or
// argument in the task's file that cannot be used; kUsage for a function that is not built in.
void score_samples(const TaskConfig& config, std::span<SampleRecord> samples,
                   const ScoreOptions& options);

// How per-sample scores become a number: "mean", "perplexity", "weighted_perplexity",
// "bits_per_byte", "median", "f1", "mcc", "brier_score", ... ; with the metric's direction. In
// lm-eval's order. Metrics that are not computed ("bleu", "chrf", "ter", ...) are listed too; their
// scores have no value and say so.
struct MetricRule {
  std::string metric, filter, aggregation;
  bool higher_is_better = true;
};
std::vector<MetricRule> metric_rules(const TaskConfig& config);

}  // namespace assay
