// Which perplexity this is. Two numbers may only be compared when their conventions are the same.
#pragma once

#include <string>

#include "core/hash.h"

namespace assay {

enum class ConventionName {
  kLlamaCpp,  // windows of n_ctx, whole ones only, first token replaced by BOS, second half scored
  kLmEval,    // rolling log-likelihood of documents: word and byte perplexity, bits per byte
  kGptq,      // disjoint windows of the joined text, all but each first token scored
  kChat,      // conversations through the model's chat template, only the assistant's tokens scored
};

struct Convention {
  ConventionName name = ConventionName::kLlamaCpp;
  std::string corpus;       // name for people: "wiki.test.raw"
  Digest corpus_digest;     // of the bytes read
  std::string join_rule;    // how documents became text: "whole file", "one document each", "lines
                            // joined by \n\n"
  int window = 0;           // tokens; lm-eval's max_length
  std::string scored;       // "second half", "all", "all but the first", "assistant tokens"
  std::string bos_rule;     // "replaces the first token", "prefix token 1", "once at the start",
                            // "none", "template"
  std::string unit;         // "token", "word"
  int n_windows_limit = 0;  // --chunks; 0 = all

  // One line that names every field, as printed with each number.
  std::string id() const;
};

std::string to_string(ConventionName name);  // "llama.cpp", "lm-eval", "gptq", "chat"
ConventionName convention_from_string(const std::string& name);  // Error{kUsage} listing the names

// Throws Error{kBadInput} that names every field that differs.
void require_same_convention(const Convention& a, const Convention& b);

}  // namespace assay
