// The arrays of one batch as llama.cpp takes them, without its header.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/model_info.h"

namespace assay::detail {

struct TokenBatch {
  std::vector<Token> token;
  std::vector<std::int32_t> pos, n_seq_id, seq_id;
  std::vector<std::int32_t*> seq_id_pointer;  // set when all is appended
  std::vector<std::int8_t> output;            // 1: its logits are wanted

  // tokens continue a sequence that holds first_pos of them.
  void append(std::span<const Token> tokens, std::int32_t sequence, std::int32_t first_pos,
              std::span<const int> wanted) {
    const std::size_t start = token.size();
    for (std::size_t i = 0; i < tokens.size(); ++i) {
      token.push_back(tokens[i]);
      pos.push_back(first_pos + static_cast<std::int32_t>(i));
      n_seq_id.push_back(1);
      seq_id.push_back(sequence);
      output.push_back(0);
    }
    for (const int index : wanted) output.at(start + static_cast<std::size_t>(index)) = 1;
  }
};

}  // namespace assay::detail
