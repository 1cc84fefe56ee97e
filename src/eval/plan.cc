#include "eval/plan.h"

#include <algorithm>

#include <fmt/format.h>

#include "core/error.h"
#include "core/unicode_text.h"

namespace assay {
namespace detail {
namespace {

Convention convention_of(const Corpus& corpus, const PlanOptions& options) {
  return {.name = options.convention,
          .corpus = corpus.name,
          .corpus_digest = corpus.digest,
          .unit = "token",
          .n_windows_limit = options.n_windows};
}

JoinedText joined_documents(const Corpus& corpus) {
  if (corpus.format != CorpusFormat::kJsonl) return {corpus.text, "whole file"};
  JoinedText joined{.join_rule = "documents joined by a blank line"};
  for (std::size_t i = 0; i < corpus.documents.size(); ++i) {
    if (i > 0) joined.text += "\n\n";
    joined.text += corpus.documents[i].text;
  }
  return joined;
}

// The rows of Hugging Face's wikitext-2-raw-v1 joined by two newlines, as the GPTQ paper's code
// does: a row is a line with its newline, a blank one is empty.
JoinedText joined_rows(const Corpus& corpus) {
  if (corpus.format != CorpusFormat::kWikiText) return joined_documents(corpus);
  JoinedText joined{.join_rule = "lines joined by two newlines"};
  std::string_view rest = corpus.text;
  bool first = true;
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find('\n'), rest.size() - 1) + 1;
    const std::string_view row = rest.substr(0, end);
    rest.remove_prefix(end);
    if (!first) joined.text += "\n\n";
    first = false;
    if (!strip(row).empty()) joined.text += row;
  }
  return joined;
}

[[noreturn]] void too_short(const Corpus& corpus, std::size_t n_tokens, std::size_t n_needed) {
  throw Error(
      ErrorKind::kBadInput,
      fmt::format("The text has {} tokens, this convention needs at least {}", n_tokens, n_needed),
      corpus.name, "Use a longer text or a smaller --ctx.");
}

void require_window(int n_ctx, int smallest) {
  if (n_ctx < smallest) {
    throw Error(ErrorKind::kUsage, fmt::format("A window of {} tokens scores nothing", n_ctx), {},
                fmt::format("Use --ctx {} or more.", smallest));
  }
}

void refuse_chat(const Corpus& corpus) {
  if (corpus.format == CorpusFormat::kChat) {
    throw Error(ErrorKind::kUsage, "This file holds conversations", corpus.name,
                "Use --convention chat.");
  }
}

void note_tail(WindowPlan& plan, std::size_t n_tokens, std::size_t n_used, std::size_t n_windows) {
  if (n_tokens > n_used && n_windows == plan.windows.size()) {
    plan.notes.push_back(fmt::format(
        "the last {} tokens of the text make no whole window and are not used", n_tokens - n_used));
  }
}

std::size_t limited(std::size_t n, int limit) {
  return limit > 0 ? std::min(n, static_cast<std::size_t>(limit)) : n;
}

}  // namespace

WindowPlan plan_llama_cpp(const Corpus& corpus, const Model& vocabulary,
                          const PlanOptions& options) {
  refuse_chat(corpus);
  const ModelInfo& info = vocabulary.info();
  const int n_ctx = options.n_ctx > 0 ? options.n_ctx : 512;
  require_window(n_ctx, 3);
  JoinedText joined = joined_documents(corpus);
  if (joined.text.ends_with('\n')) joined.text.pop_back();  // llama.cpp's --file does so, once
  const std::vector<Token> tokens = vocabulary.tokenize(joined.text, {.add_special = true});
  const auto size = static_cast<std::size_t>(n_ctx);
  if (tokens.size() < 2 * size) too_short(corpus, tokens.size(), 2 * size);
  WindowPlan plan{.convention = convention_of(corpus, options), .longest_window = n_ctx};
  plan.convention.join_rule = joined.join_rule;
  plan.convention.window = n_ctx;
  plan.convention.scored = "second half";
  const bool replace = info.adds_bos && info.bos.has_value();
  plan.convention.bos_rule = replace ? "replaces the first token" : "none";
  plan.documents.push_back({.name = corpus.name});
  const std::size_t n_windows = tokens.size() / size;
  for (std::size_t w = 0; w < limited(n_windows, options.n_windows); ++w) {
    const std::span<const Token> part = std::span(tokens).subspan(w * size, size);
    Window window{.tokens = {part.begin(), part.end()},
                  .first_row = n_ctx / 2,
                  .targets = {part.begin() + n_ctx / 2 + 1, part.end()},
                  .position_offset = static_cast<int>(w * size) + n_ctx / 2 + 1};
    if (replace) window.tokens[0] = *info.bos;
    plan.windows.push_back(std::move(window));
  }
  note_tail(plan, tokens.size(), n_windows * size, n_windows);
  return plan;
}

