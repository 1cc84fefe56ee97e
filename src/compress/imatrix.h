// Importance matrices of llama-imatrix: how much each input of each matrix matters.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace assay {

struct ImportanceMatrix {
  std::vector<std::pair<std::string, std::vector<float>>> entries;  // tensor, mean squared inputs
  std::vector<std::string> datasets;
  std::int64_t n_chunks = 0;  // 0 = not recorded
};

// Reads the GGUF form or the legacy .dat form (told apart by the magic) and averages the sums the
// way llama-quantize does. Errors: kBadInput with the byte offset for what is truncated, hostile,
// not finite or not an importance matrix; kIo.
ImportanceMatrix read_imatrix(const std::string& path);

}  // namespace assay
