// The model and the text inside the program (data/demo/), and what they must score.
#pragma once

#include <stop_token>
#include <string>
#include <string_view>

#include "study/study.h"

namespace assay::cli {

std::string_view demo_model();  // stories260K, F32 GGUF
std::string_view demo_text();   // an excerpt of TinyStories

// The demo's measurement, without variants, store and progress: a window of 256, the first 40 of
// them. Writes the model into cache_dir, as the engine wants a file.
MeasureOptions demo_measurement(const std::string& cache_dir);

// llama-perplexity v0.5.0 -c 256 --chunks 40 on the same two files.
inline constexpr double kDemoPerplexity = 3.7011;

}  // namespace assay::cli
