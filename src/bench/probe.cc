// How fast this machine can read memory and multiply: the limits of decoding and of prompts.
#include <algorithm>
#include <barrier>
#include <cstdint>
#include <thread>
#include <vector>

#include "bench/machine.h"
#include "bench/workload.h"

namespace assay::detail {
namespace {

constexpr std::int64_t kBufferBytes = 512LL << 20;  // more than most caches hold
constexpr int kPasses = 4;                          // the best counts
constexpr double kNsPerS = 1e9;

// Chains that do not wait for each other: two units times the latency of an instruction.
constexpr int kChains = 10;
constexpr int kSteps = 2'000'000;

template <int kLanes>
struct Lanes {
  typedef float Vector __attribute__((vector_size(kLanes * 4)));
};

template <int kLanes>
[[gnu::always_inline]] inline float multiply_add(float start) {
  typename Lanes<kLanes>::Vector sums[kChains], factor = {};
  factor = factor + 0.999999F;
  for (int i = 0; i < kChains; ++i) sums[i] = factor * (start + static_cast<float>(i));
  for (int step = 0; step < kSteps; ++step) {
    for (int i = 0; i < kChains; ++i) sums[i] = sums[i] * factor + factor;
  }
  float all = 0;
  for (int i = 0; i < kChains; ++i) all += sums[i][0];
  return all;
}

struct Kernel {
  float (*run)(float) = nullptr;
  int n_lanes = 4;
};

float multiply_add_4(float start) { return multiply_add<4>(start); }
#ifdef __x86_64__
[[gnu::target("avx2,fma")]] float multiply_add_8(float start) { return multiply_add<8>(start); }
[[gnu::target("avx512f")]] float multiply_add_16(float start) { return multiply_add<16>(start); }

Kernel widest_kernel() {
  if (__builtin_cpu_supports("avx512f")) return {multiply_add_16, 16};
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return {multiply_add_8, 8};
  return {multiply_add_4, 4};
}
#else
Kernel widest_kernel() { return {multiply_add_4, 4}; }
#endif

std::uint64_t sum_of(const std::uint64_t* words, std::size_t n) {
  std::uint64_t sums[8] = {};
  for (std::size_t i = 0; i + 8 <= n; i += 8) {
    for (std::size_t lane = 0; lane < 8; ++lane) sums[lane] += words[i + lane];
  }
  std::uint64_t all = 0;
  for (const std::uint64_t sum : sums) all += sum;
  return all;
}

// Runs work(thread) on all threads at once, kPasses times; nanoseconds of the fastest pass.
template <typename Work>
double fastest_ns(int n_threads, const Work& work) {
  std::vector<double> passes;
  std::barrier ready(n_threads + 1), done(n_threads + 1);
  std::vector<std::jthread> threads;
  for (int thread = 0; thread < n_threads; ++thread) {
    threads.emplace_back([&, thread] {
      for (int pass = 0; pass < kPasses; ++pass) {
        ready.arrive_and_wait();
        work(thread);
        done.arrive_and_wait();
      }
    });
  }
  for (int pass = 0; pass < kPasses; ++pass) {
    const std::int64_t start = steady_ns();
    ready.arrive_and_wait();
    done.arrive_and_wait();
    passes.push_back(static_cast<double>(steady_ns() - start));
  }
  return *std::min_element(passes.begin(), passes.end());
}

}  // namespace

ProbeResult probe_machine(int n_threads) {
  const std::size_t n = static_cast<std::size_t>(n_threads);
  const std::size_t per_thread = static_cast<std::size_t>(kBufferBytes) / 8 / n;
  std::vector<std::vector<std::uint64_t>> buffers(n);
  std::vector<std::uint64_t> results(n);  // so that no pass is optimised away
  {
    std::vector<std::jthread> fill;  // by the thread's own hand: memory near its core
    for (auto& buffer : buffers) fill.emplace_back([&] { buffer.assign(per_thread, 1); });
  }
  const double read_ns = fastest_ns(n_threads, [&](int thread) {
    const std::size_t t = static_cast<std::size_t>(thread);
    results[t] += sum_of(buffers[t].data(), per_thread);
  });
  const Kernel kernel = widest_kernel();
  std::vector<float> products(n);
  const double multiply_ns = fastest_ns(n_threads, [&](int thread) {
    const std::size_t t = static_cast<std::size_t>(thread);
    products[t] = kernel.run(products[t] + 1);
  });
  const double n_operations = 2.0 * kChains * kSteps * kernel.n_lanes * n_threads;
  return {
      .bandwidth_bytes_per_s = static_cast<double>(per_thread) * 8 * n_threads / read_ns * kNsPerS,
      .flops = n_operations / multiply_ns * kNsPerS};
}

}  // namespace assay::detail
