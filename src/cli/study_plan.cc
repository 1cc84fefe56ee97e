#include "cli/study_plan.h"

#include <algorithm>
#include <chrono>

#include <fmt/format.h>

#include "cli/progress.h"

namespace assay::cli {
namespace {

constexpr int kTimedTokens = 256;
constexpr std::int64_t kSampledRows = 16;
constexpr int kUsualAnswer = 128;  // tokens; most end long before their limit
// Answers come token by token for several texts at once, which reads the weights more often.
constexpr double kAnswerCost = 2;

std::string file_of(const std::string& name) { return name.substr(0, name.find('+')); }

// Tokens per second of a prompt.
double time_model(const StudyFlags& flags, const std::string& path, const std::stop_token& stop) {
  RuntimeRequest runtime = to_runtime(flags.engine);
  runtime.n_ubatch = kTimedTokens;
  const auto model =
      open_llama({.path = path, .runtime = runtime, .n_ctx = 2 * kTimedTokens, .n_rows_max = 1});
  const std::vector<Token> tokens(kTimedTokens, 1);
  const int wanted = kTimedTokens - 1;
  double best = 1e9;
  for (Branch branch = 1; branch <= 3; ++branch) {
    const auto started = std::chrono::steady_clock::now();
    const Extension extension{0, branch, tokens, std::span(&wanted, 1)};
    model->extend(
        std::span(&extension, 1), [](std::span<const Row>) {}, stop);
    model->release(std::span(&branch, 1));
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - started;
    best = std::min(best, seconds.count());
  }
  return kTimedTokens / best;
}

// Tokens of a task's requests without the prefixes that neighbours share, and of its answers.
double tokens_of(Task& task, const Model& vocabulary, const EncodeOptions& encode) {
  const std::int64_t n_rows = std::min(kSampledRows, task.n_samples());
  std::vector<Token> before;
  double n = 0;
  for (std::int64_t row = 0; row < n_rows; ++row) {
    for (const Request& request : task.sample(row).requests) {
      const EncodedRequest encoded = encode_request(request, vocabulary, encode);
      const auto shared =
          std::mismatch(before.begin(), before.end(), encoded.tokens.begin(), encoded.tokens.end());
      n += static_cast<double>(encoded.tokens.end() - shared.second);
      n += kAnswerCost * std::min(encoded.max_new_tokens, kUsualAnswer);
      before = encoded.tokens;
    }
  }
  return n_rows == 0 ? 0 : n * static_cast<double>(task.n_samples()) / static_cast<double>(n_rows);
}

class Planner {
 public:
  Planner(const StudyFlags& flags, const FamilyNames& family, const std::stop_token& stop)
      : flags_(flags), family_(family), stop_(stop) {
    const std::string path = file_of(family.baseline);
    speed_ = time_model(flags, path, stop);
    vocabulary_ = open_llama({.path = path, .vocabulary_only = true});
    n_variants_ = static_cast<double>(family.variants.size());
    n_kept_ = flags.keep == "all" ? n_variants_ : std::min(n_variants_, std::stod(flags.keep));
  }

  std::vector<StudyStep> plan() {
    if (!flags_.text.text.empty()) plan_text_phases();
    if (!flags_.ask.tasks.empty()) plan_tasks();
    return std::move(steps_);
  }

 private:
  // share_needed: of the tokens, at least.
  void add(const std::string& phase, const std::string& what, double n_tokens,
           double share_needed = 1) {
    const double seconds = n_tokens / speed_;
    steps_.push_back({family_.baseline, phase, what, seconds, share_needed * seconds});
  }

  void plan_text_phases() {
    const Corpus corpus = load_corpus(flags_.text.text, to_format(flags_.text));
    PlanOptions all = to_plan(flags_.text);
    all.n_windows = 0;
    const auto tokens_in = [&](const PlanOptions& options) {
      const WindowPlan plan = plan_windows(corpus, *vocabulary_, options);
      double n = 0;
      for (const Window& window : plan.windows) n += static_cast<double>(window.tokens.size());
      return std::pair(plan.windows.size(), n);
    };
    const auto [n_windows, n_tokens] = tokens_in(all);
    const std::size_t n_fewest = std::min<std::size_t>(kFewestScreenWindows, n_windows);
    add("screen",
        fmt::format("{} variants on {} to {} windows of {}, as it takes to decide",
                    family_.variants.size(), n_fewest, n_windows, corpus.name),
        n_tokens * (1 + n_variants_),
        static_cast<double>(n_fewest) / static_cast<double>(std::max<std::size_t>(1, n_windows)));
    const auto [n_chunks, n_scored] = tokens_in(to_plan(flags_.text));
    add("divergence", fmt::format("{} variants on {} windows", n_kept_, n_chunks),
        n_scored * (1 + n_kept_));
  }

  void plan_tasks() {
    TaskRunOptions options =
        to_task_run(flags_.ask, flags_.engine, flags_.recipe, flags_.store, stop_);
    options.task.chat = {};  // its template is the model's
    const EncodeOptions encode{.max_length = flags_.ask.max_length};
    for (const TaskConfig& config : options.selection.tasks) {
      Task task = open_task(config, options.task);
      const double n = tokens_of(task, *vocabulary_, encode);
      add("evaluate",
          fmt::format("{}: {} items, baseline and {} variants", config.task, task.n_samples(),
                      n_kept_),
          n * (1 + n_kept_) * flags_.n_repeats);
    }
  }

  const StudyFlags& flags_;
  const FamilyNames& family_;
  std::stop_token stop_;
  std::unique_ptr<Model> vocabulary_;
  double speed_ = 0, n_variants_ = 0, n_kept_ = 0;
  std::vector<StudyStep> steps_;
};

}  // namespace

std::vector<StudyStep> plan_study(const StudyFlags& flags, const std::stop_token& stop) {
  std::vector<StudyStep> steps;
  for (const FamilyNames& family : flags.families) {
    for (StudyStep& step : Planner(flags, family, stop).plan()) steps.push_back(std::move(step));
  }
  return steps;
}

std::string plan_text(const std::vector<StudyStep>& steps) {
  std::string text =
      "The plan (times are about, for this machine; what is in the store takes none):\n";
  double all = 0, fewest = 0;
  const auto range = [](double least, double most) {
    const std::string from = format_duration(least), to = format_duration(most);
    return from == to ? to : from + " to " + to;
  };
  for (const StudyStep& step : steps) {
    text += fmt::format("  {:<11} {}: {}\n", step.phase, step.what,
                        range(step.fewest_seconds, step.seconds));
    all += step.seconds;
    fewest += step.fewest_seconds;
  }
  return text + fmt::format("  in all {}\n", range(fewest, all));
}

}  // namespace assay::cli
