// Checkpoint files and variants made from them. Reads GGUF itself (header only, hostile input
// safe); quantises through llama.cpp.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <variant>
#include <vector>

#include "core/hash.h"
#include "core/layers.h"
#include "core/model_info.h"

namespace assay {

// ---- GGUF headers ----

struct GgufArray {
  std::string element_type;
  std::uint64_t n = 0;
};  // content not kept
using GgufValue = std::variant<std::uint64_t, std::int64_t, double, bool, std::string, GgufArray>;

struct GgufTensor {
  std::string name;
  std::string type;                 // "F16", "Q4_K" (ggml's name, upper case)
  std::vector<std::int64_t> shape;  // ggml order: shape[0] is the row length
  std::int64_t n_weights = 0;
  std::int64_t size_bytes = 0;
  std::uint64_t offset = 0;  // from the start of the file
};

struct GgufHeader {
  std::string path;
  std::uint32_t version = 0;
  std::int64_t file_bytes = 0;
  std::vector<std::pair<std::string, GgufValue>> metadata;  // in file order
  std::vector<GgufTensor> tensors;
  std::optional<std::string> text(
      const std::string& key) const;  // nullopt if absent or not a string
  std::optional<std::int64_t> integer(const std::string& key) const;
};

// Reads and checks the header: sizes, offsets and counts against the file's length, before anything
// is allocated from them. Errors: kBadInput with byte offset ("truncated: tensor 'x' ends at 123 of
// 100 bytes"); kIo.
GgufHeader read_gguf(const std::string& path);

// All parts of a split model ("name-00001-of-00003.gguf"): path itself when it is not split.
// Error{kBadInput} on a missing part.
std::vector<std::string> gguf_parts(const std::string& path);

std::vector<TensorTypeCount> tensor_types(const GgufHeader& header);  // most bytes first
double bits_per_weight(const GgufHeader& header);

// ---- What a file is ----

struct Fallback {
  std::string tensor, wanted, got;
  std::int64_t row_length = 0;
};

struct CheckpointFacts {
  std::string architecture, name,
      file_type;  // file_type: "Q4_K_M" from general.file_type, "" when absent
  std::int64_t n_weights = 0, size_bytes = 0;
  double bits_per_weight = 0;
  int head_dim_k = 0, head_dim_v = 0, n_layer = 0, n_embd = 0, n_ctx_train = 0, n_vocab = 0;
  int n_head_kv = 0;  // 0: not told, or unlike from layer to layer
  std::vector<TensorTypeCount> tensor_types;
  bool quantised = false;  // any 2-D weight of fewer than 16 bits
  // Weights stored in 16 or 32 bits that lie on a grid of a few bits: "4-bit blocks of 32" ...
  // nullopt when they do not.
  std::optional<std::string> dequantised_from;
  // Tensors whose row length is not a multiple of 256 and that took another type than file_type
  // names.
  std::vector<Fallback> fallbacks;
};

CheckpointFacts inspect_checkpoint(const std::string& path);

// ---- Variants ----

// "Q4_K_M", "model.gguf", "kv=q8_0", "Q4_K_M+kv=q8_0/q4_0", "model.gguf+as=f32".
struct VariantSpec {
  enum class Weights { kBaseline, kFile, kType };
  std::string text;  // as given: the variant's name
  Weights weights = Weights::kBaseline;
  std::string file;  // kFile
  std::string type;  // kType: canonical upper-case ftype name
  std::optional<std::string>
      compute_as;  // "F32" or "F16": weights dequantised, full-precision kernels
  std::optional<KvTypes> kv;
};
VariantSpec parse_variant(
    const std::string& text);  // Error{kUsage} with the accepted forms and type names
std::vector<std::string>
quantisation_types();  // every file type that llama.cpp can make, with what needs an imatrix

struct TensorTypeOverride {
  std::string regex, type;
};  // --tensor-type REGEX=TYPE

struct QuantizeOptions {
  std::string source;   // GGUF to read
  std::string type;     // "Q4_K_M", "F16"
  std::string imatrix;  // path of an importance matrix (GGUF or legacy .dat), "" = none
  std::vector<TensorTypeOverride> tensor_types;
  std::string output_tensor_type, token_embedding_type;  // "" = llama.cpp's choice
  bool pure = false, leave_output_tensor = false;
  bool allow_requantize = false;  // also from a source that is already quantised
  int n_threads = 0;              // 0 = all cores
  std::stop_token stop;
  std::function<void(int n_done, int n_tensors)> progress;  // may be empty
};

struct QuantizeResult {
  std::string path;
  std::int64_t size_bytes = 0;
  bool cached = false;  // it was there already
  std::vector<Fallback> fallbacks;
};

// Writes options.source in options.type to `output` (to a temporary name first, then renamed).
// Errors: kUsage (type unknown, imatrix needed), kBadInput, kIo (disk full), kEngine with
// llama.cpp's words.
QuantizeResult quantize(const QuantizeOptions& options, const std::string& output);

// The same into the cache, keyed by the source's content, the recipe and the engine's version: made
// once.
QuantizeResult quantize_cached(const QuantizeOptions& options, const std::string& cache_dir);

// What happened to each matrix of the baseline: types and how far its weights moved. Tensors that
// only one of the files has are left out. A pass over both files. Errors: kBadInput for files that
// are not of one model, kIo, kInterrupted.
std::vector<TensorLoss> tensor_losses(const std::string& baseline, const std::string& variant,
                                      const std::stop_token& stop = {});

// A file's content hash, remembered by (path, size, modification time) in cache_dir so that big
// files are read once.
Digest weights_digest(const std::string& path, const std::string& cache_dir);

// $ASSAY_CACHE, else $XDG_CACHE_HOME/assay, else ~/.cache/assay.
std::string default_cache_dir();

}  // namespace assay
