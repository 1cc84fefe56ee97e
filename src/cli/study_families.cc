#include "cli/study_families.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "cli/compare_flags.h"
#include "core/error.h"

namespace assay::cli {
namespace {

constexpr double kBitsInByte = 8;

template <typename T>
void fill(T& known, const T& other) {
  if (known == T{}) known = other;
}

// What one document leaves open another may say.
void fill_model(StudyModel& known, const StudyModel& other) {
  fill(known.description, other.description);
  fill(known.weights, other.weights);
  fill(known.engine, other.engine);
  fill(known.origin, other.origin);
  fill(known.size_bytes, other.size_bytes);
  fill(known.bits_per_weight, other.bits_per_weight);
  fill(known.n_weights, other.n_weights);
  fill(known.kv_k, other.kv_k);
  fill(known.kv_v, other.kv_v);
  if (known.tensor_types.empty()) known.tensor_types = other.tensor_types;
  if (known.tensors.empty()) known.tensors = other.tensors;
  if (known.parts.empty()) known.parts = other.parts;
  for (const std::string& note : other.notes) {
    if (std::find(known.notes.begin(), known.notes.end(), note) == known.notes.end())
      known.notes.push_back(note);
  }
}

void add_variant(StudyFamily& family, const StudyModel& model) {
  for (StudyModel& known : family.variants) {
    if (known.name == model.name) return fill_model(known, model);
  }
  family.variants.push_back(model);
}

StudyModel compared_model(const ComparedModel& model) {
  StudyModel out{.name = model.name,
                 .description = model.description,
                 .weights = model.weights,
                 .origin = model.imported_from,
                 .size_bytes = model.size_bytes,
                 .bits_per_weight = model.bits_per_weight};
  if (model.bits_per_weight > 0) {
    out.n_weights =
        std::llround(kBitsInByte * static_cast<double>(model.size_bytes) / model.bits_per_weight);
  }
  return out;
}

StudyModel model_of_run(const Run& run) {
  StudyModel out = model_of(run.header.model, run.header.model_name);
  out.origin = run.header.imported_from;
  out.notes = run.header.warnings;
  return out;
}

// The run's tasks join those of the same model; a task that it has already is left out.
void join_run(std::vector<Run>& runs, Run run) {
  for (Run& known : runs) {
    if (!same_model(known, run)) continue;
    for (TaskResult& task : run.tasks) {
      const bool new_task = std::none_of(known.tasks.begin(), known.tasks.end(),
                                         [&](const auto& t) { return t.task == task.task; });
      if (new_task) known.tasks.push_back(std::move(task));
    }
    for (GroupResult& group : run.groups) known.groups.push_back(std::move(group));
    return;
  }
  runs.push_back(std::move(run));
}

}  // namespace

StudyModel model_of(const ModelInfo& info, const std::string& name) {
  return {.name = name,
          .description = info.description,
          .weights = info.weights == Digest{} ? "" : info.weights.hex(),
          .engine = info.engine,
          .size_bytes = info.size_bytes,
          .bits_per_weight = info.bits_per_weight,
          .n_weights = info.n_weights,
          .kv_k = info.runtime.kv.k,
          .kv_v = info.runtime.kv.v,
          .tensor_types = info.tensor_types};
}

Gathered& FamilyList::family_of(const StudyModel& baseline) {
  for (Gathered& g : families_) {
    const StudyModel& known = g.family.baseline;
    const bool by_weights = !known.weights.empty() && !baseline.weights.empty();
    if (by_weights ? known.weights == baseline.weights : known.name == baseline.name) {
      fill_model(g.family.baseline, baseline);
      return g;
    }
  }
  Gathered& g = families_.emplace_back();
  g.family.name = baseline.name;
  g.family.baseline = baseline;
  return g;
}

Gathered& FamilyList::family_named(const std::string& baseline) {
  for (Gathered& g : families_) {
    if (g.family.baseline.name == baseline) return g;
  }
  return families_.size() == 1 ? families_.front() : family_of({.name = baseline});
}

void FamilyList::add_runs(std::vector<Run> runs) {
  const bool first_of_all = families_.empty();
  const auto knows = [&](Gathered& g) {
    return std::any_of(g.runs.begin(), g.runs.end(),
                       [&](const Run& r) { return same_model(r, runs.front()); });
  };
  const auto known = std::find_if(families_.begin(), families_.end(), knows);
  Gathered& g = known != families_.end()          ? *known
                : runs.size() > 1 || first_of_all ? family_of(model_of_run(runs.front()))
                : families_.front().runs.empty()  ? family_of(model_of_run(runs.front()))
                                                  : families_.front();
  for (Run& run : runs) {
    const StudyModel model = model_of_run(run);
    const bool is_baseline = g.runs.empty() || same_model(g.runs.front(), run);
    if (is_baseline) {
      fill_model(g.family.baseline, model);
    } else {
      add_variant(g.family, model);
    }
    join_run(g.runs, std::move(run));
  }
}

void FamilyList::add_comparison(Comparison comparison) {
  Gathered& g = family_of(compared_model(comparison.baseline));
  StudyModel variant = compared_model(comparison.variant);
  variant.parts = comparison.parts;
  add_variant(g.family, variant);
  for (const Comparison& known : g.family.comparisons) {
    if (known.variant.name == comparison.variant.name) {
      throw Error(ErrorKind::kUsage, "Two comparisons of '" + comparison.variant.name + "'", {},
                  "Give the runs instead: they are compared together.");
    }
  }
  g.family.comparisons.push_back(std::move(comparison));
}

void FamilyList::add_divergence(DivergenceReport report) {
  StudyModel baseline = model_of(report.baseline.info, report.baseline.name);
  baseline.notes = report.baseline.notes;
  Gathered& g = family_of(baseline);
  for (const VariantReport& v : report.variants) {
    StudyModel variant = model_of(v.info, v.name);
    variant.notes = v.notes;
    add_variant(g.family, variant);
  }
  g.family.divergences.push_back(std::move(report));
}

void FamilyList::add_screen(ScreenReport report) {
  Gathered& g = family_named(report.baseline);
  for (const ScreenedVariant& v : report.variants)
    add_variant(g.family, {.name = v.name, .size_bytes = v.size_bytes});
  g.family.screens.push_back(std::move(report));
}

void FamilyList::add_layers(LayerReport report) {
  Gathered& g = family_named(report.baseline);
  for (VariantLayers& v : report.variants)
    add_variant(g.family, {.name = v.name, .tensors = std::move(v.tensors)});
}

void FamilyList::add_speed(const std::string& baseline, std::string document) {
  family_named(baseline).family.speeds.push_back(std::move(document));
}

void FamilyList::add_family(StudyFamily family) {
  families_.emplace_back().family = std::move(family);
}

}  // namespace assay::cli
