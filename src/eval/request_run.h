// Requests as jobs, and from the rows of a batch to answers.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <vector>

#include "eval/request_generate.h"
#include "eval/request_schedule.h"

namespace assay::detail {

// The work of many requests: scored inputs, and answers to generate. Equal generations are one.
class RequestJobs {
 public:
  // Requests that cannot be run have an error instead of jobs.
  RequestJobs(const ModelInfo& info, std::span<const EncodedRequest> requests);

  std::vector<ScoreJob> scores;
  std::vector<std::vector<std::size_t>> answers;  // the requests each is for
  std::vector<std::size_t> n_records;             // by request: tokens to score
  std::vector<std::string> errors;                // by request: "" when there is none
  std::int64_t n_tokens_asked = 0;

 private:
  std::string problem(const EncodedRequest& request) const;
  void add_score(std::size_t request, std::span<const Token> input, std::span<const Token> targets);
  void add_rolling(std::size_t request, const EncodedRequest& encoded);
  void add_answer(std::size_t request, const EncodedRequest& encoded);

  const ModelInfo& info_;
  std::deque<RollingWindow> windows_;  // that scores view into
  std::map<Digest, std::size_t> answer_of_;
};

// Runs the batches of a schedule on a model.
class RequestRun {
 public:
  RequestRun(Model& model, std::span<const EncodedRequest> requests,
             const RunRequestsOptions& options);
  ~RequestRun();
  RequestRun(const RequestRun&) = delete;
  RequestRun& operator=(const RequestRun&) = delete;

  RequestStatistics run();

 private:
  RequestTree make_tree() const;
  Generation make_generation(std::size_t answer) const;
  Generation& generation(std::size_t answer);
  AnswerLine line_of(std::size_t answer);
  void answer_at_once();
  void compute(const std::vector<Feed>& batch);
  RowUse use_of(const Feed& feed, int index) const;
  void add_time(const std::vector<Feed>& batch, double seconds);
  void apply(const std::vector<Feed>& batch, std::span<const RowUse> uses);
  void apply_targets(const RowUse& row);
  void apply_answer(const Feed& feed, std::span<const RowUse> rows);
  void cut_back(const Feed& feed, std::size_t n_kept);
  void fail(const RowUse& row);
  void finish_answer(std::size_t answer, const Response& response);
  void deliver(std::size_t request, Response response);

  Model& model_;
  std::span<const EncodedRequest> requests_;
  const RunRequestsOptions& options_;
  RequestJobs jobs_;
  RequestTree tree_;
  std::vector<std::unique_ptr<Generation>> generations_;  // by answer, while it grows
  std::vector<std::unique_ptr<ScoreSum>> sums_;           // by request, while it is scored
  std::vector<bool> delivered_;                           // by request
  std::size_t n_finished_ = 0, n_finished_tokens_ = 0;    // answers
  bool drafts_ = true;
  RequestStatistics statistics_;
  std::unique_ptr<Schedule> schedule_;
};

}  // namespace assay::detail
