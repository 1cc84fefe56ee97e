#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "core/error.h"
#include "models/models.h"

namespace assay {
namespace {

using Rows = std::vector<std::vector<float>>;

// One extension; the logits after the wanted tokens.
Rows extend(Model& model, Branch parent, Branch child, const std::vector<Token>& tokens,
            const std::vector<int>& wanted = {}) {
  Rows rows;
  const Extension extension{.parent = parent, .child = child, .tokens = tokens, .wanted = wanted};
  model.extend(std::span(&extension, 1),
               [&](std::span<const Row> delivered) {
                 for (const Row& row : delivered)
                   rows.emplace_back(row.logits.begin(), row.logits.end());
               },
               {});
  return rows;
}

void expect_engine_error(const std::function<void()>& run, const std::string& part) {
  try {
    run();
    FAIL() << "no error with \"" << part << '"';
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kEngine);
    EXPECT_NE(std::string(error.what()).find(part), std::string::npos) << error.what();
  }
}

const std::vector<Token> kSix = {10, 20, 30, 40, 50, 60};

TEST(ScriptedBranches, UnknownParentIsRefused) {
  const auto model = open_scripted({});
  expect_engine_error([&] { extend(*model, 9, 1, kSix); }, "Branch 9 does not exist");
  expect_engine_error([&] { extend(*model, 9, 9, kSix); }, "Branch 9 does not exist");
  expect_engine_error([&] { extend(*model, 0, 0, kSix); }, "Branch 0 does not exist");
}

TEST(ScriptedBranches, ChildThatExistsIsRefused) {
  const auto model = open_scripted({});
  extend(*model, 0, 1, kSix);
  extend(*model, 0, 2, kSix);
  expect_engine_error([&] { extend(*model, 0, 1, kSix); }, "Branch 1 exists already");
  expect_engine_error([&] { extend(*model, 1, 2, kSix); }, "Branch 2 exists already");
}

TEST(ScriptedLimits, BatchContextAndSequences) {
  const auto model = open_scripted({.n_ctx = 8, .n_seq_max = 2, .n_ubatch = 6});
  expect_engine_error(
      [&] {
        extend(*model, 0, 1, {1, 2, 3, 4, 5, 6, 7});
      },
      "7 tokens exceed a batch of 6");
  extend(*model, 0, 1, kSix);
  extend(*model, 1, 1, {7, 8});  // exactly full
  expect_engine_error([&] { extend(*model, 1, 1, {9}); }, "9 tokens exceeds the context of 8");
  extend(*model, 0, 2, {1});
  expect_engine_error([&] { extend(*model, 0, 3, {1}); }, "More than 2 branches");
}

TEST(ScriptedLimits, TheBatchCountsAllExtensions) {
  const auto model = open_scripted({.n_ubatch = 6});
  const std::vector<Token> four = {1, 2, 3, 4};
  const std::vector<Extension> extensions = {{.parent = 0, .child = 1, .tokens = four},
                                             {.parent = 0, .child = 2, .tokens = four}};
  expect_engine_error([&] { model->extend(extensions, [](auto) {}, {}); },
                      "8 tokens exceed a batch of 6");
}

TEST(ScriptedBranches, GrowthInPlaceEqualsOneLongExtension) {
  const auto whole = open_scripted({.order = 4});
  const auto parts = open_scripted({.order = 4});
  const Rows expected = extend(*whole, 0, 1, kSix, {0, 1, 2, 3, 4, 5});
  Rows actual = extend(*parts, 0, 1, {10, 20}, {0, 1});
  for (const Rows& more :
       {extend(*parts, 1, 1, {30}, {0}), extend(*parts, 1, 1, {40, 50, 60}, {0, 1, 2})}) {
    actual.insert(actual.end(), more.begin(), more.end());
  }
  ASSERT_EQ(expected.size(), 6U);
  EXPECT_EQ(actual, expected);
  EXPECT_EQ(expected[0].size(), 260U);
  EXPECT_NE(expected[4], expected[5]);
}

TEST(ScriptedBranches, ACopiedChildEqualsTheRecomputedOne) {
  const auto model = open_scripted({.order = 4});
  extend(*model, 0, 1, {10, 20, 30});
  const Rows copied = extend(*model, 1, 2, {40, 50}, {0, 1});
  const Rows recomputed = extend(*model, 0, 3, {10, 20, 30, 40, 50}, {3, 4});
  EXPECT_EQ(copied, recomputed);
  // The parent did not move: its continuation does not see the child's tokens.
  EXPECT_EQ(extend(*model, 1, 1, {40}, {0})[0], recomputed[0]);
}

TEST(ScriptedBranches, ReleaseFreesAndUnknownIdsAreIgnored) {
  const auto model = open_scripted({.n_seq_max = 1});
  const Rows first = extend(*model, 0, 1, kSix, {5});
  const std::vector<Branch> released = {1, 77};
  model->release(released);
  expect_engine_error([&] { extend(*model, 1, 2, kSix); }, "Branch 1 does not exist");
  EXPECT_EQ(extend(*model, 0, 1, kSix, {5}), first);
}

TEST(ScriptedRows, ComeByExtensionThenIndex) {
  const auto model = open_scripted({});
  const std::vector<int> wanted_first = {1, 3}, wanted_second = {0};
  const std::vector<Extension> extensions = {
      {.parent = 0, .child = 1, .tokens = kSix, .wanted = wanted_first},
      {.parent = 0, .child = 2, .tokens = kSix, .wanted = wanted_second}};
  std::vector<std::pair<std::size_t, int>> order;
  int n_calls = 0;
  model->extend(extensions,
                [&](std::span<const Row> rows) {
                  ++n_calls;
                  for (const Row& row : rows) order.emplace_back(row.extension, row.index);
                },
                {});
  EXPECT_EQ(n_calls, 1);
  EXPECT_EQ(order, (std::vector<std::pair<std::size_t, int>>{{0, 1}, {0, 3}, {1, 0}}));
}

TEST(ScriptedRows, DependOnTheLastTokensOfTheOrderOnly) {
  const auto model = open_scripted({.order = 2});
  const Rows a = extend(*model, 0, 1, {1, 2, 3}, {2});
  const Rows b = extend(*model, 0, 2, {9, 2, 3}, {2});
  const Rows c = extend(*model, 0, 3, {1, 9, 3}, {2});
  EXPECT_EQ(a, b);
  EXPECT_NE(a, c);
}

TEST(ScriptedVariants, NoiseMovesEveryLogitByAtMostItsSize) {
  const auto plain = open_scripted({});
  const auto noisy = open_scripted({.noise = 0.25, .noise_seed = 7});
  const Rows a = extend(*plain, 0, 1, kSix, {5}), b = extend(*noisy, 0, 1, kSix, {5});
  EXPECT_NE(a, b);
  for (std::size_t i = 0; i < a[0].size(); ++i) EXPECT_NEAR(a[0][i], b[0][i], 0.25 + 1e-6);
}

TEST(ScriptedModel, StopsWhenAsked) {
  const auto model = open_scripted({});
  std::stop_source source;
  source.request_stop();
  try {
    model->extend(
        {}, [](auto) {}, source.get_token());
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kInterrupted);
  }
}

TEST(ScriptedModel, BytesAreTokens) {
  const auto model = open_scripted({.adds_bos = true});
  const std::vector<Token> tokens = model->tokenize("h\xc3\xa9", {.add_special = true});
  EXPECT_EQ(tokens, (std::vector<Token>{256, 'h', 0xc3, 0xa9}));
  EXPECT_EQ(model->detokenize(std::span(tokens).subspan(1)), "h\xc3\xa9");
  EXPECT_EQ(model->tokenize("h", {}), (std::vector<Token>{'h'}));
}

}  // namespace
}  // namespace assay
