// Which tokens of a conversation are scored, against transformers' rendering with the turns cut out
// by their marks (tests/golden/chat).
#include <gtest/gtest.h>

#include <fstream>
#include <vector>

#include <nlohmann/json.hpp>

#include "eval/eval.h"
#include "models/models.h"
#include "smollm2.h"

namespace assay {
namespace {

const std::string kGolden = std::string(ASSAY_SOURCE_DIR) + "/tests/golden/chat/";

// Indices into the conversation's tokens: targets[i] is token i + 1.
std::vector<std::size_t> scored_tokens(const Window& window) {
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < window.targets.size(); ++i) {
    if (window.scored[i] != 0) places.push_back(i + 1);
  }
  return places;
}

TEST(PeerChat, ScoresTheTokensThatTheAssistantSaid) {
  const std::filesystem::path path = smollm2_path();
  if (!std::filesystem::exists(path)) {
    GTEST_SKIP() << "no " << path << " (make demo-real fetches it)";
  }
  std::ifstream file(kGolden + "smollm2.json");
  const nlohmann::json golden = nlohmann::json::parse(file).at("conversations");
  const auto vocabulary = open_llama({.path = path.string(), .vocabulary_only = true});
  const WindowPlan plan = plan_windows(load_corpus(kGolden + "conversations.jsonl"), *vocabulary,
                                       {.convention = ConventionName::kChat});
  ASSERT_EQ(plan.windows.size(), golden.size());
  for (std::size_t i = 0; i < plan.windows.size(); ++i) {
    const Window& window = plan.windows[i];
    const nlohmann::json& expected = golden.at(i);
    SCOPED_TRACE(expected.at("id").get<std::string>());
    // A window ends with the last scored token: what a user said after it predicts nothing.
    auto tokens = expected.at("tokens").get<std::vector<Token>>();
    tokens.resize(window.targets.size());
    EXPECT_EQ(window.tokens, tokens);
    EXPECT_EQ(scored_tokens(window), expected.at("assistant").get<std::vector<std::size_t>>());
  }
}

}  // namespace
}  // namespace assay
