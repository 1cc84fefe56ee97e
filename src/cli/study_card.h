// What a study's result becomes beside a published model: metadata of the hub, a badge.
#pragma once

#include <string>

#include "core/study.h"

namespace assay::cli {

// The "model-index" of a Hugging Face model card, YAML: an entry per variant that was compared on
// tasks, a result per deciding metric, with the paired difference in its name. The hub's
// specification: hub-docs' modelcard.md.
std::string model_index_yaml(const Study& study);

// A flat SVG: the text and its convention, what a variant costs there, the verdict on its tasks.
// Of the recommended variant, else of the first; "" when nothing was measured.
std::string badge_svg(const Study& study);

}  // namespace assay::cli
