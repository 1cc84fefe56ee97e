// Flags of `assay bench`: llama-bench's names, lists and ranges.
#pragma once

#include <string>
#include <vector>

#include "cli/dataset_flags.h"
#include "cli/flags.h"
#include "study/study.h"

namespace CLI {
class App;
}

namespace assay::cli {

inline constexpr const char* kBenchChild = "bench-child";  // the measured process's command

struct BenchFlags {
  std::string baseline;
  std::vector<std::string> variants;
  std::vector<std::string> n_prompt{"512"}, n_gen{"128"}, n_pg, n_depth{"0"}, n_parallel{"1"};
  std::vector<std::string> n_batch{"2048"}, n_ubatch{"512"}, n_threads{"0"}, n_gpu_layers{"-1"};
  std::vector<std::string> type_k{"f16"}, type_v{"f16"}, flash_attention{"auto"};
  std::vector<std::string> requests;
  std::string prompts;
  std::string prompts_task;
  std::vector<std::string> include_paths;
  DatasetFlags data;
  bool stop_at_end = false, keep_processes = false;
  int n_repetitions = 0;
  std::string precision = "2%", budget = "5m";
  std::uint64_t seed = 1234;
  double max_memory_gib = 0;
  RecipeFlags recipe;
  std::string cache_dir;
  OutputFlags output;
  std::string layout;  // csv, json, jsonl, md or sql: llama-bench's own
  bool summary = false;
};
void add_bench_flags(CLI::App& app, BenchFlags& flags);

std::vector<SpeedTest> to_tests(const BenchFlags& flags);
std::vector<SpeedPoint> to_points(const BenchFlags& flags);

// "512", "1,2,4", "1-8", "0-1024+256", "1-16*2" of `option`, each given text adding to the others.
// Error{kUsage} for what is none.
std::vector<int> parse_integers(const std::vector<std::string>& texts, const std::string& option);
// "90", "90s", "5m", "1h" in seconds. Error{kUsage}.
double parse_duration(const std::string& text, const std::string& option);
// "2%" or "0.02". Error{kUsage}.
double parse_precision(const std::string& text);

// llama-bench's short flags of several letters as long ones: "-ub" becomes "--ubatch-size".
std::vector<std::string> with_long_flags(std::vector<std::string> arguments);

}  // namespace assay::cli
