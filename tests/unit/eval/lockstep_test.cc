// Lock-step scoring on the scripted engine: exactness, resumption, turns, refusals.
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>

#include "core/error.h"
#include "eval/eval.h"

namespace assay {
namespace {

Candidate scripted(const std::string& name, ScriptedOptions options) {
  return {.name = name,
          .identity = hash_bytes(name),
          .open = [options](const ModelShape&) { return open_scripted(options); },
          .memory_bytes = 100};
}

WindowPlan plan_of(std::size_t n_windows, int n_ctx = 32) {
  WindowPlan plan;
  plan.convention.window = n_ctx;
  plan.longest_window = n_ctx;
  plan.documents.push_back({.name = "text"});
  for (std::size_t w = 0; w < n_windows; ++w) {
    Window window;
    for (int i = 0; i < n_ctx; ++i)
      window.tokens.push_back(
          static_cast<Token>((w * 131 + static_cast<std::size_t>(i) * 29) % 256));
    window.first_row = n_ctx / 2;
    window.targets.assign(window.tokens.begin() + n_ctx / 2 + 1, window.tokens.end());
    plan.windows.push_back(window);
  }
  return plan;
}

// The model's own answer, one window at a time, by the definition.
double nll_by_definition(const Window& window, std::size_t record, const ScriptedOptions& options) {
  auto model = open_scripted(options);
  const int row = window.first_row + static_cast<int>(record);
  double nll = 0;
  const Extension extension{
      .parent = 0, .child = 1, .tokens = window.tokens, .wanted = std::span(&row, 1)};
  model->extend(
      std::span(&extension, 1),
      [&](std::span<const Row> rows) {
        long double sum = 0;
        for (const float v : rows[0].logits) sum += std::exp(static_cast<long double>(v));
        nll = static_cast<double>(std::log(sum)) -
              static_cast<double>(rows[0].logits[static_cast<std::size_t>(window.targets[record])]);
      },
      {});
  return nll;
}

TEST(Lockstep, ScoresAreTheModels) {
  const WindowPlan plan = plan_of(7);
  Store store = Store::in_memory();
  const LockstepResult result = run_lockstep(plan, scripted("base", {}), {}, {.store = &store});
  for (std::size_t w = 0; w < plan.windows.size(); ++w) {
    ASSERT_EQ(result.baseline_nll[w].size(), 15U);
    for (const std::size_t record : {std::size_t{0}, std::size_t{14}}) {
      EXPECT_NEAR(result.baseline_nll[w][record], nll_by_definition(plan.windows[w], record, {}),
                  1e-5);
    }
  }
}

TEST(Lockstep, ABaselineAgainstItselfIsExactlyZero) {
  const WindowPlan plan = plan_of(5);
  Store store = Store::in_memory();
  const Candidate variants[] = {scripted("same", {}),
                                scripted("noisy", {.noise = 0.3, .noise_seed = 5})};
  const LockstepResult result =
      run_lockstep(plan, scripted("base", {}), variants, {.store = &store});
  EXPECT_TRUE(result.identical[0]);
  EXPECT_FALSE(result.identical[1]);
  for (const auto& window : result.variants[0]) {
    for (const TokenDivergence& t : window) {
      EXPECT_EQ(t.kld, 0);
      EXPECT_EQ(t.nll, t.nll_baseline);
      EXPECT_EQ(t.top, t.top_baseline);
      EXPECT_EQ(t.overlap10, 10);
    }
  }
  for (const auto& window : result.variants[1]) {
    for (const TokenDivergence& t : window) EXPECT_GT(t.kld, 0);
  }
}

void expect_equal(const LockstepResult& a, const LockstepResult& b) {
  ASSERT_EQ(a.baseline_nll, b.baseline_nll);
  ASSERT_EQ(a.variants.size(), b.variants.size());
  for (std::size_t v = 0; v < a.variants.size(); ++v) {
    for (std::size_t w = 0; w < a.variants[v].size(); ++w) {
      ASSERT_EQ(a.variants[v][w].size(), b.variants[v][w].size());
      for (std::size_t i = 0; i < a.variants[v][w].size(); ++i) {
        EXPECT_EQ(a.variants[v][w][i].kld, b.variants[v][w][i].kld);
        EXPECT_EQ(a.variants[v][w][i].nll, b.variants[v][w][i].nll);
      }
    }
  }
}

TEST(Lockstep, AnInterruptedRunGoesOnAndGivesTheSameResult) {
  const WindowPlan plan = plan_of(70);
  const Candidate base = scripted("base", {});
  const Candidate variants[] = {scripted("noisy", {.noise = 0.1, .noise_seed = 5})};
  Store undisturbed_store = Store::in_memory(), store = Store::in_memory();
  const LockstepResult undisturbed =
      run_lockstep(plan, base, variants, {.store = &undisturbed_store});
  std::stop_source stop;
  int n_calls = 0;
  LockstepOptions options{.store = &store, .stop = stop.get_token()};
  options.progress = [&](const EvalProgress&) {
    if (++n_calls == 5) stop.request_stop();
  };
  try {
    run_lockstep(plan, base, variants, options);
    FAIL() << "was not interrupted";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kInterrupted);
  }
  std::int64_t n_from_store = 0;
  options = {.store = &store,
             .progress = [&](const EvalProgress& p) { n_from_store = p.n_from_store; }};
  expect_equal(run_lockstep(plan, base, variants, options), undisturbed);
  EXPECT_GT(n_from_store, 0);
}

TEST(Lockstep, AFinishedRunOpensNoModel) {
  const WindowPlan plan = plan_of(3);
  Store store = Store::in_memory();
  Candidate base = scripted("base", {});
  Candidate variants[] = {scripted("noisy", {.noise = 0.1})};
  const LockstepResult first = run_lockstep(plan, base, variants, {.store = &store});
  base.open = variants[0].open = [](const ModelShape&) -> std::unique_ptr<Model> {
    throw std::logic_error("opened");
  };
  const LockstepResult second = run_lockstep(plan, base, variants, {.store = &store});
  expect_equal(first, second);
  EXPECT_EQ(second.infos[0].n_vocab, first.infos[0].n_vocab);
}

TEST(Lockstep, TurnsAndThreadsDoNotChangeTheResult) {
  const WindowPlan plan = plan_of(20);
  const Candidate base = scripted("base", {});
  const Candidate variants[] = {scripted("a", {.noise = 0.1}), scripted("b", {.noise = 0.2}),
                                scripted("c", {.noise = 0.3})};
  Store one = Store::in_memory(), other = Store::in_memory();
  const LockstepResult together =
      run_lockstep(plan, base, variants, {.store = &one, .max_memory_bytes = 1000});
  const LockstepResult turns = run_lockstep(
      plan, base, variants, {.store = &other, .max_memory_bytes = 250, .n_threads = 3});
  EXPECT_TRUE(together.notes.empty());
  ASSERT_EQ(turns.notes.size(), 1U);
  EXPECT_NE(turns.notes[0].find("3 turns"), std::string::npos);
  expect_equal(together, turns);
}

TEST(Lockstep, PartsOfABatchGiveTheSameRows) {  // the scripted engine has no rounding that depends
                                                // on the batch
  const WindowPlan plan = plan_of(9);
  Candidate split = scripted("split", {});
  split.n_split = 7;
  Store store = Store::in_memory();
  const Candidate variants[] = {split};
  EXPECT_TRUE(run_lockstep(plan, scripted("base", {}), variants, {.store = &store}).identical[0]);
}

TEST(Lockstep, AnotherVocabularyIsRefused) {
  const WindowPlan plan = plan_of(2);
  Store store = Store::in_memory();
  const Candidate variants[] = {scripted("larger", {.n_vocab = 300})};
  try {
    run_lockstep(plan, scripted("base", {}), variants, {.store = &store});
    FAIL() << "was accepted";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kBadInput);
    EXPECT_NE(std::string(error.what()).find("300 tokens against 260"), std::string::npos)
        << error.what();
  }
}

