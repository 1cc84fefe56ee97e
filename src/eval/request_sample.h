// Draws a token from a row of logits.
#pragma once

#include <cstdint>
#include <span>

#include "core/request.h"

namespace assay::detail {

// Temperature, then top_k, then top_p, as Hugging Face orders them. Random numbers are a function
// of (sampling.seed, draw, position, token) alone: the batch a row was computed in does not matter,
// and two models that agree nearly on the logits agree nearly always on the token. temperature > 0.
Token sample(std::span<const float> logits, const Sampling& sampling, std::uint64_t draw,
             std::size_t position);

}  // namespace assay::detail
