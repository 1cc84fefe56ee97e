#include "eval/row_math.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <vector>

// The loops below are plain C++ over fixed lanes, which compilers turn into vector code. On x86
// they are compiled for AVX-512, AVX2 and the baseline, and the best one the processor has is taken
// at run time.
#if defined(__x86_64__) && (defined(__GNUC__) || defined(__clang__))
#define ASSAY_MULTIVERSION 1
#else
#define ASSAY_MULTIVERSION 0
#endif
#define ASSAY_INLINE inline __attribute__((always_inline))

namespace assay::detail {
namespace {

constexpr std::size_t kLanes = 16;
constexpr std::size_t kBlock = 1024;  // elements whose sum is kept in single precision

using Lanes = std::array<float, kLanes>;

// exp(x) for x <= 0, relative error below 2e-7: x = n ln2 + r, a polynomial in r (Cephes' expf),
// 2^n by exponent bits. Below -87 it stays at exp(-87), about 1.6e-38.
ASSAY_INLINE float exp_negative(float x) {
  constexpr float kMagic = 12582912.0F;  // 1.5 * 2^23: adding it rounds to an integer
  x = x < -87.0F ? -87.0F : x;
  const float shifted = x * 1.44269504088896341F + kMagic;
  const float n = shifted - kMagic;
  const float r = (x - n * 0.693359375F) + n * 2.12194440e-4F;
  float p = 1.9875691500e-4F;
  p = p * r + 1.3981999507e-3F;
  p = p * r + 8.3334519073e-3F;
  p = p * r + 4.1665795894e-2F;
  p = p * r + 1.6666665459e-1F;
  p = p * r + 5.0000001201e-1F;
  p = p * r * r + r + 1.0F;
  const std::int32_t exponent =
      static_cast<std::int32_t>(std::bit_cast<std::uint32_t>(shifted) << 23);
  return std::bit_cast<float>(std::bit_cast<std::int32_t>(p) + exponent);
}

ASSAY_INLINE double total(const Lanes& lanes) {
  double sum = 0;
  for (const float lane : lanes) sum += static_cast<double>(lane);
  return sum;
}

ASSAY_INLINE float block_max(const float* x, std::size_t n) {
  Lanes best;
  best.fill(-std::numeric_limits<float>::infinity());
  std::size_t i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    for (std::size_t j = 0; j < kLanes; ++j) best[j] = x[i + j] > best[j] ? x[i + j] : best[j];
  }
  for (; i < n; ++i) best[0] = x[i] > best[0] ? x[i] : best[0];
  float max = best[0];
  for (const float lane : best) max = lane > max ? lane : max;
  return max;
}

ASSAY_INLINE void max_of_blocks(const float* x, std::size_t n, float* block_maxima) {
  for (std::size_t start = 0, b = 0; start < n; start += kBlock, ++b) {
    block_maxima[b] = block_max(x + start, std::min(kBlock, n - start));
  }
}

ASSAY_INLINE double sum_exp(const float* x, std::size_t n, float max) {
  double sum = 0;
  for (std::size_t start = 0; start < n; start += kBlock) {
    const std::size_t end = std::min(start + kBlock, n);
    Lanes lanes{};
    std::size_t i = start;
    for (; i + kLanes <= end; i += kLanes) {
      for (std::size_t j = 0; j < kLanes; ++j) lanes[j] += exp_negative(x[i + j] - max);
    }
    for (; i < end; ++i) lanes[0] += exp_negative(x[i] - max);
    sum += total(lanes);
  }
  return sum;
}

struct KlSums {
  double weighted = 0;  // sum exp(x_b) (x_b - x_q)
  double mass = 0;      // sum exp(x_b)
  double z = 0;         // sum exp(x_q)
};

struct KlInput {
  const float* b;
  const float* q;
  std::size_t n;
  float b_offset, q_max, floor;
};

ASSAY_INLINE void kl_element(const KlInput& in, std::size_t i, float& weighted, float& mass,
                             float& z) {
  constexpr float kLowest = -87.0F;
  const float raw = in.b[i] - in.b_offset;
  const float xb = raw < kLowest ? kLowest : raw;
  const float yq = in.q[i] - in.q_max;
  const float xq = yq < kLowest ? kLowest : yq;
  const float eb = raw > in.floor ? exp_negative(xb) : 0.0F;
  weighted += eb * (xb - xq);
  mass += eb;
  z += exp_negative(xq);
}

ASSAY_INLINE KlSums kl_sums(const KlInput& in) {
  KlSums sums;
  for (std::size_t start = 0; start < in.n; start += kBlock) {
    const std::size_t end = std::min(start + kBlock, in.n);
    Lanes weighted{}, mass{}, z{};
    std::size_t i = start;
    for (; i + kLanes <= end; i += kLanes) {
      for (std::size_t j = 0; j < kLanes; ++j) kl_element(in, i + j, weighted[j], mass[j], z[j]);
    }
    for (; i < end; ++i) kl_element(in, i, weighted[0], mass[0], z[0]);
    sums.weighted += total(weighted);
    sums.mass += total(mass);
    sums.z += total(z);
  }
  return sums;
}

struct Kernels {
  void (*max_of_blocks)(const float*, std::size_t, float*);
  double (*sum_exp)(const float*, std::size_t, float);
  KlSums (*kl_sums)(const KlInput&);
};

#define ASSAY_KERNELS(name, attribute)                                             \
  attribute void max_of_blocks_##name(const float* x, std::size_t n, float* out) { \
    max_of_blocks(x, n, out);                                                      \
  }                                                                                \
  attribute double sum_exp_##name(const float* x, std::size_t n, float max) {      \
    return sum_exp(x, n, max);                                                     \
  }                                                                                \
  attribute KlSums kl_sums_##name(const KlInput& in) { return kl_sums(in); }       \
  constexpr Kernels kKernels_##name{max_of_blocks_##name, sum_exp_##name, kl_sums_##name};

