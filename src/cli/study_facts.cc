#include "cli/study_facts.h"

#include <filesystem>
#include <set>

#include <fmt/format.h>

#include "compress/compress.h"
#include "core/error.h"

namespace assay::cli {
namespace {

class Facts {
 public:
  Facts(std::string family, std::string subject)
      : family_(std::move(family)), subject_(std::move(subject)) {}
  void add(const char* field, const std::string& value) {
    if (!value.empty())
      facts_.push_back({.family = family_, .subject = subject_, .field = field, .value = value});
  }
  std::vector<MethodFact> take() { return std::move(facts_); }

 private:
  std::string family_, subject_;
  std::vector<MethodFact> facts_;
};

std::string digest_text(const Digest& digest) {
  return digest == Digest{} ? std::string() : digest.hex();
}

void append(std::vector<MethodFact>& all, std::vector<MethodFact> more) {
  all.insert(all.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
}

std::vector<MethodFact> task_facts(const std::string& family, const TaskResult& task) {
  Facts facts(family, "task " + task.task);
  facts.add("version", task.version);
  facts.add("few-shot examples", std::to_string(task.num_fewshot));
  facts.add("items", fmt::format("{} of {}", task.n_samples, task.n_original));
  facts.add("data set",
            fmt::format("{} {} {}", task.dataset.path, task.dataset.name, task.dataset.split));
  facts.add("data set digest", digest_text(task.dataset.content));
  facts.add("definition digest", digest_text(task.definition));
  facts.add("prompts digest", digest_text(task.prompts));
  facts.add("generation settings", task.generation_kwargs_json);
  if (task.early_stop) facts.add("stopped early", task.early_stop->sentence);
  for (const std::string& note : task.notes) facts.add("note", note);
  return facts.take();
}

}  // namespace

std::vector<MethodFact> facts_of(const std::string& family, const Run& run) {
  const RunHeader& header = run.header;
  Facts facts(family, "run of " + header.model_name);
  facts.add("assay version", header.assay_version);
  facts.add("imported from", header.imported_from);
  facts.add("engine", header.model.engine);
  facts.add("architecture", header.model.architecture);
  facts.add("KV types", header.model.runtime.kv.k + " / " + header.model.runtime.kv.v);
  facts.add("flash attention", header.model.runtime.flash_attention ? "on" : "off");
  facts.add("micro-batch", std::to_string(header.model.runtime.n_ubatch));
  facts.add("few-shot seed", std::to_string(header.fewshot_seed));
  facts.add("sampling seed", std::to_string(header.sampling_seed));
  facts.add("limit", header.limit);
  facts.add("chat template", header.chat ? digest_text(header.chat_template) : "not applied");
  facts.add("system instruction", header.system_instruction);
  facts.add("BOS", header.bos_rule);
  facts.add("started", header.started);
  std::vector<MethodFact> all = facts.take();
  for (const TaskResult& task : run.tasks) append(all, task_facts(family, task));
  return all;
}

std::string shell_quoted(const std::string& word) {
  constexpr const char* kPlain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./=+:,@%";
  if (!word.empty() && word.find_first_not_of(kPlain) == std::string::npos) return word;
  std::string quoted = "'";
  for (const char c : word) {
    if (c == '\'') {
      quoted += "'\\''";
    } else {
      quoted += c;
    }
  }
  return quoted + "'";
}

// What makes the variant a file, and what serves it.
std::vector<StudyCommand> commands_to_run(const std::string& name, const std::string& baseline) {
  std::vector<StudyCommand> commands;
  VariantSpec spec;
  try {
    spec = parse_variant(name);
  } catch (const Error&) {
    return commands;  // another tool's name
  }
  std::string file = baseline;
  if (spec.weights == VariantSpec::Weights::kFile) file = spec.file;
  if (spec.weights == VariantSpec::Weights::kType) {
    file = spec.type + ".gguf";
    commands.push_back({"Make the recommended variant",
                        fmt::format("assay quantize {} {} {}", shell_quoted(baseline),
                                    shell_quoted(file), shell_quoted(spec.type))});
  }
  std::string serve = "llama-server -m " + shell_quoted(file);
  if (spec.kv) serve += fmt::format(" --cache-type-k {} --cache-type-v {}", spec.kv->k, spec.kv->v);
  commands.push_back({"Serve it", serve});
  if (!spec.kv) {
    const std::string here = file.starts_with("/") ? file : "./" + file;
    commands.push_back({"Serve it with Ollama",
                        fmt::format("printf 'FROM %s\\n' {0} > Modelfile && ollama create {1} -f "
                                    "Modelfile && ollama run {1}",
                                    shell_quoted(here),
                                    shell_quoted(std::filesystem::path(file).stem().string()))});
    commands.push_back({"Serve it with vLLM (GPU; experimental)",
                        "pip install vllm vllm-gguf-plugin && vllm serve " + shell_quoted(here)});
  }
  return commands;
}

namespace {

// Their names, as a report is read elsewhere; below the folder that holds all of them where names
// alone would be equal.
std::vector<std::string> names_of(const std::vector<std::string>& inputs) {
  namespace fs = std::filesystem;
  std::set<std::string> distinct;
  fs::path common;
  for (const std::string& input : inputs) {
    const fs::path path = fs::absolute(input).lexically_normal();
    distinct.insert(path.filename().string());
    if (common.empty()) common = path.parent_path();
    while (path.lexically_relative(common).string().starts_with(".."))
      common = common.parent_path();
  }
  std::vector<std::string> names;
  for (const std::string& input : inputs) {
    const fs::path path = fs::absolute(input).lexically_normal();
    const bool alone = distinct.size() == inputs.size();
    names.push_back((alone ? path.filename() : path.lexically_relative(common)).string());
  }
  return names;
}

}  // namespace

std::vector<StudyCommand> commands_of(const std::vector<StudyFamily>& families,
                                      const std::vector<std::string>& inputs) {
  std::string report = "assay report";
  for (const std::string& name : names_of(inputs)) report += " " + shell_quoted(name);
  std::vector<StudyCommand> commands{{"This report", report + " -o report.html"}};
  for (const StudyFamily& family : families) {
    if (!family.decision || family.decision->recommended.empty()) continue;
    if (!family.baseline.name.ends_with(".gguf")) continue;  // measured by another tool
    const auto more = commands_to_run(family.decision->recommended, family.baseline.name);
    commands.insert(commands.end(), more.begin(), more.end());
  }
  return commands;
}

}  // namespace assay::cli
