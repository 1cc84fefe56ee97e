// Inside imports only: files of lm-evaluation-harness 0.4.0 to 0.4.13.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "store/import.h"

namespace assay::detail {

// What a results file says of a task that its samples are read with.
struct TaskFacts {
  std::string task;
  std::string output_type;             // "" = told from the samples
  std::string target_delimiter = " ";  // stands before each choice in what was asked
  Json doc_to_choice;                  // as in the task's file
  std::vector<std::string> filters;    // in the harness's order; empty = unknown
};

// ---- Samples (lm_eval_samples.cc, lm_eval_choices.cc) ----

struct LmEvalSamples {
  std::string output_type;
  std::vector<SampleRecord> samples;  // by number where all ids are numbers, else in file order
  std::int64_t n_repeated = 0;        // lines that said the same again
  bool has_hashes = true;             // false: computed from what the file holds
  bool has_filters = true;            // false: told by the order of the lines
  bool is_whole = true;               // every sample has Assay's own record
};
// Errors: kIo; kBadInput naming the line: no doc_id, a metric without its value, two values for
// one item and filter.
LmEvalSamples read_lm_eval_samples(const std::string& path, const TaskFacts& facts);

// The choices and which are right, as far as the line tells; nothing when it does not.
void fill_choices(const Json& line, const TaskFacts& facts, SampleRecord& sample);
// What was asked, per request: [context, continuation or settings].
std::vector<std::vector<Json>> arguments_of(const Json& line);

// One line's metrics, the responses being read already. Errors: kBadInput.
std::vector<Score> scores_of(const Json& line, const std::string& filter,
                             const SampleRecord& sample, const std::string& where);

// ---- Results (lm_eval_results.cc) ----

struct LmEvalResults {
  Run run;  // tasks without samples
  std::vector<std::map<std::string, std::string>> aggregations;
  std::vector<TaskFacts> facts;  // per task
  bool is_ours = false;          // Assay wrote it: the run is as it was
};
bool is_lm_eval_results(const Json& json);
LmEvalResults read_lm_eval_results(const Json& json, const std::string& path);

// ---- Folders (lm_eval_import.cc) ----

// Files of one folder; results and samples of one run bear the same date.
struct LmEvalFiles {
  std::map<std::string, Json> results;  // by path
  std::vector<std::string> samples;
};
std::vector<ImportedRun> read_lm_eval_runs(const LmEvalFiles& files);

}  // namespace assay::detail
