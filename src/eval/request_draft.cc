#include "eval/request_draft.h"

#include <algorithm>

namespace assay::detail {
namespace {

constexpr std::size_t kAnchor = 3;  // tokens in common that count as the same place again
constexpr std::size_t kShortest = 4, kLongest = 256;

}  // namespace

void Draft::follow(std::span<const Token> answer) {
  if (aligned_) {
    if (next_ < tokens_.size() && tokens_[next_] == answer.back()) {
      ++next_;
      return;
    }
    aligned_ = false;
  }
  if (answer.size() < kAnchor || next_ >= tokens_.size()) return;
  const std::span<const Token> anchor = answer.last(kAnchor);
  // From the token that differed on: what lies before it has been passed.
  const auto found = std::search(tokens_.begin() + static_cast<std::ptrdiff_t>(next_),
                                 tokens_.end(), anchor.begin(), anchor.end());
  if (found == tokens_.end()) return;
  next_ = static_cast<std::size_t>(found - tokens_.begin()) + kAnchor;
  aligned_ = true;
}

std::span<const Token> Draft::proposal() const {
  if (!aligned_ || next_ >= tokens_.size()) return {};
  return tokens_.subspan(next_, std::min(length_, tokens_.size() - next_));
}

void Draft::learn(std::size_t n_checked, std::size_t n_right) {
  if (n_checked == 0) return;
  length_ = n_right == n_checked ? std::min(2 * length_, kLongest)
                                 : std::clamp(2 * n_right, kShortest, length_);
}

}  // namespace assay::detail
