// A Run: what a model answered on tasks, sample by sample, with everything needed to score it
// again without the model. The product of `assay eval`, the input of every comparison.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/estimate.h"
#include "core/hash.h"
#include "core/model_info.h"
#include "core/request.h"

namespace assay {

struct Score {
  std::string metric;  // "acc", "exact_match", "pass@1"
  std::string filter;  // "none", "strict-match"
  std::optional<double> value;
  std::string reason;  // why there is no value: then the sample is counted as unscored
};

struct FilteredAnswers {
  std::string filter;                // the pipeline's name
  std::vector<std::string> answers;  // one per response, after the pipeline; loglikelihood: empty
};

// SHA-256 in hex, as lm-evaluation-harness computes them: of the row (JSON indented by 2), of the
// first request's context or text, of the target as text. "" = unknown. Equal prompt hashes mean
// equal prompts where one of two runs was made elsewhere and has no request digests.
struct SourceHashes {
  std::string doc, prompt, target;
  bool operator==(const SourceHashes&) const = default;
};

struct SampleRecord {
  SampleId id;
  std::string doc_json;  // the dataset's row after process_docs
  std::string target;    // doc_to_target as text
  std::vector<std::string> choices;
  std::vector<int> gold;  // right choices; empty: none could be read (unscored)
  std::string cluster;    // samples that are not independent share it; "" = its own
  std::vector<Request> requests;
  std::vector<Response> responses;      // as many as requests
  std::vector<Digest> request_digests;  // of the tokens sent and the generation settings
  SourceHashes source_hashes;
  std::vector<FilteredAnswers> filtered;
  std::vector<Score> scores;
};

struct MetricResult {
  std::string metric, filter;
  Estimate estimate;
  std::int64_t n_scored = 0, n_unscored = 0;
  bool higher_is_better = true;
};

struct DatasetIdentity {
  std::string path, name, split;  // as the task names them: "cais/mmlu", "anatomy", "test"
  std::string source;             // where it was read: a file, or hub repository and revision
  Digest content;                 // of the rows as read, in order
  std::int64_t n_rows = 0;
};

struct TaskResult {
  std::string task, alias;
  std::string task_class;  // knowledge | maths | code | language; "" = unknown
  std::string version;     // metadata.version
  Digest definition;  // of all in its configuration that decides prompts and scores; 0: unknown
  int num_fewshot = 0;
  std::string output_type;
  std::string generation_kwargs_json;  // "" unless it generates
  DatasetIdentity dataset;
  std::optional<DatasetIdentity> fewshot_dataset;
  Digest prompts;  // over the request digests of all samples, in order; 0: imported, unknown
  std::int64_t n_samples = 0, n_original = 0;  // evaluated; in the split before limits
  std::vector<MetricResult> metrics;
  std::vector<SampleRecord> samples;
  std::vector<std::string> notes;  // truncations, joined tokens, at chance ...
};

struct GroupResult {
  std::string group, alias, version;
  std::vector<std::string> tasks;  // its tasks, groups resolved
  std::vector<MetricResult> metrics;
  std::int64_t n_samples = 0;
};

struct RunHeader {
  std::string assay_version;
  std::string model_name;  // as given: "Q4_K_M+kv=q8_0"
  ModelInfo model;
  std::string started;  // UTC
  double duration_s = 0;
  std::uint64_t fewshot_seed = 1234;
  std::uint64_t sampling_seed = 1234;
  std::string limit;  // as given: "", "100", "0.1", "ids"
  bool chat = false;  // prompts went through the chat template
  Digest chat_template;
  std::string system_instruction;
  bool fewshot_as_multiturn = false;
  std::string bos_rule;       // "once at the start", "none", "chat template"
  std::string imported_from;  // "" = made by Assay; else the tool and version
  std::vector<std::string> warnings;
};

struct Run {
  RunHeader header;
  std::vector<TaskResult> tasks;
  std::vector<GroupResult> groups;
};

}  // namespace assay
