// Proposes what an answer may go on with: the baseline's tokens for the same request.
#pragma once

#include <span>

#include "core/model_info.h"

namespace assay::detail {

class Draft {
 public:
  explicit Draft(std::span<const Token> tokens) : tokens_(tokens) {}

  // `answer` has grown by its last token. Where it leaves the draft it is looked for again: by its
  // last tokens, in what is left of the draft.
  void follow(std::span<const Token> answer);
  std::span<const Token> proposal() const;
  // Of the last proposal, n_checked were checked and the first n_right of them were right.
  void learn(std::size_t n_checked, std::size_t n_right);

 private:
  std::span<const Token> tokens_;
  std::size_t next_ = 0;  // what the answer goes on with, if aligned
  bool aligned_ = true;
  std::size_t length_ = 32;  // of a proposal: wrong tokens cost time, so it adapts
};

}  // namespace assay::detail
