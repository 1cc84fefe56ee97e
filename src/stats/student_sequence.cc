#include <cmath>

#include "core/error.h"
#include "stats/stats.h"

namespace assay {

StudentSequence::StudentSequence(double confidence) : alpha_(1 - confidence) {
  if (!(confidence > 0 && confidence < 1))
    throw Error(ErrorKind::kUsage, "A confidence must lie between 0 and 1, for example 0.95");
}

void StudentSequence::add(double value) {
  ++n_;
  const double off = value - mean_;
  mean_ += off / static_cast<double>(n_);
  sum_squares_ += off * (value - mean_);
}

// With k = prior / (n + prior) and u = t^2 / (n - 1) the Bayes factor is
// sqrt(k) ((1 + u) / (1 + k u))^(n / 2); it reaches 1 / alpha at u = (a - 1) / (1 - a k).
std::optional<Interval> StudentSequence::interval() const {
  if (n_ < 2) return std::nullopt;
  const double n = static_cast<double>(n_);
  const double k = kPriorSize / (n + kPriorSize);
  const double a = std::pow(alpha_ * std::sqrt(k), -2 / n);
  if (a * k >= 1) return std::nullopt;
  const double u = (a - 1) / (1 - a * k);
  const double half = std::sqrt(sum_squares_ * u / n);  // sd * sqrt(u (n - 1) / n)
  return Interval{mean_ - half, mean_ + half};
}

}  // namespace assay
