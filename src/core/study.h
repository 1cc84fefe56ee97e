// Everything that a study found and a report shows: plain data (docs/formats/study.md). Parts that
// other documents already define stand here as they are.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/comparison.h"
#include "core/divergence.h"
#include "core/layers.h"
#include "core/screen.h"

namespace assay {

// A model as the report names it. Numbers that are not known are 0, texts empty.
struct StudyModel {
  std::string name;         // unique in its family: "Q4_K_M+kv=q8_0"
  std::string description;  // the engine's words: "llama 135M Q4_K - Medium"
  std::string weights;      // digest in hex
  std::string engine;
  std::string origin;  // the tool that measured it; "" = Assay
  std::int64_t size_bytes = 0;
  double bits_per_weight = 0;
  std::int64_t n_weights = 0;
  std::string kv_k, kv_v;
  std::vector<TensorTypeCount> tensor_types;  // most bytes first
  std::vector<TensorLoss> tensors;            // what became of each matrix; empty: not compared
  std::vector<PartDifference> parts;          // in what it differs from its baseline
  std::vector<std::string> notes;
};

// A piece of a task's items, compressed so that a page decodes only what it shows.
struct PackedChunk {
  std::int64_t first = 0, n = 0;
  std::string data;  // base64 of zlib of JSON (docs/formats/study.md)
};
struct PackedItems {
  std::string task, task_class, metric, filter;
  std::int64_t n_items = 0;
  std::vector<std::string> models;  // the baseline first
  std::string index;                // as a chunk's data: ids, outcomes, the baseline's margins
  std::vector<PackedChunk> chunks;  // prompts and answers
};

enum class Standing {
  kRecommended,
  kRunnerUp,
  kQualified,  // keeps every rule; another one is better
  kRuledOut,   // shown to break a rule
  kUndecided,  // neither is shown
};
// One rule on one variant. `rule` is a word for programs: "margin", "perplexity", "screen", "size",
// "speed", "identical", "not measured".
struct StandingReason {
  std::string rule, text;
};
struct VariantStanding {
  std::string variant;
  Standing standing = Standing::kUndecided;
  std::vector<StandingReason> reasons;
  std::string would_decide;  // of an undecided one: what, and about how much of it
};
struct DecisionRules {
  std::optional<std::int64_t> max_size_bytes;
  std::optional<double> min_tokens_per_second;  // of decoding
  std::string objective = "size";               // "size" (smallest) | "speed" (fastest)
};
struct Decision {
  DecisionRules rules;
  std::string evidence;                // "tasks" | "perplexity" | "" = none
  std::string recommended, runner_up;  // "" = none is shown to keep every rule
  std::string sentence;
  std::vector<VariantStanding> variants;
};

enum class FindingState {
  kShown,
  kNotShown,   // the data speak against it
  kUndecided,  // the data cannot tell
};
struct FindingValue {
  std::string label;  // a class, a task, a family
  std::int64_t n = 0;
  Estimate change;
};
// Something that the data say beyond single verdicts. kind: "sensitive_class", "larger_resists",
// "largest_loss", "tasks_beyond_perplexity".
struct Finding {
  std::string kind;
  FindingState state = FindingState::kUndecided;
  std::string family, variant;  // "" = of several
  std::string subject, other;   // for instance the most and the least sensitive class
  std::string sentence;
  std::vector<FindingValue> values;
};

// One base model and its variants; names are unique inside it.
struct StudyFamily {
  std::string name;
  StudyModel baseline;
  std::vector<StudyModel> variants;
  std::vector<Comparison> comparisons;
  std::vector<DivergenceReport> divergences;  // one per text
  std::vector<ScreenReport> screens;
  std::vector<std::string> speeds;  // whole documents of docs/formats/speed.md, as text
  std::vector<PackedItems> items;
  std::optional<Decision> decision;
};

// A fact about how something was measured: a seed, a data set, a setting.
struct MethodFact {
  std::string family, subject, field, value;
};
struct StudyCommand {
  std::string purpose, command;
};

struct Study {
  std::string assay_version, title;
  std::string created;  // UTC, ISO 8601
  std::vector<StudyFamily> families;
  std::vector<Finding> findings;
  std::vector<MethodFact> method;
  std::vector<StudyCommand> commands;
  std::vector<std::string> warnings;
};

inline constexpr const char* kStudySchema = "assay-study/1";

// Indented by one space, with a newline at the end. Reading gives back every field.
std::string to_json(const Study& study);
Study study_from_json(std::string_view text);

}  // namespace assay
