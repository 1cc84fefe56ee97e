// A task with its data: rows to samples with their requests (lm-eval 0.4.13, api/task.py
// fewshot_context and construct_requests).
#include <fmt/format.h>

#include <algorithm>

#include "core/error.h"
#include "tasks/fewshot.h"
#include "tasks/prompt.h"
#include "tasks/python_text.h"
#include "tasks/task_setup.h"

namespace assay {

using namespace detail;  // NOLINT: the parts of a task are all there

namespace {

bool has_metric(const TaskConfig& config, const std::string& name) {
  return std::any_of(config.metrics.begin(), config.metrics.end(),
                     [&](const MetricConfig& metric) { return metric.metric == name; });
}

// Which choices are right. Errors: RowProblem: none of them, or out of range.
std::vector<int> right_choices(const Json& gold, const std::vector<std::string>& choices) {
  std::vector<int> right;
  const auto n = static_cast<std::int64_t>(choices.size());
  const auto add = [&](const Json& value) {
    std::int64_t index = -1;
    if (value.is_boolean())
      index = value.get<bool>() ? 1 : 0;
    else if (value.is_number_integer())
      index = value.get<std::int64_t>();
    else if (value.is_number_float() && value == std::int64_t(value.get<double>()))
      index = static_cast<std::int64_t>(value.get<double>());
    else if (value.is_string())
      index = std::find(choices.begin(), choices.end(), value.get<std::string>()) - choices.begin();
    if (index < 0 || index >= n)
      throw RowProblem(fmt::format("the label {} is out of range: there are {} choices",
                                   python::repr(value), n));
    right.push_back(static_cast<int>(index));
  };
  if (gold.is_array())
    for (const Json& value : gold) add(value);
  else
    add(gold);
  if (right.empty()) throw RowProblem("the row names no right choice");
  return right;
}

const std::string& text_or_throw(const Json& value, const char* what) {
  if (!value.is_string())
    throw RowProblem(fmt::format("{} is no text but {}", what, python::repr(value)));
  return value.get_ref<const std::string&>();
}

}  // namespace

struct Task::Impl {
  Impl(const TaskConfig& c, const TaskOptions& o)
      : config(c), options(o), num_fewshot(effective_fewshot(c, o)), functions(task_functions(o)) {
    generation = plan_generation(config, options);
    data = load_task_data(config, options, functions, num_fewshot);
    std::set<std::string> columns;
    for (const Row& row : data.questions.rows)
      for (const auto& item : row.items()) columns.insert(item.key());
    fields = bind_fields(config, columns, functions);
    if (data.questions.rows.empty())
      throw Error(ErrorKind::kBadInput, fmt::format("The task {} has no rows", config.task),
                  config.file);
    find_input_kind();
    rows = selected_rows(config, options, static_cast<std::int64_t>(data.questions.rows.size()));
    const bool first_n = config.fewshot.sampler == "first_n";
    if (!first_n && config.fewshot.sampler != "default")
      throw Error(ErrorKind::kBadInput,
                  fmt::format("There is no few-shot sampler '{}'", config.fewshot.sampler),
                  config.file, "lm-eval has default and first_n.");
    sampler.emplace(first_n ? FewshotSampler::Kind::kFirstN : FewshotSampler::Kind::kRandom,
                    data.examples, options.fewshot_seed);
    example_messages.resize(data.examples.size());
  }

  // doc_to_text gives a number where the choices are the inputs. lm-eval looks at the first row;
  // here at the first that can be read. Errors: kBadInput when none of the first 100 can.
  void find_input_kind() {
    std::string first_problem;
    const auto& questions = data.questions.rows;
    for (std::size_t i = 0; i < std::min<std::size_t>(questions.size(), 100); ++i) {
      try {
        const Json text = fields.text.text(questions[i], fields.choices.present());
        multiple_input =
            fields.choices.present() && (text.is_number_integer() || text.is_boolean());
        return;
      } catch (const RowProblem& problem) {
        if (first_problem.empty()) first_problem = fmt::format("row {}: {}", i, problem.what());
      }
    }
    throw Error(ErrorKind::kBadInput,
                fmt::format("The task {} cannot ask its rows: {}", config.task, first_problem),
                config.file, "Do the data set's columns have the names that the task uses?");
  }

