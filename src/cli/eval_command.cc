// assay eval: tasks on a model and its variants.
#include <algorithm>
#include <cstdio>
#include <fstream>
#include <map>

#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "cli/commands.h"
#include "cli/dataset_flags.h"
#include "cli/eval_table.h"
#include "cli/flags.h"
#include "cli/load_runs.h"
#include "cli/output.h"
#include "cli/progress.h"
#include "compare/compare.h"
#include "core/error.h"
#include "core/json_run.h"

namespace assay::cli {
namespace {

struct EvalFlags {
  std::string model;
  std::vector<std::string> variants;
  std::vector<std::string> tasks;
  std::vector<std::string> include_paths;
  int num_fewshot = -1;
  std::string limit, samples, system_instruction, gen_kwargs, output;
  std::string margin, precision, against, guided, confidence = "95%";
  double guide_tau = 0.3;
  bool stop_early = false;
  std::uint64_t seed = 1234;
  int max_length = 0, n_sequences = 0;
  bool chat = false, no_multiturn = false, no_draft = false, no_probe = false;
  bool trust_task_code = false;
  bool log_samples = false, offline = false;
  EngineFlags engine;
  RecipeFlags recipe;
  StoreFlags store;
  OutputFlags out;
  DatasetFlags data;
};

double parse_limit(const std::string& text) {
  std::size_t used = 0;
  double value = 0;
  try {
    value = std::stod(text, &used);
  } catch (const std::exception&) {
    used = 0;
  }
  if (used != text.size() || used == 0 || !(value > 0)) {
    throw Error(ErrorKind::kUsage, "--limit '" + text + "' is neither a count nor a fraction", {},
                "For example --limit 100, or --limit 0.1 for a tenth.");
  }
  return value;
}

// {"task": [0, 5, 9]}, as JSON or as the path of a file with it (lm-eval's --samples).
std::map<std::string, std::vector<std::int64_t>> parse_samples(const std::string& text) {
  std::string json = text;
  if (!text.empty() && text.front() != '{') {
    std::ifstream file(text);
    if (!file) throw Error(ErrorKind::kBadInput, "Cannot read the list of samples", text);
    json.assign(std::istreambuf_iterator<char>(file), {});
  }
  try {
    return nlohmann::json::parse(json).get<std::map<std::string, std::vector<std::int64_t>>>();
  } catch (const nlohmann::json::exception& error) {
    throw Error(ErrorKind::kBadInput,
                std::string("--samples is not a map of tasks to rows: ") + error.what(), {},
                R"(For example --samples '{"gsm8k": [0, 5, 9]}'.)");
  }
}

TaskOptions to_task_options(const EvalFlags& flags, const HubOptions& hub) {
  TaskOptions options{.fewshot_seed = flags.seed,
                      .sampling_seed = flags.seed,
                      .gen_kwargs = flags.gen_kwargs,
                      .data = dataset_sources(flags.data, hub),
                      .chat = {.apply = flags.chat,
                               .system_instruction = flags.system_instruction,
                               .fewshot_as_multiturn = !flags.no_multiturn},
                      .trust_task_code = flags.trust_task_code,
                      .stop = hub.stop};
  if (flags.num_fewshot >= 0) options.num_fewshot = flags.num_fewshot;
  if (!flags.limit.empty()) options.limit = parse_limit(flags.limit);
  if (!flags.samples.empty()) options.sample_ids = parse_samples(flags.samples);
  return options;
}

// Writes lm-eval's files as the samples come, one folder per model.
class Output {
 public:
  explicit Output(const EvalFlags& flags) : flags_(flags) {}
  void keep(const std::string& model, std::span<const SampleRecord> samples) {
    append_lm_eval_samples(of(model), samples);
  }
  std::string finish(const Run& run) {
    return write_lm_eval_results(of(run.header.model_name), run);
  }

