// What a task asks of a model and what comes back: plain data. The three kinds are those of
// lm-evaluation-harness, spelt as there.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "core/model_info.h"

namespace assay {

// Pairs runs: key is the row's number in its split, counted from 0 (lm-eval's doc_id).
struct SampleId {
  std::string task;
  std::string key;
  auto operator<=>(const SampleId&) const = default;
};

// Greedy when temperature is 0.
struct Sampling {
  double temperature = 0;
  double top_p = 1;        // 1 = all
  int top_k = 0;           // 0 = all
  std::uint64_t seed = 0;  // of the run; the draw also depends on sample, index and position
  bool operator==(const Sampling&) const = default;
};

struct Loglikelihood {  // log p(continuation | context)
  std::string context, continuation;
};
struct LoglikelihoodRolling {  // log p(text), in windows as lm-eval rolls them
  std::string text;
};
struct GenerateUntil {
  std::string context;
  std::vector<std::string> until;  // the text ends before the first of these
  int max_new_tokens = 256;
  Sampling sampling;
};

struct Request {
  int index = 0;  // which of its sample's requests: the choice, or the repeat
  std::variant<Loglikelihood, LoglikelihoodRolling, GenerateUntil> body;
};

struct LoglikelihoodResult {
  double loglikelihood = 0;           // nats, summed over the continuation (or the text)
  bool is_greedy = false;             // every token was the most likely one; rolling: false
  std::vector<float> token_logprobs;  // nats, one per scored token
  double top_margin = 0;  // nats, smallest gap at a scored token between the two most likely tokens
  std::int32_t n_context_tokens = 0;
  std::int32_t n_truncated_tokens = 0;  // dropped on the left because the context window is full
  bool joined = false;  // a token spans context and continuation: it is charged to the continuation
};

enum class StopReason { kStopString, kEndOfSequence, kLength };

struct GenerateResult {
  std::string text;           // without the stop string
  std::vector<Token> tokens;  // as decoded, those of the stop string included
  StopReason stop = StopReason::kLength;
  std::int32_t n_context_tokens = 0;
  std::int32_t n_truncated_tokens = 0;
  std::int32_t n_near_ties = 0;  // steps whose two most likely tokens were within the noise floor
  std::int32_t n_drafted = 0;    // tokens proposed by a draft, and of these
  std::int32_t n_accepted = 0;   // the ones that the model confirmed
};

// A request that could not be answered: recorded, counted and shown; never a wrong answer.
struct RequestError {
  std::string message;
};

using Response = std::variant<LoglikelihoodResult, GenerateResult, RequestError>;

}  // namespace assay
