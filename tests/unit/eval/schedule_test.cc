#include "eval/schedule.h"

#include <gtest/gtest.h>

#include <map>
#include <numeric>

namespace assay::detail {
namespace {

WindowPlan plan_of(const std::vector<int>& lengths) {
  WindowPlan plan;
  for (const int n : lengths) {
    Window window;
    window.tokens.resize(static_cast<std::size_t>(n));
    std::iota(window.tokens.begin(), window.tokens.end(), 0);
    window.first_row = n / 2;
    window.targets.assign(static_cast<std::size_t>(n - n / 2 - 1), 1);
    plan.windows.push_back(window);
    plan.longest_window = std::max(plan.longest_window, n);
  }
  return plan;
}

// Every token once, in order; every scored row wanted once; no batch too large.
void expect_complete(const WindowPlan& plan, int n_ubatch, int n_split) {
  std::map<std::size_t, int> next;
  std::map<std::size_t, std::size_t> n_wanted;
  for (const Group& group : make_groups(plan)) {
    for (const Step& step : make_steps(plan, group, n_ubatch)) {
      for (const Step& part : split_step(step, n_split)) {
        int n_tokens = 0;
        for (const Piece& piece : part) {
          EXPECT_EQ(piece.start, next[piece.window]);
          next[piece.window] += piece.length;
          n_tokens += piece.length;
          n_wanted[piece.window] += piece.wanted.size();
          for (const int index : piece.wanted) {
            EXPECT_TRUE(is_scored(plan.windows[piece.window], piece.start + index));
            EXPECT_LT(index, piece.length);
          }
        }
        EXPECT_LE(n_tokens, std::max<int>(n_ubatch, static_cast<int>(part.size())));
      }
    }
  }
  for (std::size_t w = 0; w < plan.windows.size(); ++w) {
    EXPECT_EQ(next[w], static_cast<int>(plan.windows[w].tokens.size()));
    EXPECT_EQ(n_wanted[w], n_scored(plan.windows[w]));
  }
}

TEST(Schedule, EveryTokenOnceAndEveryScoredRowOnce) {
  for (const int n_split : {0, 1, 7, 64}) {
    expect_complete(plan_of({512, 512, 512, 512, 512, 512}), 512, n_split);
    expect_complete(plan_of({2048, 2048}), 512, n_split);
    expect_complete(plan_of({3, 100, 37, 2, 64}), 64, n_split);
    expect_complete(plan_of({16, 16, 16}), 512, n_split);
  }
}

TEST(Schedule, FourWindowsOf512RunSideBySideAsInLlamaPerplexity) {
  const WindowPlan plan = plan_of(std::vector<int>(10, 512));
  const std::vector<Group> groups = make_groups(plan);
  ASSERT_EQ(groups.size(), 3U);
  EXPECT_EQ(groups[0].last - groups[0].first, 4U);
  EXPECT_EQ(groups[2].last - groups[2].first, 2U);
  EXPECT_EQ(make_steps(plan, groups[0], 512).size(), 4U);
  // A partial group is cut like a full one.
  EXPECT_EQ(make_steps(plan, groups[2], 512)[0][0].length, 128);
}

TEST(Schedule, ShapeHoldsTheLargestBatch) {
  const ModelShape shape = shape_of(plan_of(std::vector<int>(10, 512)), 512);
  EXPECT_EQ(shape.n_ctx, 512);
  EXPECT_EQ(shape.n_seq_max, 4);
  EXPECT_EQ(shape.n_rows_max, 512);
}

TEST(Schedule, OnlyFlaggedTargetsAreScored) {
  WindowPlan plan = plan_of({8});
  plan.windows[0].first_row = 0;
  plan.windows[0].targets.assign(7, 1);
  plan.windows[0].scored = {0, 0, 1, 1, 0, 0, 1};
  EXPECT_EQ(n_scored(plan.windows[0]), 3U);
  expect_complete(plan, 512, 0);
}

}  // namespace
}  // namespace assay::detail
