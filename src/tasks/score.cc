#include <fmt/format.h>

#include "core/error.h"
#include "tasks/regex.h"
#include "tasks/score_builtin.h"
#include "tasks/score_deferred.h"
#include "tasks/score_math.h"
#include "tasks/score_own.h"
#include "tasks/score_sample.h"
#include "tasks/score_text.h"
#include "tasks/task_code.h"

namespace assay {
namespace detail::score {

Outcome attempt(const std::string& metric, const std::function<double()>& compute) {
  try {
    return {metric, compute(), {}};
  } catch (const Unscored& e) {
    return {metric, std::nullopt, e.what()};
  } catch (const RegexError& e) {
    return {metric, std::nullopt, e.what()};
  }
}

void Slot::fill(const Outcome& outcome) const {
  sample->scores[score].value = outcome.value;
  sample->scores[score].reason = outcome.value ? std::string() : outcome.reason;
}

namespace {

// Enough for a sandbox to be busy, few enough to keep memory small.
constexpr std::size_t kMostPrograms = 1024;

std::optional<Builtin> process_results_builtin(const TaskConfig& config) {
  if (config.process_results.kind != TaskValue::Kind::kFunction) return std::nullopt;
  const TaskValue& function = config.process_results;
  return find_builtin(function.text, function.file.empty() ? config.file : function.file);
}

void refuse_own_functions(const TaskConfig& config, bool have_own_results) {
  const auto refuse = [&](const std::string& what, const std::string& name, int line,
                          const std::string& remedy) {
    throw Error(ErrorKind::kUsage, fmt::format("The task's {} \"{}\" is not built in", what, name),
                line > 0 ? fmt::format("{}:{}, task {}", config.file, line, config.task)
                         : fmt::format("{}, task {}", config.file, config.task),
                remedy);
  };
  if (config.process_results.kind == TaskValue::Kind::kFunction) {
    if (!process_results_builtin(config) && !have_own_results)
      refuse("scoring function", config.process_results.text, config.process_results.line,
             "It is Python code that comes with the task: give --trust-task-code to run it.");
    return;
  }
  for (const MetricConfig& metric : config.metrics)
    if (metric.is_function && !find_builtin(metric.metric, config.file))
      refuse("metric", metric.metric, 0,
             "Use builtin.pass_at_k, builtin.pass_at_1 or exact_match.");
}

// Why a sample cannot be scored at all; empty: it can.
std::string unscorable(const TaskConfig& config, const SampleRecord& sample) {
  const bool no_gold = config.output_type == "multiple_choice" && sample.gold.empty();
  // A saved sample has its responses but not its requests.
  const bool nothing_asked = sample.requests.empty() && sample.responses.empty();
  if (nothing_asked || no_gold) {
    for (const Score& score : sample.scores)
      if (!score.value && !score.reason.empty()) return score.reason;
    return no_gold ? "the row names no right choice" : "there is nothing to ask";
  }
  if (!sample.requests.empty() && sample.responses.size() != sample.requests.size())
    return fmt::format("{} answers to {} requests", sample.responses.size(),
                       sample.requests.size());
  for (const Response& response : sample.responses)
    if (const auto* error = std::get_if<RequestError>(&response)) return error->message;
  return {};
}

class Scorer {
 public:
  Scorer(const TaskConfig& config, const ScoreOptions& options, const OwnResults& own)
      : config_(config),
        options_(options),
        own_(own),
        plan_(plan_metrics(config)),
        pipelines_(pipelines_of(config)),
        builtin_(process_results_builtin(config)) {}

  void add(SampleRecord& sample) {
    const std::string why = unscorable(config_, sample);
    sample.filtered.clear();
    sample.scores.clear();
    for (const Pipeline& pipeline : pipelines_) {
      if (!why.empty()) {
        give_up(sample, pipeline, why);
        continue;
      }
      const std::size_t n_before = sample.scores.size();
      try {
        score(sample, pipeline);
      } catch (const std::runtime_error& e) {
        // Unscored, RegexError, and JSON that is not what it should be: this sample's own affair.
        if (dynamic_cast<const Error*>(&e) != nullptr) throw;
        sample.scores.resize(n_before);
        give_up(sample, pipeline, e.what());
      } catch (const Json::exception& e) {
        sample.scores.resize(n_before);
        give_up(sample, pipeline, e.what());
      }
    }
    if (n_programs_ >= kMostPrograms) flush();
  }

