// Inside compare only: what check_comparable() is made of.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "compare/compare.h"
#include "compare/pairing.h"

namespace assay::detail {

// Compares one field after another and keeps what differs and what cannot be told.
class FieldCheck {
 public:
  FieldCheck(const Run& baseline, const Run& variant, GuardReport& report);
  void in_task(const std::string& task) { task_ = task; }
  // Empty texts of imported runs are unknown, not empty.
  void text(const char* field, const std::string& baseline, const std::string& variant);
  void number(const char* field, std::int64_t baseline, std::int64_t variant);
  void digest(const char* field, const Digest& baseline, const Digest& variant);
  void differs(const char* field, std::string baseline, std::string variant,
               std::string detail = {});
  void cannot_tell(const std::string& field);
  // Digests made by different programs are over different things.
  bool same_origin() const { return same_origin_; }

 private:
  GuardReport& report_;
  bool baseline_imported_, variant_imported_, same_origin_;
  std::string task_;
  std::set<std::string> said_;
};

// guard_samples.cc: prompts, targets and missing items of one task.
void check_samples(FieldCheck& check, const PairedTask& task, const CompareOptions& options);

// The tasks of `run` that options.tasks selects, a group's name standing for its tasks. Error
// {kUsage} for a name that is neither.
std::vector<const TaskResult*> selected_tasks(const Run& run, const CompareOptions& options);

}  // namespace assay::detail
