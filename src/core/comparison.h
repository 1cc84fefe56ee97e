// What comparing two runs found: plain data. Differences are variant minus baseline and fractions,
// not percent; perplexities compare as the ratio variant / baseline.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/estimate.h"
#include "core/model_info.h"

namespace assay {

// "Not significant" is none of these: within the margin must be shown, and so must worse.
enum class Verdict {
  kWithinMargin,  // shown not to lose more than the margin
  kWorse,         // shown to lose more than the margin
  kUndecided,     // neither is shown
};

// One setting in which two runs differ, so that they answer different questions.
struct Mismatch {
  std::string task;  // "" = of the whole run
  std::string field;
  std::string baseline, variant;  // both values
  std::string detail;             // which samples, and where their prompts part; may be empty
};

// One thing in which two models differ. Parts: "weights", "KV cache", "runtime", "engine". More
// than one part: a loss cannot be put down to any of them.
struct PartDifference {
  std::string part, field, baseline, variant;
};

// Right and wrong answers to the items that both runs scored; of metrics that are 0 or 1.
struct FlipTable {
  std::int64_t both_right = 0;
  std::int64_t lost = 0;    // right to wrong
  std::int64_t gained = 0;  // wrong to right
  std::int64_t both_wrong = 0;
  std::optional<std::int64_t> churn;  // of both_wrong: another wrong answer; absent: not known
};

// The baseline against itself, run again in another way (another batch size): what means nothing.
struct RepeatNoise {
  std::int64_t n = 0;
  double difference = 0;  // a fraction; of perplexities the ratio - 1
  std::optional<std::int64_t> n_flips;
};

struct Repeats {  // several answers to the same items, sampled with different seeds
  int n_runs = 0;
  double mean = 0;
  std::optional<double> between_items;  // variance of the items' true means
  std::optional<double> within_item;    // mean variance of an item's answers: sampling noise
  std::optional<double> std_error;      // of the mean, items as clusters
};

enum class ChangeKind {
  kPoints,  // difference of means
  kRatio,   // ratio of perplexities
};

// One metric of one task (or group) in two runs, over the items that both scored.
struct MetricComparison {
  std::string task, task_class;
  std::string metric, filter;
  bool higher_is_better = true;
  bool decides = false;  // its verdict counts for the whole; the others are for information

  std::int64_t n = 0;  // items scored in both
  std::int64_t n_unscored_baseline = 0, n_unscored_variant = 0;
  std::int64_t n_missing_baseline = 0, n_missing_variant = 0;  // items of the other run only
  std::int64_t n_clusters = 0;  // of dependent items; equal to n when each is its own

  Estimate baseline, variant;
  ChangeKind kind = ChangeKind::kPoints;
  Estimate change;     // paired: in points as a fraction, or a ratio, by `kind`
  std::string method;  // of change's interval and tests
  std::optional<FlipTable> flips;
  std::optional<Interval> bootstrap_ci95;  // BCa, when asked for

  // One-sided p of "worse than the baseline at all" and its two-sided companion; absent when
  // nothing can be tested.
  std::optional<double> p_worse, p_two_sided, p_worse_adjusted;
  // Tests at the margin: small p_within shows that the loss is below it, small p_beyond that it is
  // above. Only p_beyond is adjusted: "all within" is an intersection-union test (Berger 1982).
  std::optional<double> p_within, p_beyond, p_beyond_adjusted;

  std::optional<Estimate> recovery_percent;  // 100 * variant / baseline, when higher is better
  std::optional<double> minimum_detectable_effect;  // a fraction (ratio - 1 for perplexities)
  std::optional<double> chance;                     // what blind choice would score
  std::optional<RepeatNoise> noise;
  std::optional<Repeats> baseline_repeats, variant_repeats;

  double margin = 0;  // a fraction (ratio - 1 for perplexities), declared before the run
  Verdict verdict = Verdict::kUndecided;
  std::string reason;                     // of the verdict, in words
  std::optional<std::int64_t> n_further;  // items beyond n that would decide; when undecided
  std::vector<std::string> lost_ids, gained_ids;  // keys; a group's: "task/key"
  std::string sentence;
};

struct GroupComparison : MetricComparison {
  std::vector<std::string> tasks;
  std::vector<double> weights;  // of each task's difference; their sum is 1
  std::string weighting;        // "by size" | "equal"
};

// All tasks of one class (knowledge, maths, code, language): every item counts the same.
struct ClassComparison {
  std::string task_class;
  std::vector<std::string> tasks;
  std::int64_t n = 0;
  Estimate change;  // points as a fraction
  std::string method;
};
// change of `first` - change of `second`: negative when the first class loses more.
struct ClassDifference {
  std::string first, second;
  Estimate difference;
  double p = 1, p_adjusted = 1;  // two-sided; Holm over the pairs of classes
};

// Texts that both models wrote for the same prompts.
struct TextComparison {
  std::string task;
  std::int64_t n = 0, n_identical = 0;
  Estimate identical;                     // share
  std::string unit;                       // "tokens" | "words": of the two below
  std::optional<double> first_divergent;  // median, counted from 0, over texts that differ
  Estimate length_drift;                  // mean of variant's length - baseline's
};

struct ComparisonSettings {        // declared before the runs were read, recorded with the result
  double margin = 0.01;            // of metrics that are means: a fraction
  double max_ppl_increase = 0.05;  // of perplexities: a fraction
  double alpha = 0.05;             // of each one-sided test
  double power = 0.8;              // of minimum detectable effects and further items
  std::string adjustment;          // "holm" | "benjamini-hochberg" | "none"
};

struct ComparedModel {
  std::string name, description, weights;  // weights: digest in hex; "" = not recorded
  std::int64_t size_bytes = 0;
  double bits_per_weight = 0;
  std::string imported_from;
};

struct Comparison {
  ComparedModel baseline, variant;
  ComparisonSettings settings;
  bool comparable = true;              // false: mismatches were allowed, the numbers mean little
  std::vector<Mismatch> mismatches;    // not empty only where they were allowed
  std::vector<std::string> unchecked;  // what could not be compared because a run does not say it
  bool same_model = false;             // same weights and runtime
  bool same_answers = false;           // every answer is equal, to the last bit
  std::vector<PartDifference> parts;
  std::vector<MetricComparison> metrics;
  std::vector<GroupComparison> groups;
  std::vector<ClassComparison> classes;
  std::vector<ClassDifference> class_differences;
  std::vector<TextComparison> texts;
  std::vector<std::string> warnings;
  Verdict verdict = Verdict::kUndecided;  // of all that decide
  std::string reason;
};

}  // namespace assay
