#include <sys/time.h>

#include <cerrno>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <set>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/files.h"
#include "core/json_run.h"
#include "core/sha256.h"
#include "store/store.h"

namespace assay {
namespace {

using Json = nlohmann::ordered_json;

// Invalid UTF-8, which JSON cannot hold, becomes the replacement character, as in Python's decode.
std::string dump(const Json& json, int indent) {
  return json.dump(indent, ' ', false, Json::error_handler_t::replace);
}

// lm_eval/utils.py sanitize_model_name: what a path cannot hold becomes "__".
std::string sanitized(const std::string& name) {
  std::string safe;
  for (const char c : name) {
    if (std::strchr("\"<>:/|\\?*[]", c) != nullptr) {
      safe += "__";
    } else {
      safe += c;
    }
  }
  return safe;
}

std::string now_for_names() {
  timeval now{};
  gettimeofday(&now, nullptr);
  std::tm local{};
  localtime_r(&now.tv_sec, &local);
  char text[64];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H-%M-%S", &local);
  return fmt::format("{}.{:06}", text, now.tv_usec);
}

constexpr const char* kWriteRemedy = "Give another folder with --output, or free some space.";

void append_file(const std::string& path, const std::string& text) {
  std::ofstream file(path, std::ios::app | std::ios::binary);
  file << text;
  file.close();
  if (!file) {
    throw Error(ErrorKind::kIo, std::string("Cannot write: ") + std::strerror(errno), path,
                kWriteRemedy);
  }
}

Json arguments_of(const Request& request) {
  if (const auto* ll = std::get_if<Loglikelihood>(&request.body))
    return {{"arg_0", ll->context}, {"arg_1", ll->continuation}};
  if (const auto* rolling = std::get_if<LoglikelihoodRolling>(&request.body))
    return {{"arg_0", rolling->text}};
  const auto& generate = std::get<GenerateUntil>(request.body);
  Json kwargs = {{"until", generate.until},
                 {"max_gen_toks", generate.max_new_tokens},
                 {"do_sample", generate.sampling.temperature > 0},
                 {"temperature", generate.sampling.temperature}};
  if (generate.sampling.top_p < 1) kwargs["top_p"] = generate.sampling.top_p;
  if (generate.sampling.top_k > 0) kwargs["top_k"] = generate.sampling.top_k;
  return {{"arg_0", generate.context}, {"arg_1", kwargs}};
}

// As lm-eval logs it: numbers and truth values of likelihoods as Python prints them.
Json response_of(const Response& response, bool rolling) {
  if (const auto* ll = std::get_if<LoglikelihoodResult>(&response)) {
    const std::string value = Json(ll->loglikelihood).dump();
    if (rolling) return value;
    return Json::array({value, ll->is_greedy ? "True" : "False"});
  }
  if (const auto* text = std::get_if<GenerateResult>(&response)) return text->text;
  return {{"error", std::get<RequestError>(response).message}};
}

Json filtered_of(const SampleRecord& sample, const std::string& filter, const Json& responses) {
  for (const FilteredAnswers& filtered : sample.filtered) {
    if (filtered.filter == filter && !filtered.answers.empty()) return filtered.answers;
  }
  return responses;
}

std::string first_argument(const Request& request) {
  return arguments_of(request).at("arg_0").get<std::string>();
}

Json doc_of(const SampleRecord& sample) {
  Json doc = Json::parse(sample.doc_json, nullptr, false);
  return doc.is_discarded() ? Json(sample.doc_json) : doc;
}

Json base_line(const SampleRecord& sample) {
  Json line;
  const bool is_number = !sample.id.key.empty() &&
                         sample.id.key.find_first_not_of("0123456789") == std::string::npos &&
                         sample.id.key.size() < 18;
  line["doc_id"] = is_number ? Json(std::stoll(sample.id.key)) : Json(sample.id.key);
  line["doc"] = doc_of(sample);
  line["target"] = sample.target;
  line["arguments"] = Json::object();
  Json responses = Json::array(), nested = Json::array();
  for (std::size_t i = 0; i < sample.requests.size(); ++i) {
    const Request& request = sample.requests[i];
    line["arguments"][fmt::format("gen_args_{}", i)] = arguments_of(request);
    const bool rolling = std::holds_alternative<LoglikelihoodRolling>(request.body);
    const Json response = response_of(sample.responses.at(i), rolling);
    responses.push_back(response);
    nested.push_back(Json::array({response}));
  }
  line["resps"] = nested;
  line["filtered_resps"] = responses;
  return line;
}

void add_hashes(const SampleRecord& sample, Json& line) {
  const SourceHashes hashes = lm_eval_hashes(sample);
  line["doc_hash"] = hashes.doc;
  line["prompt_hash"] = hashes.prompt.empty() ? Json(nullptr) : Json(hashes.prompt);
  line["target_hash"] = hashes.target;
}

// What the harness's keys do not hold: with it, reading gives back the whole record.
Json assay_part(const SampleRecord& sample) {
  return Json::parse(to_json(SampleRecord{.id = sample.id,
                                          .choices = sample.choices,
                                          .gold = sample.gold,
                                          .cluster = sample.cluster,
                                          .responses = sample.responses,
                                          .request_digests = sample.request_digests,
                                          .filtered = sample.filtered,
                                          .scores = sample.scores}));
}

std::vector<std::string> filters_of(const SampleRecord& sample) {
  std::vector<std::string> filters;
  std::set<std::string> seen{"weight"};  // weights of aggregations are no metrics
  for (const Score& score : sample.scores) {
    if (seen.insert(score.filter).second) filters.push_back(score.filter);
  }
  return filters;
}

Json number_or_absent(const std::optional<double>& value) {
  return value ? Json(*value) : Json("N/A");
}

void add_metrics(const std::vector<MetricResult>& metrics, Json& json) {
  for (const MetricResult& metric : metrics) {
    if (metric.n_scored == 0) continue;
    json[metric.metric + "," + metric.filter] = metric.estimate.value;
    json[metric.metric + "_stderr," + metric.filter] = number_or_absent(metric.estimate.std_error);
  }
}

Json results_of(const Run& run) {
  Json results = Json::object();
  for (const GroupResult& group : run.groups) {
    Json json = {{"name", group.group},
                 {"alias", group.alias.empty() ? group.group : group.alias},
                 {"sample_len", group.n_samples}};
    add_metrics(group.metrics, json);
    results[group.group] = json;
  }
  for (const TaskResult& task : run.tasks) {
    Json json = {{"name", task.task},
                 {"alias", task.alias.empty() ? task.task : task.alias},
                 {"sample_len", task.n_samples}};
    add_metrics(task.metrics, json);
    results[task.task] = json;
  }
  return results;
}

Json per_task(const Run& run, Json (*value)(const TaskResult&)) {
  Json json = Json::object();
  for (const TaskResult& task : run.tasks) json[task.task] = value(task);
  return json;
}

Json higher_is_better(const TaskResult& task) {
  Json json = Json::object();
  for (const MetricResult& metric : task.metrics) json[metric.metric] = metric.higher_is_better;
  return json;
}

Json config_of(const TaskResult& task) {
  Json json = {{"task", task.task},
               {"dataset_path", task.dataset.path},
               {"dataset_name", task.dataset.name},
               {"test_split", task.dataset.split},
               {"num_fewshot", task.num_fewshot},
               {"output_type", task.output_type}};
  const Json kwargs = Json::parse(task.generation_kwargs_json, nullptr, false);
  if (!kwargs.is_discarded()) json["generation_kwargs"] = kwargs;
  return json;
}

// Everything but the samples, as in docs/formats/run.md.
Json assay_part(const Run& run) {
  Run without_samples{.header = run.header, .groups = run.groups};
  for (const TaskResult& task : run.tasks) {
    TaskResult& copy = without_samples.tasks.emplace_back(
        TaskResult{.task = task.task,
                   .alias = task.alias,
                   .task_class = task.task_class,
                   .version = task.version,
                   .definition = task.definition,
                   .num_fewshot = task.num_fewshot,
                   .output_type = task.output_type,
                   .generation_kwargs_json = task.generation_kwargs_json,
                   .dataset = task.dataset,
                   .fewshot_dataset = task.fewshot_dataset,
                   .prompts = task.prompts,
                   .n_samples = task.n_samples,
                   .n_original = task.n_original,
                   .metrics = task.metrics});
    copy.notes = task.notes;
  }
  return {{"run", Json::parse(to_json(without_samples))}};
}

}  // namespace

SourceHashes lm_eval_hashes(const SampleRecord& sample) {
  SourceHashes hashes{.doc = sha256_of(dump(doc_of(sample), 2)),
                      .target = sha256_of(sample.target)};
  if (!sample.requests.empty()) hashes.prompt = sha256_of(first_argument(sample.requests[0]));
  return hashes;
}

LmEvalOutput open_lm_eval_output(const std::string& output, const std::string& model_name) {
  LmEvalOutput result{.folder = (std::filesystem::path(output) / sanitized(model_name)).string(),
                      .date = now_for_names()};
  std::error_code failure;
  std::filesystem::create_directories(result.folder, failure);
  if (failure) {
    throw Error(ErrorKind::kIo, "Cannot make the folder: " + failure.message(), result.folder,
                "Give another one with --output.");
  }
  return result;
}

void append_lm_eval_samples(const LmEvalOutput& output, std::span<const SampleRecord> samples) {
  if (samples.empty()) return;
  std::string text;
  for (const SampleRecord& sample : samples) {
    const Json base = base_line(sample);
    bool is_first = true;
    for (const std::string& filter : filters_of(sample)) {
      Json line = base;
      line["filtered_resps"] = filtered_of(sample, filter, base.at("filtered_resps"));
      line["filter"] = filter;
      Json metrics = Json::array();
      for (const Score& score : sample.scores) {
        if (score.filter == filter) metrics.push_back(score.metric);
      }
      line["metrics"] = metrics;
      add_hashes(sample, line);
      for (const Score& score : sample.scores) {
        if (score.filter == filter) line[score.metric] = score.value ? Json(*score.value) : Json();
      }
      if (is_first) line["assay"] = assay_part(sample);
      is_first = false;
      text += dump(line, -1) + "\n";
    }
  }
  const std::string& task = samples.front().id.task;
  append_file(fmt::format("{}/samples_{}_{}.jsonl", output.folder, task, output.date), text);
}

std::string write_lm_eval_results(const LmEvalOutput& output, const Run& run) {
  Json groups = Json::object(), subtasks = Json::object();
  const Json results = results_of(run);
  for (const GroupResult& group : run.groups) {
    if (!group.metrics.empty()) groups[group.group] = results.at(group.group);
    subtasks[group.group] = group.tasks;
  }
  const RunHeader& header = run.header;
  Json json = {{"results", results}};
  if (!groups.empty()) json["groups"] = groups;
  json["group_subtasks"] = subtasks;
  json["configs"] = per_task(run, config_of);
  json["versions"] = per_task(run, [](const TaskResult& t) { return Json(t.version); });
  json["n-shot"] = per_task(run, [](const TaskResult& t) { return Json(t.num_fewshot); });
  json["higher_is_better"] = per_task(run, higher_is_better);
  json["n-samples"] = per_task(run, [](const TaskResult& t) {
    return Json{{"original", t.n_original}, {"effective", t.n_samples}};
  });
  json["config"] = {{"model", "assay"},
                    {"model_args", {{"path", header.model.path}}},
                    {"model_num_parameters", header.model.n_weights},
                    {"limit", header.limit.empty() ? Json(nullptr) : Json(header.limit)},
                    {"fewshot_seed", header.fewshot_seed}};
  json["date"] = output.date;
  json["max_length"] = header.model.runtime.n_ctx;
  json["model_source"] = "assay";
  json["model_name"] = header.model_name;
  json["model_name_sanitized"] = sanitized(header.model_name);
  json["system_instruction"] =
      header.system_instruction.empty() ? Json(nullptr) : Json(header.system_instruction);
  json["fewshot_as_multiturn"] = header.fewshot_as_multiturn;
  json["chat_template"] = header.chat ? Json(header.model.chat_template) : Json(nullptr);
  json["total_evaluation_time_seconds"] = fmt::format("{}", header.duration_s);
  json["assay"] = assay_part(run);
  const std::string path = fmt::format("{}/results_{}.json", output.folder, output.date);
  write_file(path, kWriteRemedy, dump(json, 2) + "\n");
  return path;
}

}  // namespace assay
