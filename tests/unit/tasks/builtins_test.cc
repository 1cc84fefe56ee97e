// Built-in functions of tasks against lm-eval's own (tests/golden/prompts/make_builtins.py).
#include "tasks/builtins.h"

#include <gtest/gtest.h>

#include <fstream>

namespace assay::detail {
namespace {

// "hellaswag/utils.process_docs" as a task file names it, and where the file is.
std::pair<std::string, std::string> theirs(const std::string& name) {
  const std::size_t slash = name.find('/');
  return {name.substr(slash + 1), "/tasks/" + name.substr(0, slash) + "/task.yaml"};
}

void expect_rows(const Json& item, const DocsFunction& function) {
  ASSERT_TRUE(function) << item["function"];
  const Json& rows = item["rows"];
  const std::vector<Row> result = function({rows.begin(), rows.end()});
  ASSERT_EQ(result.size(), item["result"].size());
  for (std::size_t i = 0; i < result.size(); ++i)
    for (const auto& [column, value] : item["result"][i].items())
      EXPECT_EQ(result[i].value(column, Json()), value) << column << " of row " << i;
}

void expect_each(const Json& item, const DocFunction& function) {
  ASSERT_TRUE(function) << item["function"];
  for (std::size_t i = 0; i < item["rows"].size(); ++i)
    EXPECT_EQ(function(item["rows"][i]), item["each"][i]) << item["function"] << ", row " << i;
}

TEST(Builtins, DoWhatLmEvalsFunctionsDo) {
  std::ifstream file(ASSAY_SOURCE_DIR "/tests/golden/prompts/builtins.json");
  const Json golden = Json::parse(file);
  for (const Json& item : golden["cases"]) {
    const std::string name = "builtin." + item["function"].get<std::string>();
    const auto [their_name, their_file] = theirs(item["lm_eval"].get<std::string>());
    if (item.contains("result")) {
      expect_rows(item, find_documents_builtin(name, "any.yaml"));
      expect_rows(item, find_documents_builtin(their_name, their_file));
    } else {
      expect_each(item, find_document_builtin(name, "any.yaml"));
      expect_each(item, find_document_builtin(their_name, their_file));
    }
  }
}

TEST(Builtins, NamesOfOtherFoldersAreNotTaken) {
  EXPECT_FALSE(find_documents_builtin("utils.process_docs", "/tasks/mine/task.yaml"));
  EXPECT_FALSE(find_document_builtin("utils.doc_to_text", "/tasks/mine/task.yaml"));
  EXPECT_FALSE(find_document_builtin("builtin.nothing", "task.yaml"));
}

}  // namespace
}  // namespace assay::detail
