// Answers of lm-eval itself (tests/golden/lm_eval_vectors.py), and data that only some machines
// hold.
#pragma once

#include <cstdlib>
#include <fstream>
#include <optional>
#include <string>

#include <nlohmann/json.hpp>

namespace assay {

inline const nlohmann::json& golden_vectors() {
  static const nlohmann::json vectors = nlohmann::json::parse(
      std::ifstream(std::string(ASSAY_SOURCE_DIR) + "/tests/golden/lm_eval_vectors.json"));
  return vectors;
}

// A file below the folder that ASSAY_DATA names; nullopt when it is not there.
inline std::optional<std::string> data_file(const std::string& name) {
  const char* folder = std::getenv("ASSAY_DATA");
  if (folder == nullptr) return std::nullopt;
  std::string path = std::string(folder) + "/" + name;
  return std::ifstream(path) ? std::optional(path) : std::nullopt;
}

inline std::optional<std::string> wiki_test_raw() {
  return data_file("datasets/wikitext2/wiki.test.raw");
}

}  // namespace assay
