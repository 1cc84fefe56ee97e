// The llama.cpp engine: a branch is a sequence of the KV cache. The only file that includes
// llama.h.
#include "llama.h"

#include <algorithm>
#include <map>
#include <mutex>
#include <set>

#include <fmt/format.h>

#include "core/error.h"
#include "models/llama_log.h"
#include "models/llama_runtime.h"
#include "models/models.h"
#include "models/token_batch.h"

namespace assay {
namespace {

// llama.cpp has one log for the whole process.
detail::EngineLog& engine_log() {
  static detail::EngineLog log;
  return log;
}

void start_backend() {
  static std::once_flag once;
  std::call_once(once, [] { llama_backend_init(); });
  llama_log_set(
      [](ggml_log_level level, const char* text, void* log) {
        if (level == GGML_LOG_LEVEL_DEBUG) return;  // hundreds of lines per context
        static_cast<detail::EngineLog*>(log)->receive(level == GGML_LOG_LEVEL_ERROR, text);
      },
      &engine_log());
  engine_log().clear();
}

struct FreeModel {
  void operator()(llama_model* model) const { llama_model_free(model); }
};
struct FreeContext {
  void operator()(llama_context* context) const { llama_free(context); }
};

// Weights by path, so that variants that differ only in their runtime share one copy.
std::shared_ptr<llama_model> load_weights(const ModelOptions& options) {
  static std::mutex mutex;
  static std::map<std::string, std::weak_ptr<llama_model>> loaded;
  const std::lock_guard lock(mutex);
  start_backend();
  const std::string key =
      fmt::format("{}|{}|{}", options.path, options.runtime.n_gpu_layers, options.vocabulary_only);
  if (auto model = loaded[key].lock()) return model;
  detail::require_exists(options.path);
  llama_model_params params = llama_model_default_params();
  params.n_gpu_layers = options.runtime.n_gpu_layers;
  params.vocab_only = options.vocabulary_only;
  std::shared_ptr<llama_model> model(llama_model_load_from_file(options.path.c_str(), params),
                                     FreeModel{});
  if (!model) {
    throw Error(ErrorKind::kBadInput, "llama.cpp cannot load this model: " + engine_log().tail(),
                options.path, "Check the file with `assay inspect`.");
  }
  loaded[key] = model;
  return model;
}

ggml_type kv_ggml_type(const std::string& name) {
  for (int i = 0; i < GGML_TYPE_COUNT; ++i) {
    const auto type = static_cast<ggml_type>(i);
    const char* type_name = ggml_type_name(type);
    if (type_name != nullptr && name == type_name) return type;
  }
  throw Error(ErrorKind::kUsage, "'" + name + "' is no KV cache type", {},
              "Use f16, q8_0, q4_0 ...");
}

std::string meta(const llama_model* model, const std::string& key) {
  std::vector<char> text(4096);
  const int n = llama_model_meta_val_str(model, key.c_str(), text.data(), text.size());
  return n < 0 ? std::string() : std::string(text.data());
}

Digest hash_vocabulary(const llama_vocab* vocab) {
  Hasher hasher;
  const int n = llama_vocab_n_tokens(vocab);
  for (Token token = 0; token < n; ++token) {
    hasher.add_field(llama_vocab_get_text(vocab, token));
    hasher.add_field(static_cast<std::int64_t>(llama_vocab_get_attr(vocab, token)));
  }
  return hasher.finish();
}

ModelInfo describe(const llama_model* model, const ModelOptions& options) {
  const llama_vocab* vocab = llama_model_get_vocab(model);
  ModelInfo info;
  info.path = options.path;
  info.weights = options.weights;
  info.architecture = meta(model, "general.architecture");
  char text[256];
  llama_model_desc(model, text, sizeof text);
  info.description = text;
  info.size_bytes = static_cast<std::int64_t>(llama_model_size(model));
  info.n_weights = static_cast<std::int64_t>(llama_model_n_params(model));
  if (info.n_weights > 0) {
    info.bits_per_weight =
        8.0 * static_cast<double>(info.size_bytes) / static_cast<double>(info.n_weights);
  }
  info.vocabulary = hash_vocabulary(vocab);
  info.n_vocab = llama_vocab_n_tokens(vocab);
  // From the metadata: llama.cpp leaves its own field 0 when only the vocabulary was loaded.
  const std::string n_ctx_train = meta(model, info.architecture + ".context_length");
  info.n_ctx_train = n_ctx_train.empty() ? llama_model_n_ctx_train(model) : std::stoi(n_ctx_train);
  info.n_layer = llama_model_n_layer(model);
  info.n_embd = llama_model_n_embd(model);
  const auto optional_token = [](Token t) {
    return t < 0 ? std::optional<Token>() : std::optional(t);
  };
  info.bos = optional_token(llama_vocab_bos(vocab));
  info.eos = optional_token(llama_vocab_eos(vocab));
  info.adds_bos = llama_vocab_get_add_bos(vocab);
  for (Token token = 0; token < info.n_vocab; ++token) {
    if (llama_vocab_is_eog(vocab, token)) info.ends.push_back(token);
    if (llama_vocab_is_control(vocab, token)) info.control.push_back(token);
  }
  if (const char* chat = llama_model_chat_template(model, nullptr)) info.chat_template = chat;
  info.engine = llama_engine_id();
  return info;
}

HeadDimensions head_dimensions(const llama_model* model, const ModelInfo& info) {
  const std::string k = meta(model, info.architecture + ".attention.key_length");
  const std::string v = meta(model, info.architecture + ".attention.value_length");
  const int n_head = std::max(1, llama_model_n_head(model));
  const int fallback = info.n_embd / n_head;
  return {k.empty() ? fallback : std::stoi(k), v.empty() ? fallback : std::stoi(v)};
}

constexpr int kKvPadding = 256;  // llama.cpp rounds the cells of a sequence up to this

class LlamaModel final : public Model {
 public:
  explicit LlamaModel(const ModelOptions& options)
      : weights_(load_weights(options)),
        vocab_(llama_model_get_vocab(weights_.get())),
        info_(describe(weights_.get(), options)) {
    if (!options.vocabulary_only) make_context(options);
  }

