// Divergences that an earlier run left in the store.
#include "eval/eval.h"
#include "eval/records.h"
#include "eval/summary_records.h"

namespace assay {

std::optional<StoredDivergence> stored_divergence(const WindowPlan& plan, const Candidate& baseline,
                                                  const Candidate& variant, Store& store) {
  WindowPlan found{.convention = plan.convention, .documents = plan.documents};
  std::vector<std::vector<TokenDivergence>> records;
  std::int64_t n_tokens = 0;
  for (const Window& window : plan.windows) {
    const auto payload =
        store.get(detail::kDivergenceKind, detail::divergence_key(baseline, variant, window));
    if (!payload) continue;
    auto decoded = detail::decode_divergence(*payload, scored_targets(window).size());
    if (!decoded) continue;
    n_tokens += static_cast<std::int64_t>(decoded->size());
    found.windows.push_back(window);
    records.push_back(std::move(*decoded));
  }
  if (n_tokens == 0) return std::nullopt;
  return StoredDivergence{.n_windows = static_cast<int>(records.size()),
                          .n_scored_tokens = n_tokens,
                          .statistics = summarize_divergence(found, records, nullptr)};
}

}  // namespace assay