  // The examples of question i. All before it are drawn first: one generator serves them in order.
  const std::vector<std::size_t>& examples_of(std::size_t i) {
    while (draws.size() <= i) {
      const Row& question = data.questions.rows[static_cast<std::size_t>(rows[draws.size()])];
      Draw& draw = draws.emplace_back();
      try {
        draw.examples = sampler->draw(static_cast<std::size_t>(num_fewshot),
                                      data.examples_hold_questions ? &question : nullptr);
      } catch (const RowProblem& problem) {
        draw.problem = problem.what();
      }
    }
    if (!draws[i].problem.empty()) throw RowProblem(draws[i].problem);
    return draws[i].examples;
  }

  const std::vector<Message>& example(std::size_t i) {
    std::optional<std::vector<Message>>& known = example_messages[i];
    if (known) return *known;
    const Row& row = data.examples[i];
    const bool has_choices = fields.choices.present();
    Turn turn{.question = fields.fewshot_text.text(row, has_choices),
              .answer = fields.fewshot_target.target(row, has_choices),
              .gen_prefix = fields.fewshot_gen_prefix.resolved(row),
              .target_delimiter = fields.fewshot_target_delimiter,
              .fewshot_delimiter = fields.fewshot_delimiter};
    if (fields.fewshot_choices.present()) turn.choices = fields.fewshot_choices.choices(row);
    if (multiple_input) {
      const std::vector<int> chosen = chosen_input(turn.question, *turn.choices);
      turn.question = (*turn.choices)[static_cast<std::size_t>(chosen[0])];
      turn.choices.reset();
    }
    return known.emplace(turn_messages(turn));
  }

  static std::vector<int> chosen_input(const Json& index, const Json& choices) {
    std::vector<std::string> texts;
    for (const Json& choice : choices) texts.push_back(python::str(choice));
    return right_choices(index, texts);
  }

  // The prompts of question i: one, or one per choice when the choices are the inputs.
  std::vector<std::string> contexts(std::size_t i, const Row& row, const Json& text,
                                    const std::optional<Json>& choices) {
    std::vector<Message> before;
    const std::string system = joined(options.chat.system_instruction,
                                      fields.description.resolved(row), config.fewshot_delimiter);
    if (!system.empty()) before.push_back({"system", system, ""});
    if (num_fewshot > 0) {
      for (const std::size_t at : examples_of(i)) {
        const std::vector<Message>& messages = example(at);
        before.insert(before.end(), messages.begin(), messages.end());
      }
    }
    const std::string prefix = fields.gen_prefix.resolved(row);
    std::vector<std::string> result;
    const auto add = [&](const Json& question, const std::string& delimiter) {
      std::vector<Message> messages = before;
      for (Message& message : turn_messages(
               {.question = question, .gen_prefix = prefix, .target_delimiter = delimiter}))
        messages.push_back(std::move(message));
      result.push_back(rendered(std::move(messages), !prefix.empty()));
    };
    if (!multiple_input) {
      add(text, config.target_delimiter);
    } else {
      for (const Json& choice : *choices) add(choice, "");
    }
    return result;
  }

  std::string rendered(std::vector<Message> messages, bool continues) const {
    if (!options.chat.apply) return plain_text(messages);
    return options.chat.render(
        chat_messages(std::move(messages), options.chat.fewshot_as_multiturn), continues);
  }

  void ask(SampleRecord& sample, std::size_t i, const Row& row) {
    const bool has_choices = fields.choices.present();
    const Json target = fields.target.present() ? fields.target.target(row, has_choices) : Json("");
    sample.target = python::str(target);
    std::optional<Json> choices;
    if (has_choices) {
      choices = fields.choices.choices(row);
      for (const Json& choice : *choices) sample.choices.push_back(python::str(choice));
    }
    const Json text = fields.text.text(row, has_choices);
    const std::vector<std::string> prompts = contexts(i, row, text, choices);
    if (config.output_type == "multiple_choice") {
      if (!has_choices) throw RowProblem("the task has no doc_to_choice");
      multiple_choice(sample, prompts, target);
      sample.gold = right_choices(multiple_input ? text : target, sample.choices);
    } else if (config.output_type == "loglikelihood") {
      add(sample, Loglikelihood{prompts.at(0), text_or_throw(target, "the target")});
    } else if (config.output_type == "loglikelihood_rolling") {
      add(sample, LoglikelihoodRolling{text_or_throw(target, "the target")});
    } else {
      for (int k = 0; k < std::max(config.repeats, 1); ++k)
        add(sample, GenerateUntil{.context = prompts.at(0),
                                  .until = generation.until,
                                  .max_new_tokens = generation.max_new_tokens,
                                  .sampling = generation.sampling});
      if (has_choices) sample.gold = right_choices(target, sample.choices);
    }
  }

