#include <gtest/gtest.h>

#include "core/error.h"
#include "core/study.h"
#include "documented_fields.h"

namespace assay {
namespace {

Estimate estimate(double value) {
  return {.value = value, .std_error = 0.5, .ci95 = Interval{value - 1, value + 1}};
}

StudyModel model(const std::string& name) {
  return {.name = name,
          .description = "llama 1M F16",
          .weights = "00",
          .engine = "llama.cpp",
          .origin = "lm-eval",
          .size_bytes = 7,
          .bits_per_weight = 4.5,
          .n_weights = 12,
          .kv_k = "f16",
          .kv_v = "q8_0",
          .tensor_types = {{"F16", 1, 2, 3}},
          .tensors = {{"blk.0.ffn_up.weight", "F16", "Q4_0", 12, 7, 0.25}},
          .parts = {{"weights", "content", "00", "11"}},
          .notes = {"a note"}};
}

Study example() {
  StudyFamily family{.name = "tiny", .baseline = model("F16"), .variants = {model("Q4_0")}};
  Comparison comparison{.baseline = {.name = "F16"}, .variant = {.name = "Q4_0"}};
  family.comparisons = {comparison};
  family.divergences.emplace_back().baseline.name = "F16";
  family.divergences.front().variants.emplace_back().name = "Q4_0";
  family.screens = {{.baseline = "F16",
                     .n_windows = 9,
                     .variants = {{.name = "Q4_0",
                                   .verdict = ScreenVerdict::kDropped,
                                   .criteria = {{.name = "kld",
                                                 .limit = 0.1,
                                                 .estimate = estimate(0.5),
                                                 .verdict = ScreenVerdict::kDropped}}}}}};
  family.speeds = {R"({"schema":"assay-speed/1","setups":[]})"};
  family.items = {{.task = "mmlu",
                   .task_class = "knowledge",
                   .metric = "acc",
                   .filter = "none",
                   .n_items = 3,
                   .models = {"F16", "Q4_0"},
                   .index = "aW5kZXg=",
                   .chunks = {{.first = 0, .n = 3, .data = "ZGF0YQ=="}}}};
  Decision& decision = family.decision.emplace();
  decision.rules.max_size_bytes = 9;
  decision.rules.min_tokens_per_second = 2.5;
  decision.rules.objective = "speed";
  decision.evidence = "tasks";
  decision.recommended = "Q4_0";
  decision.sentence = "Use Q4_0.";
  VariantStanding& standing = decision.variants.emplace_back();
  standing = {.variant = "Q4_0", .standing = Standing::kRecommended, .would_decide = "nothing"};
  standing.reasons.push_back({"margin", "within"});
  return {.assay_version = "0",
          .title = "A study \xff",
          .created = "2026-01-01T00:00:00Z",
          .families = {family},
          .findings = {{.kind = "largest_loss",
                        .state = FindingState::kNotShown,
                        .family = "tiny",
                        .variant = "Q4_0",
                        .subject = "mmlu",
                        .other = "",
                        .sentence = "No.",
                        .values = {{.label = "mmlu", .n = 3, .change = estimate(-0.1)}}}},
          .method = {{"tiny", "run", "seed", "1"}},
          .commands = {{"again", "assay report a.json"}},
          .warnings = {"beware"}};
}

TEST(JsonStudy, ComesBackToTheLastBit) {
  const std::string text = to_json(example());
  const Study back = study_from_json(text);
  EXPECT_EQ(to_json(back), text);
  EXPECT_EQ(back.title, "A study \xff");
  EXPECT_EQ(back.families[0].decision->variants[0].standing, Standing::kRecommended);
  EXPECT_EQ(back.families[0].screens[0].variants[0].verdict, ScreenVerdict::kDropped);
  EXPECT_EQ(back.families[0].comparisons[0].variant.name, "Q4_0");
  EXPECT_EQ(back.findings[0].state, FindingState::kNotShown);
}

TEST(JsonStudy, RefusesWhatIsNone) {
  EXPECT_THROW(study_from_json("{}"), Error);
  EXPECT_THROW(study_from_json("[1"), Error);
  std::string text = to_json(example());
  text.replace(text.find("\"recommended\": \"Q4_0\""), 14, "\"recommender\":");
  EXPECT_THROW(study_from_json(text), Error);
}

TEST(JsonStudy, ItsPageNamesExactlyItsFields) {
  const FieldRules rules{.page = "study.md",
                         .stand_for = {{"F", {"families[]"}},
                                       {"MODEL", {"families[].baseline", "families[].variants[]"}}},
                         .embedded = {"families[].comparisons", "families[].divergences",
                                      "families[].screens", "families[].speeds"},
                         .is_field = [](const std::string& cell) {
                           return cell.find('.') != std::string::npos ||
                                  cell.find("`schema`") != std::string::npos ||
                                  cell.find("`warnings`") != std::string::npos;
                         }};
  Study study = example();
  study.title = "A study";
  EXPECT_EQ(undocumented(to_json(study), rules), std::vector<std::string>{});
}

// Fields that came later are absent from older documents.
TEST(JsonStudy, OlderDocumentsAreRead) {
  std::string text = to_json(example());
  for (std::size_t at = 0; (at = text.find("\"tensors\"")) != std::string::npos;)
    text.replace(at, 9, "\"unknown\"");
  const Study study = study_from_json(text);
  EXPECT_TRUE(study.families.at(0).baseline.tensors.empty());
  EXPECT_FALSE(study.families.at(0).baseline.tensor_types.empty());
}

TEST(JsonLayers, ComeBackAsTheyWere) {
  const LayerReport report{
      .baseline = "base.gguf",
      .variants = {{.name = "Q4_0", .tensors = {{"a", "F16", "Q4_0", 12, 7, 0.25}}}}};
  const std::string text = to_json(report);
  EXPECT_EQ(to_json(layer_report_from_json(text)), text);
  EXPECT_THROW(layer_report_from_json(R"({"schema": "assay-layers/1"})"), Error);
}

}  // namespace
}  // namespace assay
