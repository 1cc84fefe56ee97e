#include "core/convention.h"

#include "core/error.h"

namespace assay {

std::string to_string(ConventionName name) {
  switch (name) {
    case ConventionName::kLlamaCpp:
      return "llama.cpp";
    case ConventionName::kLmEval:
      return "lm-eval";
    case ConventionName::kGptq:
      return "gptq";
    case ConventionName::kChat:
      return "chat";
  }
  return {};
}

ConventionName convention_from_string(const std::string& name) {
  for (const ConventionName convention : {ConventionName::kLlamaCpp, ConventionName::kLmEval,
                                          ConventionName::kGptq, ConventionName::kChat}) {
    if (to_string(convention) == name) return convention;
  }
  throw Error(ErrorKind::kUsage, "No perplexity convention is called '" + name + "'", {},
              "Use one of: llama.cpp, lm-eval, gptq, chat.");
}

std::string Convention::id() const {
  std::string text = to_string(name) + "; corpus " + corpus + " " +
                     corpus_digest.hex().substr(0, 12) + "; " + join_rule + "; window " +
                     std::to_string(window) + "; scored " + scored + "; BOS " + bos_rule +
                     "; per " + unit;
  if (n_windows_limit > 0) text += "; first " + std::to_string(n_windows_limit) + " windows";
  return text;
}

void require_same_convention(const Convention& a, const Convention& b) {
  std::string differences;
  const auto check = [&](const char* field, const std::string& left, const std::string& right) {
    if (left != right) differences += std::string("\n  ") + field + ": " + left + " / " + right;
  };
  check("convention", to_string(a.name), to_string(b.name));
  check("corpus", a.corpus_digest.hex(), b.corpus_digest.hex());
  check("join rule", a.join_rule, b.join_rule);
  check("window", std::to_string(a.window), std::to_string(b.window));
  check("scored", a.scored, b.scored);
  check("BOS rule", a.bos_rule, b.bos_rule);
  check("unit", a.unit, b.unit);
  check("window limit", std::to_string(a.n_windows_limit), std::to_string(b.n_windows_limit));
  if (!differences.empty()) {
    throw Error(
        ErrorKind::kBadInput,
        "These perplexities follow different conventions and cannot be compared:" + differences, {},
        "Measure both in one convention.");
  }
}

}  // namespace assay
