#include "core/json_run.h"

#include <fmt/format.h>

#include "core/json_samples.h"

namespace assay {
namespace {

using json::exact_text;
using json::Json;
using json::read_exact_text;

Json metric(const MetricResult& result) {
  return {{"metric", exact_text(result.metric)},
          {"filter", exact_text(result.filter)},
          {"estimate", json::estimate(result.estimate, "metric")},
          {"n_scored", result.n_scored},
          {"n_unscored", result.n_unscored},
          {"higher_is_better", result.higher_is_better}};
}

MetricResult read_metric(const Json& j) {
  return {.metric = read_exact_text(j.at("metric")),
          .filter = read_exact_text(j.at("filter")),
          .estimate = json::read_estimate(j.at("estimate")),
          .n_scored = j.at("n_scored").get<std::int64_t>(),
          .n_unscored = j.at("n_unscored").get<std::int64_t>(),
          .higher_is_better = j.at("higher_is_better").get<bool>()};
}

Json dataset(const DatasetIdentity& d) {
  return {{"path", exact_text(d.path)},   {"name", exact_text(d.name)},
          {"split", exact_text(d.split)}, {"source", exact_text(d.source)},
          {"content", d.content.hex()},   {"n_rows", d.n_rows}};
}

DatasetIdentity read_dataset(const Json& j) {
  return {.path = read_exact_text(j.at("path")),
          .name = read_exact_text(j.at("name")),
          .split = read_exact_text(j.at("split")),
          .source = read_exact_text(j.at("source")),
          .content = Digest::from_hex(j.at("content").get<std::string>()),
          .n_rows = j.at("n_rows").get<std::int64_t>()};
}

template <typename T, typename F>
Json list(const std::vector<T>& values, F convert) {
  Json json = Json::array();
  for (const T& value : values) json.push_back(convert(value));
  return json;
}

template <typename F>
auto read_list(const Json& j, F convert) {
  std::vector<decltype(convert(j))> values;
  for (const Json& value : j) values.push_back(convert(value));
  return values;
}

Json task(const TaskResult& t) {
  return {{"task", exact_text(t.task)},
          {"alias", exact_text(t.alias)},
          {"task_class", exact_text(t.task_class)},
          {"version", exact_text(t.version)},
          {"definition", t.definition.hex()},
          {"num_fewshot", t.num_fewshot},
          {"output_type", exact_text(t.output_type)},
          {"generation_kwargs", exact_text(t.generation_kwargs_json)},
          {"dataset", dataset(t.dataset)},
          {"fewshot_dataset", t.fewshot_dataset ? dataset(*t.fewshot_dataset) : Json(nullptr)},
          {"prompts", t.prompts.hex()},
          {"n_samples", t.n_samples},
          {"n_original", t.n_original},
          {"metrics", list(t.metrics, metric)},
          {"notes", list(t.notes, exact_text)},
          {"samples", Json::array()}};
}

TaskResult read_task(const Json& j) {
  TaskResult t{.task = read_exact_text(j.at("task")),
               .alias = read_exact_text(j.at("alias")),
               .task_class = read_exact_text(j.at("task_class")),
               .version = read_exact_text(j.at("version")),
               .definition = Digest::from_hex(j.at("definition").get<std::string>()),
               .num_fewshot = j.at("num_fewshot").get<int>(),
               .output_type = read_exact_text(j.at("output_type")),
               .generation_kwargs_json = read_exact_text(j.at("generation_kwargs")),
               .dataset = read_dataset(j.at("dataset")),
               .prompts = Digest::from_hex(j.at("prompts").get<std::string>()),
               .n_samples = j.at("n_samples").get<std::int64_t>(),
               .n_original = j.at("n_original").get<std::int64_t>(),
               .metrics = read_list(j.at("metrics"), read_metric),
               .samples = read_list(j.at("samples"), json::read_sample),
               .notes = read_list(j.at("notes"), read_exact_text)};
  if (!j.at("fewshot_dataset").is_null()) t.fewshot_dataset = read_dataset(j.at("fewshot_dataset"));
  return t;
}

Json group(const GroupResult& g) {
  return {{"group", exact_text(g.group)},       {"alias", exact_text(g.alias)},
          {"version", exact_text(g.version)},   {"tasks", list(g.tasks, exact_text)},
          {"metrics", list(g.metrics, metric)}, {"n_samples", g.n_samples}};
}

GroupResult read_group(const Json& j) {
  return {.group = read_exact_text(j.at("group")),
          .alias = read_exact_text(j.at("alias")),
          .version = read_exact_text(j.at("version")),
          .tasks = read_list(j.at("tasks"), read_exact_text),
          .metrics = read_list(j.at("metrics"), read_metric),
          .n_samples = j.at("n_samples").get<std::int64_t>()};
}

Json header(const RunHeader& h) {
  return {{"assay_version", exact_text(h.assay_version)},
          {"model_name", exact_text(h.model_name)},
          {"model", json::model_info(h.model)},
          {"started", exact_text(h.started)},
          {"duration_s", json::number(h.duration_s, "duration_s")},
          {"fewshot_seed", h.fewshot_seed},
          {"sampling_seed", h.sampling_seed},
          {"limit", exact_text(h.limit)},
          {"chat", h.chat},
          {"chat_template", h.chat_template.hex()},
          {"system_instruction", exact_text(h.system_instruction)},
          {"fewshot_as_multiturn", h.fewshot_as_multiturn},
          {"bos_rule", exact_text(h.bos_rule)},
          {"imported_from", exact_text(h.imported_from)},
          {"warnings", list(h.warnings, exact_text)}};
}

RunHeader read_header(const Json& j) {
  return {.assay_version = read_exact_text(j.at("assay_version")),
          .model_name = read_exact_text(j.at("model_name")),
          .model = json::read_model_info(j.at("model")),
          .started = read_exact_text(j.at("started")),
          .duration_s = j.at("duration_s").get<double>(),
          .fewshot_seed = j.at("fewshot_seed").get<std::uint64_t>(),
          .sampling_seed = j.at("sampling_seed").get<std::uint64_t>(),
          .limit = read_exact_text(j.at("limit")),
          .chat = j.at("chat").get<bool>(),
          .chat_template = Digest::from_hex(j.at("chat_template").get<std::string>()),
          .system_instruction = read_exact_text(j.at("system_instruction")),
          .fewshot_as_multiturn = j.at("fewshot_as_multiturn").get<bool>(),
          .bos_rule = read_exact_text(j.at("bos_rule")),
          .imported_from = read_exact_text(j.at("imported_from")),
          .warnings = read_list(j.at("warnings"), read_exact_text)};
}

// All but the samples.
Json document(const Run& run) {
  return {{"schema", kRunSchema},
          {"header", header(run.header)},
          {"groups", list(run.groups, group)},
          {"tasks", list(run.tasks, task)}};
}

// Line breaks within texts are escaped: every other one begins a line of the document.
std::string indented(const std::string& text, std::size_t n) {
  std::string out;
  for (const char c : text) {
    out += c;
    if (c == '\n') out.append(n, ' ');
  }
  return out;
}

// The document, with each task's samples written one by one into their place.
void write_run(const Run& run, std::size_t indent,
               const std::function<void(std::string_view)>& write) {
  constexpr std::string_view kPlace = "\"samples\": []";
  const std::string text = indented(json::dump(document(run), 2), indent);
  const std::string line = "\n" + std::string(indent + 8, ' ');
  std::size_t from = 0;
  for (const TaskResult& task : run.tasks) {
    const std::size_t at = text.find(kPlace, from) + kPlace.size() - 1;
    write(std::string_view(text).substr(from, at - from));
    for (const SampleRecord& sample : task.samples) {
      if (&sample != &task.samples.front()) write(",");
      write(line);
      write(indented(json::dump(json::sample(sample, json::Requests::kDrop), 2), indent + 8));
    }
    if (!task.samples.empty()) write(std::string_view(line).substr(0, line.size() - 2));
    from = at;
  }
  write(std::string_view(text).substr(from));
}

Run read_document(const Json& document) {
  if (document.value("schema", "") != kRunSchema) {
    throw Error(ErrorKind::kBadInput, std::string("Not a document of schema ") + kRunSchema, {},
                "Give what `assay eval --json` printed.");
  }
  return {.header = read_header(document.at("header")),
          .tasks = read_list(document.at("tasks"), read_task),
          .groups = read_list(document.at("groups"), read_group)};
}

}  // namespace

std::string to_json(const Run& run) {
  std::string text;
  write_run(run, 0, [&](std::string_view piece) { text += piece; });
  return text + "\n";
}

std::string to_json(const std::vector<Run>& runs) {
  std::string text;
  write_json(runs, [&](std::string_view piece) { text += piece; });
  return text;
}

void write_json(const std::vector<Run>& runs, const std::function<void(std::string_view)>& write) {
  write(fmt::format("{{\n  \"schema\": \"{}\",\n  \"runs\": [", kRunsSchema));
  for (const Run& run : runs) {
    write(&run == &runs.front() ? "\n    " : ",\n    ");
    write_run(run, 4, write);
  }
  write(runs.empty() ? "]\n}\n" : "\n  ]\n}\n");
}

Run run_from_json(std::string_view text) {
  return json::checked("run", [&] { return read_document(json::parse(text)); });
}

std::vector<Run> runs_from_json(std::string_view text) {
  return json::checked("list of runs", [&] {
    const Json parsed = json::parse(text);
    if (parsed.value("schema", "") != kRunsSchema) return std::vector<Run>{read_document(parsed)};
    return read_list(parsed.at("runs"), read_document);
  });
}

}  // namespace assay
