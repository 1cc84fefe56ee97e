#include "cli/compare_flags.h"

#include <algorithm>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "cli/calibration_flags.h"
#include "cli/load_runs.h"
#include "core/error.h"

namespace assay::cli {
namespace {

struct Named {
  std::string name, value;
};

// "code=2pp"; without '=' the name is empty.
Named split_name(const std::string& text) {
  const std::size_t equals = text.find('=');
  if (equals == std::string::npos) return {"", text};
  return {text.substr(0, equals), text.substr(equals + 1)};
}

Adjustment to_adjustment(const std::string& name) {
  if (name == "holm") return Adjustment::kHolm;
  return name == "bh" ? Adjustment::kBenjaminiHochberg : Adjustment::kNone;
}

// "0.3" or "30%".
double parse_floor(const std::string& text) {
  char* end = nullptr;
  const double value = std::strtod(text.c_str(), &end);
  const std::string unit(end);
  const double fraction = unit == "%" ? value / 100 : value;
  if (end == text.c_str() || !(unit.empty() || unit == "%") || !(fraction >= 0 && fraction < 1)) {
    throw Error(ErrorKind::kUsage, "--floor '" + text + "' is no share", {},
                "For example --floor 30% or --floor gsm8k=0.2.");
  }
  return fraction;
}

void add_variant(ComparedRuns& all, Run run, bool repeats) {
  for (std::vector<Run>& variant : all.variants) {
    if (repeats && same_model(variant.front(), run)) {
      variant.push_back(std::move(run));
      return;
    }
  }
  all.variants.emplace_back().push_back(std::move(run));
}

}  // namespace

bool same_model(const Run& a, const Run& b) {
  return a.header.model_name == b.header.model_name &&
         a.header.model.weights == b.header.model.weights;
}

void add_margin_flags(CLI::App& app, CompareFlags& flags) {
  app.add_option("--margin", flags.margin,
                 "Largest accepted loss of an accuracy: 1pp, 1% or 0.01 (points, not relative)")
      ->capture_default_str();
  app.add_option("--alpha", flags.alpha, "Error of each one-sided test")->capture_default_str();
  app.add_option("--power", flags.power, "Of what could have been seen, and of what would decide")
      ->capture_default_str();
}

void add_compare_flags(CLI::App& app, CompareFlags& flags) {
  add_margin_flags(app, flags);
  app.add_option("--max-ppl-increase", flags.max_ppl_increase,
                 "Largest accepted increase of a perplexity")
      ->capture_default_str();
  app.add_option("--class-margin", flags.class_margins,
                 "Another margin for a class of tasks: code=2pp; repeatable")
      ->allow_extra_args(false);
  app.add_option("--floor", flags.floors,
                 "The baseline must be shown to score above it: 0.3, 30% or TASK=0.3; repeatable")
      ->allow_extra_args(false);
  app.add_option("--metric", flags.metrics,
                 "What decides: acc_norm, or exact_match,strict-match; repeatable (default: each "
                 "task's first)")
      ->allow_extra_args(false);
  app.add_option("--tasks", flags.tasks, "Only these tasks and groups, by commas")
      ->delimiter(',')
      ->allow_extra_args(false);
  app.add_option("--adjust", flags.adjust, "Of p-values over several tasks: holm, bh or none")
      ->check(CLI::IsMember({"holm", "bh", "none"}))
      ->capture_default_str();
  app.add_flag("--allow-mismatch", flags.allow_mismatch,
               "Compare runs that asked different questions; marked as not comparable");
  app.add_flag("--repeats", flags.repeats,
               "Runs of one model that differ in their seed are repeats: compare their means");
  app.add_option("--noise", flags.noise,
                 "A run of the baseline in another batch size: what differs as much is noise");
  add_calibration_flag(app, flags.calibration);
  app.add_option("--bootstrap", flags.n_bootstrap,
                 "Also a BCa bootstrap interval, of so many replicates");
  app.add_option("--seed", flags.seed, "Of the bootstrap")->capture_default_str();
}

CompareOptions to_compare_options(const CompareFlags& flags) {
  CompareOptions options{
      .margin = parse_margin(flags.margin, "--margin"),
      .max_ppl_increase = parse_margin(flags.max_ppl_increase, "--max-ppl-increase"),
      .metrics = flags.metrics,
      .tasks = flags.tasks,
      .alpha = flags.alpha,
      .power = flags.power,
      .adjustment = to_adjustment(flags.adjust),
      .allow_mismatch = flags.allow_mismatch,
      .n_bootstrap = flags.n_bootstrap,
      .seed = flags.seed,
      .n_threads = flags.n_threads};
  for (const std::string& text : flags.class_margins) {
    const Named named = split_name(text);
    const bool known = named.name == "knowledge" || named.name == "maths" || named.name == "code" ||
                       named.name == "language";
    if (!known) {
      throw Error(ErrorKind::kUsage, "--class-margin '" + text + "' names no class", {},
                  "For example --class-margin code=2pp; classes: knowledge, maths, code, "
                  "language.");
    }
    options.class_margins[named.name] = parse_margin(named.value, "--class-margin " + named.name);
  }
  for (const std::string& text : flags.floors) {
    const Named named = split_name(text);
    options.floors[named.name] = parse_floor(named.value);
  }
  return options;
}

ComparedRuns load_compared(const std::vector<std::string>& paths, bool repeats) {
  ComparedRuns all;
  std::vector<Run> first = load_runs(paths.front());
  if (paths.size() == 1 && first.size() == 1) {
    throw Error(ErrorKind::kUsage, "There is one run only: nothing to compare", paths.front(),
                "Give the variants' runs too, or a file of `assay eval BASE VARIANT... --json`.");
  }
  all.baselines.push_back(std::move(first.front()));
  const auto is_baseline = [&](const Run& run) { return same_model(run, all.baselines.front()); };
  for (std::size_t i = 1; paths.size() == 1 && i < first.size(); ++i)
    add_variant(all, std::move(first[i]), repeats);
  for (std::size_t file = 1; file < paths.size(); ++file) {
    std::vector<Run> runs = load_runs(paths[file]);
    const bool several = runs.size() > 1;
    for (Run& run : runs) {
      if (repeats && is_baseline(run)) {
        all.baselines.push_back(std::move(run));
      } else if (!(several && is_baseline(run))) {
        add_variant(all, std::move(run), repeats);
      }
    }
  }
  if (all.variants.empty())
    throw Error(ErrorKind::kUsage, "All runs are the baseline's: nothing to compare");
  return all;
}

std::vector<Comparison> compare_loaded(const ComparedRuns& runs, const CompareFlags& flags) {
  CompareOptions options = to_compare_options(flags);
  std::vector<Run> noise;
  if (!flags.noise.empty()) {
    noise = load_runs(flags.noise);
    options.noise = &noise.front();
  }
  std::vector<Comparison> comparisons;
  for (const std::vector<Run>& variant : runs.variants) {
    comparisons.push_back(flags.repeats
                              ? compare_repeats(runs.baselines, variant, options)
                              : compare_runs(runs.baselines.front(), variant.front(), options));
  }
  const auto warnings = calibration_warnings(flags.calibration, runs.baselines.front());
  for (Comparison& comparison : comparisons)
    comparison.warnings.insert(comparison.warnings.end(), warnings.begin(), warnings.end());
  return comparisons;
}

}  // namespace assay::cli
