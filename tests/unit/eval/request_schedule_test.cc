// Which tokens share a batch: prompts and answers side by side, or apart as a processor wants them.
#include <gtest/gtest.h>

#include "eval/request_schedule.h"

namespace assay::detail {
namespace {

constexpr std::size_t kAnswers = 4, kLength = 5;

struct Counts {
  std::size_t n_batches = 0, n_mixed = 0, n_prompt_tokens = 0, n_answer_tokens = 0;
};

// Four prompts of ten tokens, an answer of five to each, in memory for two of them.
Counts run(bool apart) {
  std::vector<std::vector<Token>> prompts(kAnswers);
  for (std::size_t a = 0; a < kAnswers; ++a) prompts[a].assign(10, static_cast<Token>(a));
  RequestTree tree;
  for (std::size_t a = 0; a < kAnswers; ++a) tree.add_answer(a, prompts[a]);
  tree.finish({});
  std::vector<std::vector<Token>> lines(kAnswers, {7});
  const auto line_of = [&](std::size_t a) {
    return AnswerLine{
        .line = lines[a], .first_wanted = lines[a].size() - 1, .n_left = kLength - lines[a].size()};
  };
  const ScheduleLimits limits{
      .n_cells = 40, .n_branches = 8, .n_ubatch = 8, .n_rows = 8, .apart = apart};
  Schedule schedule(tree, {}, kAnswers, limits, line_of);
  schedule.expect(kLength);
  Counts counts;
  for (auto batch = schedule.next(); !batch.empty(); batch = schedule.next()) {
    std::size_t n_prompt = 0, n_answer = 0;
    for (const Feed& feed : batch) {
      (feed.answer == kNone ? n_prompt : n_answer) += feed.tokens.size();
      if (feed.answer == kNone) continue;
      lines[feed.answer].push_back(7);
      if (lines[feed.answer].size() == kLength) schedule.finish_answer(feed.answer);
    }
    schedule.complete(batch);
    schedule.take_released();
    ++counts.n_batches;
    counts.n_mixed += n_prompt > 0 && n_answer > 0 ? 1 : 0;
    counts.n_prompt_tokens += n_prompt;
    counts.n_answer_tokens += n_answer;
  }
  return counts;
}

TEST(RequestSchedule, PromptsAndAnswersShareBatchesOrAreApart) {
  const Counts together = run(false), apart = run(true);
  EXPECT_GT(together.n_mixed, 0U);
  EXPECT_EQ(apart.n_mixed, 0U);
  for (const Counts& counts : {together, apart}) {
    EXPECT_EQ(counts.n_prompt_tokens, kAnswers * 10);
    EXPECT_EQ(counts.n_answer_tokens, kAnswers * (kLength - 1));
  }
}

}  // namespace
}  // namespace assay::detail
