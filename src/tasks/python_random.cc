#include "tasks/python_random.h"

#include <bit>
#include <cmath>
#include <numeric>
#include <unordered_set>

namespace assay::detail {
namespace {

constexpr std::size_t kN = 624;
constexpr std::size_t kM = 397;

void init_genrand(std::array<std::uint32_t, kN>& state, std::uint32_t seed) {
  state[0] = seed;
  for (std::size_t i = 1; i < kN; ++i) {
    state[i] = 1812433253U * (state[i - 1] ^ (state[i - 1] >> 30U)) + static_cast<std::uint32_t>(i);
  }
}

}  // namespace

PythonRandom::PythonRandom(std::uint64_t seed) {
  std::vector<std::uint32_t> key{static_cast<std::uint32_t>(seed)};
  if (seed >> 32U) key.push_back(static_cast<std::uint32_t>(seed >> 32U));
  init_genrand(state_, 19650218U);
  std::size_t i = 1, j = 0;
  const auto wrap = [&] {
    if (++i < kN) return;
    state_[0] = state_[kN - 1];
    i = 1;
  };
  for (std::size_t k = kN; k > 0; --k) {
    state_[i] = (state_[i] ^ ((state_[i - 1] ^ (state_[i - 1] >> 30U)) * 1664525U)) + key[j] +
                static_cast<std::uint32_t>(j);
    wrap();
    j = (j + 1) % key.size();
  }
  for (std::size_t k = kN - 1; k > 0; --k) {
    state_[i] = (state_[i] ^ ((state_[i - 1] ^ (state_[i - 1] >> 30U)) * 1566083941U)) -
                static_cast<std::uint32_t>(i);
    wrap();
  }
  state_[0] = 0x80000000U;
}

std::uint32_t PythonRandom::bits32() {
  if (next_ >= kN) {
    for (std::size_t k = 0; k < kN; ++k) {
      const std::uint32_t y = (state_[k] & 0x80000000U) | (state_[(k + 1) % kN] & 0x7fffffffU);
      state_[k] = state_[(k + kM) % kN] ^ (y >> 1U) ^ ((y & 1U) ? 0x9908b0dfU : 0U);
    }
    next_ = 0;
  }
  std::uint32_t y = state_[next_++];
  y ^= y >> 11U;
  y ^= (y << 7U) & 0x9d2c5680U;
  y ^= (y << 15U) & 0xefc60000U;
  return y ^ (y >> 18U);
}

double PythonRandom::random() {
  const std::uint32_t a = bits32() >> 5U, b = bits32() >> 6U;
  return (a * 67108864.0 + b) * (1.0 / 9007199254740992.0);
}

std::uint64_t PythonRandom::bits(int n_bits) {
  if (n_bits <= 32) return bits32() >> static_cast<unsigned>(32 - n_bits);
  const std::uint64_t low = bits32();
  return low | (static_cast<std::uint64_t>(bits32() >> static_cast<unsigned>(64 - n_bits)) << 32U);
}

std::uint64_t PythonRandom::below(std::uint64_t n) {
  const int n_bits = static_cast<int>(std::bit_width(n));
  std::uint64_t r = bits(n_bits);
  while (r >= n) r = bits(n_bits);
  return r;
}

// Two ways, chosen as random.sample chooses: they draw differently.
std::vector<std::size_t> PythonRandom::sample(std::size_t n, std::size_t k) {
  std::vector<std::size_t> result;
  double set_size = 21;
  if (k > 5)
    set_size += std::pow(4.0, std::ceil(std::log(3.0 * static_cast<double>(k)) / std::log(4.0)));
  if (static_cast<double>(n) <= set_size) {
    std::vector<std::size_t> pool(n);
    std::iota(pool.begin(), pool.end(), std::size_t{0});
    for (std::size_t i = 0; i < k; ++i) {
      const std::size_t j = below(n - i);
      result.push_back(pool[j]);
      pool[j] = pool[n - i - 1];
    }
    return result;
  }
  std::unordered_set<std::size_t> chosen;
  for (std::size_t i = 0; i < k; ++i) {
    std::size_t j = below(n);
    while (!chosen.insert(j).second) j = below(n);
    result.push_back(j);
  }
  return result;
}

std::vector<std::size_t> PythonRandom::shuffle(std::size_t n) {
  std::vector<std::size_t> order(n);
  std::iota(order.begin(), order.end(), std::size_t{0});
  for (std::size_t i = n; i-- > 1;) std::swap(order[i], order[below(i + 1)]);
  return order;
}

}  // namespace assay::detail