ASSAY_KERNELS(portable, )
#if ASSAY_MULTIVERSION
ASSAY_KERNELS(avx2, __attribute__((target("avx2,fma"))))
ASSAY_KERNELS(avx512,
              __attribute__((target("avx512f,avx512dq,avx512vl,fma,prefer-vector-width=512"))))
#endif

const Kernels& kernels() {
#if ASSAY_MULTIVERSION
  static const Kernels& best =
      __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") ? kKernels_avx512
      : __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")        ? kKernels_avx2
                                                                               : kKernels_portable;
  return best;
#else
  return kKernels_portable;
#endif
}

// The k-th largest block maximum bounds the k-th largest element from below, so only blocks that
// reach it are searched.
TopK top_k(std::span<const float> x, std::span<const float> block_maxima) {
  float threshold = -std::numeric_limits<float>::infinity();
  if (block_maxima.size() > kTopK) {
    std::vector<float> sorted(block_maxima.begin(), block_maxima.end());
    std::nth_element(sorted.begin(), sorted.begin() + kTopK - 1, sorted.end(), std::greater<>());
    threshold = sorted[kTopK - 1];
  }
  std::vector<Token> candidates;
  for (std::size_t b = 0; b < block_maxima.size(); ++b) {
    if (block_maxima[b] < threshold) continue;
    const std::size_t end = std::min((b + 1) * kBlock, x.size());
    for (std::size_t i = b * kBlock; i < end; ++i) {
      if (x[i] >= threshold) candidates.push_back(static_cast<Token>(i));
    }
  }
  const auto value = [&](Token t) { return x[static_cast<std::size_t>(t)]; };
  const std::size_t n = std::min<std::size_t>(kTopK, candidates.size());
  std::partial_sort(
      candidates.begin(), candidates.begin() + static_cast<std::ptrdiff_t>(n), candidates.end(),
      [&](Token a, Token b) { return value(a) > value(b) || (value(a) == value(b) && a < b); });
  TopK top;
  top.fill(-1);
  std::copy_n(candidates.begin(), n, top.begin());
  return top;
}

}  // namespace

RowSummary summarize_row(std::span<const float> logits) {
  thread_local std::vector<float> block_maxima;
  block_maxima.resize((logits.size() + kBlock - 1) / kBlock);
  kernels().max_of_blocks(logits.data(), logits.size(), block_maxima.data());
  RowSummary summary;
  summary.max = *std::max_element(block_maxima.begin(), block_maxima.end());
  const double sum = kernels().sum_exp(logits.data(), logits.size(), summary.max);
  summary.finite = std::isfinite(summary.max) && std::isfinite(sum);
  if (!summary.finite) return summary;
  summary.log_sum_exp = static_cast<double>(summary.max) + std::log(sum);
  summary.top = top_k(logits, block_maxima);
  return summary;
}

double kl_divergence(const BaselineRow& baseline, std::span<const float> logits, float max) {
  const KlSums sums = kernels().kl_sums(
      {baseline.values.data(), logits.data(), logits.size(), baseline.offset, max, baseline.floor});
  if (baseline.normalised) return sums.weighted + sums.mass * std::log(sums.z);
  return sums.weighted / sums.mass - std::log(sums.mass) + std::log(sums.z);
}

int count_common(const TopK& a, const TopK& b, int k) {
  int n = 0;
  for (int i = 0; i < k; ++i) {
    const Token token = a[static_cast<std::size_t>(i)];
    if (token >= 0 && std::find(b.begin(), b.begin() + k, token) != b.begin() + k) ++n;
  }
  return n;
}

}  // namespace assay::detail
