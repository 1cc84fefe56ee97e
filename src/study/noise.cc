#include <fmt/format.h>

#include "core/error.h"
#include "study/candidates.h"
#include "study/study.h"

namespace assay {

NoiseReport measure_noise(const MeasureOptions& options, const std::vector<int>& batch_sizes) {
  const detail::Prepared baseline = detail::prepare_baseline(options);
  std::vector<detail::Prepared> variants;
  for (const int n_tokens : batch_sizes) {
    if (n_tokens < 1 || n_tokens >= baseline.candidate.n_ubatch) {
      throw Error(
          ErrorKind::kUsage,
          fmt::format("A batch of {} tokens is no other batch than the {} it is compared with",
                      n_tokens, baseline.candidate.n_ubatch),
          {}, "Give sizes from 1 to below --batch.");
    }
    detail::Prepared variant = baseline;
    variant.spec.text = fmt::format("batch {}", n_tokens);
    variant.candidate.name = variant.spec.text;
    variant.candidate.n_split = n_tokens;
    variant.candidate.identity =
        Hasher().add_field(baseline.candidate.identity).add_field(n_tokens).finish();
    variants.push_back(std::move(variant));
  }
  return {.divergence = detail::run_divergence(options, baseline, variants)};
}

}  // namespace assay
