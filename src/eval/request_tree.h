// What all requests feed the model, as one tree: shared beginnings once.
#pragma once

#include <cstdint>
#include <span>
#include <unordered_map>
#include <vector>

#include "eval/eval.h"

namespace assay::detail {

using NodeId = std::uint32_t;
constexpr NodeId kRoot = 0;  // no tokens

struct TreeNode {
  std::span<const Token> tokens;
  std::size_t start = 0;  // tokens in front of it
  NodeId parent = kRoot;
  std::vector<NodeId> children;      // in the order of the requests
  std::vector<std::size_t> scores;   // score jobs that want rows in this node
  std::vector<std::size_t> answers;  // generations whose prompt ends with this node
  std::size_t below = 0;             // tokens of the longest path under it
  bool has_answers = false;          // in it or under it
  std::size_t order = 0;             // depth first
  std::size_t end() const { return start + tokens.size(); }
};

// The row after input[first_row() + i] predicts targets[i].
struct ScoreJob {
  std::size_t request = 0;
  std::size_t first_record = 0;  // place of targets[0] in the request's answer
  std::span<const Token> input, targets;
  std::size_t first_row() const { return input.size() - targets.size(); }
};

// A radix tree over token ids. The spans it is given must outlive it.
class RequestTree {
 public:
  RequestTree() : nodes_(1) {}

  void add_score(std::span<const Token> input);  // of the jobs, in their order; not empty
  void add_answer(std::size_t index, std::span<const Token> prompt);
  void finish(std::span<const ScoreJob> jobs);  // once all is added: completes the nodes

  const TreeNode& operator[](NodeId node) const { return nodes_[node]; }
  std::size_t size() const { return nodes_.size(); }
  std::int64_t n_tokens() const;  // distinct

 private:
  NodeId insert(std::span<const Token> input);  // the node that ends with input
  NodeId split(NodeId node, std::size_t place, std::size_t length);

  std::vector<TreeNode> nodes_;
  std::vector<NodeId> leaf_of_score_;
  std::unordered_map<std::uint64_t, std::size_t> places_;  // node, first token -> among children
};

}  // namespace assay::detail
