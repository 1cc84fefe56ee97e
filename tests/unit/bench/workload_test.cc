#include "bench/workload.h"

#include <gtest/gtest.h>

#include <numeric>
#include <set>

#include "bench/bench.h"
#include "core/error.h"

namespace assay::detail {
namespace {

// A scripted model that writes down what it was asked; each batch takes 1000 ns by its clock, and
// reading the clock nothing.
class WatchedModel final : public Model {
 public:
  struct Batch {
    std::vector<std::vector<Token>> tokens;  // per extension
    std::vector<int> n_wanted;
    std::vector<Branch> parents, children;
  };

  explicit WatchedModel(const ScriptedOptions& options) : model_(open_scripted(options)) {}
  const ModelInfo& info() const override { return model_->info(); }
  std::vector<Token> tokenize(std::string_view text, TokenizeOptions options) const override {
    return model_->tokenize(text, options);
  }
  std::string detokenize(std::span<const Token> tokens) const override {
    return model_->detokenize(tokens);
  }
  void extend(std::span<const Extension> extensions, const RowSink& sink,
              std::stop_token stop) override {
    Batch batch;
    for (const Extension& e : extensions) {
      batch.tokens.emplace_back(e.tokens.begin(), e.tokens.end());
      batch.n_wanted.push_back(static_cast<int>(e.wanted.size()));
      batch.parents.push_back(e.parent);
      batch.children.push_back(e.child);
    }
    batches.push_back(batch);
    now_ns += 1000;
    model_->extend(extensions, sink, stop);
  }
  void release(std::span<const Branch> branches) override { model_->release(branches); }
  bool truncate(Branch branch, int length) override { return model_->truncate(branch, length); }

  int n_tokens() const {
    int n = 0;
    for (const Batch& batch : batches) {
      for (const auto& tokens : batch.tokens) n += static_cast<int>(tokens.size());
    }
    return n;
  }

  std::vector<Batch> batches;
  std::int64_t now_ns = 0;

