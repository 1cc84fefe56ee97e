#include "eval/schedule.h"

#include <algorithm>

namespace assay::detail {
namespace {

constexpr int kTokensSideBySide = 2048;

std::size_t windows_per_group(const WindowPlan& plan) {
  return static_cast<std::size_t>(
      std::clamp(kTokensSideBySide / std::max(1, plan.longest_window), 1, 16));
}

}  // namespace

bool is_scored(const Window& window, int row) {
  const int target = row - window.first_row;
  if (target < 0 || target >= static_cast<int>(window.targets.size())) return false;
  return window.scored.empty() || window.scored[static_cast<std::size_t>(target)] != 0;
}

std::size_t n_scored(const Window& window) {
  if (window.scored.empty()) return window.targets.size();
  return static_cast<std::size_t>(std::count_if(window.scored.begin(), window.scored.end(),
                                                [](std::uint8_t flag) { return flag != 0; }));
}

std::vector<Group> make_groups(const WindowPlan& plan) {
  const std::size_t size = windows_per_group(plan);
  std::vector<Group> groups;
  for (std::size_t first = 0; first < plan.windows.size(); first += size) {
    groups.push_back({first, std::min(first + size, plan.windows.size())});
  }
  return groups;
}

std::vector<Step> make_steps(const WindowPlan& plan, const Group& group, int n_ubatch) {
  // A partial last group keeps the piece length of a full one, so its windows are cut alike.
  const int length_limit = std::max(1, n_ubatch / static_cast<int>(windows_per_group(plan)));
  std::vector<Step> steps;
  for (int start = 0;; start += length_limit) {
    Step step;
    for (std::size_t w = group.first; w < group.last; ++w) {
      const Window& window = plan.windows[w];
      const int n = static_cast<int>(window.tokens.size());
      if (start >= n) continue;
      Piece piece{.window = w, .start = start, .length = std::min(length_limit, n - start)};
      for (int i = 0; i < piece.length; ++i) {
        if (is_scored(window, start + i)) piece.wanted.push_back(i);
      }
      step.push_back(std::move(piece));
    }
    if (step.empty()) return steps;
    steps.push_back(std::move(step));
  }
}

std::vector<Step> split_step(const Step& step, int max_tokens) {
  if (max_tokens <= 0) return {step};
  const int length_limit = std::max(1, max_tokens / static_cast<int>(step.size()));
  std::vector<Step> parts;
  for (int offset = 0;; offset += length_limit) {
    Step part;
    for (const Piece& piece : step) {
      if (offset >= piece.length) continue;
      Piece slice{.window = piece.window,
                  .start = piece.start + offset,
                  .length = std::min(length_limit, piece.length - offset)};
      for (const int index : piece.wanted) {
        if (index >= offset && index < offset + slice.length)
          slice.wanted.push_back(index - offset);
      }
      part.push_back(std::move(slice));
    }
    if (part.empty()) return parts;
    parts.push_back(std::move(part));
  }
}

ModelShape shape_of(const WindowPlan& plan, int n_ubatch) {
  ModelShape shape{
      .n_ctx = std::max(1, plan.longest_window),
      .n_seq_max = static_cast<int>(std::min(windows_per_group(plan), plan.windows.size())),
      .n_rows_max = 1};
  for (const Group& group : make_groups(plan)) {
    for (const Step& step : make_steps(plan, group, n_ubatch)) {
      std::size_t n_rows = 0;
      for (const Piece& piece : step) n_rows += piece.wanted.size();
      shape.n_rows_max = std::max(shape.n_rows_max, static_cast<int>(n_rows));
    }
  }
  return shape;
}

}  // namespace assay::detail
