// Pure numerics. Every function names the source of its formula.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "core/divergence.h"
#include "core/estimate.h"

namespace assay {

// Sums of one cluster (a window or a document): the unit that is independent of the others.
struct ClusterSum {
  double sum = 0;
  std::int64_t n = 0;
};

// Mean over all elements (sum of sums / sum of n) with a cluster-robust standard error: the
// linearised ratio estimator sqrt(G/(G-1) * sum_g (sum_g - mean * n_g)^2) / N (Cochran, Sampling
// Techniques, 3rd ed., section 6.3; the same as CR1 of an intercept-only regression). ci95 uses
// Student t with G-1 degrees of freedom. Absent with a reason for G < 2.
Estimate clustered_mean(std::span<const ClusterSum> clusters);

// sqrt((E[x^2] - E[x]^2) / (n-1)), as llama-perplexity computes every uncertainty. nullopt for n
// < 2.
std::optional<double> iid_std_error(double sum, double sum_of_squares, std::int64_t n);

// exp of an estimate: value and ci95 are mapped, std_error by the delta method (value * std_error).
Estimate exp_estimate(const Estimate& log_estimate);

// Percentiles of values (any order; empty gives zeros): linear interpolation at fraction * (n-1);
// the median of an even count is the mean of the middle two (both as llama-perplexity).
Percentiles percentiles(std::vector<double> values);
double percentile_of_sorted(std::span<const double> sorted, double fraction);

// Two-sided 97.5 % quantile of Student's t (Boost.Math).
double student_t_975(double degrees_of_freedom);

// ---- Proportions (proportion.cc) ----
// confidence: a fraction in (0, 1), such as 0.95. 0 <= k <= n, n >= 1; else Error{kUsage}.

// Score interval (Wilson 1927), without continuity correction.
Interval wilson_interval(std::int64_t k, std::int64_t n, double confidence = 0.95);
// Exact, by beta quantiles (Clopper and Pearson 1934).
Interval clopper_pearson_interval(std::int64_t k, std::int64_t n, double confidence = 0.95);
// Equal-tailed interval of the Beta(k + a, n - k + b) posterior; a = b = 0.5 is Jeffreys's.
Interval beta_interval(std::int64_t k, std::int64_t n, double a, double b,
                       double confidence = 0.95);
// P(at most x of m new items right | k of n seen right) under a Beta(a, b) prior: the Beta-Binomial
// cumulative distribution.
double beta_binomial_cdf(std::int64_t x, std::int64_t m, std::int64_t k, std::int64_t n, double a,
                         double b);

// ---- Two models on the same items, right or wrong (paired.cc) ----

struct PairedTable {
  std::int64_t both_right = 0;
  std::int64_t only_baseline = 0;  // right to wrong: the variant lost it
  std::int64_t only_variant = 0;   // wrong to right
  std::int64_t both_wrong = 0;
  std::int64_t n() const { return both_right + only_baseline + only_variant + both_wrong; }
  double difference() const {  // variant minus baseline, a fraction; n() > 0
    return static_cast<double>(only_variant - only_baseline) / static_cast<double>(n());
  }
};

// Exact McNemar test: the discordant items are fair coin throws under no change. With none, every p
// is 1 (mid-p too).
struct McNemar {
  double p_worse = 1;      // one-sided: P(at least only_baseline losses)
  double p_better = 1;     // one-sided the other way
  double p_two_sided = 1;  // twice the smaller, at most 1
  double p_mid = 1;        // two-sided mid-p (Fagerland, Lydersen and Laake 2013)
};
McNemar mcnemar(const PairedTable& table);

// Difference variant - baseline of paired proportions. Newcombe 1998 method 10 (Wilson limits with
// the correlation phi, phi's continuity correction included) and Tango 1998 (inverted score test).
// Both have positive width without discordant pairs.
Interval newcombe_interval(const PairedTable& table, double confidence = 0.95);
Interval tango_interval(const PairedTable& table, double confidence = 0.95);

// Tango's score test of "difference <= -margin" (p of non-inferiority: small shows that the variant
// is not worse by the margin) and of "difference >= -margin" (p of inferiority). margin > 0.
struct MarginTest {
  double p_noninferior = 1;
  double p_inferior = 1;
};
MarginTest margin_test(const PairedTable& table, double margin);
// Equivalence: the larger of the two one-sided p of |difference| < margin (TOST, Schuirmann 1987).
double tost_p(const PairedTable& table, double margin);

// The same for a mean of differences with a clustered error, by Student t with n_clusters - 1
// degrees of freedom. An estimate without std_error gives 1 everywhere. With a std_error of 0 (all
// differences equal, such as a model against itself) p is the chance that n_clusters draws miss a
// share of differences of -1 (or 1) large enough to reach the margin: (1 - margin)^n_clusters for a
// value of 0. So scores must lie within 1 of each other.
MarginTest margin_test(const Estimate& difference, std::int64_t n_clusters, double margin);
double tost_p(const Estimate& difference, std::int64_t n_clusters, double margin);

// ---- Several tests at once (multiplicity.cc) ----

// Adjusted p-values in the order given (Holm 1979; Benjamini and Hochberg 1995).
std::vector<double> holm(std::span<const double> p);
std::vector<double> benjamini_hochberg(std::span<const double> p);
// Are the tasks together worse? Discordant items of all tasks added up (Kuebler et al.,
// arXiv 2602.10144, pooled exact test), one-sided p of worse.
McNemar pooled_mcnemar(std::span<const PairedTable> tables);
// Fisher's combination of independent one-sided p-values: chi-squared with 2k degrees.
double fisher_combined_p(std::span<const double> p);

// ---- Random numbers and resampling (rng.cc, bootstrap.cc, permutation.cc) ----

// Counter-based: Philox4x32-10 (Salmon et al. 2011). The same seed, stream and counter give the
// same number on every machine and in every thread order.
class Rng {
 public:
  explicit Rng(std::uint64_t seed, std::uint64_t stream = 0) : seed_(seed), stream_(stream) {}
  std::uint64_t next();                  // 64 uniform bits
  double uniform();                      // [0, 1), 53 bits
  std::uint64_t below(std::uint64_t n);  // unbiased (Lemire 2019), n >= 1
 private:
  std::uint32_t next_word();

