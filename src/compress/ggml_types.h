// The types of ggml's tensors and llama.cpp's files, as tables of our own, so that reading a header
// needs no engine. Tests hold them against ggml's functions.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace assay {

struct GgmlType {
  std::uint32_t id;
  std::string_view name;  // upper case
  int block_weights;      // weights in one block
  int block_bytes;        // bytes of one block
  bool can_quantise;      // llama.cpp can convert weights to it

  double bits() const { return 8.0 * block_bytes / block_weights; }
};

std::span<const GgmlType> all_ggml_types();
const GgmlType* find_ggml_type(std::uint32_t id);       // nullptr when unknown or removed
const GgmlType* find_ggml_type(std::string_view name);  // any case; nullptr when unknown

enum class NeedsImatrix { kNo, kSomeTensors, kYes };

struct FileType {
  std::uint32_t id;               // general.file_type
  std::string_view name;          // "Q4_K_M"
  std::string_view default_type;  // of tensors that no rule treats apart: "Q4_K"
  NeedsImatrix imatrix;
};

std::span<const FileType> file_types();
const FileType* file_type(std::uint64_t id);
// Any case, also llama.cpp's aliases ("Q4_K" is Q4_K_M); nullptr when unknown.
const FileType* file_type_named(std::string_view name);

}  // namespace assay