 private:
  const LmEvalOutput& of(const std::string& model) {
    const auto found = outputs_.find(model);
    if (found != outputs_.end()) return found->second;
    return outputs_.emplace(model, open_lm_eval_output(flags_.output, model)).first->second;
  }
  const EvalFlags& flags_;
  std::map<std::string, LmEvalOutput> outputs_;
};

std::string summary_of(const TaskRun& run) {
  const RequestStatistics& s = run.statistics;
  std::string text = fmt::format("{}: {} requests in {:.1f} s", run.run.header.model_name,
                                 run.n_requests, run.run.header.duration_s);
  if (run.n_from_store > 0) text += fmt::format(", {} of them from the store", run.n_from_store);
  if (s.n_tokens_asked > 0) {
    text += fmt::format("; {} tokens asked, {} computed ({:.3f} of the prefix tree's minimum)",
                        s.n_tokens_asked, s.n_tokens_computed,
                        static_cast<double>(s.n_tokens_computed) /
                            static_cast<double>(std::max<std::int64_t>(1, s.n_tokens_distinct)));
  }
  if (s.n_tokens_generated > 0) text += fmt::format("; {} generated", s.n_tokens_generated);
  if (s.n_drafted > 0)
    text += fmt::format(", {} of {} drafted tokens kept", s.n_accepted, s.n_drafted);
  text += fmt::format("; {:.2f} s to load the model", run.load_s);
  if (s.n_tokens_asked > 0) {
    text += fmt::format(", {:.2f} s in prompts, {:.2f} s in decoding", s.prefill_s, s.decode_s);
  }
  return text;
}

TaskRunOptions to_run_options(const EvalFlags& flags, Store& store, const Context& context) {
  const HubOptions hub{
      .cache_dir = cache_dir(flags.store), .offline = flags.offline, .stop = context.stop};
  return {
      .baseline = flags.model,
      .variants = flags.variants,
      .selection = select_tasks(open_task_library({.folders = flags.include_paths}), flags.tasks),
      .task = to_task_options(flags, hub),
      .runtime = to_runtime(flags.engine),
      .recipe = to_recipe(flags.recipe, flags.engine.n_threads),
      .cache_dir = cache_dir(flags.store),
      .max_length = flags.max_length,
      .n_sequences = flags.n_sequences,
      .probe = !flags.no_probe,
      .draft = !flags.no_draft,
      .limit_text = flags.samples.empty() ? flags.limit : "ids",
      .score = {.n_threads =
                    flags.engine.n_threads > 0 ? flags.engine.n_threads : default_threads(),
                .trust_task_code = flags.trust_task_code,
                .stop = context.stop},
      .store = &store,
      .stop = context.stop};
}

double margin_of(const EvalFlags& flags) {
  return parse_margin(flags.margin.empty() ? "1pp" : flags.margin, "--margin");
}

// Ends by the margin unless only a precision was asked for.
EarlyStopOptions to_early_stop(const EvalFlags& flags) {
  EarlyStopOptions options{.seed = flags.seed};
  options.confidence = parse_confidence(flags.confidence);
  if (!flags.precision.empty()) options.precision = parse_margin(flags.precision, "--precision");
  if (!flags.guided.empty()) options.guided = parse_margin(flags.guided, "--guided");
  options.guide_tau_nats = flags.guide_tau;
  const bool by_margin =
      options.guided || flags.stop_early || (!flags.against.empty() && flags.precision.empty());
  if (by_margin || (options.precision && !flags.margin.empty())) options.margin = margin_of(flags);
  return options;
}

// Each variant against the baseline, under the table. The numbers above are complete without it.
void print_comparisons(const std::vector<Run>& runs, const EvalFlags& flags) {
  if (runs.size() < 2 || flags.out.csv || to_early_stop(flags).is_on()) return;
  std::vector<Comparison> comparisons;
  try {
    for (std::size_t i = 1; i < runs.size(); ++i)
      comparisons.push_back(compare_runs(runs.front(), runs[i], {.margin = margin_of(flags)}));
  } catch (const Error& error) {
    fmt::print(stderr, "assay: not compared: {}\n", error.what());
    return;
  }
  fmt::print("\n");
  print_report(comparisons, flags.out, 0);
}

void print_runs(const std::vector<TaskRun>& results, const EvalFlags& flags) {
  std::vector<Run> runs;
  for (const TaskRun& result : results) runs.push_back(result.run);
  if (flags.out.json) {
    fmt::print("{}", to_json(runs));
  } else {
    print_report(runs, flags.out);
    print_comparisons(runs, flags);
  }
}

void run_eval(const EvalFlags& flags, const Context& context) {
  margin_of(flags);  // declared, and refused, before anything runs
  Store store = open_store(flags.store);
  ProgressLine progress;
  Output output(flags);
  TaskRunOptions options = to_run_options(flags, store, context);
  options.early_stop = to_early_stop(flags);
  std::vector<Run> against;
  if (!flags.against.empty()) {
    against = load_runs(flags.against);
    options.against = &against.front();
  }
  options.progress = [&](const TaskRunProgress& p) { progress.show(p); };
  if (!flags.output.empty() && flags.log_samples) {
    options.keep = [&](const std::string& model, std::span<const SampleRecord> samples) {
      output.keep(model, samples);
    };
  }
  const std::vector<TaskRun> results = run_tasks(options);
  progress.clear();
  for (const TaskRun& result : results) {
    fmt::print(stderr, "{}\n", summary_of(result));
    if (!flags.output.empty()) fmt::print(stderr, "wrote {}\n", output.finish(result.run));
  }
  print_runs(results, flags);
}

void add_prompt_flags(CLI::App& command, EvalFlags& flags) {
  command.add_option("--tasks", flags.tasks, "Tasks, groups, tags or wildcards, by commas")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->required();
  command
      .add_option("--include-path", flags.include_paths,
                  "Folder with more task files (lm-evaluation-harness YAML); repeatable")
      ->allow_extra_args(false);
  command.add_option("--num-fewshot,--num_fewshot", flags.num_fewshot,
                     "Examples in each prompt (default: the task's own)");
  command.add_option("--limit", flags.limit,
                     "Only the first N samples of each task, or a fraction below 1");
  command.add_option("--samples", flags.samples,
                     R"(Only these rows: '{"task": [0, 5]}' or a file)");
  command.add_option("--seed", flags.seed, "Of few-shot choice and sampling")
      ->capture_default_str();
  command.add_flag("--apply-chat-template,--apply_chat_template", flags.chat,
                   "Prompts through the model's chat template");
  command.add_option("--system-instruction,--system_instruction", flags.system_instruction,
                     "Text before the prompt (a system message with a chat template)");
  command.add_flag("--no-multiturn", flags.no_multiturn,
                   "With a chat template: examples in one message instead of a conversation");
  command.add_option("--gen-kwargs,--gen_kwargs", flags.gen_kwargs,
                     "Over the tasks' generation settings: temperature=0.2,max_gen_toks=64");
  command.add_flag("--trust-task-code", flags.trust_task_code,
                   "Run Python functions that task files name (not in a sandbox)");
}

void add_margin_flags(CLI::App& command, EvalFlags& flags) {
  command.add_option("--margin", flags.margin,
                     "Largest accepted loss of a variant's accuracy: 1pp (default), 1% or 0.01");
  command.add_flag(
      "--stop-early", flags.stop_early,
      "End a variant's task as soon as its loss is shown to be below or above --margin");
  command.add_option("--precision", flags.precision,
                     "End it as soon as the difference is known this precisely: 0.5pp");
  command.add_option("--guided", flags.guided,
                     "Ask only this share of a multiple-choice task's samples, rather those that "
                     "can flip, and estimate the whole task's difference: 20%");
  command
      .add_option("--guide-tau", flags.guide_tau,
                  "Nats by which a variant is expected to move a choice's lead; of --guided")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  command.add_option("--against", flags.against,
                     "A finished run (assay eval --json) in the baseline's place; stops early");
  command.add_option("--confidence", flags.confidence, "Of stopping early")->capture_default_str();
}

}  // namespace

void add_eval_command(CLI::App& app, Context& context) {
  auto flags = std::make_shared<EvalFlags>();
  CLI::App* command = app.add_subcommand(
      "eval", "Task accuracy as lm-evaluation-harness measures it: MMLU, GSM8K, HumanEval ...");
  command->add_option("MODEL", flags->model, "GGUF file, optionally with +kv=TYPE")->required();
  command->add_option("VARIANT", flags->variants,
                      "Variants of it, evaluated on the same items: as for `assay diverge`");
  add_prompt_flags(*command, *flags);
  command->add_option("--max-length,--max_length", flags->max_length,
                      "Tokens a request may have (0: the trained context, at most 4096)");
  command->add_option("--sequences", flags->n_sequences, "Texts computed side by side (0: 64)");
  command->add_flag("--no-draft", flags->no_draft,
                    "Variants decode every token anew instead of checking the baseline's answers");
  command->add_flag("--no-probe", flags->no_probe,
                    "Do not ask a dozen known answers first (for models that know no English)");
  command->add_option("--output,--output_path", flags->output,
                      "Folder for lm-evaluation-harness's results_*.json (and samples)");
  command->add_flag("--log-samples,--log_samples", flags->log_samples,
                    "With --output: also samples_TASK_*.jsonl");
  command->add_flag("--offline", flags->offline, "Data sets from files and the cache only");
  add_margin_flags(*command, *flags);
  add_dataset_flags(*command, flags->data);
  add_engine_flags(*command, flags->engine);
  add_recipe_flags(*command, flags->recipe);
  add_store_flags(*command, flags->store);
  add_output_flags(*command, flags->out);
  command->callback([flags, &context] { run_eval(*flags, context); });
}

}  // namespace assay::cli
