#include "eval/request_sample.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

namespace assay::detail {
namespace {

// splitmix64 (Steele, Lea, Flood 2014).
std::uint64_t mix(std::uint64_t x) {
  x += 0x9e3779b97f4a7c15ULL;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
  return x ^ (x >> 31);
}

// In (0, 1).
double uniform(std::uint64_t key, Token token) {
  const std::uint64_t bits = mix(key + static_cast<std::uint64_t>(token)) >> 11;
  return (static_cast<double>(bits) + 0.5) * 0x1.0p-53;
}

// The Gumbel-max trick: the largest logit + Gumbel noise is a draw from the softmax, with noise
// that belongs to the token and not to its place in the cumulative distribution.
class Race {
 public:
  explicit Race(std::uint64_t key) : key_(key) {}
  void enter(Token token, double logit) {
    const double u = uniform(key_, token);
    // -ln(u) >= 1 - u bounds the noise from above, so that most tokens need no logarithm.
    if (1 - u > std::exp(logit - best_)) return;
    const double score = logit - std::log(-std::log(u));
    if (score > best_) {
      best_ = score;
      winner_ = token;
    }
  }
  Token winner() const { return winner_; }

 private:
  std::uint64_t key_;
  double best_ = -std::numeric_limits<double>::infinity();
  Token winner_ = 0;
};

// The top_k most likely tokens, then the fewest of them whose probabilities reach top_p.
std::vector<Token> likely_tokens(std::span<const float> logits, const Sampling& sampling) {
  std::vector<Token> tokens(logits.size());
  std::iota(tokens.begin(), tokens.end(), 0);
  const auto value = [&](Token t) { return logits[static_cast<std::size_t>(t)]; };
  const auto before = [&](Token a, Token b) {
    return value(a) > value(b) || (value(a) == value(b) && a < b);
  };
  if (sampling.top_k > 0 && static_cast<std::size_t>(sampling.top_k) < tokens.size()) {
    std::nth_element(tokens.begin(), tokens.begin() + sampling.top_k, tokens.end(), before);
    tokens.resize(static_cast<std::size_t>(sampling.top_k));
  }
  if (sampling.top_p >= 1) return tokens;
  std::sort(tokens.begin(), tokens.end(), before);
  std::vector<double> mass;
  for (const Token t : tokens) {
    const double below_top = static_cast<double>(value(t)) - static_cast<double>(value(tokens[0]));
    mass.push_back(std::exp(below_top / sampling.temperature));
  }
  const double wanted = sampling.top_p * std::accumulate(mass.begin(), mass.end(), 0.0);
  std::size_t n = 0;
  for (double sum = 0; n < mass.size() && (n == 0 || sum < wanted); ++n) sum += mass[n];
  tokens.resize(n);
  return tokens;
}

}  // namespace

Token sample(std::span<const float> logits, const Sampling& sampling, std::uint64_t draw,
             std::size_t position) {
  Race race(mix(mix(sampling.seed) ^ mix(draw + 1)) ^ mix(position ^ 0x5a5a5a5aULL));
  const auto enter = [&](Token token) {
    const double logit = static_cast<double>(logits[static_cast<std::size_t>(token)]);
    race.enter(token, logit / sampling.temperature);
  };
  if (sampling.top_k > 0 || sampling.top_p < 1) {
    for (const Token token : likely_tokens(logits, sampling)) enter(token);
  } else {
    for (Token token = 0; token < static_cast<Token>(logits.size()); ++token) enter(token);
  }
  return race.winner();
}

}  // namespace assay::detail
