#include <numeric>
#include <utility>

#include "stats/arguments.h"
#include "stats/philox.h"
#include "stats/stats.h"

namespace assay {

std::uint32_t Rng::next_word() {
  if (n_used_ == block_.size()) {
    block_ = detail::philox_block(seed_, stream_, counter_++);
    n_used_ = 0;
  }
  return block_[n_used_++];
}

std::uint64_t Rng::next() {
  const std::uint64_t low = next_word();
  return low | std::uint64_t{next_word()} << 32;
}

double Rng::uniform() { return static_cast<double>(next() >> 11) * 0x1p-53; }

std::uint64_t Rng::below(std::uint64_t n) {
  detail::require(n >= 1, "A random number below 0");
  if (n <= UINT32_MAX) {
    // The upper word of word * n, unless the lower lies in the part that would favour some results.
    const std::uint32_t bound = static_cast<std::uint32_t>(n);
    const std::uint32_t unfair = (UINT32_MAX - bound + 1) % bound;
    for (;;) {
      const std::uint64_t product = std::uint64_t{next_word()} * bound;
      if (static_cast<std::uint32_t>(product) >= unfair) return product >> 32;
    }
  }
  const std::uint64_t unfair = (UINT64_MAX - n + 1) % n;
  for (;;) {
    const std::uint64_t bits = next();
    if (bits >= unfair) return bits % n;
  }
}

std::vector<std::int64_t> random_order(std::int64_t n, std::uint64_t seed) {
  std::vector<std::int64_t> order(static_cast<std::size_t>(n));
  std::iota(order.begin(), order.end(), std::int64_t{0});
  Rng random(seed);
  for (std::size_t left = order.size(); left > 1; --left)
    std::swap(order[left - 1], order[static_cast<std::size_t>(random.below(left))]);
  return order;
}

}  // namespace assay
