// Texts to windows, windows to per-token records on a model and its variants in lock step, records
// to statistics.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "core/convention.h"
#include "core/divergence.h"
#include "core/request.h"
#include "core/run.h"
#include "models/models.h"
#include "store/store.h"
#include "tasks/tasks.h"

namespace assay {

// ---- Texts (corpus.cc) ----

enum class CorpusFormat { kAuto, kPlain, kWikiText, kJsonl, kChat };

struct Document {
  std::string name;                   // title, jsonl id, or file name
  std::string text;                   // as in the source
  std::vector<ChatMessage> messages;  // chat only
};

struct Corpus {
  std::string name;  // file name, or "stdin"
  Digest digest;     // of the bytes read
  CorpusFormat format = CorpusFormat::kPlain;
  std::string text;                 // the bytes, whole
  std::vector<Document> documents;  // plain: one; WikiText: one per article; jsonl: one per line
};

// path "-" reads standard input. auto: .jsonl by extension (chat when its lines have "messages" or
// are lists of them), WikiText when the text starts with its " = Title = " form, else plain.
// Errors: kIo; kBadInput with the line number for wrong JSON, no "text"/"messages" field, invalid
// UTF-8 offset, empty text.
Corpus load_corpus(const std::string& path, CorpusFormat format = CorpusFormat::kAuto);
Corpus corpus_from_text(std::string name, std::string text,
                        CorpusFormat format = CorpusFormat::kAuto);

// ---- Windows (plan.cc) ----

// One independent piece of work: run `tokens`, predict `targets`. The row after tokens[first_row +
// i] predicts targets[i].
//   llama.cpp, n_ctx 8: tokens = t[0..7] (t[0] = BOS), first_row = 4, targets = t[5..7] (3 = 8 - 4
//   - 1 scored).
struct Window {
  std::vector<Token> tokens;
  int first_row = 0;
  std::vector<Token> targets;
  std::vector<std::uint8_t>
      scored;  // empty: all targets; else one flag each (chat: only the assistant's are scored)
  int document = 0;
  int position_offset = 0;  // of targets[0] in the document or text, in tokens
};

struct PlanDocument {
  std::string name;
  std::int64_t n_words = 0, n_bytes = 0;
};

struct WindowPlan {
  Convention convention;
  std::vector<Window> windows;
  std::vector<PlanDocument> documents;
  int longest_window = 0;
  std::vector<std::string>
      notes;  // tokens dropped at the end, conversations cut, tokens that span a join
};

struct PlanOptions {
  ConventionName convention = ConventionName::kLlamaCpp;
  int n_ctx = 0;  // 0: 512 (llama.cpp), the model's trained context (lm-eval, chat), 2048 (gptq)
  int n_windows = 0;  // first N windows (lm-eval, chat: documents); 0 = all
};

// `vocabulary` needs tokenize() and info() only. Errors: kBadInput when the text is too short (says
// how many tokens it has and how many are needed), kUsage for an n_ctx that cannot be.
WindowPlan plan_windows(const Corpus& corpus, const Model& vocabulary, const PlanOptions& options);

// lm-eval's get_rolling_token_windows + make_disjoint_window (lm_eval/utils.py 0.4.13, context_len
// 1).
struct RollingWindow {
  std::vector<Token> input;
  std::vector<Token> predicted;
};
std::vector<RollingWindow> rolling_windows(std::span<const Token> tokens, Token prefix,
                                           int max_length);

// ---- Scoring in lock step (lockstep.cc) ----

// What a model must hold to score a plan or to answer requests: passed to Candidate::open. The
// fields are those of ModelOptions.
struct ModelShape {
  int n_ctx = 0;       // longest window or text; with share_prefixes: of all together
  int n_seq_max = 1;   // windows or texts computed side by side
  int n_rows_max = 0;  // most logits rows of one batch
  bool share_prefixes = false;
  bool truncates = false;
};

struct Candidate {
  std::string name;
  Digest identity;  // weights content, requested runtime, engine: everything the logits depend on
  std::function<std::unique_ptr<Model>(const ModelShape&)> open;
  std::int64_t memory_bytes = 0;  // estimate, to plan turns
  int n_ubatch = 512;             // tokens of one batch; the baseline's decides for the run
  int n_split = 0;                // compute batches in parts of at most so many tokens; 0 = whole
};

struct EvalProgress {
  std::int64_t n_done = 0, n_total = 0;  // windows times models
  std::int64_t n_from_store = 0;
  std::string current;           // name of the model that runs now
  double perplexity_so_far = 0;  // of `current`
};

struct LockstepOptions {
  Store* store = nullptr;                             // never null; Store::in_memory() for none
  std::int64_t max_memory_bytes = 0;                  // 0 = what the machine has available
  std::function<void(const EvalProgress&)> progress;  // may be empty; on the caller's thread
  int n_threads = 1;  // for the statistics of logits rows; results do not depend on it
  std::stop_token stop;
  std::string write_kld_base;  // path: also write the baseline in llama.cpp's base format
  // Asked after each group of windows, with the variant's records of the windows so far in the
  // plan's order: true ends the variant, whose further windows stay empty. May be empty.
  std::function<bool(std::size_t variant, std::span<const std::vector<TokenDivergence>> windows)>
      is_decided;
};

// What this process may still take: the smaller of MemAvailable and the control group's limit.
std::int64_t available_memory_bytes();

// Records of one model, window by window, in the plan's order.
struct LockstepResult {
  std::vector<std::vector<float>> baseline_nll;  // [window][scored target]
  std::vector<std::vector<std::vector<TokenDivergence>>>
      variants;  // [variant][window][scored target]
  std::vector<ModelInfo>
      infos;  // baseline, then variants: as loaded now or when the records were made
  std::vector<bool> identical;         // per variant: every logit bit-identical to the baseline's
  std::vector<std::size_t> n_windows;  // per variant: all, or those before it was decided
  std::vector<std::string> notes;      // turns taken
};

// Scores plan on baseline and variants; with no variants it is a perplexity run. Chunks already in
// the store are not computed again; a chunk is durable before it counts. Errors: kBadInput when
// vocabularies differ (names the first difference), kInterrupted when stopped, kEngine, kIo.
LockstepResult run_lockstep(const WindowPlan& plan, const Candidate& baseline,
                            std::span<const Candidate> variants, const LockstepOptions& options);

// `variant` against `baseline` over those of the plan's windows whose records are in the store;
// nullopt when there are none. Opens no model.
struct StoredDivergence {
  int n_windows = 0;
  std::int64_t n_scored_tokens = 0;
  DivergenceStatistics statistics;
};
std::optional<StoredDivergence> stored_divergence(const WindowPlan& plan, const Candidate& baseline,
                                                  const Candidate& variant, Store& store);

// ---- llama.cpp's base file (kld_base.cc) ----

struct KldBaseHeader {
  int n_ctx = 0, n_vocab = 0, n_chunk = 0;
  std::vector<Token> tokens;
};
KldBaseHeader read_kld_base_header(
    const std::string& path);  // Error{kBadInput} with offset when truncated or not one
WindowPlan plan_from_kld_base(const KldBaseHeader& header, const std::string& path,
                              const Model& vocabulary);
// The file takes the baseline's place. Statistics as llama-perplexity --kl-divergence computes
// them.
LockstepResult run_against_kld_base(const std::string& path, const WindowPlan& plan,
                                    std::span<const Candidate> variants,
                                    const LockstepOptions& options);

// ---- Requests on a model (request*.cc) ----

// A request as tokens. Joined by the boundary rule: trailing white space of the context moves to
// the continuation, whole = enc(context + continuation), context = enc(context), continuation =
// whole[len(context):] (lm_eval/api/model.py 0.4.13 _encode_pair).
struct EncodedRequest {
  enum class Kind { kLoglikelihood, kRolling, kGenerate };
  Kind kind = Kind::kLoglikelihood;
  std::vector<Token> tokens;  // context, then continuation; rolling: the text; generate: context
  int n_context = 0;          // of tokens; rolling: 0
  int max_length = 0;  // tokens the model may see at once: rolling windows, end of a generation
  std::int32_t n_truncated = 0;
  bool joined = false;
  std::vector<std::string> until;
  int max_new_tokens = 0;
  Sampling sampling;
  std::uint64_t draw = 0;    // which stream of the sampling seed: of sample and index
  std::vector<Token> draft;  // the baseline's tokens for the same request; empty: none
  Digest digest;             // of everything above but the draft
};
struct EncodeOptions {
  int max_length = 0;  // tokens a model may see at once; 0 = its trained context
  bool chat = false;   // the context was rendered by a chat template, which has written its BOS
};
// Truncates on the left as lm-eval's hf model does. Errors: kBadInput when nothing of it fits.
EncodedRequest encode_request(const Request& request, const Model& vocabulary,
                              const EncodeOptions& options);

struct RequestStatistics {
  std::int64_t n_tokens_asked = 0;       // sum over requests
  std::int64_t n_tokens_distinct = 0;    // of their prefix tree: the least that must be computed
  std::int64_t n_tokens_computed = 0;    // of it: again what had to give way in between
  std::int64_t n_tokens_recomputed = 0;  // for want of memory: of the tree and of answers
  std::int64_t n_tokens_generated = 0, n_drafted = 0, n_accepted = 0, n_near_ties = 0;
  // Computing prompts and scored texts; and answers behind their first token. A batch with both
  // counts for each by its tokens.
  double prefill_s = 0, decode_s = 0;
  RequestStatistics& operator+=(const RequestStatistics& other);
};
struct RunRequestsOptions {
  int n_threads = 1;  // for the statistics of logits rows
  // Two most likely tokens closer than this (nats) are a near tie: other batch shapes may swap
  // them.
  double near_tie_nats = 0.06;
  // Each answer as soon as it is there, in any order, on the caller's thread.
  std::function<void(std::size_t request, Response response)> done;
  std::stop_token stop;
};
// How a model should be opened for these requests. Texts that are generated get memory of their
// own on a processor, where attention walks over all memory that a text shares with others.
struct RequestShapeOptions {
  int max_length = 0;   // tokens a request may have
  int n_sequences = 0;  // texts generated side by side; 0 = chosen
  RuntimeEffective runtime;
};
ModelShape shape_for_requests(std::span<const EncodedRequest> requests,
                              const RequestShapeOptions& options);

// All requests as one prefix tree on `model`, opened in their shape or any other: each node's
// tokens are computed once, in full batches, logits only where scored; generation by continuous
// batching over the same tree. Answers do not depend on the packing beyond the noise floor. A
// request that the model fails on is answered by RequestError.
RequestStatistics run_requests(Model& model, std::span<const EncodedRequest> requests,
                               const RunRequestsOptions& options);

// ---- Is this a language model at all? (known_answers.cc) ----

// Plain English sentences against the same words in disorder. A sound model is right on all; one
// with the wrong tokenizer, a doubled or missing BOS, or damaged weights is near half.
struct KnownAnswers {
  int n = 0, n_right = 0;
  // Of 12 fair coin throws 10 or more come up right in 1.9 % of all cases.
  bool is_near_chance() const { return n_right <= 9; }
};
// Errors: those of run_requests; kEngine when the model's logits are not finite.
KnownAnswers ask_known_answers(Model& model, const EncodeOptions& encode, int n_threads,
                               std::stop_token stop);

// ---- Tasks on a model (evaluate.cc, aggregate.cc) ----

struct EvaluateProgress {
  std::string task;
  std::int64_t n_done = 0, n_total = 0;  // requests of this task so far; answered and durable
  std::int64_t n_from_store = 0;
  std::optional<Estimate> estimate;  // of the task's first metric over the samples scored so far
  std::string metric;
};
struct EvaluateOptions {
  Store* store = nullptr;  // never null
  Digest identity;         // of the model as it runs: everything its logits depend on
  // Identity of a baseline whose greedy answers in the store are fed as drafts; absent: plain.
  std::optional<Digest> draft_from;
  EncodeOptions encode;
  ScoreOptions score;
  double near_tie_nats = 0.06;  // as in RunRequestsOptions
  int n_threads = 1;
  std::function<void(const EvaluateProgress&)> progress;  // may be empty
  // The model in the shape that suits these requests, opened anew in place of the one before, which
  // is gone then. Empty: it stays as it is.
  std::function<Model&(std::span<const EncodedRequest>)> reshape;
  // Each block of samples, scored, in order, with their requests; may be empty.
  std::function<void(std::span<const SampleRecord>)> keep;
  // These samples (of Task::sample) are asked, in this order; empty: all, as they come. The result
  // has them in their own order.
  std::vector<std::int64_t> order;
  // Asked after each block of scored samples: true ends the task. May be empty.
  std::function<bool(std::span<const SampleRecord>)> is_decided;
  std::stop_token stop;
};
struct EvaluateResult {
  TaskResult task;  // samples without their requests
  RequestStatistics statistics;
  std::int64_t n_requests = 0, n_from_store = 0;
};
// Asks every sample of the task and scores it. An answer is durable before it counts; answers in
// the store are not computed again. Errors: those of run_requests, Task::sample and score_samples.
EvaluateResult evaluate_task(Model& model, Task& task, const EvaluateOptions& options);

// Per-sample scores to numbers by metric_rules(config). "mean": standard error sd / sqrt(n) as
// lm-eval's, clustered where samples name clusters.
std::vector<MetricResult> aggregate_metrics(const TaskConfig& config,
                                            std::span<const SampleRecord> samples);
// The same by rules of the caller's: for samples that come without a definition.
std::vector<MetricResult> aggregate_metrics(std::span<const MetricRule> rules,
                                            std::span<const SampleRecord> samples);
// Groups over their tasks' results: mean weighted by size, or of means; pooled standard error as
// lm_eval/api/metrics.py 0.4.13 pooled_sample_stderr, which takes tasks as independent.
std::vector<GroupResult> aggregate_groups(const TaskSelection& selection,
                                          std::span<const TaskResult> tasks);

// ---- Statistics (summary.cc) ----
// Pure functions of the plan and the records. Clusters of every error: the documents, when more
// than one has scored tokens, else the windows. Errors: kBadInput when records and plan do not fit
// or nothing is scored; kEngine naming the token when a record is not finite.

// Sum of the log-likelihoods (nats) of each of plan.documents, in its order: added in double,
// window by window, so the same records give the same bits. lm-eval's per-document
// loglikelihood_rolling.
std::vector<double> document_log_likelihoods(const WindowPlan& plan,
                                             const std::vector<std::vector<float>>& nll);
// documents in the lm-eval and chat conventions only; word_perplexity, byte_perplexity and
// bits_per_byte in the lm-eval convention only: exp(-sum ll / sum words) over all of
// plan.documents, errors by documents as a ratio estimator.
PerplexityStatistics summarize_perplexity(const WindowPlan& plan,
                                          const std::vector<std::vector<float>>& nll);
// vocabulary: for the worst tokens' texts; may be null ("token 17"). Positions (worst,
// by_position): index of the target in its window, first_row + i + 1, which is the number of tokens
// in the KV cache when it is predicted. Bins: [1,1], [2,3] ... [32,63], then quarters of octaves
// [64,79] ...
DivergenceStatistics summarize_divergence(const WindowPlan& plan,
                                          const std::vector<std::vector<TokenDivergence>>& records,
                                          const Model* vocabulary);

// ---- Words (sentence.cc) ----

// One plain sentence: what this variant cost, how sure, in words. No verdict by a threshold: it
// states numbers with their 95 % intervals; a lower perplexity is not sold as a gain.
std::string cost_sentence(const VariantReport& variant, const ModelReport& baseline);
// To add to it: that the divergence is within the noise floor; empty when it is not.
std::string noise_sentence(const VariantReport& variant, const NoiseFloor& noise);

// Defaults, not truths: models of any size reach below both on plain text of a language they know.
struct PathologicalLimits {
  double token_perplexity = 100;
  double bits_per_byte = 2;
};
// Warnings about the baseline's perplexity on this text (an instruct model on raw WikiText), and
// others that concern all numbers: a quantised baseline, no error for want of windows.
std::vector<std::string> pathological_warnings(const ModelReport& baseline,
                                               const PathologicalLimits& limits = {});

}  // namespace assay
