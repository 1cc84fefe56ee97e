#include "eval/request_generate.h"

#include <algorithm>

#include "core/unicode_text.h"

namespace assay::detail {
namespace {

bool ends_text(const ModelInfo& info, Token token) {
  return std::binary_search(info.ends.begin(), info.ends.end(), token) || info.eos == token;
}

std::size_t most_tokens(const EncodedRequest& request, std::size_t n_cells) {
  const std::size_t context = request.max_length > 0
                                  ? std::min(n_cells, static_cast<std::size_t>(request.max_length))
                                  : n_cells;
  const std::size_t room = context - std::min(context, request.tokens.size());
  return std::min(room, static_cast<std::size_t>(std::max(request.max_new_tokens, 0)));
}

// Bytes at `at` that are one error: the beginning of a character as far as it could be one (the
// Unicode standard's maximal subpart, section 3.9), or a single byte.
std::size_t error_length(std::string_view text, std::size_t at) {
  const auto may_go_on = [](const std::string& part) {
    return !find_invalid_utf8(part + "\x80") || !find_invalid_utf8(part + "\x80\x80");
  };
  std::size_t length = 1;
  while (length < 3 && at + length < text.size() &&
         may_go_on(std::string(text.substr(at, length + 1))))
    ++length;
  return length;
}

}  // namespace

std::string cut_at_stops(std::string text, std::span<const std::string> stops) {
  for (const std::string& stop : stops) {
    if (!stop.empty()) text.resize(std::min(text.size(), text.find(stop)));
  }
  return text;
}

std::string valid_utf8(std::string_view text) {
  std::string valid;
  while (const auto invalid = find_invalid_utf8(text)) {
    valid += text.substr(0, *invalid);
    valid += "\xEF\xBF\xBD";
    text.remove_prefix(*invalid + error_length(text, *invalid));
  }
  return valid + std::string(text);
}

Generation::Generation(const EncodedRequest& request, const Model& vocabulary, std::size_t n_cells,
                       double near_tie_nats)
    : request_(request),
      vocabulary_(vocabulary),
      n_most_(most_tokens(request, n_cells)),
      near_tie_nats_(near_tie_nats),
      draft_(request.sampling.temperature > 0 ? std::span<const Token>() : request.draft) {
  result_.n_context_tokens = static_cast<std::int32_t>(request.tokens.size());
  result_.n_truncated_tokens = request.n_truncated;
  done_ = n_most_ == 0;
}

std::size_t Generation::n_left() const { return n_most_ - n_tokens_; }

void Generation::drop_draft() {
  draft_ = Draft(std::span<const Token>());
  line_.resize(n_tokens_);
}

std::size_t Generation::receive(std::span<const Choice> choices) {
  const std::size_t n_before = n_tokens_;
  const std::vector<Token> proposed(line_.begin() + static_cast<std::ptrdiff_t>(n_before),
                                    line_.end());
  const std::size_t n_checked = std::min(choices.size() - 1, proposed.size());
  std::size_t n_right = 0;
  line_.resize(n_before);
  for (std::size_t i = 0; i < choices.size() && !done_; ++i) {
    accept(choices[i]);
    if (i >= n_checked || proposed[i] != choices[i].token) break;
    ++n_right;
  }
  result_.n_drafted += static_cast<std::int32_t>(n_checked);
  result_.n_accepted += static_cast<std::int32_t>(n_right);
  draft_.learn(n_checked, n_right);
  if (!done_) propose();
  return n_before + n_right;
}

void Generation::accept(const Choice& choice) {
  if (request_.sampling.temperature <= 0 && static_cast<double>(choice.margin) < near_tie_nats_)
    ++result_.n_near_ties;
  if (ends_text(vocabulary_.info(), choice.token)) {
    result_.stop = StopReason::kEndOfSequence;
    done_ = true;
    return;
  }
  line_.push_back(choice.token);
  ++n_tokens_;
  draft_.follow(line_);
  if (has_stop_string()) {
    result_.stop = StopReason::kStopString;
    done_ = true;
  } else if (n_tokens_ == n_most_) {
    result_.stop = StopReason::kLength;
    done_ = true;
  }
}

// Never more than it may take: the last token needs no row after it.
void Generation::propose() {
  const std::span<const Token> proposal = draft_.proposal();
  const std::size_t n = std::min(proposal.size(), n_left() - 1);
  line_.insert(line_.end(), proposal.begin(), proposal.begin() + static_cast<std::ptrdiff_t>(n));
}

// A stop string may begin and end inside tokens: it is looked for in the text.
bool Generation::has_stop_string() const {
  if (request_.until.empty()) return false;
  const std::string text = vocabulary_.detokenize(line_);
  return std::any_of(request_.until.begin(), request_.until.end(), [&](const std::string& stop) {
    return !stop.empty() && text.find(stop) != std::string::npos;
  });
}

std::string Generation::text() const {
  const std::vector<Token>& control = vocabulary_.info().control;
  std::vector<Token> tokens;
  std::copy_if(line_.begin(), line_.begin() + static_cast<std::ptrdiff_t>(n_tokens_),
               std::back_inserter(tokens), [&](Token token) {
                 return !std::binary_search(control.begin(), control.end(), token);
               });
  return valid_utf8(cut_at_stops(vocabulary_.detokenize(tokens), request_.until));
}

GenerateResult Generation::result() const {
  GenerateResult result = result_;
  result.tokens.assign(line_.begin(), line_.begin() + static_cast<std::ptrdiff_t>(n_tokens_));
  result.text = text();
  return result;
}

}  // namespace assay::detail
