// What a checkpoint is: facts from its header, and a look at its weights for a hidden grid.
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <limits>
#include <map>
#include <regex>

#include "compress/compress.h"
#include "compress/ggml_types.h"
#include "compress/grid.h"
#include "core/error.h"

namespace assay {
namespace {

constexpr std::int64_t kSuperBlock = 256;

int small_integer(const GgufHeader& header, const std::string& key) {
  const std::int64_t value = header.integer(key).value_or(0);
  if (value < 0 || value > std::numeric_limits<int>::max()) {
    throw Error(ErrorKind::kBadInput, fmt::format("metadata {} is {}", key, value), header.path,
                "Convert the model again.");
  }
  return static_cast<int>(value);
}

int array_length(const GgufHeader& header, const std::string& key) {
  for (const auto& [name, value] : header.metadata) {
    const auto* array = std::get_if<GgufArray>(&value);
    if (name == key && array != nullptr && array->n <= std::numeric_limits<int>::max()) {
      return static_cast<int>(array->n);
    }
  }
  return 0;
}

std::string file_type_name(const GgufHeader& header) {
  const auto id = header.integer("general.file_type");
  if (!id) return {};
  const FileType* type = file_type(static_cast<std::uint64_t>(*id));
  return type == nullptr ? fmt::format("type {}", *id) : std::string(type->name);
}

void set_dimensions(CheckpointFacts& facts, const GgufHeader& header) {
  const std::string arch = facts.architecture + ".";
  facts.n_layer = small_integer(header, arch + "block_count");
  facts.n_embd = small_integer(header, arch + "embedding_length");
  facts.n_ctx_train = small_integer(header, arch + "context_length");
  facts.n_vocab = array_length(header, "tokenizer.ggml.tokens");
  if (facts.n_vocab == 0) facts.n_vocab = small_integer(header, arch + "vocab_size");
  const int n_head = small_integer(header, arch + "attention.head_count");
  const int shared = n_head > 0 ? facts.n_embd / n_head : 0;
  facts.head_dim_k = small_integer(header, arch + "attention.key_length");
  facts.head_dim_v = small_integer(header, arch + "attention.value_length");
  if (facts.head_dim_k == 0) facts.head_dim_k = shared;
  if (facts.head_dim_v == 0) facts.head_dim_v = shared;
  facts.n_head_kv = small_integer(header, arch + "attention.head_count_kv");
}

bool is_matrix(const GgufTensor& tensor) { return tensor.shape.size() >= 2 && tensor.shape[1] > 1; }

// Which tensors llama.cpp's quantiser converts at all, as far as the usual architectures go: no
// norms, expert gates, convolutions of state-space models, positions.
bool is_quantisable(const GgufTensor& tensor) {
  static const std::regex kept(
      R"(_norm\.weight|ffn_gate_inp\.weight|ssm_conv1d|shortconv|time_mix_|altup|laurel)"
      R"(|per_layer_model_proj|position_embd|token_types|attn_rel_b|patch_embd|\.rel_pos)");
  return is_matrix(tensor) && tensor.name.ends_with("weight") &&
         !std::regex_search(tensor.name, kept);
}

// What llama.cpp wanted where it took `got`, from its table of fallbacks (each type has one; the
// types that share one are told apart by what the file is made of).
std::string wanted_type(const std::string& got, std::string_view file_default) {
  static const std::map<std::string, std::string, std::less<>> sole = {
      {"Q5_0", "Q4_K"}, {"Q5_1", "Q5_K"}, {"Q8_0", "Q6_K"}};
  const auto found = sole.find(got);
  return found == sole.end() ? std::string(file_default) : found->second;
}

std::vector<Fallback> find_fallbacks(const std::vector<GgufTensor>& tensors, const FileType* type) {
  if (type == nullptr || find_ggml_type(type->default_type)->block_weights != kSuperBlock) {
    return {};
  }
  const bool tied = std::ranges::find(tensors, "output.weight", &GgufTensor::name) == tensors.end();
  std::vector<Fallback> out;
  for (const GgufTensor& tensor : tensors) {
    if (!is_quantisable(tensor) || tensor.shape[0] % kSuperBlock == 0) continue;
    // For the output matrix of such a width Q8_0 is the rule, not a fallback; llama.cpp does not
    // count it either.
    const bool is_output = tensor.name == (tied ? "token_embd.weight" : "output.weight");
    if (tensor.type == "F32" || (is_output && tensor.type == "Q8_0")) continue;
    out.push_back({.tensor = tensor.name,
                   .wanted = wanted_type(tensor.type, type->default_type),
                   .got = tensor.type,
                   .row_length = tensor.shape[0]});
  }
  return out;
}

}  // namespace

std::vector<std::string> gguf_parts(const std::string& path) {
  static const std::regex pattern(R"(^(.*-)(\d{5})-of-(\d{5})\.gguf$)");
  // The folder may have any name and length; only the file's name is matched.
  const std::filesystem::path whole(path);
  const std::string name = whole.filename().string();
  std::smatch match;
  if (name.size() > 4096 || !std::regex_match(name, match, pattern)) return {path};
  const int part = std::stoi(match[2]), n_parts = std::stoi(match[3]);
  if (part < 1 || part > n_parts) return {path};
  std::vector<std::string> parts;
  for (int i = 1; i <= n_parts; ++i) {
    const std::string file = fmt::format("{}{:05}-of-{:05}.gguf", match[1].str(), i, n_parts);
    parts.push_back((whole.parent_path() / file).string());
    if (!std::filesystem::exists(parts.back())) {
      throw Error(ErrorKind::kBadInput, fmt::format("part {} of {} is missing", i, n_parts),
                  parts.back(), "Put all parts into one folder.");
    }
  }
  return parts;
}

CheckpointFacts inspect_checkpoint(const std::string& path) {
  std::vector<GgufHeader> parts;
  for (const std::string& part : gguf_parts(path)) parts.push_back(read_gguf(part));
  CheckpointFacts facts;
  GgufHeader all;
  for (const GgufHeader& part : parts) {
    facts.size_bytes += part.file_bytes;
    all.tensors.insert(all.tensors.end(), part.tensors.begin(), part.tensors.end());
  }
  const GgufHeader& first = parts.front();
  facts.architecture = first.text("general.architecture").value_or("");
  facts.name = first.text("general.name").value_or("");
  facts.file_type = file_type_name(first);
  set_dimensions(facts, first);
  facts.tensor_types = tensor_types(all);
  facts.bits_per_weight = bits_per_weight(all);
  for (const GgufTensor& tensor : all.tensors) {
    facts.n_weights += tensor.n_weights;
    facts.quantised |= is_matrix(tensor) && find_ggml_type(tensor.type)->bits() < 16;
  }
  facts.fallbacks = find_fallbacks(all.tensors, file_type_named(facts.file_type));
  facts.dequantised_from = find_dequantised(parts);
  return facts;
}

}  // namespace assay
