#include "cli/calibration_flags.h"

#include <CLI/CLI.hpp>

#include "cli/load_runs.h"
#include "compare/compare.h"

namespace assay::cli {
namespace {

std::vector<std::string> in_words(const std::vector<TextOverlap>& overlaps,
                                  const std::string& path) {
  std::vector<std::string> warnings;
  for (const TextOverlap& overlap : overlaps) warnings.push_back(describe(overlap, path));
  return warnings;
}

}  // namespace

void add_calibration_flag(CLI::App& app, std::string& path) {
  app.add_option("--calibration-text", path,
                 "Text that the variants were calibrated on (by an imatrix, GPTQ ...): warns where "
                 "the evaluation repeats it");
}

std::vector<std::string> calibration_warnings(const std::string& path, const Run& run) {
  if (path.empty()) return {};
  return in_words(calibration_overlap(read_input(path), run), path);
}

std::vector<std::string> calibration_warnings(const std::string& path, const Corpus& corpus) {
  if (path.empty()) return {};
  std::vector<std::string_view> documents;
  for (const Document& document : corpus.documents) documents.emplace_back(document.text);
  return in_words(calibration_overlap(read_input(path), corpus.name, documents), path);
}

}  // namespace assay::cli
