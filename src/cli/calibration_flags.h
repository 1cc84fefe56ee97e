// --calibration-text: warns where what calibrated a variant also evaluates it.
#pragma once

#include <string>
#include <vector>

#include "core/run.h"
#include "eval/eval.h"

namespace CLI {
class App;
}

namespace assay::cli {

void add_calibration_flag(CLI::App& app, std::string& path);

// Warnings in words; none when path is empty. Errors: kIo when the file cannot be read.
std::vector<std::string> calibration_warnings(const std::string& path, const Run& run);
std::vector<std::string> calibration_warnings(const std::string& path, const Corpus& corpus);

}  // namespace assay::cli
