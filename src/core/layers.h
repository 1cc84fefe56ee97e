// What quantising did to each tensor: plain data (docs/formats/study.md).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace assay {

struct TensorLoss {
  std::string name, baseline_type, type;  // types: ggml's names, upper case
  std::int64_t n_weights = 0, size_bytes = 0;
  // Root mean square of (variant - baseline) over that of the baseline: 0.1 is a tenth of the
  // weights' size. Of weights, not of what the model answers.
  double relative_rms = 0;
};

struct VariantLayers {
  std::string name;
  std::vector<TensorLoss> tensors;  // in the file's order; matrices only
};

struct LayerReport {
  std::string baseline;
  std::vector<VariantLayers> variants;
};

inline constexpr const char* kLayersSchema = "assay-layers/1";
std::string to_json(const LayerReport& report);
LayerReport layer_report_from_json(std::string_view text);  // Error{kBadInput}

}  // namespace assay
