#include <algorithm>
#include <bit>

#include <fmt/format.h>

#include "eval/request_run.h"

namespace assay::detail {
namespace {

// Of all that an answer depends on.
Digest identity_of(const EncodedRequest& request) {
  Hasher hasher;
  const auto add = [&](auto number) { hasher.add_field(static_cast<std::int64_t>(number)); };
  for (const std::vector<Token>* tokens : {&request.tokens, &request.draft}) {
    add(tokens->size());
    for (const Token token : *tokens) add(token);
  }
  add(request.n_truncated);
  add(request.max_length);
  for (const std::string& text : request.until) hasher.add_field(text);
  add(request.max_new_tokens);
  const Sampling& sampling = request.sampling;
  if (sampling.temperature > 0) {
    add(std::bit_cast<std::int64_t>(sampling.temperature));
    add(std::bit_cast<std::int64_t>(sampling.top_p));
    add(sampling.top_k);
    add(sampling.seed);
    add(request.draw);
  }
  return hasher.finish();
}

}  // namespace

RequestJobs::RequestJobs(const ModelInfo& info, std::span<const EncodedRequest> requests)
    : n_records(requests.size()), errors(requests.size()), info_(info) {
  for (std::size_t r = 0; r < requests.size(); ++r) {
    const EncodedRequest& request = requests[r];
    errors[r] = problem(request);
    if (!errors[r].empty()) continue;
    switch (request.kind) {
      case EncodedRequest::Kind::kLoglikelihood: {
        const std::span<const Token> tokens = request.tokens;
        const auto n_context = static_cast<std::size_t>(request.n_context);
        if (n_context < tokens.size())
          add_score(r, tokens.first(tokens.size() - 1), tokens.subspan(n_context));
        break;
      }
      case EncodedRequest::Kind::kRolling:
        add_rolling(r, request);
        break;
      case EncodedRequest::Kind::kGenerate:
        add_answer(r, request);
        break;
    }
  }
}

std::string RequestJobs::problem(const EncodedRequest& request) const {
  for (const Token token : request.tokens) {
    if (token < 0 || token >= info_.n_vocab)
      return fmt::format("There is no token {} in this model", token);
  }
  const auto n_cells = static_cast<std::size_t>(info_.runtime.n_ctx);
  std::size_t n_needed = request.tokens.size();
  switch (request.kind) {
    case EncodedRequest::Kind::kLoglikelihood:
      if (request.n_context < 1 || static_cast<std::size_t>(request.n_context) > n_needed)
        return "A continuation needs at least one token of context";
      n_needed -= 1;
      break;
    case EncodedRequest::Kind::kRolling:
      if (!info_.bos && !info_.eos) return "The model has neither a BOS nor an EOS token";
      if (request.max_length < 1) return "A rolling request needs a window length";
      n_needed = std::min(n_needed, static_cast<std::size_t>(request.max_length));
      break;
    case EncodedRequest::Kind::kGenerate:
      if (n_needed < 1) return "An answer needs at least one token of context";
      break;
  }
  if (n_needed <= n_cells) return {};
  return fmt::format("{} tokens do not fit into the context of {} that the model was opened with",
                     n_needed, n_cells);
}

void RequestJobs::add_score(std::size_t request, std::span<const Token> input,
                            std::span<const Token> targets) {
  scores.push_back(
      {.request = request, .first_record = n_records[request], .input = input, .targets = targets});
  n_records[request] += targets.size();
  n_tokens_asked += static_cast<std::int64_t>(input.size());
}

void RequestJobs::add_rolling(std::size_t request, const EncodedRequest& encoded) {
  const Token prefix = info_.bos ? *info_.bos : *info_.eos;
  for (RollingWindow& window : rolling_windows(encoded.tokens, prefix, encoded.max_length)) {
    windows_.push_back(std::move(window));
    add_score(request, windows_.back().input, windows_.back().predicted);
  }
}

void RequestJobs::add_answer(std::size_t request, const EncodedRequest& encoded) {
  const auto [found, is_new] = answer_of_.try_emplace(identity_of(encoded), answers.size());
  if (is_new) answers.emplace_back();
  answers[found->second].push_back(request);
  n_tokens_asked += static_cast<std::int64_t>(encoded.tokens.size());
}

}  // namespace assay::detail
