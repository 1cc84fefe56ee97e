#include <algorithm>
#include <fstream>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "study/candidates.h"
#include "study/study.h"

namespace assay {
namespace {

using detail::Prepared;

MeasureOptions measure_options(const SpeedOptions& options, const SpeedPoint& point) {
  MeasureOptions measure;
  measure.baseline = options.baseline;
  measure.runtime = point.runtime;
  measure.recipe = options.recipe;
  measure.cache_dir = options.cache_dir;
  measure.progress = options.progress;
  measure.stop = options.bench.stop;
  return measure;
}

BenchSetup setup_of(const Prepared& prepared, const SpeedPoint& point, int baseline) {
  const CheckpointFacts& facts = prepared.facts;
  BenchSetup bench;
  SpeedSetup& setup = bench.setup;
  setup.name = prepared.candidate.name;
  if (!point.label.empty()) setup.name += " [" + point.label + "]";
  setup.baseline = baseline;
  setup.info.path = prepared.deployed_path;
  setup.info.weights = prepared.weights;
  setup.info.size_bytes = facts.size_bytes;
  setup.info.tensor_types = facts.tensor_types;
  setup.info.n_layer = facts.n_layer;
  setup.info.n_embd = facts.n_embd;
  setup.info.n_vocab = facts.n_vocab;
  setup.n_batch = point.n_batch;
  setup.n_ubatch = point.runtime.n_ubatch;
  setup.flash_attention = point.runtime.flash_attention;
  setup.kv_bytes_per_token = facts.n_layer * facts.n_head_kv *
                             kv_bytes_per_head(prepared.kv, {facts.head_dim_k, facts.head_dim_v});
  setup.notes = prepared.notes;
  bench.model.path = prepared.path;
  bench.model.runtime = point.runtime;
  bench.model.runtime.kv = prepared.kv;
  bench.model.weights = prepared.weights;
  return bench;
}

// A variant that cannot be made or run is a row that says so, not the end of the others.
BenchSetup failed_setup(const std::string& name, const SpeedPoint& point, int baseline,
                        const Error& error) {
  BenchSetup bench;
  bench.setup.name = point.label.empty() ? name : name + " [" + point.label + "]";
  bench.setup.baseline = baseline;
  bench.setup.failure = error.what();
  return bench;
}

void require_fits(const SpeedOptions& options, std::size_t prompt, std::size_t n_tokens,
                  int n_ctx_train) {
  const std::size_t n_gen = static_cast<std::size_t>(options.n_gen_of_prompts);
  if (n_ctx_train <= 0 || n_tokens + n_gen <= static_cast<std::size_t>(n_ctx_train)) return;
  throw Error(ErrorKind::kBadInput,
              fmt::format("Prompt {} has {} tokens; with {} to generate it exceeds the model's "
                          "context of {}",
                          prompt + 1, n_tokens, n_gen, n_ctx_train),
              {}, "Shorten it, or generate fewer tokens.");
}

void tokenize_prompts(const SpeedOptions& options, BenchOptions& bench) {
  ModelOptions vocabulary;
  vocabulary.path = bench.setups.front().model.path;
  vocabulary.vocabulary_only = true;
  const std::unique_ptr<Model> model = open_llama(vocabulary);
  std::size_t longest = 0;
  for (std::size_t i = 0; i < options.prompts.size(); ++i) {
    bench.prompts.push_back(model->tokenize(options.prompts[i], {.add_special = true}));
    require_fits(options, i, bench.prompts.back().size(), model->info().n_ctx_train);
    longest = std::max(longest, bench.prompts.back().size());
  }
  std::erase_if(bench.tests, [](const SpeedTest& test) { return test.request; });
  bench.tests.push_back(
      {.n_prompt = static_cast<int>(longest), .n_gen = options.n_gen_of_prompts, .request = true});
}

std::vector<BenchSetup> setups_of(const SpeedOptions& options) {
  std::vector<BenchSetup> setups;
  std::vector<VariantSpec> specs;
  for (const std::string& variant : options.variants) specs.push_back(parse_variant(variant));
  for (const SpeedPoint& point : options.points) {
    const MeasureOptions measure = measure_options(options, point);
    const Prepared baseline = detail::prepare_baseline(measure);
    const int index = specs.empty() ? 0 : static_cast<int>(setups.size());
    setups.push_back(setup_of(baseline, point, index));
    for (const VariantSpec& spec : specs) {
      try {
        setups.push_back(setup_of(detail::prepare_variant(measure, spec, &baseline), point, index));
      } catch (const Error& error) {
        const bool of_the_model =
            error.kind() == ErrorKind::kBadInput || error.kind() == ErrorKind::kEngine;
        if (!of_the_model) throw;
        setups.push_back(failed_setup(spec.text, point, index, error));
      }
    }
  }
  return setups;
}

void warn_of_context(const BenchOptions& bench, const std::string& path, SpeedResult& result) {
  int longest = 0;
  for (const SpeedTest& test : bench.tests)
    longest = std::max(longest, test.n_depth + test.n_prompt + test.n_gen);
  const int trained = inspect_checkpoint(path).n_ctx_train;
  if (trained <= 0 || longest <= trained) return;
  result.warnings.push_back(
      fmt::format("the tests reach {} tokens, the model was trained for {}: speeds hold, its "
                  "answers there would not",
                  longest, trained));
}

}  // namespace

SpeedResult measure_speed(const SpeedOptions& options) {
  BenchOptions bench = options.bench;
  bench.setups = setups_of(options);
  bench.cache_dir = options.cache_dir;
  if (!options.prompts.empty()) tokenize_prompts(options, bench);
  SpeedResult result = run_bench(bench);
  warn_of_context(bench, bench.setups.front().model.path, result);
  return result;
}

std::vector<std::string> load_prompts(const std::string& path) {
  std::ifstream file(path);
  if (!file)
    throw Error(ErrorKind::kBadInput, "The prompts cannot be read", path, "Check the path.");
  const bool jsonl = path.ends_with(".jsonl");
  std::vector<std::string> prompts;
  int n_lines = 0;
  for (std::string line; std::getline(file, line);) {
    ++n_lines;
    if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
    if (!jsonl) {
      prompts.push_back(line);
      continue;
    }
    const nlohmann::json row = nlohmann::json::parse(line, nullptr, false);
    const char* key = row.is_object() && row.contains("prompt") ? "prompt" : "text";
    if (!row.is_object() || !row.contains(key) || !row[key].is_string()) {
      throw Error(ErrorKind::kBadInput, "No object with a text \"prompt\" or \"text\"",
                  fmt::format("{}, line {}", path, n_lines));
    }
    prompts.push_back(row[key].get<std::string>());
  }
  if (prompts.empty())
    throw Error(ErrorKind::kBadInput, "There is no prompt in the file", path,
                "Write one per line.");
  return prompts;
}

}  // namespace assay
