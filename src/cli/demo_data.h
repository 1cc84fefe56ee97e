// The demonstration inside the program (data/demo/): models, text, tasks and their study.
#pragma once

#include <string>

#include "study/study.h"

namespace assay::cli {

// Writes the files below cache_dir where they are not whole yet; returns the study's YAML file.
// Error{kIo}.
std::string demo_study_file(const std::string& cache_dir);

// demo-small on its stories: 16 windows of 256, without store and progress.
MeasureOptions demo_measurement(const std::string& cache_dir);

// llama-perplexity v0.5.0 -c 256 --chunks 16 on the same two files.
inline constexpr double kDemoPerplexity = 1.6325;

}  // namespace assay::cli
