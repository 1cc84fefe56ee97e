// Logs of Inspect: version, status, eval, results, samples (inspect_ai's EvalLog).
#include "store/inspect_import.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <unordered_map>

#include <fmt/format.h>

#include "core/sha256.h"

namespace assay::detail {
namespace {

// C, I, P, N: correct, incorrect, partly, no answer. As inspect_ai's value_to_float.
std::optional<double> value_of(const Json& value) {
  if (!value.is_string()) return number_of(value);
  std::string text = value.get<std::string>();
  if (text == "C") return 1;
  if (text == "P") return 0.5;
  if (text == "I" || text == "N") return 0;
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  if (text == "yes" || text == "true") return 1;
  if (text == "no" || text == "false") return 0;
  return number_of(value);
}

std::string answer_of(const Json& sample) {
  const Json& output = part(sample, "output");
  if (output.contains("completion")) return text_or(output, "completion");
  const Json& choices = part(output, "choices");
  if (!choices.is_array() || choices.empty()) return {};
  const Json& content = part(part(choices[0], "message"), "content");
  if (content.is_string()) return content.get<std::string>();
  std::string text;
  for (const Json& piece : content) text += text_or(piece, "text");
  return text;
}

Response response_of(const Json& sample) {
  const Json& error = part(sample, "error");
  if (error.empty()) return text_response(answer_of(sample));
  return RequestError{text_or(error, "message", "failed")};
}

// The letters of a multiple-choice target: "A", or ["A", "C"].
std::vector<int> gold_of(const Json& target, std::size_t n_choices) {
  std::vector<int> gold;
  for (const Json& one : target.is_array() ? target : Json::array({target})) {
    const std::string letter = python_text(one);
    const int index = letter.size() == 1 ? letter[0] - 'A' : -1;
    if (index < 0 || index >= static_cast<int>(n_choices)) return {};
    gold.push_back(index);
  }
  return gold;
}

struct Sum {
  double sum = 0;
  int n = 0;
};

class InspectReader {
 public:
  InspectReader(const Json& log, const std::string& path)
      : log_(log), eval_(part(log, "eval")), path_(path) {
    task_.task = text_or(eval_, "task", "task");
    reducer_ = reducer();
  }

  ImportedRun read() {
    std::size_t n = 0;
    const Json& samples = part(log_, "samples");
    if (samples.is_object() && !samples.empty())
      refuse("The samples are no list", path_, "Give the log as Inspect wrote it.");
    for (const Json& sample : samples) add(sample, ++n);
    finish_scores();
    fill_task();
    Run run;
    fill_header(run.header);
    say_what_is_lacking(run.header);
    run.tasks.push_back(std::move(task_));
    return {.run = std::move(run), .aggregations = {{}}, .source = path_};
  }

 private:
  // How epochs become one value; "none" where it is the mean.
  std::string reducer() const {
    const Json& names = part(part(eval_, "config"), "epochs_reducer");
    const std::string name = names.is_array() && !names.empty() ? python_text(names[0]) : "mean";
    return name == "mean" ? "none" : name;
  }

  void add(const Json& json, std::size_t number) {
    const std::string where = fmt::format("{}, sample {}", path_, number);
    if (!json.is_object() || !json.contains("id"))
      refuse("A sample has no id", where, "Give the log as Inspect wrote it.");
    const std::string key = python_text(json.at("id"));
    const auto [at, is_new] = items_.try_emplace(key, task_.samples.size());
    if (is_new) start(json, key);
    SampleRecord& sample = task_.samples[at->second];
    const std::string epoch = text_or(json, "epoch", "1");
    std::vector<std::string>& epochs = epochs_[at->second];
    if (std::find(epochs.begin(), epochs.end(), epoch) != epochs.end()) {
      refuse(fmt::format("The item {} is there twice for epoch {}", key, epoch), where,
             "Give the log as Inspect wrote it.");
    }
    epochs.push_back(epoch);
    sample.responses.push_back(response_of(json));
    add_scores(json, at->second);
  }

  void start(const Json& json, const std::string& key) {
    SampleRecord sample{.id = {task_.task, key}};
    const Json& input = part(json, "input");
    Json doc = {{"input", input}};
    if (!part(json, "metadata").empty()) doc["metadata"] = json.at("metadata");
    sample.doc_json = doc.dump();
    sample.target = text_or(json, "target");
    for (const Json& choice : part(json, "choices")) sample.choices.push_back(python_text(choice));
    sample.gold = gold_of(part(json, "target"), sample.choices.size());
    sample.source_hashes = {
        .doc = sha256_of(doc.dump(2)),
        .prompt = sha256_of(input.is_string() ? input.get<std::string>() : input.dump()),
        .target = sha256_of(sample.target)};
    sample.filtered = {{reducer_, {}}};
    task_.samples.push_back(std::move(sample));
    epochs_.emplace_back();
    sums_.emplace_back();
  }

  void add_scores(const Json& json, std::size_t item) {
    Json scores = part(json, "scores");
    if (scores.empty() && !part(json, "score").empty()) scores = {{"score", json.at("score")}};
    bool is_first = true;
    for (const auto& [name, score] : scores.items()) {
      const Json& value = part(score, "value");
      if (value.is_object()) {
        for (const auto& [key, inner] : value.items())
          add_value(fmt::format("{}.{}", name, key), inner, item);
      } else {
        add_value(name, value, item);
      }
      const std::string answer = text_or(score, "answer");
      if (is_first) task_.samples[item].filtered[0].answers.push_back(answer);
      is_first = false;
    }
  }

