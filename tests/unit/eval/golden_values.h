// Values that lm-eval and a restatement of the GPTQ join gave: tests/golden/eval/make_golden.py.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

namespace assay {

inline const nlohmann::json& eval_golden() {
  static const nlohmann::json values = nlohmann::json::parse(
      std::ifstream(std::string(ASSAY_SOURCE_DIR) + "/tests/golden/eval/golden.json"));
  return values;
}

// CRC-32 as zlib computes it.
inline std::uint32_t crc32(std::string_view text) {
  std::uint32_t crc = 0xffffffffU;
  for (const char c : text) {
    crc ^= static_cast<unsigned char>(c);
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ (0xedb88320U & (0U - (crc & 1U)));
  }
  return ~crc;
}

// nullopt: the test is skipped with kNoWikiText as reason.
inline constexpr const char* kNoWikiText =
    "ASSAY_DATA names no folder with datasets/wikitext2/wiki.test.raw";
inline std::optional<std::string> wikitext_path() {
  const char* data = std::getenv("ASSAY_DATA");
  if (data == nullptr) return std::nullopt;
  const std::string path = std::string(data) + "/datasets/wikitext2/wiki.test.raw";
  return std::filesystem::exists(path) ? std::optional(path) : std::nullopt;
}

}  // namespace assay
