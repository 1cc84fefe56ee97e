#include "tasks/fewshot.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "tasks/template.h"

namespace assay::detail {

bool same_document(const Json& a, const Json& b) {
  if (a.is_object() && b.is_object()) {
    return a.size() == b.size() && std::all_of(a.items().begin(), a.items().end(), [&](auto& item) {
             const auto other = b.find(item.key());
             return other != b.end() && same_document(item.value(), *other);
           });
  }
  if (a.is_array() && b.is_array())
    return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(), same_document);
  return a == b;
}

FewshotSampler::FewshotSampler(Kind kind, const std::vector<Row>& pool, std::uint64_t seed)
    : kind_(kind), pool_(pool), random_(seed) {}

std::vector<std::size_t> FewshotSampler::others(const Row& question, std::size_t most) const {
  std::vector<std::size_t> positions;
  for (std::size_t i = 0; i < pool_.size() && positions.size() < most; ++i)
    if (!same_document(pool_[i], question)) positions.push_back(i);
  return positions;
}

std::vector<std::size_t> FewshotSampler::draw(std::size_t n, const Row* question) {
  if (n == 0) return {};
  const auto too_small = [&](std::size_t has) {
    return RowProblem(fmt::format("{} examples were asked for, but there are only {}", n, has));
  };
  if (kind_ == Kind::kFirstN) {
    std::vector<std::size_t> positions(std::min(n, pool_.size()));
    std::iota(positions.begin(), positions.end(), std::size_t{0});
    if (question != nullptr) positions = others(*question, n);
    if (positions.size() < n) throw too_small(positions.size());
    return positions;
  }
  const bool leaves_out = question != nullptr && !question->empty();
  if (pool_.size() < needed(n, leaves_out)) throw too_small(pool_.size());
  std::vector<std::size_t> drawn = random_.sample(pool_.size(), needed(n, leaves_out));
  if (!leaves_out) return drawn;
  std::erase_if(drawn, [&](std::size_t i) { return same_document(pool_[i], *question); });
  if (drawn.size() >= n) {
    drawn.resize(n);
    return drawn;
  }
  // Several copies of the question were drawn: lm-eval draws again from the rows without them.
  const std::vector<std::size_t> rest = others(*question, pool_.size());
  if (rest.size() < n) throw too_small(rest.size());
  drawn = random_.sample(rest.size(), n);
  for (std::size_t& i : drawn) i = rest[i];
  return drawn;
}

}  // namespace assay::detail
