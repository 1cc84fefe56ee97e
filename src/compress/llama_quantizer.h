// llama.cpp's quantiser behind plain data: the only code of this folder that sees its headers.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace assay {

struct LlamaQuantizeJob {
  std::string source, output;   // output is not touched by a dry run
  std::uint32_t file_type = 0;  // llama_ftype
  std::optional<std::uint32_t> output_tensor_type, token_embedding_type;  // ggml types
  std::vector<std::pair<std::string, std::uint32_t>> tensor_types;        // regex, ggml type
  std::vector<std::pair<std::string, std::vector<float>>> imatrix;        // tensor, importances
  std::vector<std::pair<std::string, std::variant<std::string, std::int64_t>>> metadata;
  bool pure = false, leave_output_tensor = false, allow_requantize = false, dry_run = false;
  int n_threads = 0;  // 0 = all cores
  std::stop_token stop;
  std::function<void(int n_done, int n_tensors)> progress;  // may be empty; what it throws passes
};

struct LlamaQuantizeOutcome {
  bool done = false, stopped = false;
  std::string log;  // all that llama.cpp said
};

// Runs one job at a time in a process; others wait. llama.cpp's log callback is replaced meanwhile
// and put back; what other threads log still reaches the former one.
LlamaQuantizeOutcome run_llama_quantize(const LlamaQuantizeJob& job);

// Rows of a tensor of this type (ggml's number) as numbers; as many as `weights` holds, whole
// blocks. False when ggml cannot convert the type.
bool weights_of_ggml_rows(std::uint32_t type, const char* rows, std::span<float> weights);

// "llama.cpp 0.5.0 de3ff81...": results may differ when it differs.
std::string llama_quantizer_id();

}  // namespace assay
