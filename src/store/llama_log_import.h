// Inside imports only: what llama-perplexity prints.
#pragma once

#include <string>

#include "store/import.h"

namespace assay::detail {

bool is_llama_perplexity_log(const std::string& text);
// A run of one task without samples: its metrics are the printed numbers. Error{kBadInput} when the
// output ends before any is there.
ImportedRun read_llama_perplexity_log(const std::string& text, const std::string& path);

}  // namespace assay::detail
