// assay tasks show: the exact prompts of one sample of a task, and their tokens.
#include <memory>

#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "cli/task_prompts.h"
#include "cli/tasks_show.h"
#include "core/error.h"
#include "eval/eval.h"
#include "models/models.h"

namespace assay::cli {
namespace {

using Json = nlohmann::ordered_json;

struct ShowFlags {
  std::string name, model;
  DatasetFlags data;
  std::vector<std::string> include_paths;
  std::int64_t item = 0;
  std::optional<int> num_fewshot;
  std::uint64_t fewshot_seed = 1234;
  bool json = false, no_shipped = false, trust_task_code = false;
};

Task open(const ShowFlags& flags, const Context& context) {
  TaskOptions options;
  options.num_fewshot = flags.num_fewshot;
  options.fewshot_seed = flags.fewshot_seed;
  options.trust_task_code = flags.trust_task_code;
  return open_one_task({.shipped = !flags.no_shipped, .folders = flags.include_paths}, flags.name,
                       std::move(options), flags.data, context.stop);
}

Json request_json(const Request& request, const Model* vocabulary) {
  Json json{{"index", request.index}};
  if (const auto* body = std::get_if<Loglikelihood>(&request.body)) {
    json["context"] = body->context;
    json["continuation"] = body->continuation;
  } else if (const auto* rolling = std::get_if<LoglikelihoodRolling>(&request.body)) {
    json["text"] = rolling->text;
  } else {
    const auto& generate = std::get<GenerateUntil>(request.body);
    json["context"] = generate.context;
    json["until"] = generate.until;
    json["max_new_tokens"] = generate.max_new_tokens;
    json["temperature"] = generate.sampling.temperature;
  }
  if (vocabulary == nullptr) return json;
  const EncodedRequest encoded = encode_request(request, *vocabulary, {});
  json["tokens"] = encoded.tokens;
  json["n_context_tokens"] = encoded.n_context;
  json["n_truncated_tokens"] = encoded.n_truncated;
  json["joined"] = encoded.joined;
  return json;
}

void print_json(const SampleRecord& sample, const TaskResult& header, const Model* vocabulary) {
  Json json{{"schema", "assay-task-sample/1"},
            {"task", header.task},
            {"version", header.version},
            {"num_fewshot", header.num_fewshot},
            {"row", sample.id.key},
            {"doc", Json::parse(sample.doc_json)},
            {"target", sample.target},
            {"choices", sample.choices},
            {"gold", sample.gold}};
  json["requests"] = Json::array();
  for (const Request& request : sample.requests)
    json["requests"].push_back(request_json(request, vocabulary));
  if (sample.requests.empty() && !sample.scores.empty()) json["unscored"] = sample.scores[0].reason;
  fmt::print("{}\n", json.dump(2, ' ', false, Json::error_handler_t::replace));
}

void print_tokens(const Request& request, const Model& vocabulary) {
  const EncodedRequest encoded = encode_request(request, vocabulary, {});
  std::string line;
  for (std::size_t i = 0; i < encoded.tokens.size(); ++i) {
    if (static_cast<int>(i) == encoded.n_context && i > 0) line += " |";
    line += fmt::format(" {}", encoded.tokens[i]);
  }
  fmt::print("tokens ({}):{}\n", encoded.tokens.size(), line);
}

// Contexts that are the same as the one before are written once.
void print_text(const SampleRecord& sample, const TaskResult& header, const Model* vocabulary) {
  fmt::print("{} row {}, {} examples, {}\n", header.task, sample.id.key, header.num_fewshot,
             header.output_type);
  if (sample.requests.empty())
    fmt::print("not asked: {}\n", sample.scores.empty() ? "" : sample.scores[0].reason);
  std::string before;
  for (const Request& request : sample.requests) {
    const std::string context = context_of(request);
    if (request.index == 0 || context != before)
      fmt::print("--- context of request {}\n{}\n", request.index, context);
    before = context;
    if (const auto* body = std::get_if<Loglikelihood>(&request.body))
      fmt::print("--- continuation {}: {}\n", request.index, Json(body->continuation).dump());
    if (const auto* body = std::get_if<GenerateUntil>(&request.body))
      fmt::print("--- until {}, at most {} tokens, temperature {}\n", Json(body->until).dump(),
                 body->max_new_tokens, body->sampling.temperature);
    if (vocabulary != nullptr) print_tokens(request, *vocabulary);
  }
  if (!sample.choices.empty())
    fmt::print("--- choices {}, right {}\n", Json(sample.choices).dump(), Json(sample.gold).dump());
  fmt::print("--- target {}\n", Json(sample.target).dump());
  for (const std::string& note : header.notes) fmt::print("note: {}\n", note);
}

void show(const ShowFlags& flags, const Context& context) {
  std::unique_ptr<Model> vocabulary;
  if (!flags.model.empty()) vocabulary = open_llama({.path = flags.model, .vocabulary_only = true});
  Task task = open(flags, context);
  if (flags.item < 0 || flags.item >= task.n_samples())
    throw Error(ErrorKind::kUsage, fmt::format("There is no item {}", flags.item), {},
                fmt::format("{} has the items 0 to {}.", flags.name, task.n_samples() - 1));
  const SampleRecord sample = task.sample(flags.item);
  (flags.json ? print_json : print_text)(sample, task.header(), vocabulary.get());
}

}  // namespace

void add_tasks_show(CLI::App& tasks, Context& context) {
  auto flags = std::make_shared<ShowFlags>();
  CLI::App* show_app = tasks.add_subcommand("show", "Show the exact prompts of one item of a task");
  show_app->add_option("NAME", flags->name, "Task")->required();
  show_app->add_option("--item", flags->item, "Which item, from 0");
  show_app->add_option("--num-fewshot", flags->num_fewshot, "Examples before the question");
  show_app->add_option("--seed", flags->fewshot_seed, "Seed of the choice of examples");
  show_app->add_option("--model", flags->model, "GGUF whose tokens are shown too");
  add_dataset_flags(*show_app, flags->data);
  show_app->add_option("--include-path", flags->include_paths,
                       "Folder of task files; its names go before the shipped ones");
  show_app->add_flag("--no-shipped", flags->no_shipped, "Leave out the tasks inside the program");
  show_app->add_flag("--trust-task-code", flags->trust_task_code,
                     "Run the task's own Python functions");
  show_app->add_flag("--json", flags->json, "As JSON");
  show_app->callback([flags, &context] { show(*flags, context); });
}

}  // namespace assay::cli
