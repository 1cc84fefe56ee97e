#include <fmt/format.h>

#include "core/error.h"
#include "study/candidates.h"
#include "study/study.h"

namespace assay {
namespace {

detail::Prepared in_batches(const detail::Prepared& baseline, int n_tokens) {
  detail::Prepared variant = baseline;
  variant.spec.text = fmt::format("batch {}", n_tokens);
  variant.candidate.name = variant.spec.text;
  variant.candidate.n_split = n_tokens;
  variant.candidate.identity =
      Hasher().add_field(baseline.candidate.identity).add_field(n_tokens).finish();
  return variant;
}

}  // namespace

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
    variants.push_back(in_batches(baseline, n_tokens));
  }
  return {.divergence = detail::run_divergence(options, baseline, variants)};
}

std::optional<NoiseFloor> detail::stored_noise(const WindowPlan& plan, const Prepared& baseline,
                                               Store& store) {
  std::optional<NoiseFloor> floor;
  for (const int n_tokens : kNoiseBatches) {
    const auto found = stored_divergence(plan, baseline.candidate,
                                         in_batches(baseline, n_tokens).candidate, store);
    if (!found || (floor && floor->kld_mean >= found->statistics.kld.value)) continue;
    floor = {.n_batch = n_tokens,
             .n_chunks = found->n_windows,
             .n_scored_tokens = found->n_scored_tokens,
             .kld_mean = found->statistics.kld.value,
             .same_top_p = found->statistics.same_top_p.value};
  }
  return floor;
}

}  // namespace assay
