// A task on a model: samples in blocks, answers from the store or the model, scores.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <numeric>

#include <fmt/format.h>

#include "core/error.h"
#include "core/json_run.h"
#include "eval/eval.h"

namespace assay {
namespace {

constexpr const char* kResponseKind = "response/1";
constexpr std::int64_t kBlock = 512;  // samples in memory with their prompts
constexpr std::int64_t kBlockBetweenDecisions = 64;
// Whole texts share their first token only, and the windows behind it are computed after all first
// ones: so many bytes of them are a block, or minutes would pass before anything is durable.
constexpr std::size_t kRollingBlockBytes = 64 << 10;
constexpr std::size_t kFlushCount = 64;
constexpr std::chrono::seconds kFlushInterval{1};

using Clock = std::chrono::steady_clock;

// An answer that was decoded with a draft may differ from plain decoding at near ties: it has a
// key of its own, so that plain decoding never finds it.
Digest response_key(const Digest& model, const EncodedRequest& request, bool drafted) {
  Hasher hasher;
  hasher.add_field(kResponseKind).add_field(model).add_field(request.digest);
  // Texts that earlier versions kept had lost spaces before punctuation.
  if (request.kind == EncodedRequest::Kind::kGenerate) hasher.add_field("untidied");
  if (drafted) hasher.add_field("drafted");
  return hasher.finish();
}

// What choosing blindly would score; nullopt unless every sample has choices.
std::optional<double> chance_of(const std::vector<SampleRecord>& samples) {
  double sum = 0;
  for (const SampleRecord& sample : samples) {
    if (sample.choices.size() < 2) return std::nullopt;
    sum += 1.0 / static_cast<double>(sample.choices.size());
  }
  if (samples.empty()) return std::nullopt;
  return sum / static_cast<double>(samples.size());
}

class Evaluation {
 public:
  Evaluation(Model& model, Task& task, const EvaluateOptions& options)
      : model_(&model), task_(task), options_(options), store_(*options.store) {
    result_.task = task.header();
  }

  EvaluateResult run() {
    const std::int64_t n = n_asked();
    const std::int64_t block = options_.is_decided ? kBlockBetweenDecisions : kBlock;
    for (std::int64_t first = 0; first < n && !decided_;) {
      if (options_.stop.stop_requested()) throw Error(ErrorKind::kInterrupted, "Interrupted");
      first = score_block(first, std::min(n, first + block));
    }
    if (!options_.order.empty()) sort_samples();
    result_.task.n_samples = static_cast<std::int64_t>(result_.task.samples.size());
    result_.task.prompts = prompts_.finish();
    result_.task.metrics = aggregate_metrics(task_.config(), result_.task.samples);
    add_notes();
    note_chance();
    return std::move(result_);
  }

 private:
  struct Place {  // of a request in its block
    std::size_t sample = 0, request = 0;
  };

  std::int64_t score_block(std::int64_t first, std::int64_t most);  // where it ended
  void encode(std::vector<SampleRecord>& samples);
  void answer(std::vector<SampleRecord>& samples);
  bool from_store(const EncodedRequest& request, Response& response);
  std::optional<std::vector<Token>> draft_for(const EncodedRequest& request);
  void flush();
  void report();
  void sort_samples();
  void add_notes();
  void note_symbolic();
  void note_chance();

  std::int64_t n_asked() const {
    return options_.order.empty() ? task_.n_samples()
                                  : static_cast<std::int64_t>(options_.order.size());
  }
  std::int64_t place(std::int64_t i) const {  // of the i-th sample asked, in the task
    return options_.order.empty() ? i : options_.order[static_cast<std::size_t>(i)];
  }

