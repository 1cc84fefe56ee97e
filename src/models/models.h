// Loaded models behind one interface. Engines: llama.cpp (in process), scripted (deterministic, for
// tests).
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "core/model_info.h"

namespace assay {

// A tree of token runs kept alive in the engine's KV memory. Branch 0 is the empty root and always
// exists.
using Branch = std::uint32_t;

// Continues `parent` by `tokens`; the result is called `child`. child == parent grows a branch in
// place; a child that is new starts as a copy of its parent (shared KV memory, no recomputation).
// parent may be 0 for a fresh start. wanted: indices into tokens, ascending; the logits after each
// are delivered.
//   Example: tokens = {A, B, C}, wanted = {1, 2} delivers the prediction of what follows B and what
//   follows C.
struct Extension {
  Branch parent = 0;
  Branch child = 0;
  std::span<const Token> tokens;
  std::span<const int> wanted;
};

// What one wanted token predicts. logits: n_vocab raw values, valid only while the sink runs.
struct Row {
  std::size_t extension = 0;  // index into the span given to extend()
  int index = 0;              // into that extension's tokens: an element of its `wanted`
  std::span<const float> logits;
};
// Called once per extend() with all rows, by extension and then by index, on the caller's thread:
// it may share them out over threads of its own.
using RowSink = std::function<void(std::span<const Row> rows)>;

struct TokenizeOptions {
  bool add_special = false;    // BOS/EOS as the model's tokenizer adds them by itself
  bool parse_special = false;  // texts of special tokens ("<|im_start|>") become those tokens
};

struct ChatMessage {
  std::string role;  // "system", "user", "assistant"
  std::string content;
};

// One loaded model; not thread-safe. Errors: kEngine with the tail of the engine's log;
// kInterrupted when stop is asked.
class Model {
 public:
  virtual ~Model() = default;
  virtual const ModelInfo& info() const = 0;
  virtual std::vector<Token> tokenize(std::string_view text, TokenizeOptions options) const = 0;
  // As transformers 5 and llama-server do: no white space is tidied.
  virtual std::string detokenize(std::span<const Token> tokens) const = 0;

  // One batch. The tokens of all extensions together may be at most info().runtime.n_ubatch; every
  // branch at most n_ctx long; at most n_seq_max branches alive.
  virtual void extend(std::span<const Extension> extensions, const RowSink& sink,
                      std::stop_token stop) = 0;
  virtual void release(
      std::span<const Branch> branches) = 0;  // frees their KV memory; unknown ids are ignored
  // Keeps the first `length` tokens of the branch. False when the engine cannot drop only the rest
  // (recurrent states): the branch may then only be released.
  virtual bool truncate(Branch /*branch*/, int /*length*/) { return false; }
};

struct ModelOptions {
  std::string path;  // GGUF; the first part of a split file
  RuntimeRequest runtime;
  int n_ctx = 512;     // longest branch that will be asked for
  int n_seq_max = 1;   // branches alive at once
  int n_rows_max = 0;  // most rows wanted in one extend(); 0 = n_ubatch
  // Branches share the KV memory of their common prefix: one buffer of n_ctx tokens for all of
  // them. Otherwise each has n_ctx tokens of its own, which is faster for independent texts, and a
  // new child copies its parent's memory.
  bool share_prefixes = false;
  // Branches will be truncated: layers with a sliding window keep all tokens, too. Shared memory
  // always does.
  bool truncates = false;
  Digest weights;                // content hash, passed through to info()
  bool vocabulary_only = false;  // tokenize and detokenize only: fast, no weights
};

// Loads a GGUF with llama.cpp. Two models of the same path share one copy of the weights.
// Errors: kBadInput (no such file, truncated, not a GGUF), kEngine (unsupported; what was asked was
// not applied, such as an F32 KV cache under flash attention or a KV type that does not divide the
// head dimension), kIo.
std::unique_ptr<Model> open_llama(const ModelOptions& options);

// Version, commit and processor features of the engine: results may differ when it differs. Needs
// no model.
std::string llama_engine_id();

// Threads that n_threads = 0 means: the physical cores this process may use.
int default_threads();

// Bytes that opening this model would take: weights (0 if already loaded) + KV + compute and output
// buffers, estimated.
std::int64_t estimate_memory_bytes(const ModelOptions& options, const ModelInfo& info);

// Memory of all GPUs that is taken, by any program; nullopt when the engine sees no GPU.
std::optional<std::int64_t> gpu_bytes_in_use();

// Why KV cache type `type` ("q8_0") cannot be used with this file, or nullopt when it can.
struct HeadDimensions {
  int k = 0, v = 0;
};
std::optional<std::string> kv_type_problem(const std::string& type, HeadDimensions heads);
// Bytes that one head of one layer keeps per token; 0 for an unknown type.
double kv_bytes_per_head(const KvTypes& types, HeadDimensions heads);

// Renders messages by a Jinja chat template. Error{kBadInput} with the template's message.
struct ChatTemplateOptions {
  std::string source;    // the template's text
  std::string bos, eos;  // texts of the tokens, "" when the model has none
  bool add_generation_prompt = false;
};
std::string render_chat(const ChatTemplateOptions& options, std::span<const ChatMessage> messages);

// A deterministic model for tests: bytes are tokens (n_vocab >= 256), logits a hash of the last
// `order` tokens and seed.
struct ScriptedOptions {
  int n_vocab = 260;  // 256 bytes, then 256 = BOS, 257 = EOS
  int order = 3;
  std::uint64_t seed = 1;
  double noise = 0;  // adds noise * hash(seed2, context): a "variant" of the same seed
  std::uint64_t noise_seed = 0;
  int n_ctx = 4096;
  int n_seq_max = 64;
  int n_ubatch = 512;
  int n_rows_max = 0;  // 0 = n_ubatch
  bool adds_bos = false;
  // As with ModelOptions::share_prefixes: n_ctx tokens in all, those of common prefixes once.
  bool share_prefixes = false;
  bool truncates = true;  // false: as a recurrent model
};
std::unique_ptr<Model> open_scripted(const ScriptedOptions& options);

}  // namespace assay