WindowPlan plan_gptq(const Corpus& corpus, const Model& vocabulary, const PlanOptions& options) {
  refuse_chat(corpus);
  const int n_ctx = options.n_ctx > 0 ? options.n_ctx : 2048;
  require_window(n_ctx, 2);
  const JoinedText joined = joined_rows(corpus);
  const std::vector<Token> tokens = vocabulary.tokenize(joined.text, {.add_special = true});
  const auto size = static_cast<std::size_t>(n_ctx);
  if (tokens.size() < size) too_short(corpus, tokens.size(), size);
  WindowPlan plan{.convention = convention_of(corpus, options), .longest_window = n_ctx};
  plan.convention.join_rule = joined.join_rule;
  plan.convention.window = n_ctx;
  plan.convention.scored = "all but the first";
  plan.convention.bos_rule = vocabulary.info().adds_bos ? "once at the start of the text" : "none";
  plan.documents.push_back({.name = corpus.name});
  const std::size_t n_windows = tokens.size() / size;
  for (std::size_t w = 0; w < limited(n_windows, options.n_windows); ++w) {
    const std::span<const Token> part = std::span(tokens).subspan(w * size, size);
    plan.windows.push_back({.tokens = {part.begin(), part.end()},
                            .first_row = 0,
                            .targets = {part.begin() + 1, part.end()},
                            .position_offset = static_cast<int>(w * size) + 1});
  }
  note_tail(plan, tokens.size(), n_windows * size, n_windows);
  return plan;
}

WindowPlan plan_lm_eval(const Corpus& corpus, const Model& vocabulary, const PlanOptions& options) {
  refuse_chat(corpus);
  const ModelInfo& info = vocabulary.info();
  const int max_length = options.n_ctx > 0 ? options.n_ctx : info.n_ctx_train;
  const std::optional<Token> prefix = info.bos ? info.bos : info.eos;
  if (!prefix)
    throw Error(ErrorKind::kBadInput, "The model has neither a BOS nor an EOS token to start from",
                info.path, "Use --convention llama.cpp or gptq.");
  if (max_length < 1)
    throw Error(ErrorKind::kUsage, "The model does not state its context", {},
                "Give one with --ctx.");
  WindowPlan plan{.convention = convention_of(corpus, options)};
  const bool wikitext = corpus.format == CorpusFormat::kWikiText;
  plan.convention.join_rule = wikitext ? "one article each, detokenised" : "one document each";
  plan.convention.window = max_length;
  plan.convention.scored = "all";
  plan.convention.bos_rule =
      fmt::format("prefix token {}{}", *prefix, info.adds_bos ? ", and the tokenizer's own" : "");
  plan.convention.unit = "word, byte, token";
  const std::size_t n_documents = limited(corpus.documents.size(), options.n_windows);
  for (std::size_t d = 0; d < n_documents; ++d) {
    const Document& document = corpus.documents[d];
    plan.documents.push_back({.name = document.name,
                              .n_words = count_words(document.text),
                              .n_bytes = static_cast<std::int64_t>(document.text.size())});
    const std::string scored_text = wikitext ? wikitext_detokenize(document.text) : document.text;
    const std::vector<Token> tokens = vocabulary.tokenize(scored_text, {.add_special = true});
    int position = 0;
    for (RollingWindow& rolling : rolling_windows(tokens, *prefix, max_length)) {
      Window window{.first_row = static_cast<int>(rolling.input.size() - rolling.predicted.size()),
                    .document = static_cast<int>(d),
                    .position_offset = position};
      position += static_cast<int>(rolling.predicted.size());
      window.tokens = std::move(rolling.input);
      window.targets = std::move(rolling.predicted);
      plan.longest_window = std::max(plan.longest_window, static_cast<int>(window.tokens.size()));
      plan.windows.push_back(std::move(window));
    }
  }
  if (plan.windows.empty()) too_short(corpus, 0, 1);
  return plan;
}

}  // namespace detail

std::vector<RollingWindow> rolling_windows(std::span<const Token> tokens, Token prefix,
                                           int max_length) {
  std::vector<RollingWindow> windows;
  const auto length = static_cast<std::size_t>(max_length);
  const std::size_t n_first = std::min(length, tokens.size());
  if (n_first == 0) return windows;
  RollingWindow first{
      .input = {prefix},
      .predicted = {tokens.begin(), tokens.begin() + static_cast<std::ptrdiff_t>(n_first)}};
  first.input.insert(first.input.end(), tokens.begin(),
                     tokens.begin() + static_cast<std::ptrdiff_t>(n_first) - 1);
  windows.push_back(std::move(first));
  for (std::size_t done = n_first; done < tokens.size();) {
    const std::size_t n = std::min(tokens.size() - done, length);
    const std::size_t end = done + n;
    const auto input = tokens.subspan(end - length - 1, length);
    const auto predicted = tokens.subspan(done, n);
    windows.push_back(
        {.input = {input.begin(), input.end()}, .predicted = {predicted.begin(), predicted.end()}});
    done = end;
  }
  return windows;
}

WindowPlan plan_windows(const Corpus& corpus, const Model& vocabulary, const PlanOptions& options) {
  if (options.n_ctx < 0)
    throw Error(ErrorKind::kUsage, fmt::format("--ctx {} is negative", options.n_ctx), {},
                "Use 0 for the convention's own window.");
  if (options.n_windows < 0)
    throw Error(ErrorKind::kUsage, fmt::format("--chunks {} is negative", options.n_windows), {},
                "Use 0 for all.");
  switch (options.convention) {
    case ConventionName::kLlamaCpp:
      return detail::plan_llama_cpp(corpus, vocabulary, options);
    case ConventionName::kLmEval:
      return detail::plan_lm_eval(corpus, vocabulary, options);
    case ConventionName::kGptq:
      return detail::plan_gptq(corpus, vocabulary, options);
    case ConventionName::kChat:
      return detail::plan_chat(corpus, vocabulary, options);
  }
  throw Error(ErrorKind::kUsage, "Unknown convention");
}

}  // namespace assay