  std::uint64_t seed_, stream_, counter_ = 0;
  std::array<std::uint32_t, 4> block_{};
  unsigned n_used_ = 4;  // words of block_ given out
};

// 0 .. n-1 in a random order (Fisher and Yates).
std::vector<std::int64_t> random_order(std::int64_t n, std::uint64_t seed);

struct BootstrapOptions {
  int n_replicates = 10000;
  double confidence = 0.95;
  std::uint64_t seed = 1234;
  int n_threads = 1;  // does not change the result
};
struct BootstrapResult {
  double std_error = 0;
  Interval percentile;
  Interval bca;  // bias-corrected and accelerated (Efron 1987), acceleration by jackknife
};
// Of sum of sums / sum of n, whole clusters drawn with replacement. At least 2 clusters that are
// not empty. Where the clusters have few distinct (sum, n), such as unclustered 0/1 scores, a
// replicate draws how often each occurs (a multinomial, by conditional binomials): the same
// distribution at a fraction of the cost. Error{kBadInput} for a sum that is not finite, or without
// elements.
BootstrapResult bootstrap_mean(std::span<const ClusterSum> clusters,
                               const BootstrapOptions& options);
// Mean of an autocorrelated series (token-level KL in text order): circular blocks (Politis and
// Romano 1992) of block_length values, at least two of them; the last is cut to the series' length.
// BCa's acceleration is by leaving out one block.
BootstrapResult block_bootstrap_mean(std::span<const float> values, std::int64_t block_length,
                                     const BootstrapOptions& options);
// Two-sided and one-sided (worse: sum at most as large as seen) p of "the signs of the clusters'
// difference sums are random": exact where at most 2^20 outcomes exist (2^G for G clusters that
// differ; equal sizes are counted together, by binomial weights), else Monte Carlo with the
// observed one counted ((r + 1) / (n + 1)). Without a difference every p is 1.
struct PermutationResult {
  double p_worse = 1, p_two_sided = 1;
  bool exact = false;
};
PermutationResult sign_permutation(std::span<const ClusterSum> differences,
                                   const BootstrapOptions& options);

// ---- Power and plans (power.cc) ----

struct PairedPlan {
  double discordance = 0;  // fraction of items on which the two differ
  double difference = 0;   // true variant - baseline, a fraction
  double alpha = 0.05;     // one-sided
  double power = 0.8;
};
// Items so that non-inferiority at `margin` is shown with plan.power (Liu et al. 2002, asymptotic
// variance discordance - difference^2). Error{kUsage} when difference <= -margin.
std::int64_t paired_sample_size(const PairedPlan& plan, double margin);
// The same with two independent sets of items at accuracies `accuracy` and accuracy + difference.
std::int64_t unpaired_sample_size(const PairedPlan& plan, double accuracy, double margin);
double paired_power(const PairedPlan& plan, double margin, std::int64_t n);
// The smallest true loss (a positive fraction) that a one-sided test at alpha on n items sees with
// `power`: (z_alpha + z_power) standard errors, of discordance / n for a table. Never 0: without
// discordant items the discordance is its upper Clopper-Pearson limit, and it is at least the loss
// itself. A std_error of 0 is refused.
double minimum_detectable_effect(const PairedTable& table, double alpha = 0.05, double power = 0.8);
double minimum_detectable_effect(double std_error, double alpha = 0.05, double power = 0.8);

// ---- Repeated sampling (repeats.cc) ----

// values[i]: the scores of item i's repeats; an item without values does not count. What needs a
// second item, or a second repeat, is absent without one.
struct RepeatVariance {
  double mean = 0;  // of the items' means: each item counts once, however often it was repeated
  // Variance of the items' true means (unbiased, not below 0), over items with two repeats or more.
  std::optional<double> between_items;
  std::optional<double> within_item;  // mean variance of an item's repeats: the sampling noise
  std::optional<double> std_error;    // of the mean over items (items are the clusters)
  std::int64_t n_items = 0, n_values = 0;
};
// Unbiased one-way components (ANOVA estimators on the items' means, unweighted; Searle, Casella
// and McCulloch 1992, chapter 3). Error{kUsage} without any value, Error{kBadInput} for one that is
// not finite.
RepeatVariance repeat_variance(std::span<const std::vector<double>> values);
// P(at least one of k repeats is right) from n repeats of which n_right were (Chen et al. 2021,
// arXiv 2107.03374): unbiased. 1 <= k <= n.
double pass_at_k(std::int64_t n, std::int64_t n_right, std::int64_t k);

// ---- Stop at any time (sequential.cc) ----

// How much to bet on the next value in [0, 1]: predictable plug-in (Waudby-Smith and Ramdas 2024,
// JRSS B 86, section 3.2), from mean and variance of what was seen, each with one made-up value.
struct PluginBets {
  double prior_variance = 0.25;
  double sum = 0, squares = 0;
  std::int64_t n = 0;

