// Which tokens of the request tree are computed next, and which branches stay in the KV memory.
// Depth first, in the order of the requests: what is begun is finished and released before more is
// begun, and each batch is filled up from whatever else can run.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "eval/request_tree.h"

namespace assay::detail {

constexpr std::size_t kNone = static_cast<std::size_t>(-1);

// One extension of a batch: tokens of a node, or of an answer that grows behind its prompt's node.
struct Feed {
  NodeId node = kRoot;
  std::size_t answer = kNone;
  std::size_t start = 0;  // of `tokens`: in the node, or in the answer
  Branch parent = 0, child = 0;
  std::vector<Token> tokens;
  std::vector<int> wanted;
};

struct ScheduleLimits {
  std::size_t n_cells = 0;     // tokens in the KV memory
  std::size_t n_branches = 0;  // alive at once
  std::size_t n_ubatch = 0;    // tokens of one batch
  std::size_t n_rows = 0;      // wanted rows of one batch
  bool apart = false;          // prompts and answers in batches of their own, prompts first
  bool one_prompt = false;     // and each prompt's tokens, too
};

// What an answer wants to feed. Rows are wanted after line[first_wanted] and all that follow.
struct AnswerLine {
  std::span<const Token> line;  // its tokens so far, then those to be verified; never empty
  std::size_t first_wanted = 0;
  std::size_t n_left = 0;  // tokens it may still take
};
using AnswerLines = std::function<AnswerLine(std::size_t answer)>;

class Schedule {
 public:
  // The tree must be finished. jobs: those it was finished with.
  Schedule(const RequestTree& tree, std::span<const ScoreJob> jobs, std::size_t n_answers,
           const ScheduleLimits& limits, AnswerLines lines);

  // Answers become about so long: so much memory is kept for each.
  void expect(std::size_t n_tokens) { n_usual_ = n_tokens; }

  // The next batch; empty: all is done.
  std::vector<Feed> next();
  // The batch was computed and its rows were used.
  void complete(const std::vector<Feed>& batch);
  // The answer is whole. Also for one that never grew: its node's last row was enough.
  void finish_answer(std::size_t answer);
  // Only its first n_kept tokens count: the rest leaves its branch.
  void cut_answer(std::size_t answer, std::size_t n_kept);
  // Its branch is given up and computed again later.
  void evict_answer(std::size_t answer);

  Branch branch_of(std::size_t answer) const { return answers_[answer].branch; }
  std::vector<Branch> take_released();
  std::vector<Branch> live() const;
  std::int64_t n_recomputed() const { return n_recomputed_; }

 private:
  struct NodeState {
    Branch branch = 0;             // ends in this node; 0: none
    std::size_t n_covering = 0;    // live branches through it
    std::size_t n_held = 0;        // of its tokens, in the KV memory
    std::size_t n_scored = 0;      // of its tokens, computed at least once
    std::size_t first_wanted = 0;  // rows from this token on
    std::size_t n_open = 0;        // children and answers that are not done
    std::size_t n_done_front = 0;  // children at the front that are done
    bool ready = false;            // its branch holds it whole, since an earlier batch
    bool done = false;
  };
  struct AnswerState {
    NodeId node = kRoot;
    Branch branch = 0;
    std::size_t n_held = 0;  // of its tokens, in the KV memory
    std::size_t n_fed = 0;   // the most it ever held
    bool done = false;
  };
  struct Start {
    NodeId node = kRoot;  // to compute, or where the answer starts
    std::size_t answer = kNone;
    NodeId source = kRoot;  // whose branch it continues
  };
  struct Room {
    std::size_t tokens, rows;
  };
  using Place = std::pair<std::size_t, std::size_t>;  // in depth-first order

  Place place_of_node(NodeId node) const { return {tree_[node].order, 0}; }
  Place place_of_answer(std::size_t a) const { return {tree_[answers_[a].node].order, a + 1}; }

  enum class Kind { kPrompts, kAnswers, kBoth };
  std::vector<Feed> plan();
  std::vector<Feed> fill(Kind kind);
  bool is_full(const std::vector<Feed>& batch, Kind kind) const;
  Feed take(std::span<const Token> line, std::size_t first, std::size_t first_row, Room& room);
  void feed_node(NodeId node, Branch parent, Room& room, std::vector<Feed>& batch);
  void feed_answer(std::size_t answer, Branch parent, Room& room, std::vector<Feed>& batch);
  std::optional<Start> find_start(NodeId node, bool can_start);
  bool is_last(const Start& start) const;
  bool may_start(const Start& start, bool in_place) const;
  void begin(const Start& start, bool in_place, Room& room, std::vector<Feed>& batch);
  std::size_t n_promised() const;
  std::size_t node_growth(NodeId node) const;
  std::size_t answer_growth(std::size_t answer) const;

  bool make_room();
  bool evict_last_active(const Place& first);
  bool evict_ready(NodeId path, bool ancestors);
  bool is_ancestor(NodeId node, NodeId of) const;

  void cover(NodeId node);
  void uncover(NodeId node);
  void evict_node(NodeId node);
  void finish_node(NodeId node);
  void close_item(NodeId node);
  void release(Branch branch);

  const RequestTree& tree_;
  ScheduleLimits limits_;
  AnswerLines lines_;
  std::vector<NodeState> states_;
  std::vector<AnswerState> answers_;
  std::vector<NodeId> live_nodes_;         // with a branch, by place
  std::vector<std::size_t> live_answers_;  // with a branch, by place
  std::vector<Branch> released_;
  std::size_t n_cells_ = 0;
  std::size_t n_branches_ = 0;
  Branch last_branch_ = 0;
  std::size_t n_usual_ = 256;
  bool steal_ = false;  // the next start takes its source's branch though others need it
  std::int64_t n_recomputed_ = 0;
};

}  // namespace assay::detail