  static void add(SampleRecord& sample, auto body) {
    sample.requests.push_back(
        {.index = static_cast<int>(sample.requests.size()), .body = std::move(body)});
  }

  void multiple_choice(SampleRecord& sample, const std::vector<std::string>& prompts,
                       const Json& target) const {
    std::string delimiter = config.target_delimiter;
    if (options.chat.apply && (config.gen_prefix.empty() || ends_with_space(config.gen_prefix)))
      delimiter.clear();
    if (multiple_input) {
      for (const std::string& prompt : prompts)
        add(sample, Loglikelihood{prompt, delimiter + python::str(target)});
    } else {
      for (const std::string& choice : sample.choices)
        add(sample, Loglikelihood{prompts.at(0), delimiter + choice});
    }
    if (!has_metric(config, "acc_mutual_info")) return;
    for (const std::string& choice : sample.choices)
      add(sample, Loglikelihood{"", delimiter + choice});
  }

  TaskConfig config;
  TaskOptions options;
  int num_fewshot = 0;
  TaskFunctions functions;
  GenerationPlan generation;
  TaskData data;
  TaskFields fields;
  bool multiple_input = false;
  std::vector<std::int64_t> rows;  // of the split, those that are asked
  std::optional<FewshotSampler> sampler;
  struct Draw {
    std::vector<std::size_t> examples;
    std::string problem;
  };
  std::vector<Draw> draws;
  std::vector<std::optional<std::vector<Message>>> example_messages;
};

Task::Task(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Task::Task(Task&&) noexcept = default;
Task& Task::operator=(Task&&) noexcept = default;
Task::~Task() = default;

const TaskConfig& Task::config() const { return impl_->config; }

std::int64_t Task::n_samples() const { return static_cast<std::int64_t>(impl_->rows.size()); }

TaskResult Task::header() const {
  const TaskConfig& config = impl_->config;
  TaskResult result{.task = config.task,
                    .alias = config.alias,
                    .task_class = config.task_class,
                    .version = config.version,
                    .definition = hash_bytes(config.canonical_json),
                    .num_fewshot = impl_->num_fewshot,
                    .output_type = config.output_type,
                    .generation_kwargs_json = impl_->generation.kwargs_json,
                    .dataset = impl_->data.questions.identity,
                    .fewshot_dataset = impl_->data.examples_from};
  result.n_samples = n_samples();
  result.n_original = static_cast<std::int64_t>(impl_->data.questions.rows.size());
  for (const std::string& key : impl_->generation.ignored)
    result.notes.push_back("generation_kwargs." + key + " has no effect in Assay");
  if (!config.fewshot.indices.empty())
    result.notes.emplace_back(
        "fewshot_config.fewshot_indices has no effect, as in lm-evaluation-harness 0.4.13");
  return result;
}

SampleRecord Task::sample(std::int64_t i) {
  const std::int64_t row_number = impl_->rows.at(static_cast<std::size_t>(i));
  const Row& row = impl_->data.questions.rows[static_cast<std::size_t>(row_number)];
  SampleRecord sample{.id = {impl_->config.task, std::to_string(row_number)},
                      .doc_json = row.dump(-1, ' ', false, Json::error_handler_t::replace)};
  try {
    impl_->ask(sample, static_cast<std::size_t>(i), row);
  } catch (const RowProblem& problem) {
    sample.gold.clear();
    sample.requests.clear();
    sample.scores.push_back({.reason = fmt::format("row {}: {}", row_number, problem.what())});
  } catch (const Error& error) {
    throw Error(error.kind(), fmt::format("{}, row {}", error.what(), row_number));
  }
  return sample;
}

Task open_task(const TaskConfig& config, const TaskOptions& options) {
  return Task(std::make_unique<Task::Impl>(config, options));
}

}  // namespace assay
