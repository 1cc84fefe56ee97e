// Calibration text in the evaluation: runs of 13 words, and whole shorter texts of at least 8.
#include <gtest/gtest.h>

#include "compare/compare.h"

namespace assay {
namespace {

const char* const kCalibration =
    "The river rises in the hills behind the old mill and runs past three villages "
    "before it meets the sea. Nobody fishes there in winter.";

Run run_with(const std::vector<std::string>& rows) {
  Run run;
  TaskResult& task = run.tasks.emplace_back();
  task.task = "rivers";
  for (std::size_t i = 0; i < rows.size(); ++i) {
    SampleRecord& sample = task.samples.emplace_back();
    sample.id = {"rivers", std::to_string(i)};
    sample.doc_json = rows[i];
  }
  return run;
}

std::vector<std::string> shared_ids(const std::vector<std::string>& rows) {
  const auto overlaps = calibration_overlap(kCalibration, run_with(rows));
  return overlaps.empty() ? std::vector<std::string>() : overlaps.front().ids;
}

TEST(CalibrationOverlap, ThirteenWordsInARowWhateverTheCaseAndTheSigns) {
  const std::vector<std::string> thirteen{
      R"({"question": "Is it so? THE RIVER rises, in the hills behind the old mill and runs past!"})"};
  EXPECT_EQ(shared_ids(thirteen), std::vector<std::string>{"0"});
  // Twelve of them, then another word.
  const std::vector<std::string> twelve{
      R"({"question": "the river rises in the hills behind the old mill and runs swiftly down here"})"};
  EXPECT_TRUE(shared_ids(twelve).empty());
}

TEST(CalibrationOverlap, ShorterTextsCountWhenTheyStandThereWhole) {
  EXPECT_EQ(shared_ids({R"({"q": "past three villages before it meets the sea"})"}).size(), 1U);
  EXPECT_TRUE(shared_ids({R"({"q": "three villages before it meets the sea"})"}).empty());  // 7
  EXPECT_TRUE(shared_ids({R"({"q": "past three villages before it meets the ocean"})"}).empty());
}

TEST(CalibrationOverlap, FieldsAreReadOneByOneAndListsWithin) {
  EXPECT_EQ(
      shared_ids({R"({"choices": ["no", "past three villages before it meets the sea"]})"}).size(),
      1U);
  // Only together would the fields make a run.
  EXPECT_TRUE(
      shared_ids({R"({"a": "past three villages before", "b": "it meets the sea. Nobody"})"})
          .empty());
}

TEST(CalibrationOverlap, CountsAndNamesItems) {
  std::vector<std::string> rows(30, R"({"q": "past three villages before it meets the sea"})");
  rows.push_back("no JSON");
  rows.push_back(R"({"n": 5})");
  const auto overlaps = calibration_overlap(kCalibration, run_with(rows));
  ASSERT_EQ(overlaps.size(), 1U);
  EXPECT_EQ(overlaps[0].n, 32);
  EXPECT_EQ(overlaps[0].n_shared, 30);
  EXPECT_EQ(overlaps[0].ids.size(), 10U);
  const std::string warning = describe(overlaps[0], "calib.txt");
  EXPECT_NE(warning.find("30 of 32 items of rivers"), std::string::npos) << warning;
  EXPECT_NE(warning.find("calib.txt"), std::string::npos);
  EXPECT_NE(warning.find("9, ..."), std::string::npos);
}

TEST(CalibrationOverlap, DocumentsOfATextAndLanguagesWithoutSpaces) {
  const std::vector<std::string_view> documents{"Something else altogether.", kCalibration};
  const auto overlaps = calibration_overlap(kCalibration, "wiki.test.raw", documents);
  ASSERT_EQ(overlaps.size(), 1U);
  EXPECT_EQ(overlaps[0].n_shared, 1);
  const char* const chinese = "河水从旧磨坊后面的山里流出来";  // 14 characters
  const std::vector<std::string_view> again{chinese, "河水从旧磨坊后面的"};
  EXPECT_EQ(calibration_overlap(chinese, "text", again)[0].n_shared, 2);
  EXPECT_TRUE(calibration_overlap("", "text", documents).empty());
}

}  // namespace
}  // namespace assay
