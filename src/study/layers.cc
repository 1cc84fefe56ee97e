#include "core/error.h"
#include "study/candidates.h"
#include "study/study.h"

namespace assay {

LayerReport measure_layers(const MeasureOptions& options) {
  const detail::Prepared baseline = detail::prepare_baseline(options);
  LayerReport report{.baseline = baseline.candidate.name};
  for (const std::string& name : options.variants) {
    const VariantSpec spec = parse_variant(name);
    if (spec.weights == VariantSpec::Weights::kBaseline) continue;
    const detail::Prepared variant = detail::prepare_variant(options, spec, &baseline);
    if (options.progress) options.progress({.phase = "comparing the tensors of " + name});
    try {
      report.variants.push_back(
          {.name = name,
           .tensors = tensor_losses(baseline.deployed_path, variant.deployed_path, options.stop)});
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::kBadInput) throw;
    }
  }
  return report;
}

}  // namespace assay
