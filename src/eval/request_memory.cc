// The KV memory of a Schedule: what each branch holds, and what gives way when it is full.
#include <algorithm>
#include <tuple>
#include <utility>

#include "eval/request_schedule.h"

namespace assay::detail {

void Schedule::cover(NodeId node) {
  for (; node != kRoot; node = tree_[node].parent) ++states_[node].n_covering;
}

// Tokens are in memory while any branch has them.
void Schedule::uncover(NodeId node) {
  for (; node != kRoot; node = tree_[node].parent) {
    NodeState& state = states_[node];
    if (--state.n_covering > 0) continue;
    n_cells_ -= state.n_held;
    state.n_held = 0;
  }
}

void Schedule::release(Branch branch) {
  released_.push_back(branch);
  --n_branches_;
}

std::vector<Branch> Schedule::take_released() { return std::exchange(released_, {}); }

std::vector<Branch> Schedule::live() const {
  std::vector<Branch> branches;
  for (const NodeId node : live_nodes_) branches.push_back(states_[node].branch);
  for (const std::size_t answer : live_answers_) branches.push_back(answers_[answer].branch);
  return branches;
}

void Schedule::evict_node(NodeId node) {
  release(std::exchange(states_[node].branch, 0));
  states_[node].ready = false;
  std::erase(live_nodes_, node);
  uncover(node);
}

void Schedule::evict_answer(std::size_t answer) {
  AnswerState& state = answers_[answer];
  release(std::exchange(state.branch, 0));
  std::erase(live_answers_, answer);
  n_cells_ -= std::exchange(state.n_held, 0);
  uncover(state.node);
}

void Schedule::cut_answer(std::size_t answer, std::size_t n_kept) {
  AnswerState& state = answers_[answer];
  n_cells_ -= state.n_held - n_kept;
  state.n_held = n_kept;
  state.n_fed = std::min(state.n_fed, n_kept);
}

void Schedule::finish_answer(std::size_t answer) {
  AnswerState& state = answers_[answer];
  if (state.branch != 0) evict_answer(answer);
  state.done = true;
  close_item(state.node);
}

void Schedule::finish_node(NodeId node) {
  states_[node].done = true;
  if (states_[node].branch != 0) evict_node(node);
  close_item(tree_[node].parent);
}

// A child or an answer of `node` is done.
void Schedule::close_item(NodeId node) {
  NodeState& state = states_[node];
  --state.n_open;
  if (node != kRoot && state.n_open == 0 && state.n_scored == tree_[node].tokens.size())
    finish_node(node);
}

bool Schedule::is_ancestor(NodeId node, NodeId of) const {
  while (tree_[of].start > tree_[node].start) of = tree_[of].parent;
  return of == node;
}

// Called when nothing can run: the first item in depth-first order takes what it needs from the
// last ones. Its own path alone always fits, so each call brings it closer to its end.
bool Schedule::make_room() {
  const std::optional<Start> start = find_start(kRoot, true);
  std::optional<Place> first;
  NodeId path = kRoot;
  const auto consider = [&](const Place& place, NodeId node) {
    if (!first || place < *first) std::tie(first, path) = std::pair(place, node);
  };
  for (const NodeId node : live_nodes_) {
    if (!states_[node].ready) consider(place_of_node(node), node);
  }
  for (const std::size_t answer : live_answers_)
    consider(place_of_answer(answer), answers_[answer].node);
  const Place place_of_start = !start                   ? Place()
                               : start->answer == kNone ? place_of_node(start->node)
                                                        : place_of_answer(start->answer);
  if (start) consider(place_of_start, start->source);
  if (!first) return false;
  if (evict_last_active(*first) || evict_ready(path, false)) return true;
  if (!start || place_of_start != *first || n_cells_ >= limits_.n_cells) return false;
  if (evict_ready(path, true)) return true;
  if (start->source == kRoot || steal_) return false;
  steal_ = true;
  return true;
}

// The last branch that grows, unless it is the one that room is made for.
bool Schedule::evict_last_active(const Place& first) {
  std::optional<Place> last;
  std::function<void()> evict;
  for (const NodeId node : live_nodes_) {
    if (states_[node].ready || (last && place_of_node(node) < *last)) continue;
    last = place_of_node(node);
    evict = [this, node] { evict_node(node); };
  }
  for (const std::size_t answer : live_answers_) {
    if (last && place_of_answer(answer) < *last) continue;
    last = place_of_answer(answer);
    evict = [this, answer] { evict_answer(answer); };
  }
  if (!last || *last <= first) return false;
  evict();
  return true;
}

// A branch that waits at the end of a node. ancestors: one in front of `path`, the shortest first,
// which frees only its place among the branches; else the last one beside it.
bool Schedule::evict_ready(NodeId path, bool ancestors) {
  NodeId chosen = kRoot;
  for (const NodeId node : live_nodes_) {
    if (!states_[node].ready || node == path || is_ancestor(node, path) != ancestors) continue;
    if (!ancestors || chosen == kRoot) chosen = node;
  }
  if (chosen == kRoot) return false;
  evict_node(chosen);
  return true;
}

}  // namespace assay::detail