  void add_value(const std::string& metric, const Json& value, std::size_t item) {
    if (std::find(metrics_.begin(), metrics_.end(), metric) == metrics_.end())
      metrics_.push_back(metric);
    const auto number = value_of(value);
    if (!number || !std::isfinite(*number)) return;
    Sum& sum = sums_[item][metric];
    sum.sum += *number;
    ++sum.n;
  }

  // Means over epochs; another reducer's values are those that the log has.
  void finish_scores() {
    for (std::size_t i = 0; i < task_.samples.size(); ++i) {
      for (const std::string& metric : metrics_) {
        Score score{.metric = metric, .filter = reducer_};
        const auto sum = sums_[i].find(metric);
        if (reducer_ != "none") {
          score.value = reduced(metric, task_.samples[i].id.key);
        } else if (sum != sums_[i].end()) {
          score.value = sum->second.sum / sum->second.n;
        }
        if (!score.value) score.reason = "the source has no score for it";
        task_.samples[i].scores.push_back(std::move(score));
      }
    }
  }

  std::optional<double> reduced(const std::string& metric, const std::string& key) const {
    for (const Json& reduction : part(log_, "reductions")) {
      if (text_or(reduction, "scorer") != metric || text_or(reduction, "reducer") != reducer_)
        continue;
      for (const Json& sample : part(reduction, "samples")) {
        if (text_or(sample, "sample_id") == key) return value_of(part(sample, "value"));
      }
    }
    return std::nullopt;
  }

  std::vector<MetricResult> stated_metrics() const {
    std::vector<MetricResult> stated;
    for (const Json& score : part(part(log_, "results"), "scores")) {
      const std::string reducer = text_or(score, "reducer", "mean");
      if ((reducer == "mean" ? "none" : reducer) != reducer_) continue;
      const Json& metrics = part(score, "metrics");
      for (const char* name : {"accuracy", "mean"}) {
        const auto value = number_of(part(part(metrics, name), "value"));
        if (!value) continue;
        Estimate estimate{.value = *value, .reason = "the source states none"};
        estimate.std_error = number_of(part(part(metrics, "stderr"), "value"));
        if (estimate.std_error) estimate.reason.clear();
        stated.push_back({.metric = text_or(score, "name"),
                          .filter = reducer_,
                          .estimate = estimate,
                          .n_scored = task_.n_samples});
        break;
      }
    }
    return stated;
  }

  void fill_task() {
    const Json& dataset = part(eval_, "dataset");
    task_.alias = text_or(eval_, "task_display_name", task_.task);
    task_.version = text_or(eval_, "task_version");
    task_.output_type = "generate_until";
    task_.n_samples = static_cast<std::int64_t>(task_.samples.size());
    const auto n = number_of(part(dataset, "samples"));
    task_.n_original =
        std::max(task_.n_samples, static_cast<std::int64_t>(std::clamp(n.value_or(0), 0.0, 1e15)));
    task_.dataset.path = text_or(dataset, "location", text_or(dataset, "name"));
    task_.dataset.name = text_or(dataset, "name");
    task_.dataset.n_rows = task_.n_original;
    Json settings = part(eval_, "model_generate_config");
    if (settings.empty()) settings = part(part(log_, "plan"), "config");
    if (!settings.empty()) task_.generation_kwargs_json = settings.dump();
    task_.metrics = stated_metrics();
  }

  void fill_header(RunHeader& header) const {
    const std::string version = text_or(part(eval_, "packages"), "inspect_ai");
    header.model_name = text_or(eval_, "model", "unknown model");
    header.started = text_or(eval_, "created");
    header.limit = text_or(part(eval_, "config"), "limit");
    header.chat = true;  // Inspect sends messages
    header.imported_from = "Inspect " + (version.empty() ? "of an unknown version" : version);
    header.model.path = header.model_name;
    header.model.description = part(eval_, "model_args").dump();
    header.model.engine = "Inspect";
  }

  void say_what_is_lacking(RunHeader& header) const {
    const std::string status = text_or(log_, "status", "unknown");
    if (status != "success") {
      header.warnings.push_back(
          fmt::format("{}: the run's status is '{}': samples may be missing", task_.task, status));
    }
    std::string text =
        "The source does not contain: digests of weights, data sets and definitions; tokens of "
        "prompts and answers, log-probabilities; what the model was sent after templates";
    if (task_.samples.empty()) text += "; samples, so nothing can be paired";
    header.warnings.push_back(text + ".");
  }

  const Json& log_;
  const Json& eval_;
  const std::string& path_;
  std::string reducer_;
  TaskResult task_;
  std::unordered_map<std::string, std::size_t> items_;
  std::vector<std::vector<std::string>> epochs_;
  std::vector<std::map<std::string, Sum>> sums_;
  std::vector<std::string> metrics_;
};

}  // namespace

bool is_wanted_of_inspect(int depth, Json::parse_event_t event, const Json& value) {
  if (depth != 3 || event != Json::parse_event_t::key || !value.is_string()) return true;
  const std::string& key = value.get_ref<const std::string&>();
  return key != "events" && key != "messages" && key != "attachments" && key != "timelines" &&
         key != "events_data";
}

bool is_inspect_log(const Json& json) {
  return json.is_object() && json.contains("eval") && json.at("eval").is_object() &&
         json.contains("status") && json.at("eval").contains("task");
}

ImportedRun read_inspect_log(const Json& json, const std::string& path) {
  return InspectReader(json, path).read();
}

}  // namespace assay::detail
