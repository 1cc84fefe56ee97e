// What a loaded model is and how it really runs: identity, tensors, and the configuration the
// engine reports.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/hash.h"

namespace assay {

using Token = std::int32_t;

struct TensorTypeCount {
  std::string type;  // ggml's name, upper case: "F16", "Q4_K", "IQ4_XS"
  std::int64_t n_tensors = 0;
  std::int64_t n_weights = 0;
  std::int64_t size_bytes = 0;
};

struct KvTypes {  // ggml's names, lower case: "f16", "q8_0"
  std::string k = "f16";
  std::string v = "f16";
  bool operator==(const KvTypes&) const = default;
};

// How a model runs, in three forms that must not be mixed up: asked for (RuntimeRequest), and as
// the engine reports it after loading (RuntimeEffective).
struct RuntimeRequest {
  KvTypes kv;
  std::string flash_attention = "auto";  // auto | on | off
  int n_threads = 0;                     // 0 = physical cores; results do not depend on it
  int n_ubatch = 512;                    // tokens computed in one pass
  int n_gpu_layers = -1;                 // -1 = all, when the build has a GPU backend
};

struct RuntimeEffective {
  KvTypes kv;
  bool flash_attention = false;
  bool kv_rotated = false;  // llama.cpp rotates quantised KV (Hadamard) since April 2026
  int n_threads = 0;
  int n_ubatch = 0;
  int n_ctx = 0;  // tokens one sequence may have
  int n_seq_max = 0;
  int n_rows_max = 0;       // logits rows of one batch; not part of reports
  bool kv_unified = false;  // all sequences share n_ctx tokens of KV memory; not part of reports
  int n_gpu_layers = 0;
};

struct ModelInfo {
  std::string path;
  std::string architecture;     // "llama", "gemma3"
  std::string description;      // the engine's words: "llama 135M Q4_K - Medium"
  Digest weights;               // hash of the file's content
  std::int64_t size_bytes = 0;  // of the file, all its parts
  std::int64_t n_weights = 0;
  double bits_per_weight = 0;                 // 8 * bytes of all tensors / n_weights
  std::vector<TensorTypeCount> tensor_types;  // most bytes first

  Digest vocabulary;  // hash of all token texts and types, in order
  int n_vocab = 0;
  int n_ctx_train = 0;
  int n_layer = 0;
  int n_embd = 0;
  std::optional<Token> bos, eos;
  // Not part of reports, as the vocabulary's digest covers them. Ascending.
  std::vector<Token> ends;     // each ends a generated text: EOS, end of turn ...
  std::vector<Token> control;  // have no text of their own: BOS, turn marks ...
  bool adds_bos = false;       // the tokenizer puts BOS in front of a text by itself
  std::string chat_template;   // empty when the model has none

  RuntimeEffective runtime;
  std::string engine;  // "llama.cpp 0.5.0 de3ff81, CPU AVX512 ...": changes when results may change
};

}  // namespace assay
