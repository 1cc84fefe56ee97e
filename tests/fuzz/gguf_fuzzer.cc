// libFuzzer target of the GGUF header reader: any input must parse or throw assay::Error.
#include <cstddef>
#include <cstdint>
#include <sstream>
#include <string>

#include "compress/gguf_parser.h"
#include "core/error.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  std::istringstream in(bytes);
  std::map<std::string, std::vector<std::string>> kept = {{"imatrix.datasets", {}}};
  try {
    const assay::GgufHeader header =
        assay::parse_gguf(in, static_cast<std::int64_t>(size), "input", &kept);
    if (assay::bits_per_weight(header) < 0) __builtin_trap();
    for (const assay::GgufTensor& tensor : header.tensors) {
      if (tensor.offset + static_cast<std::uint64_t>(tensor.size_bytes) > size) __builtin_trap();
    }
    for (const auto& count : assay::tensor_types(header)) {
      if (count.n_tensors < 1 || count.n_weights < 1) __builtin_trap();
    }
  } catch (const assay::Error&) {
  }
  return 0;
}
