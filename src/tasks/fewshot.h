// Which examples stand before a question: lm-eval 0.4.13's samplers (lm_eval/api/samplers.py).
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "tasks/python_random.h"
#include "tasks/rows.h"

namespace assay::detail {

// Python's == on two documents: the order of keys does not matter.
bool same_document(const Json& a, const Json& b);

// Examples of one question after another, in the order of the questions: the generator's state
// depends on all before.
class FewshotSampler {
 public:
  enum class Kind { kRandom, kFirstN };
  // The pool outlives the sampler.
  FewshotSampler(Kind kind, const std::vector<Row>& pool, std::uint64_t seed);

  // Most rows that one draw of n may take: n, or n + 1 so that the question itself can be left out.
  static std::size_t needed(std::size_t n, bool leaves_out) { return leaves_out ? n + 1 : n; }
  // Positions in the pool. question: left out when it is in the pool; nullptr: the pool has no
  // questions. Errors: RowProblem when the pool is too small.
  std::vector<std::size_t> draw(std::size_t n, const Row* question);

 private:
  std::vector<std::size_t> others(const Row& question, std::size_t most) const;
  Kind kind_;
  const std::vector<Row>& pool_;
  PythonRandom random_;
};

}  // namespace assay::detail
