// Against what lm-eval 0.4.13 wrote for SmolLM2-135M-Instruct at fp32 (README in the golden
// folder). Needs ASSAY_DATA and the model that `make demo-real` leaves in the cache.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <nlohmann/json.hpp>

#include "compress/compress.h"
#include "eval/eval.h"

namespace assay {
namespace {

namespace fs = std::filesystem;

struct Golden {
  std::vector<Request> requests;
  std::vector<double> loglikelihoods;
  std::vector<int> is_greedy;  // -1: not said
};

fs::path cache_folder() {
  if (const char* folder = std::getenv("ASSAY_CACHE")) return folder;
  if (const char* folder = std::getenv("XDG_CACHE_HOME")) return fs::path(folder) / "assay";
  const char* home = std::getenv("HOME");
  return fs::path(home == nullptr ? "" : home) / ".cache" / "assay";
}

const fs::path& f16_model() {
  static const fs::path path = cache_folder() / "demo-real" / "smollm2-135m-f16.gguf";
  return path;
}

std::string golden_file(const std::string& name) {
  const char* folder = std::getenv("ASSAY_DATA");
  if (folder == nullptr) return {};
  const fs::path path =
      fs::path(folder) / "golden/lm_eval_smollm2" / ("samples_" + name + ".jsonl");
  return fs::exists(path) ? path.string() : std::string();
}

std::string missing() {
  if (!fs::exists(f16_model())) return "no SmolLM2 in the cache (make demo-real fetches it)";
  if (golden_file("mmlu_anatomy_5shot").empty())
    return "ASSAY_DATA is not set, or has no golden/lm_eval_smollm2";
  return {};
}

void add_samples(Golden& golden, const std::string& name, int n_samples) {
  std::ifstream file(golden_file(name));
  std::string line;
  for (int s = 0; s < n_samples && std::getline(file, line); ++s) {
    const nlohmann::json sample = nlohmann::json::parse(line);
    const nlohmann::json& answers = sample.at("filtered_resps");
    for (std::size_t i = 0; i < answers.size(); ++i) {
      const nlohmann::json& arguments = sample.at("arguments").at("gen_args_" + std::to_string(i));
      Request request{.index = static_cast<int>(i)};
      if (arguments.contains("arg_1")) {
        request.body = Loglikelihood{arguments.at("arg_0"), arguments.at("arg_1")};
        golden.is_greedy.push_back(answers[i][1] == "True" ? 1 : 0);
      } else {
        request.body = LoglikelihoodRolling{arguments.at("arg_0")};
        golden.is_greedy.push_back(-1);
      }
      const nlohmann::json& number = answers[i].is_array() ? answers[i][0] : answers[i];
      golden.loglikelihoods.push_back(std::stod(number.get<std::string>()));
      golden.requests.push_back(std::move(request));
    }
  }
}

struct Compared {
  double worst_per_token = 0;  // nats
  int n_greedy_differ = 0;     // beyond near ties
  RequestStatistics statistics;
};

Compared compare(Model& model, const Golden& golden, int max_length, double near_tie_nats) {
  std::vector<EncodedRequest> encoded;
  for (const Request& request : golden.requests)
    encoded.push_back(encode_request(request, model, {.max_length = max_length}));
  Compared compared;
  const auto done = [&](std::size_t r, const Response& response) {
    const auto& result = std::get<LoglikelihoodResult>(response);
    const double n = static_cast<double>(result.token_logprobs.size());
    compared.worst_per_token = std::max(
        compared.worst_per_token, std::abs(result.loglikelihood - golden.loglikelihoods[r]) / n);
    if (golden.is_greedy[r] >= 0 && result.is_greedy != (golden.is_greedy[r] == 1) &&
        result.top_margin >= near_tie_nats)
      ++compared.n_greedy_differ;
  };
  compared.statistics = run_requests(model, encoded, {.n_threads = 2, .done = done});
  return compared;
}

Golden multiple_choice() {
  Golden golden;
  add_samples(golden, "mmlu_abstract_algebra_5shot", 10);
  add_samples(golden, "mmlu_anatomy_5shot", 10);
  add_samples(golden, "hellaswag_0shot_000-049", 8);
  return golden;
}

ModelOptions shared(const std::string& path) {
  // One thread: beside other tests two only wait for each other.
  return {.path = path,
          .runtime = {.n_threads = 1},
          .n_ctx = 4096,
          .n_seq_max = 64,
          .share_prefixes = true};
}

TEST(RequestsReal, F32AgreesWithLmEvalWithin1e4PerToken) {
  if (const std::string reason = missing(); !reason.empty()) GTEST_SKIP() << reason;
  const QuantizeResult f32 = quantize_cached({.source = f16_model().string(), .type = "F32"},
                                             (cache_folder() / "variants").string());
  ModelOptions options = shared(f32.path);
  options.runtime.kv = {"f32", "f32"};
  options.runtime.flash_attention = "off";
  const auto model = open_llama(options);
  const Compared choices = compare(*model, multiple_choice(), 0, 0);
  EXPECT_LT(choices.worst_per_token, 1e-4);
  EXPECT_EQ(choices.n_greedy_differ, 0);
  Golden pages;
  add_samples(pages, "wikitext_5pages_maxlen512", 1);
  EXPECT_LT(compare(*model, pages, 512, 0).worst_per_token, 1e-4);
}

TEST(RequestsReal, F16StaysWithinTheNoiseFloorAndComputesEachTokenOnce) {
  if (const std::string reason = missing(); !reason.empty()) GTEST_SKIP() << reason;
  const auto model = open_llama(shared(f16_model().string()));
  const Compared choices = compare(*model, multiple_choice(), 0, 0.06);
  EXPECT_LT(choices.worst_per_token, 0.06);
  EXPECT_EQ(choices.n_greedy_differ, 0);
  const RequestStatistics& statistics = choices.statistics;
  EXPECT_LE(static_cast<double>(statistics.n_tokens_computed),
            1.05 * static_cast<double>(statistics.n_tokens_distinct));
}

}  // namespace
}  // namespace assay
