// llama.cpp's base file (--kl-divergence-base): 16-bit log-probabilities of every scored row.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "eval/scorer.h"

namespace assay::detail {

// Writes to a temporary name beside `path`; finish() gives it its name. Only the llama.cpp
// convention has this form: Error{kUsage} otherwise. Errors: kIo.
class KldBaseWriter {
 public:
  KldBaseWriter(const std::string& path, const WindowPlan& plan, int n_vocab);
  ~KldBaseWriter();
  void add(const BaselineBatch& batch, int n_threads);
  void finish();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace assay::detail