  double mean() const;                   // (1/2 + sum) / (n + 1)
  double next(double confidence) const;  // sqrt(2 ln(2 / alpha) / (variance * t * ln(1 + t)))
  void add(double value);
};

// Confidence sequence for the mean of values in [low, high], valid at every n at once: hedged
// capital, predictable plug-in bets (Waudby-Smith and Ramdas 2024, section 4). Draws without
// replacement from a finite population when n_population > 0 (their section 5): the order must be
// random, and after the last value the interval is the mean itself.
class BettingSequence {
 public:
  struct Options {
    double low = -1, high = 1;
    double confidence = 0.95;
    std::int64_t n_population = 0;  // 0 = endless
    int n_grid = 1001;              // candidate means; the interval is wider by up to one step
    // What bets assume before any value, of values mapped to [0, 1]; the promise holds for any. The
    // paper's 1/4 is a coin's. Paired differences of models that rarely differ vary less:
    // discordance / 4 for values in [-1, 1], which narrows early intervals.
    double prior_variance = 0.25;
  };
  explicit BettingSequence(const Options& options);
  void add(double value);     // outside [low, high], NaN, or one too many: Error{kEngine}
  Interval interval() const;  // the running intersection; [low, high] before the first value
  std::int64_t n() const { return bets_.n; }

 private:
  double conditional_mean(double mean) const;
  void bet(std::size_t candidate, double value, double amount);

  Options options_;
  std::vector<double> log_up_, log_down_;  // capital against each candidate mean
  std::size_t first_, last_;               // candidates still possible: [first_, last_)
  PluginBets bets_;
  Interval unit_{0, 1};  // of values mapped to [0, 1]
};
// Empirical Bernstein confidence sequence with predictable plug-in (same paper, theorem 2; without
// replacement, Waudby-Smith and Ramdas 2020, theorem 3.2). Wider than betting, but each step costs
// the same however fine the answer. n_grid is not used.
class BernsteinSequence {
 public:
  explicit BernsteinSequence(const BettingSequence::Options& options);
  void add(double value);
  Interval interval() const;
  std::int64_t n() const { return bets_.n; }

