#include "stats/binomial.h"

#include <array>
#include <boost/math/special_functions/beta.hpp>
#include <cmath>

namespace assay::detail {
namespace {

// ln(k!) less Stirling's main terms (k + 1/2) ln(k + 1) - (k + 1) + ln(2 pi) / 2.
double stirling_rest(double k) {
  static constexpr std::array<double, 10> kExact = {
      0.08106146679532726,  0.04134069595540929, 0.02767792568499834, 0.02079067210376509,
      0.01664469118982119,  0.01387612882307075, 0.01189670994589177, 0.01041126526197209,
      0.009255462182712733, 0.008330563433362871};
  if (k < 10) return kExact[static_cast<std::size_t>(k)];
  const double next = k + 1, square = next * next;
  return (1.0 / 12 - (1.0 / 360 - 1.0 / 1260 / square) / square) / next;
}

// p <= 1/2 and n * p small: walks up the distribution.
std::int64_t by_inversion(Rng& rng, std::int64_t n, double p) {
  const double odds = p / (1 - p), scale = static_cast<double>(n + 1) * odds;
  const double none = std::exp(static_cast<double>(n) * std::log1p(-p));
  for (;;) {
    double point = none, left = rng.uniform();
    for (std::int64_t k = 0; k <= n; ++k) {
      if (left < point) return k;
      left -= point;
      point *= scale / static_cast<double>(k + 1) - odds;
    }  // rounding left a crumb beyond n: again
  }
}

// p <= 1/2 and n * p >= 10.
std::int64_t by_rejection(Rng& rng, std::int64_t n, double p) {
  const double count = static_cast<double>(n), odds = p / (1 - p);
  const double spread = std::sqrt(count * p * (1 - p));
  const double b = 1.15 + 2.53 * spread, a = -0.0873 + 0.0248 * b + 0.01 * p;
  const double centre = count * p + 0.5, v_sure = 0.92 - 4.2 / b;
  const double alpha = (2.83 + 5.1 / b) * spread, mode = std::floor((count + 1) * p);
  const double mode_rest = stirling_rest(mode) + stirling_rest(count - mode);
  for (;;) {
    const double u = rng.uniform() - 0.5, from_edge = 0.5 - std::abs(u);
    double v = rng.uniform();
    if (from_edge == 0) continue;
    const double k = std::floor((2 * a / from_edge + b) * u + centre);
    if (from_edge >= 0.07 && v <= v_sure) return static_cast<std::int64_t>(k);
    if (k < 0 || k > count || v == 0) continue;
    v = std::log(v * alpha / (a / (from_edge * from_edge) + b));
    const double bound = (mode + 0.5) * std::log((mode + 1) / (odds * (count - mode + 1))) +
                         (count + 1) * std::log((count - mode + 1) / (count - k + 1)) +
                         (k + 0.5) * std::log(odds * (count - k + 1) / (k + 1)) + mode_rest -
                         stirling_rest(k) - stirling_rest(count - k);
    if (v <= bound) return static_cast<std::int64_t>(k);
  }
}

}  // namespace

double fair_point(double k, double n) {
  return boost::math::ibeta_derivative(k + 1, n - k + 1, 0.5) / (n + 1);
}

std::int64_t draw_binomial(Rng& rng, std::int64_t n, double p) {
  if (n <= 0 || p <= 0) return 0;
  if (p >= 1) return n;
  if (p > 0.5) return n - draw_binomial(rng, n, 1 - p);
  return static_cast<double>(n) * p < 10 ? by_inversion(rng, n, p) : by_rejection(rng, n, p);
}

}  // namespace assay::detail