 private:
  std::unique_ptr<Model> model_;
};

struct Bed {
  explicit Bed(ScriptedOptions options = {}) : model(options) {}
  SpeedSample run(const SpeedTest& test, std::uint64_t seed = 1, int n_batch = 2048) {
    model.batches.clear();
    return workload.run({.test = test, .n_batch = n_batch, .seed = seed});
  }
  WatchedModel model;
  Workload workload{model, [this] { return model.now_ns; }};
};

TEST(Workload, APromptIsComputedInPassesWithOneRowOfLogitsPerBatch) {
  Bed bed({.n_ubatch = 512});
  const SpeedSample sample = bed.run({.n_prompt = 1300}, 1, 1024);
  ASSERT_EQ(bed.model.batches.size(), 3U);
  EXPECT_EQ(bed.model.batches[0].tokens[0].size(), 512U);
  EXPECT_EQ(bed.model.batches[1].tokens[0].size(), 512U);
  EXPECT_EQ(bed.model.batches[2].tokens[0].size(), 276U);
  EXPECT_EQ(bed.model.batches[0].n_wanted[0], 0);
  EXPECT_EQ(bed.model.batches[1].n_wanted[0], 1);  // the batch of 1024 ends here
  EXPECT_EQ(bed.model.batches[2].n_wanted[0], 1);
  EXPECT_EQ(sample.duration_ns, 3000);
  EXPECT_EQ(sample.prompt_ns, 3000);
  EXPECT_EQ(sample.n_prompt, 1300);
  EXPECT_EQ(sample.n_gen, 0);
}

TEST(Workload, ABatchSmallerThanAPassCutsThePass) {
  Bed bed({.n_ubatch = 512});
  bed.run({.n_prompt = 300}, 1, 128);
  ASSERT_EQ(bed.model.batches.size(), 3U);
  EXPECT_EQ(bed.model.batches[0].tokens[0].size(), 128U);
  EXPECT_EQ(bed.model.batches[2].tokens[0].size(), 44U);
}

TEST(Workload, GenerationIsOneTokenAtATimeEachTimed) {
  Bed bed;
  const SpeedSample sample = bed.run({.n_gen = 5});
  EXPECT_EQ(bed.model.batches.size(), 5U);
  EXPECT_EQ(sample.token_ns, (std::vector<std::int64_t>(5, 1000)));
  EXPECT_EQ(sample.duration_ns, 5000);
  EXPECT_EQ(sample.prompt_ns, 0);
  for (const auto& batch : bed.model.batches) EXPECT_EQ(batch.n_wanted[0], 1);
}

TEST(Workload, TokensAreOthersInEveryRepetitionAndFollowTheSeed) {
  Bed bed;
  const auto tokens = [&](std::uint64_t seed) {
    bed.run({.n_prompt = 64}, seed);
    return bed.model.batches[0].tokens[0];
  };
  EXPECT_EQ(tokens(1), tokens(1));
  EXPECT_NE(tokens(1), tokens(2));
}

TEST(Workload, BeginsWithBosWhereTheTokenizerWould) {
  Bed bed({.adds_bos = true});
  bed.run({.n_prompt = 4});
  EXPECT_EQ(bed.model.batches[0].tokens[0][0], 256);
}

TEST(Workload, DepthIsComputedOnceAndNotTimed) {
  Bed bed({.n_ubatch = 512});
  const SpeedTest test{.n_gen = 4, .n_depth = 700};
  const SpeedSample first = bed.run(test);
  EXPECT_EQ(bed.model.n_tokens(), 704);
  EXPECT_EQ(first.duration_ns, 4000);
  const SpeedSample second = bed.run(test, 2);
  EXPECT_EQ(bed.model.n_tokens(), 4);
  EXPECT_EQ(second.duration_ns, 4000);
}

TEST(Workload, DepthIsComputedAgainWhereTheEngineCannotTruncate) {
  Bed bed({.n_ubatch = 512, .truncates = false});
  const SpeedTest test{.n_gen = 4, .n_depth = 700};
  bed.run(test);
  const SpeedSample second = bed.run(test, 2);
  EXPECT_EQ(bed.model.n_tokens(), 704);
  EXPECT_EQ(second.duration_ns, 4000);
}

TEST(Workload, ParallelSequencesShareEveryPassEqually) {
  Bed bed({.n_ubatch = 512});
  const SpeedSample sample = bed.run({.n_prompt = 200, .n_gen = 3, .n_parallel = 4});
  ASSERT_EQ(bed.model.batches.size(), 2U + 3U);
  EXPECT_EQ(bed.model.batches[0].tokens.size(), 4U);
  EXPECT_EQ(bed.model.batches[0].tokens[3].size(), 128U);
  EXPECT_EQ(bed.model.batches[1].tokens[0].size(), 72U);
  EXPECT_EQ(bed.model.batches[4].tokens.size(), 4U);
  EXPECT_EQ(sample.n_prompt, 800);
  EXPECT_EQ(sample.n_gen, 12);
  EXPECT_EQ(sample.token_ns.size(), 3U);
}

TEST(Workload, ARequestsFirstTokenIsThePromptsLastRow) {
  Bed bed;
  const SpeedSample sample = bed.run({.n_prompt = 10, .n_gen = 4, .request = true});
  EXPECT_EQ(bed.model.batches.size(), 1U + 3U);
  EXPECT_EQ(sample.prompt_ns, 1000);
  EXPECT_EQ(sample.n_gen, 4);
  EXPECT_EQ(sample.token_ns.size(), 3U);
}

TEST(Workload, ARequestFeedsBackTheModelsOwnTokens) {
  Bed bed;
  bed.run({.n_prompt = 10, .n_gen = 4, .request = true});
  std::vector<Token> text = bed.model.batches[0].tokens[0];
  const auto twin = open_scripted({});
  std::vector<Token> expected;
  Branch branch = 1;
  for (int i = 0; i < 3; ++i) {
    const int last[] = {static_cast<int>(text.size()) - 1};
    const Extension whole{.parent = 0, .child = branch++, .tokens = text, .wanted = last};
    twin->extend(std::span(&whole, 1),
                 [&](std::span<const Row> rows) {
                   const auto& logits = rows[0].logits;
                   text.push_back(static_cast<Token>(
                       std::max_element(logits.begin(), logits.end()) - logits.begin()));
                 },
                 {});
    EXPECT_EQ(bed.model.batches[static_cast<std::size_t>(i) + 1].tokens[0][0], text.back());
  }
}

TEST(Workload, AGivenPromptIsUsedAsItIs) {
  Bed bed;
  const std::vector<Token> prompt{65, 66, 67};
  const SpeedSample sample =
      bed.workload.run({.test = {.n_prompt = 9, .n_gen = 2, .request = true}, .prompt = prompt});
  EXPECT_EQ(bed.model.batches[0].tokens[0], prompt);
  EXPECT_EQ(sample.n_prompt, 3);
}

TEST(Workload, SenselessTestsAreRefused) {
  EXPECT_THROW(require_sensible({}), Error);
  EXPECT_THROW(require_sensible({.n_prompt = -1, .n_gen = 4}), Error);
  EXPECT_THROW(require_sensible({.n_gen = 4, .n_parallel = 0}), Error);
  EXPECT_THROW(require_sensible({.n_prompt = 4, .request = true}), Error);
  EXPECT_NO_THROW(require_sensible({.n_gen = 1}));
}

TEST(Workload, ContextAndSequencesAreThoseOfTheLargestTest) {
  const SpeedTest tests[] = {{.n_prompt = 512},
                             {.n_gen = 128, .n_depth = 1024},
                             {.n_prompt = 64, .n_gen = 8, .n_parallel = 4}};
  EXPECT_EQ(context_of(tests), 1152);
  EXPECT_EQ(sequences_of(tests), 4);
}

}  // namespace
}  // namespace assay::detail
