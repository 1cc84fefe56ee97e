#include <algorithm>
#include <cctype>
#include <chrono>
#include <ctime>

#include <fmt/format.h>

#include "core/error.h"
#include "study/candidates.h"
#include "study/early_stop.h"
#include "study/study.h"

namespace assay {
namespace {

using detail::Prepared;

constexpr int kDefaultMaxLength = 4096;

std::string now_utc() {
  const std::time_t now = std::time(nullptr);
  std::tm utc{};
  gmtime_r(&now, &utc);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &utc);
  return text;
}

MeasureOptions preparation(const TaskRunOptions& options) {
  MeasureOptions measure{.baseline = options.baseline,
                         .runtime = options.runtime,
                         .recipe = options.recipe,
                         .cache_dir = options.cache_dir,
                         .store = options.store,
                         .stop = options.stop};
  if (options.progress) {
    measure.progress = [&options](const MeasureProgress& p) {
      options.progress({.phase = p.phase});
    };
  }
  return measure;
}

std::string token_text(const Model& model, const std::optional<Token>& token) {
  return token ? model.detokenize(std::span(&*token, 1)) : std::string();
}

ChatOptions chat_for(const Model& model, ChatOptions chat) {
  if (!chat.apply) return chat;
  if (model.info().chat_template.empty()) {
    throw Error(ErrorKind::kBadInput, "The model has no chat template", model.info().path,
                "Leave --apply-chat-template out.");
  }
  const ChatTemplateOptions with_prompt{.source = model.info().chat_template,
                                        .bos = token_text(model, model.info().bos),
                                        .eos = token_text(model, model.info().eos),
                                        .add_generation_prompt = true};
  chat.render = [with_prompt](std::span<const ChatOptions::Message> given, bool continue_last) {
    std::vector<ChatMessage> messages;
    for (const ChatOptions::Message& m : given) messages.push_back({m.role, m.content});
    if (!continue_last) return render_chat(with_prompt, messages);
    // The last message goes on: everything before it with the prompt for an answer, then its text.
    const std::string beginning = messages.back().content;
    messages.pop_back();
    return render_chat(with_prompt, messages) + beginning;
  };
  return chat;
}

class ModelRun {
 public:
  // against: the run whose difference ends tasks early; null: every sample is asked.
  ModelRun(const TaskRunOptions& options, const Prepared& prepared, const Prepared& baseline,
           const Run* against)
      : options_(options), prepared_(prepared), baseline_(baseline), against_(against) {}

  TaskRun run() {
    const auto started = std::chrono::steady_clock::now();
    const auto elapsed = [&] {
      return std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
    };
    shape_ = shape_for({});
    model_ = prepared_.candidate.open(shape_);
    result_.load_s = elapsed();
    fill_header();
    if (options_.probe) probe();
    std::size_t index = 0;
    for (const TaskConfig& config : options_.selection.tasks) run_task(config, index++);
    result_.run.groups = aggregate_groups(options_.selection, result_.run.tasks);
    result_.run.header.duration_s = elapsed();
    return std::move(result_);
  }

 private:
  int max_length() const {
    const int trained = prepared_.facts.n_ctx_train;
    if (options_.max_length > 0) return options_.max_length;
    return trained > 0 ? std::min(trained, kDefaultMaxLength) : kDefaultMaxLength;
  }

  ModelShape shape_for(std::span<const EncodedRequest> requests) const {
    RequestShapeOptions shape{.max_length = max_length(), .n_sequences = options_.n_sequences};
    shape.runtime.n_ubatch = options_.runtime.n_ubatch;
    if (model_) shape.runtime = model_->info().runtime;
    return shape_for_requests(requests, shape);
  }

  // The other opening comes first, so that the weights stay loaded.
  Model& reshape(std::span<const EncodedRequest> requests) {
    const ModelShape shape = shape_for(requests);
    const bool fits = shape.share_prefixes == shape_.share_prefixes &&
                      shape.n_ctx <= shape_.n_ctx && shape.n_seq_max <= shape_.n_seq_max;
    if (!fits) {
      model_ = prepared_.candidate.open(shape);
      shape_ = shape;
    }
    return *model_;
  }

  void fill_header() {
    ModelReport report;
    detail::fill_report(prepared_, model_->info(), report);
    RunHeader& header = result_.run.header;
    header = {
        .assay_version = ASSAY_VERSION,
        .model_name = prepared_.candidate.name,
        .model = report.info,
        .started = now_utc(),
        .fewshot_seed = options_.task.fewshot_seed,
        .sampling_seed = options_.task.sampling_seed,
        .limit = options_.limit_text,
        .chat = options_.task.chat.apply,
        .system_instruction = options_.task.chat.system_instruction,
        .fewshot_as_multiturn = options_.task.chat.apply && options_.task.chat.fewshot_as_multiturn,
        .bos_rule = options_.task.chat.apply  ? "chat template"
                    : model_->info().adds_bos ? "once at the start"
                                              : "none"};
    header.model.runtime.n_ctx = max_length();
    if (header.chat) header.chat_template = hash_bytes(header.model.chat_template);
    header.warnings = detail::baseline_notes(baseline_);
    header.warnings.insert(header.warnings.end(), report.notes.begin(), report.notes.end());
  }

