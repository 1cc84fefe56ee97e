// HumanEval's own solutions pass, and the same functions without a body fail.
#include <cstdio>
#include <cstdlib>

#include <nlohmann/json.hpp>

#include "unit/tasks/sandbox_programs.h"

namespace assay {
namespace {

std::string unpack(const std::string& file) {
  std::string text;
  FILE* pipe = ::popen(("gzip -dc '" + file + "'").c_str(), "r");
  if (pipe == nullptr) return text;
  char buffer[65536];
  while (const std::size_t n = std::fread(buffer, 1, sizeof buffer, pipe)) text.append(buffer, n);
  ::pclose(pipe);
  return text;
}

TEST_F(SandboxTest, HumanEvalSolutionsPassAndEmptyOnesFail) {
  const char* folder = std::getenv("ASSAY_DATA");
  if (folder == nullptr) GTEST_SKIP() << "ASSAY_DATA is not set";
  const std::string file = std::string(folder) + "/datasets/humaneval/HumanEval.jsonl.gz";
  if (!std::filesystem::exists(file)) GTEST_SKIP() << file << " is not there";
  std::vector<SandboxRequest> programs;
  std::istringstream lines(unpack(file));
  for (std::string line; std::getline(lines, line);) {
    const nlohmann::json problem = nlohmann::json::parse(line);
    const auto text = [&](const char* key) { return problem.at(key).get<std::string>(); };
    for (const std::string& body : {text("canonical_solution"), std::string("    return None\n")}) {
      programs.push_back(
          {text("prompt") + body + "\n" + text("test") + "\ncheck(" + text("entry_point") + ")"});
    }
  }
  ASSERT_EQ(programs.size(), 2U * 164);
  const auto results = run_sandboxed(
      programs, {.limits = {.wall_timeout = std::chrono::seconds(30)}, .n_parallel = 2});
  for (std::size_t i = 0; i < results.size(); ++i) {
    EXPECT_EQ(results[i].outcome, i % 2 == 0 ? Outcome::kPassed : Outcome::kFailed)
        << "HumanEval/" << i / 2 << "\n"
        << results[i].output;
  }
}

}  // namespace
}  // namespace assay
