#include "tasks/score_filters.h"

#include <gtest/gtest.h>

#include "core/error.h"
#include "tasks/regex.h"
#include "tasks/score_text.h"
#include "unit/tasks/score_golden.h"

namespace assay::detail::score {
namespace {

using testing::golden;

FilterPipeline pipeline_of(const Json& steps) {
  FilterPipeline pipeline{.name = "f"};
  for (const Json& step : steps) {
    Json args = step;
    args.erase("function");
    pipeline.steps.push_back({step["function"].get<std::string>(), args.dump()});
  }
  return pipeline;
}

TEST(ScoreFilters, GiveWhatLmEvalsFiltersGive) {
  const TaskConfig config{.task = "t", .file = "t.yaml"};
  int n_raised = 0;
  for (const Json& test_case : golden()["filters"]) {
    SCOPED_TRACE(test_case.dump());
    const Pipeline pipeline(pipeline_of(test_case["steps"]), config);
    if (test_case["out"].is_object()) {
      EXPECT_THROW(pipeline.apply(test_case["responses"], test_case["doc"]), Unscored);
      ++n_raised;
    } else {
      EXPECT_EQ(pipeline.apply(test_case["responses"], test_case["doc"]), test_case["out"]);
    }
  }
  EXPECT_GT(golden()["filters"].size(), 500U);
  EXPECT_GT(n_raised, 0);
}

TEST(ScoreFilters, NameWhatIsWrongInTheTaskFile) {
  const TaskConfig config{.task = "t", .file = "dir/t.yaml"};
  const auto message = [&](const FilterPipeline& pipeline) {
    try {
      Pipeline made(pipeline, config);
    } catch (const Error& e) {
      return std::string(e.what());
    }
    return std::string();
  };
  EXPECT_EQ(message({"p", {{"regex", R"({"regex_pattern": "(a"})"}}}),
            "not a regular expression: \"(a\": missing closing parenthesis (dir/t.yaml, task t, "
            "filter_list p, regex). Correct the pattern in the task file.");
  EXPECT_NE(message({"p", {{"decontaminate", "{}"}}}).find("Unknown filter \"decontaminate\""),
            std::string::npos);
  EXPECT_NE(message({"p", {{"take_first_k", "{}"}}}).find("Wrong argument"), std::string::npos);
  EXPECT_NE(message({"p", {{"custom", R"({"filter_fn": "!function utils.f"})"}}})
                .find("\"utils.f\" is not built in"),
            std::string::npos);
}

TEST(ScoreFilters, BuildProgramsAsLmEvalsTaskFunctionsDo) {
  // By lm_eval/tasks/humaneval/utils.py and mbpp/utils.py: worked by hand from their definition.
  const auto apply = [](const char* name, const char* file, const char* answer) {
    const TaskConfig config{.task = "t", .file = file};
    const Json args = {{"filter_fn", std::string("!function ") + name}};
    const Pipeline pipeline({"f", {{"custom", args.dump()}}}, config);
    return pipeline.apply(Json::array({answer}), Json{{"prompt", "def f():\n"}})[0];
  };
  const char* answer = "    return 1\n```\nDone";
  EXPECT_EQ(apply("utils.build_predictions", "humaneval/humaneval.yaml", answer),
            std::string("def f():\n") + answer);
  EXPECT_EQ(apply("utils.build_predictions_instruct", "humaneval/x.yaml", answer),
            "def f():\n    return 1\n");
  EXPECT_EQ(apply("builtin.humaneval_instruct_predictions", "a.yaml", "no fence"),
            "def f():\nno fence");
  EXPECT_EQ(apply("builtin.mbpp_predictions", "a.yaml", "python\nx = 1\n```\ntext"), "x = 1");
  EXPECT_EQ(apply("utils.build_predictions", "mbpp/mbpp.yaml", "x = 1"), "");
}

TEST(ScoreText, MapsCaseAsPythonDoes) {
  testing::Fnv lowered, uppered, spaces, punctuation;
  for (char32_t c = 0; c <= 0x10ffff; ++c) {
    if (c >= 0xd800 && c < 0xe000) continue;
    const std::string text = utf8(std::u32string_view(&c, 1));
    lowered.add(lower(text));
    uppered.add(upper(text));
    if (space_at(text, 0) > 0) spaces.add(text);
    if (is_punctuation(c)) punctuation.add(text);
  }
  EXPECT_EQ(lowered.hex(), golden()["case"]["lower"]);
  EXPECT_EQ(uppered.hex(), golden()["case"]["upper"]);
  EXPECT_EQ(spaces.hex(), golden()["case"]["space"]);
  EXPECT_EQ(punctuation.hex(), golden()["case"]["punctuation"]);
  for (const Json& sigma : golden()["case"]["sigmas"])
    EXPECT_EQ(lower(sigma[0].get<std::string>()), sigma[1]) << sigma[0];
}

TEST(ScoreText, BrokenUtf8BecomesReplacementCharacters) {
  // As bytes.decode("utf-8", "replace") of CPython.
  EXPECT_EQ(valid_utf8("a\xff"
                       "b\xe2\x82z\xed\xa0\x80"),
            "a\xef\xbf\xbd"
            "b\xef\xbf\xbdz\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
  EXPECT_EQ(valid_utf8("\xf0\x9f\x98\x80"), "\xf0\x9f\x98\x80");
}

}  // namespace
}  // namespace assay::detail::score