  void flush() {
    run_math_jobs(math_, options_);
    math_.clear();
    const RunPrograms run = [&](std::span<const SandboxRequest> programs) {
      return run_sandboxed(programs, {.limits = options_.sandbox,
                                      .n_parallel = options_.n_threads,
                                      .python = options_.python,
                                      .stop = options_.stop});
    };
    const RunPrograms run_new = [&](std::span<const SandboxRequest> programs) {
      return run_new_programs(programs, *options_.ran, run);
    };
    if (!code_.empty()) run_code_jobs(code_, options_.ran ? run_new : run);
    code_.clear();
    n_programs_ = 0;
  }

 private:
  bool is_own() const {
    return config_.process_results.kind == TaskValue::Kind::kFunction && !builtin_;
  }

  void give_up(SampleRecord& sample, const Pipeline& pipeline, const std::string& why) const {
    for (const MetricPlan& plan : plan_)
      sample.scores.push_back({plan.metric, pipeline.name(), std::nullopt, why});
    bool listed = false;
    for (const FilteredAnswers& f : sample.filtered) listed = listed || f.filter == pipeline.name();
    if (!listed) sample.filtered.push_back({pipeline.name(), {}});
  }

  void write(SampleRecord& sample, const std::string& filter, const Outcomes& outcomes) const {
    for (const Outcome& outcome : outcomes)
      sample.scores.push_back({outcome.metric, filter, outcome.value, outcome.reason});
  }

  Slot reserve(SampleRecord& sample, const std::string& metric, const std::string& filter) const {
    sample.scores.push_back({metric, filter, std::nullopt, "not computed"});
    return {&sample, sample.scores.size() - 1};
  }

  void score(SampleRecord& sample, const Pipeline& pipeline) {
    const Row doc =
        sample.doc_json.empty() ? Row::object() : Row::parse(sample.doc_json, nullptr, false);
    const SampleView view{config_, plan_, sample, doc};
    if (config_.output_type == "generate_until") return generated(sample, pipeline, view);
    if (!pipeline.only_selects())
      throw Unscored("filters other than take_first are for generated text");
    sample.filtered.push_back({pipeline.name(), {}});
    Outcomes weights;
    Outcomes outcomes;
    if (is_own()) {
      outcomes = own_outcomes(
          own_(config_.process_results, doc, likelihood_results(config_, sample)), plan_, weights);
    } else if (builtin_ == Builtin::kTruthfulqaMc2) {
      outcomes = score_truthfulqa_mc2(view);
    } else if (config_.output_type == "multiple_choice") {
      outcomes = score_multiple_choice(view, weights);
    } else if (config_.output_type == "loglikelihood") {
      outcomes = score_loglikelihood(view);
    } else if (config_.output_type == "loglikelihood_rolling") {
      outcomes = score_rolling(view, weights);
    } else {
      throw Unscored(fmt::format("unknown output_type \"{}\"", config_.output_type));
    }
    write(sample, pipeline.name(), outcomes);
    if (&pipeline == &pipelines_.front()) write(sample, kWeightFilter, weights);
  }

  Json texts_of(const SampleRecord& sample) const {
    Json texts = Json::array();
    for (const Response& response : sample.responses) {
      const auto* result = std::get_if<GenerateResult>(&response);
      if (result == nullptr) throw Unscored("an answer is no generated text");
      texts.push_back(valid_utf8(result->text));
    }
    return texts;
  }

  static std::vector<Json> parts_of(const Json& result) {
    return result.is_array() ? result.get<std::vector<Json>>() : std::vector<Json>{result};
  }

  void generated(SampleRecord& sample, const Pipeline& pipeline, const SampleView& view) {
    const Json result = pipeline.apply(texts_of(sample), view.doc);
    FilteredAnswers filtered{pipeline.name(), {}};
    for (const Json& part : parts_of(result))
      filtered.answers.push_back(part.is_string() ? part.get<std::string>() : part.dump());
    sample.filtered.push_back(std::move(filtered));
    if (builtin_ == Builtin::kHendrycksMath) return hendrycks(sample, pipeline, view, result);
    if (builtin_ == Builtin::kMinervaMath) return minerva(sample, pipeline, view, result);
    if (is_own()) {
      Outcomes weights;
      const Json returned = own_(config_.process_results, view.doc, Json::array({result}));
      return write(sample, pipeline.name(), own_outcomes(returned, plan_, weights));
    }
    texts(sample, pipeline, view, result);
  }

