#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "core/number_format.h"
#include "eval/eval.h"

namespace assay {
namespace {

constexpr double kSayAsFactor = 2;  // from here on "multiplies by" reads better than "+ 100 %"

// value * factor + offset with its interval; an interval that turns round is put in order.
std::string interval_text(const Estimate& estimate, double factor, double offset,
                          const std::string& unit) {
  std::optional<Interval> interval;
  if (estimate.ci95) {
    const double a = estimate.ci95->low * factor + offset;
    const double b = estimate.ci95->high * factor + offset;
    interval = Interval{std::min(a, b), std::max(a, b)};
  }
  const std::string text = format_with_interval(estimate.value * factor + offset, interval, unit);
  return interval ? text : text + " (error unknown: " + estimate.reason + ")";
}

std::string top_change(const VariantReport& variant) {
  const Estimate& same = variant.divergence.same_top_p;
  if (same.value == 1) {
    return fmt::format("keeps the most likely token at all {} positions",
                       variant.perplexity.n_scored_tokens);
  }
  return "changes the most likely token at " + interval_text(same, -kPercent, kPercent, "%") +
         " of positions";
}

// The rarest tail that this many tokens can show.
std::string tail(const VariantReport& variant) {
  const Percentiles& kld = variant.divergence.kld_percentiles;
  const std::int64_t n = variant.perplexity.n_scored_tokens;
  if (n >= 1000) {
    return "1 token in 1000 moves by more than " + format_significant(kld.p99_9, 2) + " nats";
  }
  if (n >= 100) {
    return "1 token in 100 moves by more than " + format_significant(kld.p99, 2) + " nats";
  }
  return "the token that moves most moves by " + format_significant(kld.max, 2) + " nats";
}

std::string mean_divergence(const VariantReport& variant) {
  return "mean KL divergence " + interval_text(variant.divergence.kld, 1, 0, "nats");
}

bool without_difference(const DivergenceStatistics& statistics) {
  return statistics.kld.value == 0 && statistics.kld_percentiles.max == 0 &&
         statistics.ln_ppl_ratio.value == 0 && statistics.delta_p_rms.value == 0 &&
         statistics.same_top_p.value == 1;
}

std::string worse_text(const VariantReport& variant, const Estimate& ratio) {
  const std::string cost =
      ratio.value < kSayAsFactor
          ? "loses " + interval_text(ratio, kPercent, -kPercent, "% perplexity")
          : "multiplies perplexity by " + interval_text(ratio, 1, 0, "");
  return fmt::format("{} {} and {}; {}.", variant.name, cost, top_change(variant), tail(variant));
}

std::string better_text(const VariantReport& variant, const Estimate& ratio) {
  return fmt::format(
      "{} changes perplexity by {}: lower than the baseline's on this text, which is no "
      "improvement by itself, because its predictions have moved: it {} ({}); {}.",
      variant.name, interval_text(ratio, kPercent, -kPercent, "%"), top_change(variant),
      mean_divergence(variant), tail(variant));
}

std::string hidden_text(const VariantReport& variant, const Estimate& ratio) {
  const Estimate& kld = variant.divergence.kld;
  const bool seen = kld.ci95 && kld.ci95->low > 0;
  return fmt::format("{}: perplexity does not show a difference ({}), {}: it {} ({}); {}.",
                     variant.name, interval_text(ratio, kPercent, -kPercent, "%"),
                     seen ? "divergence does" : "and divergence is not told from zero either",
                     top_change(variant), mean_divergence(variant), tail(variant));
}

std::string unsure_text(const VariantReport& variant, const Estimate& ratio) {
  const std::string value = ratio.value < kSayAsFactor
                                ? format_significant(kPercent * (ratio.value - 1), 3) + " %"
                                : "a factor of " + format_significant(ratio.value, 3);
  return fmt::format(
      "{} changes perplexity by {}, with unknown error ({}); it {}; {}.", variant.name, value,
      ratio.reason,
      variant.divergence.same_top_p.value == 1
          ? top_change(variant)
          : "changes the most likely token at " +
                format_significant(kPercent * (1 - variant.divergence.same_top_p.value), 3) +
                " % of positions",
      tail(variant));
}

bool is_quantised(const TensorTypeCount& count) {
  return count.type.find('Q') != std::string::npos || count.type.starts_with("TQ") ||
         count.type.starts_with("MXFP") || count.type.starts_with("NVFP");
}

void warn_of_quantised_baseline(const ModelInfo& info, std::vector<std::string>& warnings) {
  std::int64_t total = 0, quantised = 0;
  std::string most;
  for (const TensorTypeCount& count : info.tensor_types) {
    total += count.size_bytes;
    if (!is_quantised(count)) continue;
    quantised += count.size_bytes;
    if (most.empty()) most = count.type;
  }
  if (quantised == 0) return;
  warnings.push_back(fmt::format(
      "The baseline is itself quantised ({} % of its bytes, mostly {}): every loss here is against "
      "it, not against the model it was made from.",
      format_significant(kPercent * static_cast<double>(quantised) / static_cast<double>(total), 2),
      most));
}

void warn_of_token_perplexity(const ModelReport& baseline, const PathologicalLimits& limits,
                              std::vector<std::string>& warnings) {
  const double value = baseline.perplexity.perplexity.value;
  const int n_vocab = baseline.info.n_vocab;
  const bool chat = baseline.convention.name == ConventionName::kChat;
  const std::string advice =
      chat ? "Check the chat template, the conversations and the file."
           : "Ratios of such a perplexity mislead (an instruct model on raw text is the usual "
             "case): read the divergence, and measure on what the model is for (convention chat).";
  if (!std::isfinite(value)) {
    warnings.push_back("The baseline's perplexity is too large for a floating-point number. " +
                       advice);
  } else if (n_vocab > 0 && value > n_vocab) {
    warnings.push_back(
        fmt::format("The baseline's perplexity of {} is worse than guessing among its {} tokens: "
                    "the model or its tokenizer does not fit this text. {}",
                    format_significant(value), n_vocab, advice));
  } else if (value > limits.token_perplexity) {
    warnings.push_back(fmt::format(
        "The baseline's perplexity of {} per token is pathological for plain text (limit {:g}). {}",
        format_significant(value), limits.token_perplexity, advice));
  }
}

}  // namespace

std::string cost_sentence(const VariantReport& variant, const ModelReport& baseline) {
  const std::int64_t n = variant.perplexity.n_scored_tokens;
  if (variant.identical) {
    return fmt::format(
        "{} is identical to {}: every logit is equal bit for bit at all {} scored tokens.",
        variant.name, baseline.name, n);
  }
  if (without_difference(variant.divergence)) {
    return fmt::format("{} shows no difference to {} at any of the {} scored tokens.", variant.name,
                       baseline.name, n);
  }
  const Estimate& ratio = variant.divergence.ppl_ratio;
  if (!std::isfinite(ratio.value)) {
    return fmt::format(
        "{} is broken on this text: its perplexity is too many times the baseline's for a "
        "floating-point number, and it {}.",
        variant.name, top_change(variant));
  }
  if (!ratio.ci95) return unsure_text(variant, ratio);
  if (ratio.ci95->low > 1) return worse_text(variant, ratio);
  if (ratio.ci95->high < 1) return better_text(variant, ratio);
  return hidden_text(variant, ratio);
}

std::string noise_sentence(const VariantReport& variant, const NoiseFloor& noise) {
  if (variant.identical || variant.divergence.kld.value > noise.kld_mean) return {};
  return fmt::format(
      " This is noise: the baseline differs as much from itself in batches of "
      "{} tokens.",
      noise.n_batch);
}

std::vector<std::string> pathological_warnings(const ModelReport& baseline,
                                               const PathologicalLimits& limits) {
  std::vector<std::string> warnings;
  const PerplexityStatistics& statistics = baseline.perplexity;
  warn_of_token_perplexity(baseline, limits, warnings);
  if (statistics.bits_per_byte && statistics.bits_per_byte->value > limits.bits_per_byte) {
    warnings.push_back(fmt::format(
        "The baseline needs {} bits per byte, pathological for plain text (limit {:g}): the model "
        "does not know this kind of text or language well.",
        format_significant(statistics.bits_per_byte->value), limits.bits_per_byte));
  }
  warn_of_quantised_baseline(baseline.info, warnings);
  if (!statistics.perplexity.std_error && std::isfinite(statistics.perplexity.value)) {
    warnings.push_back("No error of the perplexity: " + statistics.perplexity.reason +
                       ". Use a longer text or shorter windows.");
  }
  return warnings;
}

}  // namespace assay