// Written and read back: the format's own 16 bits are the only loss.
TEST(KldBase, RoundTripStaysWithinTheFormatsPrecision) {
  const std::string path = testing::TempDir() + "assay_kld_base_test.kld";
  WindowPlan plan = plan_of(6);
  const Candidate base = scripted("base", {});
  const Candidate variants[] = {scripted("base again", {}),
                                scripted("noisy", {.noise = 0.5, .noise_seed = 2})};
  Store store = Store::in_memory();
  const LockstepResult exact =
      run_lockstep(plan, base, variants, {.store = &store, .write_kld_base = path});
  const KldBaseHeader header = read_kld_base_header(path);
  EXPECT_EQ(header.n_ctx, 32);
  EXPECT_EQ(header.n_vocab, 260);
  EXPECT_EQ(header.n_chunk, 6);
  const auto vocabulary = open_scripted({});
  const WindowPlan from_file = plan_from_kld_base(header, path, *vocabulary);
  ASSERT_EQ(from_file.windows.size(), plan.windows.size());
  EXPECT_EQ(from_file.windows[3].targets, plan.windows[3].targets);
  const LockstepResult read = run_against_kld_base(path, from_file, variants, {.store = &store});
  for (std::size_t w = 0; w < plan.windows.size(); ++w) {
    for (std::size_t i = 0; i < exact.variants[1][w].size(); ++i) {
      EXPECT_NEAR(read.variants[1][w][i].kld, exact.variants[1][w][i].kld, 1e-3);
      EXPECT_NEAR(read.variants[1][w][i].nll_baseline, exact.variants[1][w][i].nll_baseline,
                  16.0 / 65535);
      EXPECT_NEAR(read.variants[0][w][i].kld, 0, 1e-3);
    }
  }
  std::filesystem::resize_file(path, std::filesystem::file_size(path) - 10);
  EXPECT_THROW(read_kld_base_header(path), Error);
  std::filesystem::remove(path);
}

TEST(KldBase, OtherFilesAreRefusedWithTheirPlace) {
  const std::string path = std::string(ASSAY_SOURCE_DIR) + "/CMakeLists.txt";
  try {
    read_kld_base_header(path);
    FAIL() << "was accepted";
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("offset 0"), std::string::npos);
  }
}

}  // namespace
}  // namespace assay
