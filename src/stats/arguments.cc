#include "stats/arguments.h"

#include <fmt/format.h>

#include <boost/math/distributions/normal.hpp>
#include <cmath>

#include "core/error.h"

namespace assay::detail {

void require(bool holds, const std::string& what, const std::string& remedy) {
  if (!holds) throw Error(ErrorKind::kUsage, what, {}, remedy);
}

void require_fraction(const char* name, double value) {
  if (value > 0 && value < 1) return;
  const std::string what = fmt::format("{} {} is not between 0 and 1", name, value);
  if (value > 1 && value < 100) {
    require(false, what, fmt::format("It is a fraction: for {} % write {}", value, value / 100));
  }
  require(false, what);
}

void require_counts(std::int64_t k, std::int64_t n) {
  require(n >= 1, fmt::format("A proportion of {} items", n), "There must be at least one item");
  require(k >= 0 && k <= n, fmt::format("{} right of {} items", k, n),
          "The count lies between 0 and the number of items");
}

void require_p_value(double p) {
  require(p >= 0 && p <= 1, fmt::format("A p-value of {} is not between 0 and 1", p));
}

void require_finite(const char* name, double value) {
  if (!std::isfinite(value)) {
    throw Error(ErrorKind::kBadInput, fmt::format("{} {} is not a finite number", name, value));
  }
}

double normal_quantile(double tail) {
  return boost::math::quantile(boost::math::complement(boost::math::normal(), tail));
}

double normal_tail(double z) {
  if (std::isinf(z)) return z > 0 ? 0.0 : 1.0;
  return boost::math::cdf(boost::math::complement(boost::math::normal(), z));
}

}  // namespace assay::detail
