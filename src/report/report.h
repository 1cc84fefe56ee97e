// A study to one HTML file that opens offline. No file, no model: texts in, texts out.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/run.h"
#include "core/study.h"

namespace assay {

// The page of web/ inside the program; empty when it was built without npm.
std::string_view report_template();

// The page with the study's JSON in it. Whatever texts the study holds, they stay data: no
// character of them can end the element that they stand in. Error{kUsage} when the template is
// empty, kEngine when it has no place for the data.
std::string report_page(std::string_view page_template, std::string_view study_json);

// The items of each task that all runs have, compressed piece by piece: prompts, answers,
// likelihoods, what was right. By each task's first metric and filter. runs: the baseline first.
std::vector<PackedItems> pack_items(std::span<const Run> runs);

}  // namespace assay
