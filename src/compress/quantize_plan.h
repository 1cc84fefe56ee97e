// What a quantisation will do, found by llama.cpp's own dry run, and every reason to refuse it
// before the work starts.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "compress/compress.h"
#include "compress/llama_quantizer.h"

namespace assay {

struct QuantizePlan {
  LlamaQuantizeJob job;  // ready to run, but for dry_run and output
  std::string type;      // canonical name
  std::vector<Fallback> fallbacks;
  std::int64_t n_bytes = 0;  // of the result, not less than the truth and at most a little more
};

// The checks that need no engine and no dry run: type names, regular expressions, a source that is
// already quantised. Returns the canonical type name. Errors: kUsage, kBadInput.
std::string check_quantize_options(const QuantizeOptions& options);

// Errors: kUsage (what was asked cannot be done or would silently not be applied; an importance
// matrix is needed), kBadInput (source or matrix), kEngine (llama.cpp refuses the source).
QuantizePlan plan_quantize(const QuantizeOptions& options);

// The words after "failed to quantize:" in llama.cpp's log, else its last lines.
std::string llama_reason(const std::string& log);

}  // namespace assay