 private:
  BettingSequence::Options options_;
  PluginBets bets_;
  double weighted_sum_ = 0, weight_ = 0, penalty_ = 0;
  Interval unit_{0, 1};
};
// Exact betting test on discordant pairs: under "losses are at most as likely as gains" the capital
// is a nonnegative supermartingale, so 1 / max capital is a p-value at every stop (Ville). Bets by
// the Beta(1/2, 1/2) mixture (Krichevsky and Trofimov 1981) restricted to one side.
class DiscordantTest {
 public:
  void add(bool lost);     // one discordant item: lost by the variant, or won
  double p_worse() const;  // anytime valid
  double p_better() const;

 private:
  std::int64_t n_lost_ = 0, n_won_ = 0;
  double best_worse_ = 0, best_better_ = 0;  // largest log capital so far; it starts at 1
};

// Confidence sequence for the mean of values without known bounds: the anytime-valid t-interval,
// exact at every n for normal values of unknown variance, and close for means of many tokens (with
// a skewness of 1, looked at after every value, 5.1 % in place of 5; tests). It inverts the Bayes
// factor of the t statistic with an effect size ~ N(0, 1 / kPriorSize) and the right Haar prior on
// the variance (Gronau, Ly and Wagenmakers 2020, equation 3; that it is an e-process: Perez-Ortiz
// et al. 2024, "E-statistics, group invariance and anytime-valid testing").
class StudentSequence {
 public:
  static constexpr double kPriorSize = 2.5;  // narrowest near a few times as many values
  explicit StudentSequence(double confidence = 0.95);
  void add(double value);
  std::int64_t n() const { return n_; }
  double mean() const { return mean_; }
  // Absent while it is still endless. Not intersected with earlier ones.
  std::optional<Interval> interval() const;

 private:
  double alpha_;
  std::int64_t n_ = 0;
  double mean_ = 0, sum_squares_ = 0;  // Welford
};

// ---- Look where the flips are (guided.cc) ----

// margins[i]: how far item i is from the border where its score flips, which the baseline's answer
// tells for every item.
struct Guide {
  double tau = 0;          // spread of the margin's change from baseline to variant; > 0
  double share = 0.1;      // of the items that is going to be drawn; in (0, 1)
  double max_extra = 0.1;  // items that a guide may cost when flips do not follow it: simple
                           // sampling has the same variance with 1 / (1 + max_extra) as many
};
// How much rather each item is drawn than the average one (mean 1, none 0): proportional to
// sqrt(P(|N(0, tau)| > margin) + floor), the smallest floor that keeps max_extra. Best for a
// difference whose square is expected to be that sum (Neyman 1934).
std::vector<double> guide_weights(std::span<const double> margins, const Guide& guide);
// P(item is among the first) for `n_wanted` first items of guided_order on average: 1 - exp(-c w),
// c such that the sum is n_wanted (0 < n_wanted < number of weights).
std::vector<double> inclusion_probabilities(std::span<const double> weights, double n_wanted);

// Every item once, in the order in which to evaluate: each next one is drawn with probability
// proportional to weight among those left, by exponential ranks from fixed random numbers
// (Efraimidis and Spirakis 2006). More items extend the order, they do not change it.
struct GuidedOrder {
  std::vector<std::int64_t> items;
  std::vector<double> ranks;  // of items, rising
};
GuidedOrder guided_order(std::span<const double> weights, std::uint64_t seed);

// Mean difference over all items from those of the first items of the order (differences[j] belongs
// to order.items[j]): Horvitz-Thompson with the probabilities that the next item's rank implies,
// which is unbiased whatever the guide (Duffield, Lund and Thorup 2007; Cohen and Kaplan 2007),
// with a variance from the design alone. The interval widens by what flips of typical weight would
// add that were not met, so that none seen still gives a positive width. All items: exact. Absent
// error with a reason for less than 2 items.
Estimate guided_difference(const GuidedOrder& order, std::span<const double> weights,
                           std::span<const double> differences, double confidence = 0.95);

// The same at any time: a confidence sequence for the mean difference over all items, whatever the
// guide. What an item adds to those before it, over its chance among the items left, has the whole
// mean as its expectation (Des Raj 1956), so that bets on it are fair (BettingSequence).
class GuidedSequence {
 public:
  GuidedSequence(const GuidedOrder& order, std::span<const double> weights,
                 double confidence = 0.95);
  void add(double difference);  // of order.items[n()]; outside [-1, 1], or one too many: kEngine
  Interval interval() const;    // the mean itself after the last item
  std::int64_t n() const { return betting_.n(); }

 private:
  std::vector<double> chances_;  // of each item of the order when it is drawn
  BettingSequence betting_;
  double sum_ = 0;
  Interval interval_{-1, 1};
};

}  // namespace assay
