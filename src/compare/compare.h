// Two runs of the same tasks to a verdict: did the variant get worse than the baseline, by how
// much, how sure, on which items. Pure functions of runs; no model, no file.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/comparison.h"
#include "core/divergence.h"
#include "core/run.h"
#include "core/study.h"

namespace assay {

enum class Adjustment { kHolm, kBenjaminiHochberg, kNone };

struct CompareOptions {
  double margin = 0.01;            // largest accepted loss of a mean, a fraction (0.01 = 1 point)
  double max_ppl_increase = 0.05;  // largest accepted increase of a perplexity, a fraction
  std::map<std::string, double> class_margins;  // over `margin`, by task class
  // The baseline must be shown to score above it, else a drop cannot be measured; by task, "" =
  // any. A fraction.
  std::map<std::string, double> floors;
  // "acc_norm" or "exact_match,strict-match": what decides, in each task that has one of them.
  // Empty: each task's first metric.
  std::vector<std::string> metrics;
  std::vector<std::string> tasks;             // only these tasks and groups; empty: all
  double alpha = 0.05;                        // error of each one-sided test
  double power = 0.8;                         // of what "could have been seen" and "would decide"
  Adjustment adjustment = Adjustment::kHolm;  // of p-values over what decides
  bool allow_mismatch = false;                // compare unlike runs; marked as not comparable
  double max_missing = 0.05;   // share of items that one run lacks: above it, refused
  double max_unscored = 0.01;  // share that only the variant could not score: above, not passed
  int n_bootstrap = 0;         // replicates of a BCa interval beside the others; 0 = none
  std::uint64_t seed = 1234;   // of the bootstrap
  int n_threads = 1;           // of the bootstrap; results do not depend on it
  const Run* noise = nullptr;  // the baseline once more, run in another way; may be null
};

// Compares item by item, paired by SampleId. A metric that is 0 or 1 on independent items: Tango's
// score interval and tests and McNemar's exact test; others and clustered ones: Student's t over
// clusters of differences; perplexities: the same on log-likelihoods. Errors: kUsage for options
// that cannot be (NaN, negative, a metric that no task has), kBadInput when the runs ask different
// questions (every differing field with both values) unless allowed, when an id stands twice, when
// there is nothing to compare.
Comparison compare_runs(const Run& baseline, const Run& variant, const CompareOptions& options);

// Several runs of each model that differ in their sampling seed only. An item's score is its mean
// over the runs; the variance within items is told apart from that between them. Runs of both
// sides are paired by seed; the first of each side names the model.
Comparison compare_repeats(std::span<const Run> baselines, std::span<const Run> variants,
                           const CompareOptions& options);

// Whether runs ask the same questions (the guard of compare_runs, on its own).
struct GuardReport {
  std::vector<Mismatch> mismatches;
  std::vector<std::string> unchecked;  // fields that a run does not record
};
GuardReport check_comparable(const Run& baseline, const Run& variant,
                             const CompareOptions& options);
// All mismatches in lines for people.
std::string describe(std::span<const Mismatch> mismatches);

// "1pp", "1 %", "0.01" to 0.01. `option` names the flag in messages. Errors: kUsage for what is no
// number, NaN, negative, and for a bare number of at least 0.1, which is more likely a percent.
double parse_margin(const std::string& text, const std::string& option);

// ---- Finished divergence reports (divergence_gate.cc) ----

struct DivergenceLimits {                            // nullopt: not a criterion
  std::optional<double> max_ppl_increase;            // a fraction
  std::optional<double> max_kld;                     // nats, mean
  std::optional<double> max_kld_p99, max_kld_p99_9;  // nats
  double alpha = 0.05;                               // error of each one-sided test
};
struct DivergenceCheck {
  std::string variant;
  std::string criterion;  // "perplexity increase", "mean KLD", "p99 KLD", "p99.9 KLD"
  double limit = 0;
  Estimate value;
  Verdict verdict = Verdict::kUndecided;
  std::string sentence;
};
// Every criterion for every variant, decided by interval, never by the point alone.
std::vector<DivergenceCheck> check_divergence(const DivergenceReport& report,
                                              const DivergenceLimits& limits);

// ---- Plans (plan.cc) ----

struct PlanQuestion {
  double margin = 0.01;
  double alpha = 0.05;
  double power = 0.8;
  double discordance = 0.03;       // share of items that the two models answer differently
  double difference = 0;           // true difference that is expected, a fraction
  std::optional<double> accuracy;  // of the baseline; unpaired designs need it
  double design_effect = 1;        // see below
};
struct PlanAnswer {
  std::int64_t n_paired = 0;
  std::optional<std::int64_t> n_unpaired;  // items for each model
};
PlanAnswer plan_items(const PlanQuestion& question);

// Variance of a group's mean, its tasks weighed by `weights` (their sum is 1), relative to the same
// items weighed equally, when items of all tasks vary alike: n * sum(weight^2 / n_task), Kish 1965.
// 1 for weights by size. Both as long as each other, no size 0.
double design_effect(std::span<const double> weights, std::span<const std::int64_t> sizes);

// What two finished runs say about one task, for planning: the discordance's upper 95 % limit, so
// that few items do not promise too much.
struct PlanBasis {
  std::string task, metric, filter;
  std::int64_t n = 0, n_discordant = 0, n_available = 0;
  double discordance = 0, accuracy = 0, design_effect = 1;
  double seconds_per_item = 0;  // of the variant; 0 = not recorded
};
std::vector<PlanBasis> plan_basis(const Run& baseline, const Run& variant,
                                  const CompareOptions& options);

// ---- Calibration text in the evaluation (overlap.cc) ----

struct TextOverlap {
  std::string what;  // a task, or a text
  std::int64_t n = 0, n_shared = 0;
  std::vector<std::string> ids;  // of the first that share, at most 10
};
// Items (documents) that have 13 words in a row in common with the text that calibrated a variant;
// those of 8 to 12 words: all of them. Only what shares is listed.
std::vector<TextOverlap> calibration_overlap(std::string_view calibration, const Run& run);
std::vector<TextOverlap> calibration_overlap(std::string_view calibration, const std::string& name,
                                             std::span<const std::string_view> documents);
// A warning in words; `calibration` names the file.
std::string describe(const TextOverlap& overlap, const std::string& calibration);

// ---- Studies (findings.cc, decide.cc) ----

// What the comparisons say together: classes by sensitivity, the largest loss and where, tasks that
// fall faster than perplexity says, whether the larger model resists better. Each shown, spoken
// against or undecided, by intervals and p-values that pay for having been chosen.
std::vector<Finding> find_in(const std::vector<StudyFamily>& families);

// The smallest (or fastest) variant that is shown to keep every rule. Where the family has
// comparisons, they judge; else perplexity against max_ppl_increase (a fraction), and the sentence
// says so. tokens_per_second: decoding, by variant.
Decision decide(const StudyFamily& family, const DecisionRules& rules,
                const std::map<std::string, double>& tokens_per_second = {},
                double max_ppl_increase = 0.05);

// ---- Words (sentence.cc) ----

std::string verdict_words(Verdict verdict);  // "within margin", "WORSE", "undecided"
std::string points_text(double fraction);    // "-1.2 points"

}  // namespace assay
