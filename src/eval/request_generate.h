// One generated answer: its tokens as they come, when it ends, what its text is.
#pragma once

#include <string>
#include <vector>

#include "eval/request_draft.h"
#include "eval/request_score.h"

namespace assay::detail {

class Generation {
 public:
  // n_cells: the tokens the KV memory holds. `request` and `vocabulary` must outlive it.
  Generation(const EncodedRequest& request, const Model& vocabulary, std::size_t n_cells,
             double near_tie_nats);

  bool is_done() const { return done_; }
  std::size_t size() const { return n_tokens_; }
  // Its tokens, then the draft's that are to be verified.
  std::span<const Token> line() const { return line_; }
  // Tokens it may still take.
  std::size_t n_left() const;

  // The model's choices after line()[size() - 1], line()[size()], ... of which only those count
  // whose rows followed right tokens. Returns how many tokens of the line as it was still stand.
  // No token yet: one choice, after the prompt.
  std::size_t receive(std::span<const Choice> choices);
  void drop_draft();  // goes on without

  GenerateResult result() const;

 private:
  void accept(const Choice& choice);
  void propose();
  bool has_stop_string() const;
  std::string text() const;

  const EncodedRequest& request_;
  const Model& vocabulary_;
  std::size_t n_most_;  // tokens
  double near_tie_nats_;
  std::vector<Token> line_;
  std::size_t n_tokens_ = 0;
  Draft draft_;
  bool done_ = false;
  GenerateResult result_;
};

// `text` up to the first of the stop strings.
std::string cut_at_stops(std::string text, std::span<const std::string> stops);
// Bytes that are no UTF-8 become U+FFFD, as in bytes.decode(errors="replace").
std::string valid_utf8(std::string_view text);

}  // namespace assay::detail
