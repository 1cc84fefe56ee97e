// The scripted engine keeps the Model contract strictly, so that callers are held to it in tests.
#include <gtest/gtest.h>

#include <map>

#include "core/error.h"
#include "models/models.h"

namespace assay {
namespace {

using Rows = std::map<std::pair<std::size_t, int>, std::vector<float>>;

Rows extend(Model& model, const std::vector<Extension>& extensions) {
  Rows rows;
  int n_calls = 0;
  model.extend(extensions,
               [&](std::span<const Row> delivered) {
                 ++n_calls;
                 for (const Row& row : delivered)
                   rows[{row.extension, row.index}] = {row.logits.begin(), row.logits.end()};
               },
               {});
  EXPECT_LE(n_calls, 1);
  return rows;
}

std::vector<float> last_row(Model& model, Branch parent, Branch child,
                            const std::vector<Token>& tokens) {
  const int wanted = static_cast<int>(tokens.size()) - 1;
  return extend(model, {{parent, child, tokens, std::span(&wanted, 1)}}).at({0, wanted});
}

void expect_refused(Model& model, const std::vector<Extension>& extensions) {
  try {
    extend(model, extensions);
    ADD_FAILURE() << "accepted";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kEngine);
  }
}

TEST(Scripted, BytesAreTokens) {
  const auto model = open_scripted({});
  const std::vector<Token> tokens = model->tokenize("a\xc3\xa9", {.add_special = true});
  EXPECT_EQ(tokens, (std::vector<Token>{'a', 0xc3, 0xa9}));
  EXPECT_EQ(model->detokenize(tokens), "a\xc3\xa9");
  EXPECT_EQ(open_scripted({.adds_bos = true})->tokenize("a", {.add_special = true}),
            (std::vector<Token>{256, 'a'}));
  EXPECT_EQ(open_scripted({.adds_bos = true})->tokenize("a", {}), (std::vector<Token>{'a'}));
}

TEST(Scripted, DeliversTheWantedRowsOnly) {
  const auto model = open_scripted({});
  const std::vector<Token> tokens{1, 2, 3};
  const std::vector<int> wanted{1, 2};
  const Rows rows = extend(*model, {{0, 1, tokens, wanted}, {0, 2, tokens, {}}});
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_TRUE(rows.contains({0, 1}));
  EXPECT_TRUE(rows.contains({0, 2}));
  EXPECT_EQ(rows.at({0, 1}).size(), 260U);
  EXPECT_NE(rows.at({0, 1}), rows.at({0, 2}));
}

TEST(Scripted, LogitsDependOnTheLastTokensOnlyAndNotOnTheBatches) {
  const auto model = open_scripted({.order = 3});
  const auto whole = last_row(*model, 0, 1, {9, 8, 1, 2, 3});
  EXPECT_EQ(last_row(*model, 0, 2, {7, 1, 2, 3}), whole);
  extend(*model, {{0, 3, std::vector<Token>{1, 2}, {}}});
  EXPECT_EQ(last_row(*model, 3, 3, {3}), whole);  // grown in place
  EXPECT_NE(last_row(*model, 0, 4, {9, 2, 3}), whole);
  EXPECT_NE(last_row(*model, 0, 5, {3, 2, 1}), whole);
}

TEST(Scripted, AChildCopiesItsParentAndLeavesItAlone) {
  const auto model = open_scripted({});
  const std::vector<Token> prefix{5, 6};
  extend(*model, {{0, 1, prefix, {}}});
  const auto a = last_row(*model, 1, 2, {7});
  const auto b = last_row(*model, 1, 3, {8});
  EXPECT_EQ(a, last_row(*model, 0, 4, {5, 6, 7}));
  EXPECT_EQ(b, last_row(*model, 0, 5, {5, 6, 8}));
  model->release(std::vector<Branch>{1});
  EXPECT_EQ(last_row(*model, 2, 2, {9}), last_row(*model, 0, 6, {6, 7, 9}));
}

TEST(Scripted, SeedAndNoiseChangeTheLogits) {
  const auto row = [](const ScriptedOptions& options) {
    return last_row(*open_scripted(options), 0, 1, {1, 2, 3});
  };
  EXPECT_EQ(row({}), row({}));
  EXPECT_NE(row({}), row({.seed = 2}));
  const auto clean = row({});
  const auto noisy = row({.noise = 0.25, .noise_seed = 3});
  EXPECT_NE(clean, noisy);
  EXPECT_NE(noisy, row({.noise = 0.25, .noise_seed = 4}));
  for (std::size_t i = 0; i < clean.size(); ++i) EXPECT_NEAR(clean[i], noisy[i], 0.2501);
}

TEST(Scripted, UnknownAndTakenBranchesAreRefused) {
  const auto model = open_scripted({});
  const std::vector<Token> tokens{1};
  expect_refused(*model, {{9, 1, tokens, {}}});
  expect_refused(*model, {{9, 9, tokens, {}}});
  expect_refused(*model, {{0, 0, tokens, {}}});
  extend(*model, {{0, 1, tokens, {}}});
  expect_refused(*model, {{0, 1, tokens, {}}});
  model->release(std::vector<Branch>{1, 77});
  expect_refused(*model, {{1, 2, tokens, {}}});
  EXPECT_NO_THROW(extend(*model, {{0, 1, tokens, {}}}));
}

TEST(Scripted, LimitsAreThoseItStates) {
  const auto model = open_scripted({.n_ctx = 6, .n_seq_max = 2, .n_ubatch = 4});
  EXPECT_EQ(model->info().runtime.n_ctx, 6);
  EXPECT_EQ(model->info().runtime.n_seq_max, 2);
  EXPECT_EQ(model->info().runtime.n_ubatch, 4);
  const std::vector<Token> two{1, 2}, three{1, 2, 3}, five{1, 2, 3, 4, 5};
  expect_refused(*model, {{0, 1, five, {}}});
  expect_refused(*model, {{0, 1, two, {}}, {0, 2, three, {}}});
  extend(*model, {{0, 3, two, {}}, {0, 4, two, {}}});
  expect_refused(*model, {{0, 5, two, {}}});
  extend(*model, {{3, 3, three, {}}});
  expect_refused(*model, {{3, 3, two, {}}});  // 7 of 6
  model->release(std::vector<Branch>{4});
  EXPECT_NO_THROW(extend(*model, {{0, 5, two, {}}}));
}

TEST(Scripted, SharedMemoryHoldsACommonPrefixOnce) {
  const auto model = open_scripted({.n_ctx = 6, .share_prefixes = true});
  const std::vector<Token> four{1, 2, 3, 4}, one{5};
  extend(*model, {{0, 1, four, {}}});
  extend(*model, {{1, 2, one, {}}, {1, 3, one, {}}});
  model->release(std::vector<Branch>{1});  // the others still hold its tokens
  expect_refused(*model, {{0, 4, one, {}}});
  model->release(std::vector<Branch>{2, 4});
  EXPECT_NO_THROW(extend(*model, {{3, 3, one, {}}}));
}

TEST(Scripted, ATruncatedBranchGoesOnFromWhatIsKept) {
  const auto model = open_scripted({.n_ctx = 6, .share_prefixes = true});
  extend(*model, {{0, 1, std::vector<Token>{1, 2, 8, 9, 9, 9}, {}}});
  ASSERT_TRUE(model->truncate(1, 2));
  EXPECT_EQ(last_row(*model, 1, 1, {3}), last_row(*open_scripted({}), 0, 1, {1, 2, 3}));
  EXPECT_FALSE(open_scripted({.truncates = false})->truncate(1, 2));
}

TEST(Scripted, ABranchIsNotCopiedAndExtendedInOneCall) {
  const auto model = open_scripted({});
  const std::vector<Token> one{5};
  extend(*model, {{0, 1, one, {}}});
  extend(*model, {{1, 2, one, {}}, {1, 1, one, {}}});
  expect_refused(*model, {{1, 1, one, {}}, {1, 3, one, {}}});
}

TEST(Scripted, TokensAndRowsThatDoNotExistAreRefused) {
  const auto model = open_scripted({});
  const std::vector<Token> tokens{1, 2}, outside{1, 260}, negative{-1};
  for (const std::vector<int>& wanted : std::vector<std::vector<int>>{{2}, {-1}, {1, 0}, {1, 1}}) {
    expect_refused(*model, {{0, 1, tokens, wanted}});
  }
  expect_refused(*model, {{0, 1, outside, {}}});
  expect_refused(*model, {{0, 1, negative, {}}});
}

TEST(Scripted, StopsWhenAsked) {
  const auto model = open_scripted({});
  std::stop_source source;
  source.request_stop();
  const std::vector<Token> tokens{1};
  const Extension extension{0, 1, tokens, {}};
  try {
    model->extend(
        std::span(&extension, 1), [](std::span<const Row>) {}, source.get_token());
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kInterrupted);
  }
}

}  // namespace
}  // namespace assay
