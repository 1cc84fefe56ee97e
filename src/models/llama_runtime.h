// Which llama.cpp settings a RuntimeRequest means, and what the engine's log says it did. No SDK
// here.
#pragma once

#include <string>
#include <vector>

#include "core/model_info.h"
#include "models/models.h"

namespace assay::detail {

enum class FlashAttention { kAuto, kOn, kOff };

void require_exists(const std::string& path);  // Error{kBadInput}

// Error{kEngine} when a model with these heads cannot have such a KV cache.
void require_kv_types(const KvTypes& kv, HeadDimensions heads, const std::string& path);

// Resolves "auto" where a KV type decides it: a quantised V cache needs flash attention, an F32
// cache has no effect under it (llama.cpp casts K and V to F16 there). Error{kUsage} when both are
// asked.
FlashAttention resolve_flash_attention(const RuntimeRequest& request);

// Reads KV types, rotation and flash attention from the lines llama.cpp logs while a context is
// made. Missing lines keep `effective` as it is.
void read_effective(const std::vector<std::string>& log_lines, RuntimeEffective& effective);

// Error{kEngine} when the engine did not apply what was asked.
void require_applied(const RuntimeRequest& request, FlashAttention flash_attention,
                     const RuntimeEffective& effective, const std::string& path);

}  // namespace assay::detail
