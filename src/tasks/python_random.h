// CPython's random.Random, so that few-shot examples are those that lm-evaluation-harness draws.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

namespace assay::detail {

// MT19937 seeded as random.seed(int) does (CPython 3.11 Modules/_randommodule.c init_by_array).
class PythonRandom {
 public:
  explicit PythonRandom(std::uint64_t seed);

  std::uint32_t bits32();
  double random();                       // [0, 1) with 53 bits
  std::uint64_t below(std::uint64_t n);  // uniform in [0, n), n > 0
  // Positions of random.sample(population of n, k), in its order. k <= n.
  std::vector<std::size_t> sample(std::size_t n, std::size_t k);
  // Positions after random.shuffle of n items: result[i] is the item that is now at i.
  std::vector<std::size_t> shuffle(std::size_t n);

 private:
  std::uint64_t bits(int n_bits);
  std::array<std::uint32_t, 624> state_{};
  std::size_t next_ = 624;
};

}  // namespace assay::detail
