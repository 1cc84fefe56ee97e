// Which files of a folder can be used, and what is said of the others; the shipped files.
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "tasks/task_files.h"
#include "unit/tasks/task_folder.h"

namespace assay {
namespace {

const TaskFileProblem* find_problem(const ValidationResult& result, const std::string& part) {
  for (const TaskFileProblem& problem : result.problems) {
    if (problem.message.find(part) != std::string::npos) return &problem;
  }
  return nullptr;
}

TEST(Validate, CountsFilesThatDefineSomething) {
  TaskFolder folder;
  folder.add_task("good").add_task("code", "process_docs: !function utils.f\n");
  folder.add("part.yaml", "dataset_path: d\n").add("_part", "not: counted\n");
  folder.add_task("typo", "num_fewshoot: 3\n").add("broken.yaml", "a: [\n");
  folder.add("group.yaml", "group: g\ntask: [good, code]\n");
  folder.add("bad_group.yaml", "group: h\ntask: [good, typo]\n");
  folder.add("twice.yaml", "task: good\n" + kTaskFields);
  const ValidationResult result = validate_task_files(folder.path());
  EXPECT_EQ(result.n_files, 7);
  EXPECT_EQ(result.n_loaded, 4);
  const TaskFileProblem* typo = find_problem(result, "unknown field 'num_fewshoot'");
  ASSERT_NE(typo, nullptr);
  EXPECT_TRUE(typo->fatal);
  EXPECT_EQ(typo->file, folder.path() + "/typo.yaml");
  EXPECT_EQ(typo->line, 6);
  const TaskFileProblem* code = find_problem(result, "!function utils.f");
  ASSERT_NE(code, nullptr);
  EXPECT_FALSE(code->fatal);
  ASSERT_NE(find_problem(result, "Not YAML"), nullptr);
  EXPECT_EQ(find_problem(result, "Not YAML")->file, folder.path() + "/broken.yaml");
  ASSERT_NE(find_problem(result, "'typo' cannot be used"), nullptr);
  ASSERT_NE(find_problem(result, "'good' is already defined"), nullptr);
  EXPECT_FALSE(find_problem(result, "'good' is already defined")->fatal);
}

TEST(Validate, ReportsWhatCannotRunHere) {
  TaskFolder folder;
  folder.add_task("image", "doc_to_image: [x]\n").add_task("python", "class: !function t.T\n");
  folder.add_task("bleu", "metric_list: [{metric: bleu}]\n");
  const ValidationResult result = validate_task_files(folder.path());
  EXPECT_EQ(result.n_files, 3);
  EXPECT_EQ(result.n_loaded, 1);
  EXPECT_TRUE(find_problem(result, "images")->fatal);
  EXPECT_TRUE(find_problem(result, "Python class")->fatal);
  EXPECT_FALSE(find_problem(result, "'bleu'")->fatal);
}

TEST(Shipped, FilesInsideTheProgramAreThoseOfTheRepository) {
  const std::string folder = ASSAY_SOURCE_DIR "/tasks";
  std::size_t n_files = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (!entry.is_regular_file() || entry.path().extension() == ".md") continue;
    ++n_files;
    const std::string path = std::filesystem::relative(entry.path(), folder).string();
    std::ifstream file(entry.path(), std::ios::binary);
    const std::string content{std::istreambuf_iterator<char>(file), {}};
    bool found = false;
    for (const EmbeddedFile& shipped : detail::shipped_files()) {
      if (shipped.path != path) continue;
      found = true;
      EXPECT_EQ(shipped.content, content) << path;
    }
    EXPECT_TRUE(found) << path;
  }
  EXPECT_GE(n_files, 2U);
  EXPECT_EQ(detail::shipped_files().size(), n_files);
}

TEST(Shipped, DefinitionsCanBeUsed) {
  const ValidationResult result = validate_task_files(ASSAY_SOURCE_DIR "/tasks");
  EXPECT_EQ(result.n_loaded, result.n_files);
  for (const TaskFileProblem& problem : result.problems) {
    EXPECT_FALSE(problem.fatal) << problem.file << ":" << problem.line << " " << problem.message;
  }
}

TEST(Shipped, IncludesResolveInsideTheProgram) {
  const std::vector<std::string> names = {"gsm8k_cot_self_consistency"};
  const TaskConfig task = select_tasks(open_task_library({}), names).tasks.at(0);
  EXPECT_EQ(task.file, "shipped:gsm8k/gsm8k_cot_self_consistency.yaml");
  EXPECT_EQ(task.dataset_name, "main");
  EXPECT_EQ(task.doc_to_text.file, "shipped:gsm8k/gsm8k_cot.yaml");
}

}  // namespace
}  // namespace assay
