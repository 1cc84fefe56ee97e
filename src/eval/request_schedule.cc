#include "eval/request_schedule.h"

#include <algorithm>

#include "core/error.h"

namespace assay::detail {

Schedule::Schedule(const RequestTree& tree, std::span<const ScoreJob> jobs, std::size_t n_answers,
                   const ScheduleLimits& limits, AnswerLines lines)
    : tree_(tree),
      limits_(limits),
      lines_(std::move(lines)),
      states_(tree.size()),
      answers_(n_answers) {
  for (NodeId n = 0; n < tree.size(); ++n) {
    const TreeNode& node = tree[n];
    NodeState& state = states_[n];
    state.n_open = node.children.size() + node.answers.size();
    state.first_wanted = node.tokens.size() - (node.answers.empty() ? 0 : 1);
    for (const std::size_t job : node.scores) {
      const std::size_t first_row = std::max(jobs[job].first_row(), node.start);
      state.first_wanted = std::min(state.first_wanted, first_row - node.start);
    }
    for (const std::size_t answer : node.answers) answers_[answer].node = n;
  }
}

std::vector<Feed> Schedule::next() {
  while (states_[kRoot].n_open > 0) {
    std::vector<Feed> batch = plan();
    if (!batch.empty()) return batch;
    if (!make_room())
      throw Error(ErrorKind::kEngine, "A request does not fit into the KV memory", {},
                  "Use a larger --ctx.");
  }
  return {};
}

std::vector<Feed> Schedule::plan() {
  if (!limits_.apart) return fill(Kind::kBoth);
  std::vector<Feed> batch = fill(Kind::kPrompts);
  if (batch.empty()) batch = fill(Kind::kAnswers);
  return batch.empty() ? fill(Kind::kBoth) : batch;
}

// Prompts in memories of their own are computed one after another, not side by side.
bool Schedule::is_full(const std::vector<Feed>& batch, Kind kind) const {
  return limits_.one_prompt && kind == Kind::kPrompts && !batch.empty();
}

// A batch of one kind starts nothing beyond what memory is kept for: the other kind may go on.
std::vector<Feed> Schedule::fill(Kind kind) {
  std::vector<Feed> batch;
  Room room{.tokens = limits_.n_ubatch, .rows = limits_.n_rows};
  if (kind != Kind::kPrompts) {
    for (const std::size_t answer : live_answers_)
      feed_answer(answer, answers_[answer].branch, room, batch);
  }
  if (kind != Kind::kAnswers) {
    for (const NodeId node : live_nodes_) {
      if (!states_[node].ready) feed_node(node, states_[node].branch, room, batch);
      if (is_full(batch, kind)) return batch;
    }
  }
  while (!is_full(batch, kind) && room.tokens > 0 && room.rows > 0 && n_cells_ < limits_.n_cells) {
    const std::optional<Start> start = find_start(kRoot, true);
    if (!start) break;
    if (kind == (start->answer == kNone ? Kind::kAnswers : Kind::kPrompts)) break;
    const bool in_place = start->source != kRoot && (steal_ || is_last(*start));
    const bool forced =
        kind == Kind::kBoth && batch.empty() && (in_place || n_branches_ < limits_.n_branches);
    if (!forced && !may_start(*start, in_place)) break;
    steal_ = false;
    begin(*start, in_place, room, batch);
  }
  return batch;
}

// The next tokens of a line that holds `first` of them: as many as tokens, memory and rows allow.
// Rows are wanted after line[first_row] and all that follow.
Feed Schedule::take(std::span<const Token> line, std::size_t first, std::size_t first_row,
                    Room& room) {
  std::size_t last =
      first + std::min({line.size() - first, room.tokens, limits_.n_cells - n_cells_});
  first_row = std::max(first, first_row);
  if (last > first_row) last = std::min(last, first_row + room.rows);
  Feed feed{.start = first};
  feed.tokens.assign(line.begin() + static_cast<std::ptrdiff_t>(first),
                     line.begin() + static_cast<std::ptrdiff_t>(last));
  for (std::size_t row = first_row; row < last; ++row)
    feed.wanted.push_back(static_cast<int>(row - first));
  room.tokens -= feed.tokens.size();
  room.rows -= feed.wanted.size();
  n_cells_ += feed.tokens.size();
  return feed;
}

void Schedule::feed_node(NodeId node, Branch parent, Room& room, std::vector<Feed>& batch) {
  NodeState& state = states_[node];
  Feed feed =
      take(tree_[node].tokens, state.n_held, std::max(state.first_wanted, state.n_scored), room);
  if (feed.tokens.empty()) return;
  feed.node = node;
  feed.parent = parent;
  feed.child = state.branch;
  state.n_held += feed.tokens.size();
  if (feed.start < state.n_scored)
    n_recomputed_ += static_cast<std::int64_t>(std::min(state.n_held, state.n_scored) - feed.start);
  batch.push_back(std::move(feed));
}

void Schedule::feed_answer(std::size_t answer, Branch parent, Room& room,
                           std::vector<Feed>& batch) {
  AnswerState& state = answers_[answer];
  const AnswerLine line = lines_(answer);
  Feed feed = take(line.line, state.n_held, line.first_wanted, room);
  if (feed.tokens.empty()) return;
  feed.node = state.node;
  feed.answer = answer;
  feed.parent = parent;
  feed.child = state.branch;
  state.n_held += feed.tokens.size();
  if (feed.start < state.n_fed)
    n_recomputed_ += static_cast<std::int64_t>(std::min(state.n_held, state.n_fed) - feed.start);
  state.n_fed = std::max(state.n_fed, state.n_held);
  batch.push_back(std::move(feed));
}

// The first item in depth-first order that is neither begun nor done. can_start: a branch ends in
// `node`. A node that was evicted under live branches waits until those are done: their memory
// holds its tokens, and they come first.
std::optional<Schedule::Start> Schedule::find_start(NodeId node, bool can_start) {
  const std::vector<NodeId>& children = tree_[node].children;
  std::size_t& front = states_[node].n_done_front;
  while (front < children.size() && states_[children[front]].done) ++front;
  for (std::size_t c = front; c < children.size(); ++c) {
    const NodeId child = children[c];
    const NodeState& state = states_[child];
    if (state.done || (state.branch != 0 && !state.ready)) continue;
    if (state.branch == 0 && state.n_covering == 0) {
      if (can_start) return Start{.node = child, .source = node};
      continue;
    }
    if (const auto found = find_start(child, state.branch != 0)) return found;
  }
  if (!can_start) return std::nullopt;
  for (const std::size_t answer : tree_[node].answers) {
    if (!answers_[answer].done && answers_[answer].branch == 0)
      return Start{.node = node, .answer = answer, .source = node};
  }
  return std::nullopt;
}

// No other item waits for the source's branch.
bool Schedule::is_last(const Start& start) const {
  const std::vector<NodeId>& children = tree_[start.source].children;
  for (std::size_t c = states_[start.source].n_done_front; c < children.size(); ++c) {
    const NodeState& state = states_[children[c]];
    const bool is_start = start.answer == kNone && children[c] == start.node;
    if (!is_start && !state.done && state.n_covering == 0) return false;
  }
  for (const std::size_t answer : tree_[start.source].answers) {
    if (answer != start.answer && !answers_[answer].done && answers_[answer].branch == 0)
      return false;
  }
  return true;
}

std::size_t Schedule::answer_growth(std::size_t answer) const {
  const AnswerLine line = lines_(answer);
  const std::size_t n_more = n_usual_ - std::min(n_usual_, line.first_wanted + 1);
  return line.line.size() - std::min(line.line.size(), answers_[answer].n_held) +
         std::min(line.n_left, std::max<std::size_t>(n_more, 8));
}

std::size_t Schedule::node_growth(NodeId node) const {
  return tree_[node].tokens.size() - states_[node].n_held + tree_[node].below +
         (tree_[node].has_answers ? n_usual_ : 0);
}

// Tokens that what is begun will still need.
std::size_t Schedule::n_promised() const {
  std::size_t n = 0;
  for (const std::size_t answer : live_answers_) n += answer_growth(answer);
  for (const NodeId node : live_nodes_) {
    if (!states_[node].ready) n += node_growth(node);
  }
  return n;
}

bool Schedule::may_start(const Start& start, bool in_place) const {
  if (!in_place && n_branches_ >= limits_.n_branches) return false;
  const std::size_t n_needed =
      start.answer == kNone ? node_growth(start.node) : answer_growth(start.answer);
  return n_cells_ + n_promised() + n_needed <= limits_.n_cells;
}

void Schedule::begin(const Start& start, bool in_place, Room& room, std::vector<Feed>& batch) {
  const Branch parent = states_[start.source].branch;
  const Branch child = in_place ? parent : ++last_branch_;
  if (in_place) {
    states_[start.source].branch = 0;
    states_[start.source].ready = false;
    std::erase(live_nodes_, start.source);
  } else {
    ++n_branches_;
    cover(start.source);
  }
  if (start.answer == kNone) {
    states_[start.node].branch = child;
    ++states_[start.node].n_covering;
    const auto after = [&](NodeId node) { return place_of_node(node) > place_of_node(start.node); };
    live_nodes_.insert(std::find_if(live_nodes_.begin(), live_nodes_.end(), after), start.node);
    feed_node(start.node, parent, room, batch);
  } else {
    answers_[start.answer].branch = child;
    const auto after = [&](std::size_t answer) {
      return place_of_answer(answer) > place_of_answer(start.answer);
    };
    live_answers_.insert(std::find_if(live_answers_.begin(), live_answers_.end(), after),
                         start.answer);
    feed_answer(start.answer, parent, room, batch);
  }
}

void Schedule::complete(const std::vector<Feed>& batch) {
  for (const Feed& feed : batch) {
    if (feed.answer != kNone) continue;
    NodeState& state = states_[feed.node];
    state.n_scored = std::max(state.n_scored, feed.start + feed.tokens.size());
    state.ready = state.n_held == tree_[feed.node].tokens.size();
    if (state.n_scored == tree_[feed.node].tokens.size() && state.n_open == 0 && !state.done)
      finish_node(feed.node);
  }
}

}  // namespace assay::detail
