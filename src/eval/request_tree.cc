#include "eval/request_tree.h"

#include <algorithm>

namespace assay::detail {
namespace {

std::uint64_t edge(NodeId node, Token first) {
  return static_cast<std::uint64_t>(node) << 32 | static_cast<std::uint32_t>(first);
}

}  // namespace

NodeId RequestTree::insert(std::span<const Token> input) {
  NodeId node = kRoot;
  while (!input.empty()) {
    const auto [found, is_new] =
        places_.try_emplace(edge(node, input[0]), nodes_[node].children.size());
    if (is_new) {
      const auto added = static_cast<NodeId>(nodes_.size());
      nodes_[node].children.push_back(added);
      nodes_.push_back({.tokens = input, .parent = node});
      return added;
    }
    NodeId child = nodes_[node].children[found->second];
    const std::span<const Token> tokens = nodes_[child].tokens;
    const auto n_common = static_cast<std::size_t>(
        std::mismatch(tokens.begin(), tokens.end(), input.begin(), input.end()).first -
        tokens.begin());
    if (n_common < tokens.size()) child = split(child, found->second, n_common);
    input = input.subspan(n_common);
    node = child;
  }
  return node;
}

// The new node takes the first `length` tokens; `node` keeps its id, its end and what hangs on it.
NodeId RequestTree::split(NodeId node, std::size_t place, std::size_t length) {
  const auto upper = static_cast<NodeId>(nodes_.size());
  const NodeId parent = nodes_[node].parent;
  const std::span<const Token> tokens = nodes_[node].tokens;
  nodes_.push_back({.tokens = tokens.first(length), .parent = parent, .children = {node}});
  nodes_[parent].children[place] = upper;
  nodes_[node].tokens = tokens.subspan(length);
  nodes_[node].parent = upper;
  places_.emplace(edge(upper, tokens[length]), 0);
  return upper;
}

void RequestTree::add_score(std::span<const Token> input) {
  leaf_of_score_.push_back(insert(input));
}

void RequestTree::add_answer(std::size_t index, std::span<const Token> prompt) {
  const NodeId node = insert(prompt);
  nodes_[node].answers.push_back(index);
}

void RequestTree::finish(std::span<const ScoreJob> jobs) {
  std::vector<NodeId> preorder;
  std::vector<NodeId> stack{kRoot};
  while (!stack.empty()) {
    const NodeId node = stack.back();
    stack.pop_back();
    nodes_[node].order = preorder.size();
    if (node != kRoot) nodes_[node].start = nodes_[nodes_[node].parent].end();
    preorder.push_back(node);
    const std::vector<NodeId>& children = nodes_[node].children;
    stack.insert(stack.end(), children.rbegin(), children.rend());
  }
  for (auto node = preorder.rbegin(); node != preorder.rend(); ++node) {
    if (*node == kRoot) continue;
    nodes_[*node].has_answers = nodes_[*node].has_answers || !nodes_[*node].answers.empty();
    TreeNode& parent = nodes_[nodes_[*node].parent];
    parent.below = std::max(parent.below, nodes_[*node].below + nodes_[*node].tokens.size());
    parent.has_answers = parent.has_answers || nodes_[*node].has_answers;
  }
  for (std::size_t j = 0; j < jobs.size(); ++j) {
    NodeId node = leaf_of_score_[j];
    for (; node != kRoot && nodes_[node].end() > jobs[j].first_row(); node = nodes_[node].parent)
      nodes_[node].scores.push_back(j);
  }
}

std::int64_t RequestTree::n_tokens() const {
  std::int64_t n = 0;
  for (const TreeNode& node : nodes_) n += static_cast<std::int64_t>(node.tokens.size());
  return n;
}

}  // namespace assay::detail
