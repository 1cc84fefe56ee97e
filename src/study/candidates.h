// Variant names to candidates that can be scored, with what is known of their files.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "study/study.h"

namespace assay::detail {

struct Prepared {
  Candidate candidate;
  VariantSpec spec;
  std::string path;       // file that runs
  Digest weights;         // of that file
  CheckpointFacts facts;  // of the file that would be deployed (not of its dequantised twin)
  std::string deployed_path;
  KvTypes kv;
  std::vector<std::string> notes;
};

// Makes what has to be made (quantised and dequantised files, in the cache) and hashes the files.
Prepared prepare_baseline(const MeasureOptions& options);
Prepared prepare_variant(const MeasureOptions& options, const VariantSpec& spec,
                         const Prepared* baseline);

// Fields of a report that come from files and from the run.
void fill_report(const Prepared& prepared, const ModelInfo& loaded, ModelReport& report);

// phase: what the progress calls it, "scoring"; lives as long as the options.
LockstepOptions lockstep_options(const MeasureOptions& options, const char* phase);

// Scores prepared models on options.corpus and reports.
DivergenceReport run_divergence(const MeasureOptions& options, const Prepared& baseline,
                                const std::vector<Prepared>& variants);

// What `assay noise` found for this baseline on windows of this plan: the batch size that differs
// most. nullopt when it was not run.
std::optional<NoiseFloor> stored_noise(const WindowPlan& plan, const Prepared& baseline,
                                       Store& store);

// Notes that belong beside every number when the baseline is no full-precision original.
std::vector<std::string> baseline_notes(const Prepared& baseline);

}  // namespace assay::detail