  Model* model_;
  Task& task_;
  const EvaluateOptions& options_;
  Store& store_;
  EvaluateResult result_;
  Hasher prompts_;
  std::vector<EncodedRequest> requests_;  // of this block, those without an answer
  std::vector<Place> places_;
  std::vector<Record> pending_;
  std::int64_t n_pending_done_ = 0;
  Clock::time_point flushed_ = Clock::now();
  EvaluateProgress progress_;
  bool decided_ = false;
  std::int64_t n_truncated_ = 0, n_joined_ = 0, n_errors_ = 0, n_near_ties_ = 0;
};

std::int64_t Evaluation::score_block(std::int64_t first, std::int64_t most) {
  std::vector<SampleRecord> samples;
  std::int64_t n_block = 0, last = first;
  std::size_t n_rolling_bytes = 0;
  for (; last < most && n_rolling_bytes < kRollingBlockBytes; ++last) {
    samples.push_back(task_.sample(place(last)));
    n_block += static_cast<std::int64_t>(samples.back().requests.size());
    for (const Request& request : samples.back().requests) {
      if (const auto* rolling = std::get_if<LoglikelihoodRolling>(&request.body))
        n_rolling_bytes += rolling->text.size();
    }
  }
  // The task's total is known exactly only for what has been made: the rest is taken as alike.
  progress_.task = task_.config().task;
  progress_.n_total = result_.n_requests + n_block;
  if (last < n_asked()) {
    progress_.n_total += n_block * (n_asked() - last) / (last - first);
  }
  encode(samples);
  report();
  answer(samples);
  score_samples(task_.config(), samples, options_.score);
  if (options_.keep) options_.keep(samples);
  if (options_.is_decided) decided_ = options_.is_decided(samples);
  for (SampleRecord& sample : samples) {
    for (const Response& response : sample.responses) {
      if (const auto* ll = std::get_if<LoglikelihoodResult>(&response)) {
        n_truncated_ += ll->n_truncated_tokens > 0 ? 1 : 0;
        n_joined_ += ll->joined ? 1 : 0;
      } else if (const auto* text = std::get_if<GenerateResult>(&response)) {
        n_truncated_ += text->n_truncated_tokens > 0 ? 1 : 0;
        n_near_ties_ += text->n_near_ties > 0 ? 1 : 0;
      } else {
        ++n_errors_;
      }
    }
    sample.source_hashes = lm_eval_hashes(sample);
    sample.requests.clear();
    result_.task.samples.push_back(std::move(sample));
  }
  const auto metrics = aggregate_metrics(task_.config(), result_.task.samples);
  if (!metrics.empty() && metrics.front().n_scored > 0) {
    progress_.metric = metrics.front().metric;
    progress_.estimate = metrics.front().estimate;
  }
  report();
  return last;
}

void Evaluation::sort_samples() {
  std::vector<std::size_t> from(result_.task.samples.size());
  std::iota(from.begin(), from.end(), std::size_t{0});
  std::sort(from.begin(), from.end(),
            [&](std::size_t a, std::size_t b) { return options_.order[a] < options_.order[b]; });
  std::vector<SampleRecord> sorted;
  for (const std::size_t i : from) sorted.push_back(std::move(result_.task.samples[i]));
  result_.task.samples = std::move(sorted);
}

void Evaluation::encode(std::vector<SampleRecord>& samples) {
  requests_.clear();
  places_.clear();
  for (std::size_t s = 0; s < samples.size(); ++s) {
    SampleRecord& sample = samples[s];
    sample.responses.assign(sample.requests.size(), RequestError{"not answered"});
    for (std::size_t r = 0; r < sample.requests.size(); ++r) {
      ++result_.n_requests;
      EncodedRequest encoded;
      try {
        encoded = encode_request(sample.requests[r], *model_, options_.encode);
      } catch (const Error& error) {
        if (error.kind() != ErrorKind::kBadInput) throw;
        sample.responses[r] = RequestError{error.what()};
        sample.request_digests.emplace_back();
        ++progress_.n_done;
        continue;
      }
      sample.request_digests.push_back(encoded.digest);
      prompts_.add_field(encoded.digest);
      if (from_store(encoded, sample.responses[r])) {
        ++result_.n_from_store;
        ++progress_.n_done;
        continue;
      }
      if (auto draft = draft_for(encoded)) encoded.draft = std::move(*draft);
      requests_.push_back(std::move(encoded));
      places_.push_back({s, r});
    }
  }
  progress_.n_from_store = result_.n_from_store;
}

bool Evaluation::from_store(const EncodedRequest& request, Response& response) {
  for (const bool drafted : {false, true}) {
    if (drafted && !options_.draft_from) return false;
    const auto payload =
        store_.get(kResponseKind, response_key(options_.identity, request, drafted));
    if (!payload) continue;
    response = response_from_json(*payload);
    return true;
  }
  return false;
}

std::optional<std::vector<Token>> Evaluation::draft_for(const EncodedRequest& request) {
  if (!options_.draft_from || request.kind != EncodedRequest::Kind::kGenerate ||
      request.sampling.temperature > 0) {
    return std::nullopt;
  }
  const auto payload =
      store_.get(kResponseKind, response_key(*options_.draft_from, request, false));
  if (!payload) return std::nullopt;
  const Response response = response_from_json(*payload);
  const auto* text = std::get_if<GenerateResult>(&response);
  if (text == nullptr || text->tokens.empty()) return std::nullopt;
  return text->tokens;
}

void Evaluation::answer(std::vector<SampleRecord>& samples) {
  RunRequestsOptions options{.n_threads = options_.n_threads,
                             .near_tie_nats = options_.near_tie_nats,
                             .stop = options_.stop};
  options.done = [&](std::size_t index, Response response) {
    const Place place = places_[index];
    const EncodedRequest& request = requests_[index];
    const bool failed = std::holds_alternative<RequestError>(response);
    if (!failed) {
      pending_.push_back({kResponseKind,
                          response_key(options_.identity, request, !request.draft.empty()),
                          fmt::format(R"({{"task":"{}","sample":"{}"}})", task_.config().task,
                                      samples[place.sample].id.key),
                          to_json(response)});
    }
    samples[place.sample].responses[place.request] = std::move(response);
    ++n_pending_done_;
    if (pending_.size() >= kFlushCount || Clock::now() - flushed_ > kFlushInterval) flush();
  };
  try {
    if (options_.reshape && !requests_.empty()) model_ = &options_.reshape(requests_);
    result_.statistics += run_requests(*model_, requests_, options);
  } catch (...) {
    flush();
    throw;
  }
  flush();
}

// Durable first, then counted.
void Evaluation::flush() {
  if (!pending_.empty()) store_.put(pending_);
  pending_.clear();
  progress_.n_done += n_pending_done_;
  n_pending_done_ = 0;
  flushed_ = Clock::now();
  report();
}

void Evaluation::report() {
  if (options_.progress) options_.progress(progress_);
}

void Evaluation::add_notes() {
  const auto note = [&](std::int64_t n, const char* text) {
    if (n > 0) result_.task.notes.push_back(fmt::format("{} {}", n, text));
  };
  note(n_truncated_, "requests did not fit the context window: their beginning was cut");
  note(n_joined_,
       "requests have a token that spans context and continuation; it counts as continuation");
  note(n_near_ties_, "texts passed a near tie, where other batch shapes may decode another token");
  note(n_errors_, "requests could not be answered: their samples are unscored");
  note_symbolic();
  for (const MetricResult& metric : result_.task.metrics) {
    if (metric.n_unscored > 0) {
      note(metric.n_unscored, "samples are unscored");
      break;
    }
  }
}

// Whether answers of mathematics were compared by value: the same text scores differently without.
void Evaluation::note_symbolic() {
  std::int64_t n_asked = 0, n_by_text = 0;
  for (const SampleRecord& sample : result_.task.samples) {
    for (const Score& score : sample.scores) {
      if (score.filter != "weight" || score.metric != "symbolic" || !score.value) continue;
      ++n_asked;
      n_by_text += *score.value == 0 ? 1 : 0;
    }
  }
  if (n_asked == 0) return;
  result_.task.notes.push_back(
      n_by_text == 0 ? "answers were compared by value, with SymPy"
                     : fmt::format("{} of {} answers were compared as texts only: SymPy is not "
                                   "installed for this Python",
                                   n_by_text, n_asked));
}

// A model at chance moves for no reason: its differences to others mean nothing.
void Evaluation::note_chance() {
  if (result_.task.output_type != "multiple_choice") return;
  const std::optional<double> chance = chance_of(result_.task.samples);
  for (const MetricResult& metric : result_.task.metrics) {
    const std::optional<Interval>& interval = metric.estimate.ci95;
    if (!chance || metric.metric != "acc" || !interval) continue;
    if (interval->low <= *chance && *chance <= interval->high) {
      result_.task.notes.push_back(fmt::format(
          "acc {:.3f} is not told from chance ({:.3f}): a difference to it cannot be seen here",
          metric.estimate.value, *chance));
    }
  }
}

}  // namespace

EvaluateResult evaluate_task(Model& model, Task& task, const EvaluateOptions& options) {
  return Evaluation(model, task, options).run();
}

}  // namespace assay
