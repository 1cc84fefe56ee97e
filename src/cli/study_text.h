// A study in words: for people in a terminal, and for a model card.
#pragma once

#include <string>

#include "core/study.h"

namespace assay::cli {

// The verdict first, then each variant with the rule that decided about it, then what can be run.
std::string study_text(const Study& study);

// A table as publishers of GGUF files write it, with the method in a line below.
std::string study_markdown(const Study& study);

}  // namespace assay::cli