  // Numbers at chance level that nobody explains are worse than none. A variant may be that bad
  // because of what was done to it: its numbers are kept and the finding stands beside them.
  void probe() {
    if (options_.progress)
      options_.progress({.model = prepared_.candidate.name, .phase = "asking known answers"});
    const KnownAnswers known =
        ask_known_answers(*model_, {.max_length = max_length()}, n_threads(), options_.stop);
    if (!known.is_near_chance()) return;
    const std::string finding = fmt::format(
        "Near chance on the known answers: only {} of {} plain English sentences are likelier than "
        "their words in disorder",
        known.n_right, known.n);
    if (&prepared_ == &baseline_) {
      throw Error(ErrorKind::kBadInput, finding, model_->info().path,
                  "The file's tokenizer, its special tokens or its weights may be wrong; for a "
                  "model that knows no English: --no-probe.");
    }
    result_.run.header.warnings.push_back(finding + ".");
  }

  // Kernels of quantised types also round their inputs to 8 bits: another batch shape moves logits
  // by tenths of a nat there, by hundredths elsewhere (docs/design/0005-request-schedule.md).
  double near_tie_nats() const {
    const ModelInfo& info = result_.run.header.model;
    const auto is_exact = [](std::string type) {
      std::transform(type.begin(), type.end(), type.begin(),
                     [](unsigned char c) { return std::tolower(c); });
      return type == "f16" || type == "f32" || type == "bf16";
    };
    const bool exact = is_exact(info.runtime.kv.k) && is_exact(info.runtime.kv.v) &&
                       std::all_of(info.tensor_types.begin(), info.tensor_types.end(),
                                   [&](const TensorTypeCount& t) { return is_exact(t.type); });
    return exact ? 0.06 : 0.3;
  }

  int n_threads() const {
    return options_.runtime.n_threads > 0 ? options_.runtime.n_threads : default_threads();
  }

  void run_task(const TaskConfig& config, std::size_t index) {
    TaskOptions task_options = options_.task;
    task_options.chat = chat_for(*model_, options_.task.chat);
    task_options.stop = options_.stop;
    Task task = open_task(config, task_options);
    EvaluateOptions evaluate{
        .store = options_.store,
        .identity = prepared_.candidate.identity,
        .encode = {.max_length = max_length(), .chat = task_options.chat.apply},
        .score = options_.score,
        .near_tie_nats = near_tie_nats(),
        .n_threads = n_threads(),
        .reshape = [this](std::span<const EncodedRequest> r) -> Model& { return reshape(r); },
        .stop = options_.stop};
    if (options_.draft && &prepared_ != &baseline_)
      evaluate.draft_from = baseline_.candidate.identity;
    if (options_.progress) {
      evaluate.progress = [&](const EvaluateProgress& progress) {
        options_.progress({.model = prepared_.candidate.name,
                           .phase = "evaluating",
                           .task_index = index,
                           .n_tasks = options_.selection.tasks.size(),
                           .task = progress});
      };
    }
    if (options_.keep) {
      evaluate.keep = [&](std::span<const SampleRecord> samples) {
        options_.keep(prepared_.candidate.name, samples);
      };
    }
    if (against_ == nullptr) return add(evaluate_task(*model_, task, evaluate));
    detail::EarlyStopping early(baseline_result(config.task), options_.early_stop,
                                task.n_samples());
    evaluate.order = early.order();
    evaluate.is_decided = [&](std::span<const SampleRecord> samples) { return early.add(samples); };
    EvaluateResult result = evaluate_task(*model_, task, evaluate);
    result.task.early_stop = early.result();
    result.task.notes.insert(result.task.notes.begin(), result.task.early_stop->sentence);
    // Chosen for being close to flip: their mean is not the task's, only the difference is.
    if (result.task.early_stop->guided) result.task.metrics.clear();
    add(std::move(result));
  }

  const TaskResult& baseline_result(const std::string& task) const {
    for (const TaskResult& result : against_->tasks) {
      if (result.task == task) return result;
    }
    throw Error(ErrorKind::kUsage, "The baseline's run has no task " + task, {},
                "Evaluate it there first, or leave it out here.");
  }

  void add(EvaluateResult result) {
    result_.statistics += result.statistics;
    result_.n_requests += result.n_requests;
    result_.n_from_store += result.n_from_store;
    result_.run.tasks.push_back(std::move(result.task));
  }

  const TaskRunOptions& options_;
  const Prepared& prepared_;
  const Prepared& baseline_;
  const Run* against_;
  ModelShape shape_;
  std::unique_ptr<Model> model_;
  TaskRun result_;
};

}  // namespace

std::vector<TaskRun> run_tasks(const TaskRunOptions& options) {
  if (options.early_stop.is_on()) detail::require_stoppable(options.selection, options.early_stop);
  const MeasureOptions measure = preparation(options);
  const Prepared baseline = detail::prepare_baseline(measure);
  std::vector<Prepared> variants;
  for (const std::string& text : options.variants)
    variants.push_back(detail::prepare_variant(measure, parse_variant(text), &baseline));
  std::vector<TaskRun> runs;
  const bool early = options.early_stop.is_on();
  if (early && options.against == nullptr && variants.empty()) {
    throw Error(ErrorKind::kUsage, "There is nothing to compare with", {},
                "Give a variant, or the baseline's run with --against FILE.");
  }
  TaskRunOptions shared = options;  // the programs that models write are often equal
  if (!shared.score.ran) shared.score.ran = std::make_shared<ProgramResults>();
  runs.push_back(ModelRun(shared, baseline, baseline, early ? options.against : nullptr).run());
  const Run first = early && options.against == nullptr ? runs.front().run : Run{};
  const Run* against = !early ? nullptr : options.against != nullptr ? options.against : &first;
  for (const Prepared& variant : variants)
    runs.push_back(ModelRun(shared, variant, baseline, against).run());
  return runs;
}

}  // namespace assay
