#include "models/llama_runtime.h"

#include <sched.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <regex>
#include <set>
#include <thread>

#include <fmt/format.h>

#include "core/error.h"

namespace assay {
namespace {

struct KvType {
  const char* name;
  int block;               // elements of one block; the head dimension must be a multiple
  double bytes_per_value;  // ggml's block size in bytes / block
};
constexpr std::array<KvType, 9> kKvTypes{{{"f32", 1, 4},
                                          {"f16", 1, 2},
                                          {"bf16", 1, 2},
                                          {"q8_0", 32, 34.0 / 32},
                                          {"q5_1", 32, 24.0 / 32},
                                          {"q5_0", 32, 22.0 / 32},
                                          {"q4_1", 32, 20.0 / 32},
                                          {"q4_0", 32, 18.0 / 32},
                                          {"iq4_nl", 32, 18.0 / 32}}};

const KvType* find_kv_type(const std::string& name) {
  const auto* found = std::find_if(kKvTypes.begin(), kKvTypes.end(),
                                   [&](const KvType& t) { return name == t.name; });
  return found == kKvTypes.end() ? nullptr : found;
}

bool is_quantised(const std::string& name) {
  const KvType* type = find_kv_type(name);
  return type != nullptr && type->block > 1;
}

}  // namespace

std::optional<std::string> kv_type_problem(const std::string& type, HeadDimensions heads) {
  const KvType* found = find_kv_type(type);
  if (found == nullptr) {
    std::string names;
    for (const KvType& t : kKvTypes) names += std::string(names.empty() ? "" : ", ") + t.name;
    return fmt::format("'{}' is no KV cache type; there are: {}", type, names);
  }
  for (const int dim : {heads.k, heads.v}) {
    if (dim > 0 && dim % found->block != 0) {
      return fmt::format(
          "{} stores blocks of {} values, which do not divide this model's head dimension of {}",
          type, found->block, dim);
    }
  }
  return std::nullopt;
}

double kv_bytes_per_head(const KvTypes& types, HeadDimensions heads) {
  const KvType* k = find_kv_type(types.k);
  const KvType* v = find_kv_type(types.v);
  if (k == nullptr || v == nullptr) return 0;
  return k->bytes_per_value * heads.k + v->bytes_per_value * heads.v;
}

std::int64_t estimate_memory_bytes(const ModelOptions& options, const ModelInfo& info) {
  const auto bytes_per_value = [](const std::string& name) {
    const KvType* type = find_kv_type(name);
    return type == nullptr ? 4.0 : type->bytes_per_value;
  };
  const KvTypes& kv = options.runtime.kv;
  const double per_token = info.n_layer * static_cast<double>(info.n_embd) *
                           (bytes_per_value(kv.k) + bytes_per_value(kv.v));
  const double n_cells =
      static_cast<double>(options.n_ctx) * (options.share_prefixes ? 1 : options.n_seq_max);
  const double n_rows = options.n_rows_max > 0 ? options.n_rows_max : options.runtime.n_ubatch;
  // Logits are held twice: in the compute buffer and in the output buffer.
  const double logits = 2.0 * 4 * n_rows * info.n_vocab;
  const double activations = 4.0 * options.runtime.n_ubatch * info.n_embd * 32;
  return info.size_bytes + static_cast<std::int64_t>(per_token * n_cells + logits + activations);
}

int default_threads() {
  cpu_set_t allowed;
  CPU_ZERO(&allowed);
  if (sched_getaffinity(0, sizeof allowed, &allowed) != 0) {
    return std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
  }
  std::set<std::string> cores;  // each core once, named by the list of its hardware threads
  int n_allowed = 0;
  for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (!CPU_ISSET(static_cast<std::size_t>(cpu), &allowed)) continue;
    ++n_allowed;
    std::ifstream file(fmt::format("/sys/devices/system/cpu/cpu{}/topology/thread_siblings", cpu));
    std::string siblings;
    if (std::getline(file, siblings)) cores.insert(siblings);
  }
  return std::max(1, cores.empty() ? n_allowed : static_cast<int>(cores.size()));
}

namespace detail {

void require_exists(const std::string& path) {
  if (std::filesystem::exists(path)) return;
  throw Error(ErrorKind::kBadInput, "There is no such model file", path, "Check the path.");
}

void require_kv_types(const KvTypes& kv, HeadDimensions heads, const std::string& path) {
  for (const std::string& type : {kv.k, kv.v}) {
    if (const auto problem = kv_type_problem(type, heads)) {
      throw Error(ErrorKind::kEngine, "KV cache type " + type + " cannot be used: " + *problem,
                  path, "Use kv=f16 for this model.");
    }
  }
}

FlashAttention resolve_flash_attention(const RuntimeRequest& request) {
  const bool needs_on = is_quantised(request.kv.v);
  const bool needs_off = request.kv.k == "f32" || request.kv.v == "f32";
  if (needs_on && needs_off) {
    throw Error(
        ErrorKind::kUsage,
        fmt::format("KV types {}/{} exclude each other: a quantised V cache needs flash attention, "
                    "under which an F32 cache has no effect",
                    request.kv.k, request.kv.v),
        {}, "Use f16 instead of f32.");
  }
  if (request.flash_attention == "off") {
    if (needs_on) {
      throw Error(ErrorKind::kUsage,
                  "A quantised V cache needs flash attention, which is switched off", {},
                  "Drop --flash-attn off, or quantise only K (kv=" + request.kv.v + "/f16).");
    }
    return FlashAttention::kOff;
  }
  if (request.flash_attention == "on") {
    if (needs_off) {
      throw Error(ErrorKind::kUsage, "An F32 KV cache has no effect while flash attention is on",
                  {}, "Use --flash-attn off, or kv=f16.");
    }
    return FlashAttention::kOn;
  }
  if (request.flash_attention != "auto") {
    throw Error(ErrorKind::kUsage,
                "--flash-attn is on, off or auto, not '" + request.flash_attention + "'");
  }
  if (needs_off) return FlashAttention::kOff;
  return needs_on ? FlashAttention::kOn : FlashAttention::kAuto;
}

void read_effective(const std::vector<std::string>& log_lines, RuntimeEffective& effective) {
  static const std::regex kKv(R"(K \((\w+)\):.*V \((\w+)\):)");
  static const std::regex kRotated(R"(attn_rot_[kv] = ([01]))");
  static const std::regex kFlash(R"(Flash Attention (enabled|not supported, set to disabled))");
  std::smatch match;
  for (const std::string& line : log_lines) {
    if (std::regex_search(line, match, kKv)) {
      effective.kv = {match[1], match[2]};
    } else if (std::regex_search(line, match, kRotated)) {
      effective.kv_rotated = effective.kv_rotated || match[1] == "1";
    } else if (std::regex_search(line, match, kFlash)) {
      effective.flash_attention = match[1] == "enabled";
    }
  }
}

void require_applied(const RuntimeRequest& request, FlashAttention flash_attention,
                     const RuntimeEffective& effective, const std::string& path) {
  if (!(effective.kv == request.kv)) {
    throw Error(ErrorKind::kEngine,
                fmt::format("KV cache types {}/{} were asked for, the engine uses {}/{}",
                            request.kv.k, request.kv.v, effective.kv.k, effective.kv.v),
                path, "Leave the KV types at f16 for this model.");
  }
  if (flash_attention == FlashAttention::kOn && !effective.flash_attention) {
    throw Error(ErrorKind::kEngine, "Flash attention was asked for, the engine switched it off",
                path, "Use --flash-attn auto.");
  }
}

}  // namespace detail
}  // namespace assay
