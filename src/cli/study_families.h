// Which documents belong to the same baseline, and the models as a report names them.
#pragma once

#include <string>
#include <vector>

#include "core/run.h"
#include "core/study.h"

namespace assay::cli {

// A family while its documents are being collected.
struct Gathered {
  StudyFamily family;
  std::vector<Run> runs;  // the baseline first; tasks of several files joined by model
};

class FamilyList {
 public:
  // The runs of one input: several begin with their baseline.
  void add_runs(std::vector<Run> runs);
  void add_comparison(Comparison comparison);
  void add_divergence(DivergenceReport report);
  void add_screen(ScreenReport report);
  void add_layers(LayerReport report);
  void add_speed(const std::string& baseline, std::string document);
  void add_family(StudyFamily family);

  std::vector<Gathered>& all() { return families_; }

 private:
  // By the digest of the weights where both have one, else by name; made when there is none.
  Gathered& family_of(const StudyModel& baseline);
  Gathered& family_named(const std::string& baseline);

  std::vector<Gathered> families_;
};

StudyModel model_of(const ModelInfo& info, const std::string& name);

}  // namespace assay::cli
