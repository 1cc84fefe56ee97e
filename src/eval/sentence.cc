// What the numbers say, in words. No threshold decides anything here: each sentence states a number
// and its interval.
#include <cmath>

#include <fmt/format.h>

#include "eval/eval.h"

namespace assay {
namespace {

// Percent with as many digits as its interval can bear.
std::string percent(double fraction, double width) {
  const double percent_width = std::max(std::abs(100 * width), 1e-4);
  const int digits = std::clamp(1 - static_cast<int>(std::floor(std::log10(percent_width))), 0, 4);
  return fmt::format("{:.{}f}", 100 * fraction, digits);
}

std::string percent_with_interval(const Estimate& e, double offset, double sign) {
  const double value = sign * (e.value - offset);
  if (!e.ci95) return percent(value, std::abs(value) / 10) + " %";
  double low = sign * (e.ci95->low - offset), high = sign * (e.ci95->high - offset);
  if (low > high) std::swap(low, high);
  const double width = (high - low) / 2;
  return fmt::format("{} % [{}, {}]", percent(value, width), percent(low, width),
                     percent(high, width));
}

std::string about_perplexity(const VariantReport& variant) {
  const Estimate& ratio = variant.divergence.ppl_ratio;
  if (!ratio.ci95)
    return fmt::format("perplexity changes by {:+.2f} % (error unknown: {})",
                       100 * (ratio.value - 1), ratio.reason);
  if (ratio.ci95->low > 1) return "perplexity is worse by " + percent_with_interval(ratio, 1, 1);
  if (ratio.ci95->high < 1) {
    return "perplexity is lower by " + percent_with_interval(ratio, 1, -1) +
           ", which is a change and no improvement: the variant departs from the baseline all the "
           "same";
  }
  return "perplexity shows no difference: " + percent_with_interval(ratio, 1, 1) +
         ", zero is inside";
}

}  // namespace

std::string cost_sentence(const VariantReport& variant, const ModelReport&) {
  if (variant.identical) {
    return variant.name +
           ": bit-identical to the baseline on every token. Nothing was lost, and nothing was "
           "tested.";
  }
  const DivergenceStatistics& d = variant.divergence;
  Estimate changed = d.same_top_p;
  std::string text = fmt::format(
      "{}: {}; it changes the most likely token at {} of positions; mean KL divergence {:.2g} nats",
      variant.name, about_perplexity(variant), percent_with_interval(changed, 1, -1), d.kld.value);
  if (d.kld.std_error) text += fmt::format(" ± {:.1g}", *d.kld.std_error);
  text += fmt::format(", 1 token in 1000 above {:.2g}.", d.kld_percentiles.p99_9);
  return text;
}

std::vector<std::string> pathological_warnings(const ModelReport& baseline,
                                               const PathologyLimits& limits) {
  std::vector<std::string> warnings;
  const PerplexityStatistics& p = baseline.perplexity;
  if (!std::isfinite(p.perplexity.value) || p.perplexity.value > limits.perplexity_per_token) {
    warnings.push_back(
        fmt::format("the baseline's perplexity of {:.4g} per token is pathological for ordinary "
                    "text (above {:g}): this text is not "
                    "what the model was made for, as raw text is for many chat models. Changes of "
                    "perplexity mean little here; trust "
                    "the KL divergence, and measure with --convention chat",
                    p.perplexity.value, limits.perplexity_per_token));
  } else if (p.bits_per_byte && p.bits_per_byte->value > limits.bits_per_byte) {
    warnings.push_back(fmt::format(
        "the baseline needs {:.2f} bits per byte (above {:g}): this text is far from what the "
        "model was made for; trust the KL divergence rather than perplexity",
        p.bits_per_byte->value, limits.bits_per_byte));
  }
  return warnings;
}

}  // namespace assay