  const ModelInfo& info() const override { return info_; }
  std::vector<Token> tokenize(std::string_view text, TokenizeOptions options) const override;
  std::string detokenize(std::span<const Token> tokens) const override;
  void extend(std::span<const Extension> extensions, const RowSink& sink,
              std::stop_token stop) override;
  void release(std::span<const Branch> branches) override;
  bool truncate(Branch branch, int length) override;

 private:
  struct Sequence {
    llama_seq_id id = 0;
    llama_pos length = 0;
  };
  void make_context(const ModelOptions& options);
  Sequence& existing(Branch branch);
  Sequence& sequence_for(const Extension& extension);
  void decode(detail::TokenBatch& batch, const std::stop_token& stop);
  void deliver(std::span<const Extension> extensions, std::span<const std::size_t> starts,
               const RowSink& sink);

  std::shared_ptr<llama_model> weights_;
  const llama_vocab* vocab_;
  ModelInfo info_;
  std::unique_ptr<llama_context, FreeContext> context_;
  std::map<Branch, Sequence> sequences_;
  // The lowest is taken first: llama.cpp computes sequences side by side only when their ids rise.
  std::set<llama_seq_id> free_ids_;
};

void LlamaModel::make_context(const ModelOptions& options) {
  const RuntimeRequest& request = options.runtime;
  detail::require_kv_types(request.kv, head_dimensions(weights_.get(), info_), options.path);
  const detail::FlashAttention flash = detail::resolve_flash_attention(request);
  llama_context_params params = llama_context_default_params();
  const int n_ctx = (options.n_ctx + kKvPadding - 1) / kKvPadding * kKvPadding;
  params.n_seq_max = static_cast<std::uint32_t>(options.n_seq_max);
  params.n_ctx =
      static_cast<std::uint32_t>(options.share_prefixes ? n_ctx : n_ctx * options.n_seq_max);
  params.kv_unified = options.share_prefixes;
  params.swa_full = options.share_prefixes || options.truncates;
  params.n_ubatch = static_cast<std::uint32_t>(request.n_ubatch);
  params.n_batch = params.n_ubatch;
  params.n_outputs_max = static_cast<std::uint32_t>(options.n_rows_max);
  params.n_threads = request.n_threads > 0 ? request.n_threads : default_threads();
  params.n_threads_batch = params.n_threads;
  params.type_k = kv_ggml_type(request.kv.k);
  params.type_v = kv_ggml_type(request.kv.v);
  params.flash_attn_type = flash == detail::FlashAttention::kOn    ? LLAMA_FLASH_ATTN_TYPE_ENABLED
                           : flash == detail::FlashAttention::kOff ? LLAMA_FLASH_ATTN_TYPE_DISABLED
                                                                   : LLAMA_FLASH_ATTN_TYPE_AUTO;
  engine_log().clear();
  context_.reset(llama_init_from_model(weights_.get(), params));
  if (!context_) {
    throw Error(ErrorKind::kEngine, "llama.cpp cannot run this model: " + engine_log().tail(),
                options.path, "A smaller --ctx or --batch needs less memory.");
  }
  RuntimeEffective& effective = info_.runtime;
  effective.flash_attention = flash == detail::FlashAttention::kOn;
  detail::read_effective(engine_log().lines(), effective);
  effective.n_threads = llama_n_threads_batch(context_.get());
  effective.n_ubatch = static_cast<int>(llama_n_ubatch(context_.get()));
  effective.n_ctx = options.n_ctx;
  effective.n_seq_max = static_cast<int>(llama_n_seq_max(context_.get()));
  effective.n_rows_max = options.n_rows_max > 0 ? options.n_rows_max : effective.n_ubatch;
  effective.kv_unified = options.share_prefixes;
  effective.n_gpu_layers = llama_supports_gpu_offload() ? request.n_gpu_layers : 0;
  detail::require_applied(request, flash, effective, options.path);
  for (int id = 0; id < options.n_seq_max; ++id) free_ids_.insert(id);
}

// llama.cpp fills a buffer, or says (as a negative number) how large it would have to be.
template <typename Buffer, typename Fill>
std::int32_t fill_buffer(Buffer& buffer, const Fill& fill) {
  std::int32_t n = fill(buffer.data(), static_cast<std::int32_t>(buffer.size()));
  if (n < 0 && n != INT32_MIN) {
    buffer.resize(static_cast<std::size_t>(-n));
    n = fill(buffer.data(), static_cast<std::int32_t>(buffer.size()));
  }
  buffer.resize(static_cast<std::size_t>(std::max(n, 0)));
  return n;
}

std::vector<Token> LlamaModel::tokenize(std::string_view text, TokenizeOptions options) const {
  std::vector<Token> tokens(text.size() + 16);
  const std::int32_t n = fill_buffer(tokens, [&](Token* to, std::int32_t size) {
    return llama_tokenize(vocab_, text.data(), static_cast<std::int32_t>(text.size()), to, size,
                          options.add_special, options.parse_special);
  });
  if (n < 0)
    throw Error(ErrorKind::kBadInput, "The text has too many tokens", {}, "Split the text.");
  return tokens;
}

// Of byte-level vocabularies the pieces: llama_detokenize would make "='m'" of "= 'm'".
std::string LlamaModel::detokenize(std::span<const Token> tokens) const {
  const bool by_piece = llama_vocab_type(vocab_) == LLAMA_VOCAB_TYPE_BPE;
  const auto n = static_cast<std::int32_t>(tokens.size());
  std::string text;
  for (std::int32_t at = 0; at < n; at += by_piece ? 1 : n) {
    std::string part(by_piece ? 64 : tokens.size() * 8 + 64, '\0');
    fill_buffer(part, [&](char* to, std::int32_t size) {
      return by_piece ? llama_token_to_piece(vocab_, tokens[static_cast<std::size_t>(at)], to, size,
                                             0, true)
                      : llama_detokenize(vocab_, tokens.data(), n, to, size, false, true);
    });
    text += part;
  }
  return text;
}

llama_batch view_of(detail::TokenBatch& batch) {
  batch.seq_id_pointer.clear();
  for (llama_seq_id& id : batch.seq_id) batch.seq_id_pointer.push_back(&id);
  const auto n_tokens = static_cast<std::int32_t>(batch.token.size());
  return {n_tokens,           batch.token.data(),    nullptr,
          batch.pos.data(),   batch.n_seq_id.data(), batch.seq_id_pointer.data(),
          batch.output.data()};
}

LlamaModel::Sequence& LlamaModel::existing(Branch branch) {
  const auto found = sequences_.find(branch);
  if (branch == 0 || found == sequences_.end())
    throw Error(ErrorKind::kEngine, fmt::format("Branch {} does not exist", branch));
  return found->second;
}

LlamaModel::Sequence& LlamaModel::sequence_for(const Extension& extension) {
  const auto [parent, child] = std::pair(extension.parent, extension.child);
  if (child == parent || child == 0) return existing(child);
  if (sequences_.contains(child))
    throw Error(ErrorKind::kEngine, fmt::format("Branch {} exists already", child));
  if (free_ids_.empty())
    throw Error(ErrorKind::kEngine,
                fmt::format("More than {} branches are alive", info_.runtime.n_seq_max));
  Sequence sequence{.id = *free_ids_.begin()};
  if (parent != 0) {
    const Sequence& source = existing(parent);
    llama_memory_seq_cp(llama_get_memory(context_.get()), source.id, sequence.id, -1, -1);
    sequence.length = source.length;
  }
  free_ids_.erase(free_ids_.begin());
  return sequences_[child] = sequence;
}

void LlamaModel::decode(detail::TokenBatch& batch, const std::stop_token& stop) {
  llama_set_abort_callback(
      context_.get(),
      [](void* data) { return static_cast<const std::stop_token*>(data)->stop_requested(); },
      const_cast<std::stop_token*>(&stop));
  engine_log().clear();
  const int result = llama_decode(context_.get(), view_of(batch));
  if (result == 0) llama_synchronize(context_.get());
  llama_set_abort_callback(context_.get(), nullptr, nullptr);
  if (result == 0) return;
  if (stop.stop_requested()) throw Error(ErrorKind::kInterrupted, "Interrupted");
  throw Error(ErrorKind::kEngine,
              fmt::format("llama.cpp could not compute a batch of {} tokens (code {}): {}",
                          batch.token.size(), result, engine_log().tail()),
              info_.path);
}

void LlamaModel::extend(std::span<const Extension> extensions, const RowSink& sink,
                        std::stop_token stop) {
  std::vector<std::pair<llama_seq_id, std::size_t>> order;
  for (std::size_t e = 0; e < extensions.size(); ++e)
    order.emplace_back(sequence_for(extensions[e]).id, e);
  // Sequences with memory of their own are computed side by side only where their ids rise.
  if (!info_.runtime.kv_unified) std::sort(order.begin(), order.end());
  detail::TokenBatch batch;
  std::vector<std::size_t> starts(extensions.size());  // in the batch
  for (const auto& [id, e] : order) {
    const Extension& extension = extensions[e];
    Sequence& sequence = existing(extension.child);
    starts[e] = batch.token.size();
    const std::size_t length = static_cast<std::size_t>(sequence.length) + extension.tokens.size();
    if (length > static_cast<std::size_t>(info_.runtime.n_ctx)) {
      throw Error(ErrorKind::kEngine, fmt::format("A branch of {} tokens exceeds the context of {}",
                                                  length, info_.runtime.n_ctx));
    }
    batch.append(extension.tokens, id, sequence.length, extension.wanted);
    sequence.length += static_cast<llama_pos>(extension.tokens.size());
  }
  if (batch.token.empty()) return;
  if (batch.token.size() > static_cast<std::size_t>(info_.runtime.n_ubatch)) {
    throw Error(ErrorKind::kEngine, fmt::format("{} tokens exceed a batch of {}",
                                                batch.token.size(), info_.runtime.n_ubatch));
  }
  decode(batch, stop);
  deliver(extensions, starts, sink);
}

void LlamaModel::deliver(std::span<const Extension> extensions, std::span<const std::size_t> starts,
                         const RowSink& sink) {
  std::vector<Row> rows;
  for (std::size_t e = 0; e < extensions.size(); ++e) {
    for (const int index : extensions[e].wanted) {
      const float* row =
          llama_get_logits_ith(context_.get(), static_cast<std::int32_t>(starts[e]) + index);
      if (row == nullptr)
        throw Error(ErrorKind::kEngine, "llama.cpp returned no logits", info_.path);
      rows.push_back({e, index, std::span(row, static_cast<std::size_t>(info_.n_vocab))});
    }
  }
  if (!rows.empty()) sink(rows);
}

void LlamaModel::release(std::span<const Branch> branches) {
  for (const Branch branch : branches) {
    const auto found = sequences_.find(branch);
    if (found == sequences_.end()) continue;
    llama_memory_seq_rm(llama_get_memory(context_.get()), found->second.id, -1, -1);
    free_ids_.insert(found->second.id);
    sequences_.erase(found);
  }
}

bool LlamaModel::truncate(Branch branch, int length) {
  Sequence& sequence = existing(branch);
  if (!llama_memory_seq_rm(llama_get_memory(context_.get()), sequence.id, length, -1)) return false;
  sequence.length = std::min(sequence.length, length);
  return true;
}

}  // namespace

std::unique_ptr<Model> open_llama(const ModelOptions& options) {
  return std::make_unique<LlamaModel>(options);
}

std::string llama_engine_id() {
  start_backend();
  return fmt::format("llama.cpp {} {}; {}", ASSAY_LLAMA_VERSION,
                     std::string(ASSAY_LLAMA_COMMIT).substr(0, 7), llama_print_system_info());
}

std::optional<std::int64_t> gpu_bytes_in_use() {
  std::optional<std::int64_t> bytes;
  for (std::size_t i = 0; i < ggml_backend_dev_count(); ++i) {
    ggml_backend_dev_t device = ggml_backend_dev_get(i);
    if (ggml_backend_dev_type(device) != GGML_BACKEND_DEVICE_TYPE_GPU) continue;
    std::size_t free = 0, total = 0;
    ggml_backend_dev_memory(device, &free, &total);
    bytes = bytes.value_or(0) + static_cast<std::int64_t>(total - free);
  }
  return bytes;
}

}  // namespace assay
