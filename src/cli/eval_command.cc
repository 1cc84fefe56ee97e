// assay eval: tasks on a model and its variants.
#include <algorithm>
#include <cstdio>
#include <map>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "cli/commands.h"
#include "cli/eval_table.h"
#include "cli/flags.h"
#include "cli/load_runs.h"
#include "cli/output.h"
#include "cli/progress.h"
#include "cli/task_flags.h"
#include "compare/compare.h"
#include "core/error.h"
#include "core/json_run.h"

namespace assay::cli {
namespace {

struct EvalFlags {
  std::string model;
  std::vector<std::string> variants;
  TaskFlags ask;
  std::string output;
  std::string margin, precision, against, guided, confidence = "95%";
  double guide_tau = EarlyStopOptions{}.guide_tau_nats;
  bool stop_early = false;
  bool log_samples = false;
  EngineFlags engine;
  RecipeFlags recipe;
  StoreFlags store;
  OutputFlags out;
};

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

double margin_of(const EvalFlags& flags) {
  return parse_margin(flags.margin.empty() ? "1pp" : flags.margin, "--margin");
}

// Ends by the margin unless only a precision was asked for.
EarlyStopOptions to_early_stop(const EvalFlags& flags) {
  EarlyStopOptions options{.seed = flags.ask.seed};
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
  TaskRunOptions options =
      to_task_run(flags.ask, flags.engine, flags.recipe, flags.store, context.stop);
  options.baseline = flags.model;
  options.variants = flags.variants;
  options.store = &store;
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
      .add_option(
          "--guide-tau", flags.guide_tau,
          "Nats by which a variant is expected to move a choice's lead, for each square root "
          "of its tokens; 0.3 suits 3 and 4 bits; of --guided")
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
  add_task_names(*command, flags->ask)->required();
  add_task_flags(*command, flags->ask);
  command->add_option("--seed", flags->ask.seed, "Of few-shot choice and sampling")
      ->capture_default_str();
  command->add_option("--max-length,--max_length", flags->ask.max_length,
                      "Tokens a request may have (0: the trained context, at most 4096)");
  command->add_option("--output,--output_path", flags->output,
                      "Folder for lm-evaluation-harness's results_*.json (and samples)");
  command->add_flag("--log-samples,--log_samples", flags->log_samples,
                    "With --output: also samples_TASK_*.jsonl");
  add_margin_flags(*command, *flags);
  add_engine_flags(*command, flags->engine);
  add_recipe_flags(*command, flags->recipe);
  add_store_flags(*command, flags->store);
  add_output_flags(*command, flags->out);
  command->callback([flags, &context] { run_eval(*flags, context); });
}

}  // namespace assay::cli
