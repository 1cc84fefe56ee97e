#include "eval/request_run.h"

#include <algorithm>
#include <chrono>

#include "core/error.h"
#include "eval/scorer.h"

namespace assay::detail {
namespace {

// On a processor, llama.cpp's attention looks at all of the KV memory in use for each 64 tokens of
// a batch, and computes what any of the 64 sees: it is cheapest when little is in use, and when the
// tokens of answers, each with a prompt of its own, are not among those of prompts. More than 128
// tokens at once gain nothing there.
constexpr int kBatchOnProcessor = 128;

ScheduleLimits limits_of(const RuntimeEffective& runtime) {
  const auto size = [](int n) { return static_cast<std::size_t>(std::max(1, n)); };
  const bool on_processor = runtime.n_gpu_layers == 0;
  const bool mixed = on_processor && runtime.kv_unified;
  const int n_ubatch = mixed ? std::min(runtime.n_ubatch, kBatchOnProcessor) : runtime.n_ubatch;
  // Memories of their own: every branch has n_ctx tokens, whatever the others hold.
  const int n_memories = runtime.kv_unified ? 1 : std::max(1, runtime.n_seq_max);
  return {.n_cells = size(runtime.n_ctx) * size(n_memories),
          .n_branches = size(runtime.n_seq_max),
          .n_ubatch = size(n_ubatch),
          .n_rows = size(runtime.n_rows_max > 0 ? runtime.n_rows_max : runtime.n_ubatch),
          .apart = on_processor,
          .one_prompt = on_processor && !runtime.kv_unified};
}

}  // namespace

RequestRun::RequestRun(Model& model, std::span<const EncodedRequest> requests,
                       const RunRequestsOptions& options)
    : model_(model),
      requests_(requests),
      options_(options),
      jobs_(model.info(), requests),
      tree_(make_tree()),
      generations_(jobs_.answers.size()),
      sums_(requests.size()),
      delivered_(requests.size()) {
  statistics_.n_tokens_asked = jobs_.n_tokens_asked;
  statistics_.n_tokens_distinct = tree_.n_tokens();
  schedule_ = std::make_unique<Schedule>(tree_, jobs_.scores, jobs_.answers.size(),
                                         limits_of(model.info().runtime),
                                         [this](std::size_t answer) { return line_of(answer); });
}

RequestRun::~RequestRun() {
  model_.release(schedule_->take_released());
  model_.release(schedule_->live());
}

RequestTree RequestRun::make_tree() const {
  RequestTree tree;
  // In the order of the requests, which is the order in which they are answered.
  std::size_t score = 0, answer = 0;
  for (std::size_t r = 0; r < requests_.size(); ++r) {
    for (; score < jobs_.scores.size() && jobs_.scores[score].request == r; ++score)
      tree.add_score(jobs_.scores[score].input);
    if (answer == jobs_.answers.size() || jobs_.answers[answer].front() != r) continue;
    if (!make_generation(answer).is_done()) tree.add_answer(answer, requests_[r].tokens);
    ++answer;
  }
  tree.finish(jobs_.scores);
  return tree;
}

Generation RequestRun::make_generation(std::size_t answer) const {
  const EncodedRequest& request = requests_[jobs_.answers[answer].front()];
  return {request, model_, static_cast<std::size_t>(model_.info().runtime.n_ctx),
          options_.near_tie_nats};
}

Generation& RequestRun::generation(std::size_t answer) {
  std::unique_ptr<Generation>& generation = generations_[answer];
  if (!generation) {
    generation = std::make_unique<Generation>(make_generation(answer));
    if (!drafts_) generation->drop_draft();
  }
  return *generation;
}

AnswerLine RequestRun::line_of(std::size_t answer) {
  const Generation& generation = this->generation(answer);
  return {.line = generation.line(),
          .first_wanted = generation.size() - 1,
          .n_left = generation.n_left()};
}

RequestStatistics RequestRun::run() {
  int n_most = 0;
  for (const EncodedRequest& request : requests_) n_most = std::max(n_most, request.max_new_tokens);
  schedule_->expect(static_cast<std::size_t>(std::min(n_most, 256)));
  answer_at_once();
  while (true) {
    const std::vector<Feed> batch = schedule_->next();
    model_.release(schedule_->take_released());
    if (batch.empty()) break;
    compute(batch);
    schedule_->complete(batch);
  }
  statistics_.n_tokens_recomputed = schedule_->n_recomputed();
  return statistics_;
}

// What needs no model: errors, and requests that ask for nothing.
void RequestRun::answer_at_once() {
  for (std::size_t r = 0; r < requests_.size(); ++r) {
    if (!jobs_.errors[r].empty()) {
      deliver(r, RequestError{jobs_.errors[r]});
    } else if (requests_[r].kind != EncodedRequest::Kind::kGenerate && jobs_.n_records[r] == 0) {
      deliver(r, ScoreSum(requests_[r], 0).result());
    }
  }
  for (std::size_t answer = 0; answer < jobs_.answers.size(); ++answer) {
    const Generation generation = make_generation(answer);
    if (!generation.is_done()) continue;
    for (const std::size_t r : jobs_.answers[answer]) deliver(r, generation.result());
  }
}

void RequestRun::compute(const std::vector<Feed>& batch) {
  std::vector<Extension> extensions;
  for (const Feed& feed : batch)
    extensions.push_back({feed.parent, feed.child, feed.tokens, feed.wanted});
  std::vector<RowUse> uses;
  for (const Feed& feed : batch) {
    for (const int index : feed.wanted) uses.push_back(use_of(feed, index));
  }
  const auto started = std::chrono::steady_clock::now();
  const auto take = [&](std::span<const Row> rows) {
    for_each_row(rows.size(), options_.n_threads,
                 [&](std::size_t i) { use_row(jobs_.scores, rows[i].logits, uses[i]); });
  };
  model_.extend(extensions, take, options_.stop);
  add_time(batch,
           std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count());
  apply(batch, uses);
}

RowUse RequestRun::use_of(const Feed& feed, int index) const {
  RowUse use;
  const auto wish = [&](std::size_t answer, std::size_t position) {
    const EncodedRequest& request = requests_[jobs_.answers[answer].front()];
    use.wishes.push_back({.answer = answer,
                          .position = position,
                          .sampling = &request.sampling,
                          .draw = request.draw});
  };
  const std::size_t n_before = feed.start + static_cast<std::size_t>(index) + 1;
  if (feed.answer != kNone) {
    wish(feed.answer, n_before);
    return use;
  }
  const TreeNode& node = tree_[feed.node];
  use.position = node.start + n_before;
  for (const std::size_t job : node.scores) {
    if (use.position > jobs_.scores[job].first_row()) use.jobs.push_back(job);
  }
  if (n_before == node.tokens.size()) {
    for (const std::size_t answer : node.answers) wish(answer, 0);
  }
  return use;
}

// A batch may hold both kinds of tokens: its time is theirs by their number.
void RequestRun::add_time(const std::vector<Feed>& batch, double seconds) {
  std::size_t n_prompt = 0, n_answer = 0;
  for (const Feed& feed : batch) (feed.answer == kNone ? n_prompt : n_answer) += feed.tokens.size();
  statistics_.n_tokens_computed += static_cast<std::int64_t>(n_prompt);
  const double share = static_cast<double>(n_prompt) / static_cast<double>(n_prompt + n_answer);
  statistics_.prefill_s += seconds * share;
  statistics_.decode_s += seconds * (1 - share);
}

void RequestRun::apply(const std::vector<Feed>& batch, std::span<const RowUse> uses) {
  for (const Feed& feed : batch) {
    const std::span<const RowUse> rows = uses.first(feed.wanted.size());
    uses = uses.subspan(feed.wanted.size());
    if (feed.answer != kNone) {
      if (!rows.empty()) apply_answer(feed, rows);
      continue;
    }
    for (const RowUse& row : rows) {
      if (!row.finite) {
        fail(row);
        continue;
      }
      apply_targets(row);
      for (const Choice& choice : row.choices) {
        Generation& first = generation(choice.answer);
        first.receive({&choice, 1});
        statistics_.n_tokens_generated += static_cast<std::int64_t>(first.size());
        if (first.is_done()) finish_answer(choice.answer, first.result());
      }
    }
  }
}

void RequestRun::apply_targets(const RowUse& row) {
  for (const ScoredTarget& target : row.targets) {
    const std::size_t request = jobs_.scores[target.job].request;
    if (delivered_[request]) continue;
    std::unique_ptr<ScoreSum>& sum = sums_[request];
    if (!sum) sum = std::make_unique<ScoreSum>(requests_[request], jobs_.n_records[request]);
    sum->add(target);
    if (!sum->is_complete()) continue;
    deliver(request, sum->result());
    sum.reset();
  }
}

void RequestRun::apply_answer(const Feed& feed, std::span<const RowUse> rows) {
  std::vector<Choice> choices;
  for (const RowUse& row : rows) {
    if (!row.finite) return fail(row);
    choices.push_back(row.choices.front());
  }
  Generation& grown = generation(feed.answer);
  const std::size_t n_before = grown.size();
  const std::size_t n_kept = grown.receive(choices);
  statistics_.n_tokens_generated += static_cast<std::int64_t>(grown.size() - n_before);
  if (grown.is_done()) {
    finish_answer(feed.answer, grown.result());
  } else if (n_kept < feed.start + feed.tokens.size()) {
    cut_back(feed, n_kept);
  }
}

// A draft was wrong: what follows the right tokens leaves the memory. An engine that cannot do that
// would compute each such answer again, so it gets no more drafts.
void RequestRun::cut_back(const Feed& feed, std::size_t n_kept) {
  schedule_->cut_answer(feed.answer, n_kept);
  if (model_.truncate(feed.child, static_cast<int>(tree_[feed.node].end() + n_kept))) return;
  schedule_->evict_answer(feed.answer);
  drafts_ = false;
  for (const std::unique_ptr<Generation>& generation : generations_) {
    if (generation) generation->drop_draft();
  }
}

void RequestRun::fail(const RowUse& row) {
  const RequestError error{
      "The model's logits are not finite: its values overflow, or the file is "
      "damaged"};
  for (const std::size_t job : row.jobs) {
    const std::size_t request = jobs_.scores[job].request;
    sums_[request].reset();
    if (!delivered_[request]) deliver(request, error);
  }
  for (const ChoiceWish& wish : row.wishes) finish_answer(wish.answer, error);
}

void RequestRun::finish_answer(std::size_t answer, const Response& response) {
  if (const auto* result = std::get_if<GenerateResult>(&response)) {
    ++n_finished_;
    n_finished_tokens_ += result->tokens.size();
    // Twice the mean holds most of them.
    if (n_finished_ >= 8) schedule_->expect(2 * n_finished_tokens_ / n_finished_);
    statistics_.n_drafted += result->n_drafted;
    statistics_.n_accepted += result->n_accepted;
    statistics_.n_near_ties += result->n_near_ties;
  }
  for (const std::size_t request : jobs_.answers[answer]) deliver(request, response);
  schedule_->finish_answer(answer);
  generations_[answer].reset();
}

void RequestRun::deliver(std::size_t request, Response response) {
  delivered_[request] = true;
  if (options_.done) options_.done(request, std::move(response));
}

}  // namespace assay::detail

namespace assay {

RequestStatistics& RequestStatistics::operator+=(const RequestStatistics& other) {
  n_tokens_asked += other.n_tokens_asked;
  n_tokens_distinct += other.n_tokens_distinct;
  n_tokens_computed += other.n_tokens_computed;
  n_tokens_recomputed += other.n_tokens_recomputed;
  n_tokens_generated += other.n_tokens_generated;
  n_drafted += other.n_drafted;
  n_accepted += other.n_accepted;
  n_near_ties += other.n_near_ties;
  prefill_s += other.prefill_s;
  decode_s += other.decode_s;
  return *this;
}

RequestStatistics run_requests(Model& model, std::span<const EncodedRequest> requests,
                               const RunRequestsOptions& options) {
  return detail::RequestRun(model, requests, options).run();
}

}  // namespace assay