  void texts(SampleRecord& sample, const Pipeline& pipeline, const SampleView& view,
             const Json& result) {
    CodeJob code;
    for (const MetricPlan& plan : plan_) {
      if (plan.metric.starts_with("pass@") || plan.metric == "pass_at_1") {
        code.slots.push_back(reserve(sample, plan.metric, pipeline.name()));
      } else {
        write(sample, pipeline.name(),
              {attempt(plan.metric, [&] { return score_generated(view, plan, result); })});
      }
    }
    if (code.slots.empty()) return;
    for (const Json& part : parts_of(result)) {
      if (!part.is_string()) throw Unscored("the filters left an answer that is not a text");
      code.programs.push_back(part.get<std::string>() + "\n" + sample.target);
    }
    n_programs_ += code.programs.size();
    code_.push_back(std::move(code));
  }

  static std::string solution_of(const SampleView& view) {
    const auto solution = view.doc.find("solution");
    if (solution == view.doc.end() || !solution->is_string())
      throw Unscored("the row has no text in its column \"solution\"");
    return solution->get<std::string>();
  }
  static std::string answer_text(const Json& result) {
    if (!result.is_string()) throw Unscored("the filters left no single text");
    return result.get<std::string>();
  }

  void hendrycks(SampleRecord& sample, const Pipeline& pipeline, const SampleView& view,
                 const Json& result) const {
    const std::optional<std::string> gold = boxed_answer(solution_of(view));
    if (!gold) throw Unscored("the row's solution has no boxed answer");
    const bool equal = equal_math_answers(dollar_answer(answer_text(result)), *gold);
    write(sample, pipeline.name(), {{"exact_match", equal ? 1.0 : 0.0, {}}});
  }

  void minerva(SampleRecord& sample, const Pipeline& pipeline, const SampleView& view,
               const Json& result) {
    MathJob job{.response = answer_text(result), .solution = solution_of(view)};
    job.answer = normalize_minerva_answer(minerva_answer(job.response));
    const auto answer = view.doc.find("answer");
    if (answer != view.doc.end() && answer->is_string()) {
      job.gold = answer->get<std::string>();
    } else if (const auto boxed = boxed_answer(job.solution)) {
      job.gold = normalize_minerva_answer(*boxed);
    } else {
      throw Unscored("the row's solution has no boxed answer");
    }
    job.exact_match = reserve(sample, "exact_match", pipeline.name());
    job.math_verify = reserve(sample, "math_verify", pipeline.name());
    job.symbolic = reserve(sample, "symbolic", kWeightFilter);
    math_.push_back(std::move(job));
  }

  const TaskConfig& config_;
  const ScoreOptions& options_;
  const OwnResults& own_;
  std::vector<MetricPlan> plan_;
  std::vector<Pipeline> pipelines_;
  std::optional<Builtin> builtin_;
  std::vector<CodeJob> code_;
  std::vector<MathJob> math_;
  std::size_t n_programs_ = 0;
};

}  // namespace

void score_samples_with(const TaskConfig& config, std::span<SampleRecord> samples,
                        const ScoreOptions& options, const OwnResults& own) {
  refuse_own_functions(config, options.trust_task_code && own);
  Scorer scorer(config, options, own);
  for (SampleRecord& sample : samples) {
    if (options.stop.stop_requested()) throw Error(ErrorKind::kInterrupted, "Scoring was stopped");
    scorer.add(sample);
  }
  scorer.flush();
}

}  // namespace detail::score

void score_samples(const TaskConfig& config, std::span<SampleRecord> samples,
                   const ScoreOptions& options) {
  if (!options.trust_task_code) {
    detail::score::score_samples_with(config, samples, options, {});
    return;
  }
  detail::TaskCode code(options.python, options.stop);  // starts at the first call
  detail::score::score_samples_with(
      config, samples, options,
      [&code](const TaskValue& function, const detail::Row& row, const detail::Json& results) {
        return code.on_results(function, row, results);
      });
}

}  // namespace assay
