// In what two models differ: weights, KV cache, runtime, engine.
#include <set>

#include <fmt/format.h>

#include "compare/texts.h"

namespace assay::detail {
namespace {

class Parts {
 public:
  void add(const char* part, const char* field, const std::string& b, const std::string& v) {
    if (b != v && !b.empty() && !v.empty()) found_.push_back({part, field, b, v});
  }
  std::vector<PartDifference> take() { return std::move(found_); }

 private:
  std::vector<PartDifference> found_;
};

// "" where the run does not say.
std::string digest_text(const Digest& digest) {
  return digest == Digest{} ? "" : digest.hex().substr(0, 8);
}

const char* on_or_off(bool value) { return value ? "on" : "off"; }

}  // namespace

std::vector<PartDifference> part_differences(const RunHeader& baseline, const RunHeader& variant) {
  const ModelInfo& b = baseline.model;
  const ModelInfo& v = variant.model;
  Parts parts;
  parts.add("weights", "content", digest_text(b.weights), digest_text(v.weights));
  const bool known = !b.engine.empty() && !v.engine.empty();
  if (!known) return parts.take();
  parts.add("KV cache", "K type", b.runtime.kv.k, v.runtime.kv.k);
  parts.add("KV cache", "V type", b.runtime.kv.v, v.runtime.kv.v);
  parts.add("KV cache", "rotated", on_or_off(b.runtime.kv_rotated),
            on_or_off(v.runtime.kv_rotated));
  parts.add("runtime", "flash attention", on_or_off(b.runtime.flash_attention),
            on_or_off(v.runtime.flash_attention));
  parts.add("runtime", "batch", std::to_string(b.runtime.n_ubatch),
            std::to_string(v.runtime.n_ubatch));
  parts.add("engine", "build and processor", b.engine, v.engine);
  parts.add("engine", "layers on the GPU", std::to_string(b.runtime.n_gpu_layers),
            std::to_string(v.runtime.n_gpu_layers));
  return parts.take();
}

int count_parts(const std::vector<PartDifference>& differences) {
  std::set<std::string> parts;
  for (const PartDifference& difference : differences) parts.insert(difference.part);
  return static_cast<int>(parts.size());
}

bool is_same_model(const RunHeader& baseline, const RunHeader& variant) {
  return baseline.model.weights != Digest{} && baseline.model.weights == variant.model.weights &&
         part_differences(baseline, variant).empty();
}

ComparedModel compared_model(const RunHeader& header) {
  const ModelInfo& model = header.model;
  return {.name = header.model_name,
          .description = model.description,
          .weights = model.weights == Digest{} ? "" : model.weights.hex(),
          .size_bytes = model.size_bytes,
          .bits_per_weight = model.bits_per_weight,
          .imported_from = header.imported_from};
}

}  // namespace assay::detail
