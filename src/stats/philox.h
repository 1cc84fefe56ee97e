// Philox4x32-10, the counter-based generator of Salmon, Moraes, Dror and Shaw, "Parallel random
// numbers: as easy as 1, 2, 3" (SC 2011). In a header so that resampling loops can inline it.
#pragma once

#include <array>
#include <cstdint>

namespace assay::detail {

using PhiloxCounter = std::array<std::uint32_t, 4>;
using PhiloxKey = std::array<std::uint32_t, 2>;

inline PhiloxCounter philox4x32_10(PhiloxCounter counter, PhiloxKey key) {
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t a = std::uint64_t{0xD2511F53} * counter[0];
    const std::uint64_t b = std::uint64_t{0xCD9E8D57} * counter[2];
    counter = {
        static_cast<std::uint32_t>(b >> 32) ^ counter[1] ^ key[0], static_cast<std::uint32_t>(b),
        static_cast<std::uint32_t>(a >> 32) ^ counter[3] ^ key[1], static_cast<std::uint32_t>(a)};
    key[0] += 0x9E3779B9;
    key[1] += 0xBB67AE85;
  }
  return counter;
}

// The block number `position` of a stream, as Rng counts them.
inline PhiloxCounter philox_block(std::uint64_t seed, std::uint64_t stream,
                                  std::uint64_t position) {
  return philox4x32_10(
      {static_cast<std::uint32_t>(position), static_cast<std::uint32_t>(position >> 32),
       static_cast<std::uint32_t>(stream), static_cast<std::uint32_t>(stream >> 32)},
      {static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32)});
}

// Fair draws below one bound, inlined: the loops of resampling spend their time here. A bound of at
// most 2^14 takes half a word for a draw, of which at most a quarter are refused for fairness.
class FairDraws {
 public:
  FairDraws(std::uint64_t seed, std::uint64_t stream, std::uint32_t bound)  // bound >= 1
      : seed_(seed),
        stream_(stream),
        bound_(bound),
        bits_(bound <= (1u << 14) ? 16 : 32),
        mask_(UINT32_MAX >> (32 - bits_)),
        unfair_((mask_ - bound + 1) % bound) {}

  std::uint32_t next() {
    for (;;) {
      if (n_bits_used_ == 128) {
        block_ = philox_block(seed_, stream_, position_++);
        n_bits_used_ = 0;
      }
      const std::uint32_t part = block_[n_bits_used_ / 32] >> (n_bits_used_ % 32) & mask_;
      n_bits_used_ += bits_;
      const std::uint64_t product = std::uint64_t{part} * bound_;
      if ((static_cast<std::uint32_t>(product) & mask_) >= unfair_) {
        return static_cast<std::uint32_t>(product >> bits_);
      }
    }
  }

 private:
  std::uint64_t seed_, stream_, position_ = 0;
  std::uint32_t bound_, bits_, mask_, unfair_;
  PhiloxCounter block_{};
  unsigned n_bits_used_ = 128;
};

}  // namespace assay::detail
