// Functions of tasks in a Python process: only on request, bounded, with clear errors.
#include "tasks/task_code.h"

#include <gtest/gtest.h>

#include <fstream>

#include "core/error.h"
#include "made_up_task.h"
#include "tasks/template.h"
#include "temporary_folder.h"

namespace assay::detail {
namespace {

constexpr const char* kModule = R"(
import functools
import os

print("noise on standard output")


def process_docs(dataset):
    kept = dataset.filter(lambda row: row["n"] != 2)
    return kept.map(lambda row: {"twice": 2 * row["n"]})


def text(row, mark):
    return f"{row['n']}{mark}"


doc_to_text = functools.partial(text, mark="?")


def fails(row):
    raise ValueError("no such thing")


def ends(row):
    os._exit(3)


def samples():
    return [{"n": 7, "twice": 14}]


def process_results(doc, results):
    return {"acc": float(results[0] == str(doc["twice"]))}
)";

class TaskCodeTest : public testing::Test {
 protected:
  TaskCodeTest() {
    std::ofstream(folder_ / "utils.py") << kModule;
    if (std::system("python3 -c pass >/dev/null 2>&1") != 0) has_python_ = false;
  }
  void SetUp() override {
    if (!has_python_) GTEST_SKIP() << "there is no python3";
  }
  TaskValue function(const std::string& name) const {
    return {
        .kind = TaskValue::Kind::kFunction, .text = "utils." + name, .file = folder_ / "task.yaml"};
  }
  TemporaryFolder folder_;
  bool has_python_ = true;
};

TEST_F(TaskCodeTest, RunsEveryKindOfFunction) {
  TaskCode code("python3", {});
  const std::vector<Row> rows =
      code.on_documents(function("process_docs"), {{{"n", 1}}, {{"n", 2}}, {{"n", 3}}});
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[1], Row::parse(R"({"n": 3, "twice": 6})"));
  EXPECT_EQ(code.on_document(function("doc_to_text"), {{"n", 5}}), "5?");
  EXPECT_EQ(code.samples(function("samples"))[0]["twice"], 14);
  EXPECT_EQ(code.on_results(function("process_results"), {{"twice", 6}}, {"6"})["acc"], 1.0);
}

TEST_F(TaskCodeTest, FailuresAreSaidInPythonsWords) {
  TaskCode code("python3", {});
  try {
    (void)code.on_document(function("fails"), {{"n", 1}});
    FAIL();
  } catch (const RowProblem& problem) {
    EXPECT_NE(std::string(problem.what()).find("ValueError: no such thing"), std::string::npos);
  }
  EXPECT_THROW((void)code.on_documents(function("fails"), {{{"n", 1}}}), Error);
  EXPECT_THROW((void)code.on_document(function("absent"), {{"n", 1}}), RowProblem);
  EXPECT_THROW((void)code.on_document(function("ends"), {{"n", 1}}), Error);
  EXPECT_EQ(code.on_document(function("doc_to_text"), {{"n", 5}}), "5?");  // a new process
  TaskCode none("no-such-python", {});
  EXPECT_THROW((void)none.samples(function("samples")), Error);
}

TEST_F(TaskCodeTest, ATaskUsesThemWhenTrusted) {
  TaskConfig config = made_up_task({{"test_split", "test"},
                                    {"process_docs", "!function utils.process_docs"},
                                    {"doc_to_text", "!function utils.doc_to_text"},
                                    {"doc_to_target", "{{twice}}"},
                                    {"num_fewshot", 1},
                                    {"fewshot_config", {{"samples", "!function utils.samples"}}}});
  for (TaskValue* value : {&config.process_docs, &config.doc_to_text, &config.fewshot.samples})
    value->file = folder_ / "task.yaml";
  write_rows(config, {{"test", {{{"n", 1}}, {{"n", 2}}, {{"n", 3}}}}}, folder_.path());
  EXPECT_THROW((void)open_task(config, {}), Error);
  Task task = open_task(config, {.trust_task_code = true});
  ASSERT_EQ(task.n_samples(), 2);
  EXPECT_EQ(std::get<GenerateUntil>(task.sample(1).requests[0].body).context, "7? 14\n\n3?");
  EXPECT_EQ(task.sample(1).target, "6");
}

}  // namespace
}  // namespace assay::detail
