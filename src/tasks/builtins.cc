// The effect of lm-eval 0.4.13's functions of these tasks, written anew.
#include "tasks/builtins.h"

#include <fmt/format.h>

#include <filesystem>
#include <map>

#include "core/unicode_text.h"
#include "tasks/builtins_math.h"
#include "tasks/python_text.h"

namespace assay::detail {
namespace {

const std::string& text_column(const Row& row, const char* name) {
  const auto found = row.find(name);
  if (found == row.end()) throw RowProblem(fmt::format("the row has no column '{}'", name));
  if (!found->is_string()) throw RowProblem(fmt::format("column '{}' is no text", name));
  return found->get_ref<const std::string&>();
}

// WikiHow's marks out of HellaSwag's texts.
std::string hellaswag_text(const std::string& text) {
  const std::string marked = python::replace(python::strip(text), " [title]", ". ");
  std::string result;
  std::size_t start = 0;
  while (true) {
    const std::size_t open = marked.find('[', start);
    const std::size_t close = open == marked.npos ? open : marked.find(']', open);
    if (close == marked.npos) break;
    if (marked.find('\n', open) < close) {  // the marks are within a line
      result.append(marked, start, open + 1 - start);
      start = open + 1;
      continue;
    }
    result.append(marked, start, open - start);
    start = close + 1;
  }
  result.append(marked, start);
  return python::replace(result, "  ", " ");
}

Row hellaswag_row(Row row) {
  const std::string context =
      text_column(row, "ctx_a") + " " + python::capitalize(text_column(row, "ctx_b"));
  const std::string query = hellaswag_text(text_column(row, "activity_label") + ": " + context);
  Json choices = Json::array();
  for (const Json& ending : row.value("endings", Json::array()))
    choices.push_back(hellaswag_text(ending.is_string() ? ending.get<std::string>() : ""));
  const Json label = row.value("label", Json());
  const auto gold = label.is_string() ? python::literal(label.get<std::string>()) : label;
  row["query"] = query;
  row["choices"] = std::move(choices);
  row["gold"] = gold && gold->is_number_integer() ? *gold : Json();
  return row;
}

std::size_t blank(const std::string& sentence) {
  const std::size_t at = sentence.find('_');
  if (at == sentence.npos) throw RowProblem("the sentence has no '_'");
  return at;
}

Json winogrande_text(const Row& row) {
  const std::string& answer = text_column(row, "answer");
  if (answer != "1" && answer != "2") throw RowProblem("the answer '" + answer + "' is not 1 or 2");
  return answer == "1" ? 0 : 1;
}
Json winogrande_target(const Row& row) {
  const std::string& sentence = text_column(row, "sentence");
  return python::strip(sentence.substr(blank(sentence) + 1));
}
Json winogrande_choices(const Row& row) {
  const std::string& sentence = text_column(row, "sentence");
  const std::string before = sentence.substr(0, blank(sentence));
  return Json::array({before + text_column(row, "option1"), before + text_column(row, "option2")});
}

Json wikitext_target(const Row& row) { return wikitext_detokenize(text_column(row, "page")); }

constexpr std::string_view kStepByStep = "Let's think step by step.";

Json mmlu_pro_text(const Row& row) {
  std::string prompt = "Question:\n" + text_column(row, "question") + "\nOptions:\n";
  const Json options = row.value("options", Json::array());
  for (std::size_t i = 0; i < options.size() && i < 10; ++i)
    prompt += fmt::format("{}. {}\n", static_cast<char>('A' + i),
                          python::strip(options[i].is_string() ? options[i].get<std::string>()
                                                               : python::str(options[i])));
  return fmt::format("{}Answer: {}", prompt, kStepByStep);
}
Json mmlu_pro_fewshot_target(const Row& row) {
  return python::replace(text_column(row, "cot_content"), fmt::format("A: {} ", kStepByStep), "");
}

std::vector<Row> rows_of_category(std::vector<Row> rows, const std::string& category) {
  std::erase_if(rows, [&](const Row& row) { return row.value("category", Json()) != category; });
  return rows;
}

// The subject that ends a name such as mmlu_pro_process_docs_computer_science.
DocsFunction mmlu_pro_documents(const std::string& key) {
  for (const std::string start : {"builtin.mmlu_pro_process_docs_", "mmlu_pro/utils.process_"}) {
    if (!key.starts_with(start) || key.size() == start.size()) continue;
    const std::string category = python::replace(key.substr(start.size()), "_", " ");
    return
        [category](std::vector<Row> rows) { return rows_of_category(std::move(rows), category); };
  }
  return {};
}

DocsFunction each(Row (*change)(Row)) {
  return [change](std::vector<Row> rows) {
    for (Row& row : rows) row = change(std::move(row));
    return rows;
  };
}

Json minerva_text(const Row& row) {
  return "Problem:\n" + text_column(row, "problem") + "\n\nSolution:";
}

}  // namespace

std::string builtin_key(const std::string& name, const std::string& file) {
  if (name.starts_with("builtin.")) return name;
  return std::filesystem::path(file).parent_path().filename().string() + "/" + name;
}

DocFunction find_document_builtin(const std::string& name, const std::string& file) {
  static const std::map<std::string, Json (*)(const Row&)> table = {
      {"builtin.winogrande_doc_to_text", winogrande_text},
      {"winogrande/preprocess_winogrande.doc_to_text", winogrande_text},
      {"builtin.winogrande_doc_to_target", winogrande_target},
      {"winogrande/preprocess_winogrande.doc_to_target", winogrande_target},
      {"builtin.winogrande_doc_to_choice", winogrande_choices},
      {"winogrande/preprocess_winogrande.doc_to_choice", winogrande_choices},
      {"builtin.wikitext_detokenizer", wikitext_target},
      {"wikitext/preprocess_wikitext.wikitext_detokenizer", wikitext_target},
      {"builtin.mmlu_pro_doc_to_text", mmlu_pro_text},
      {"mmlu_pro/utils.doc_to_text", mmlu_pro_text},
      {"mmlu_pro/utils.fewshot_to_text", mmlu_pro_text},
      {"builtin.mmlu_pro_fewshot_target", mmlu_pro_fewshot_target},
      {"mmlu_pro/utils.fewshot_to_target", mmlu_pro_fewshot_target},
      {"builtin.minerva_math_doc_to_text", minerva_text},
      {"minerva_math/utils.doc_to_text", minerva_text},
  };
  const auto found = table.find(builtin_key(name, file));
  return found == table.end() ? DocFunction() : DocFunction(found->second);
}

DocsFunction find_documents_builtin(const std::string& name, const std::string& file) {
  const std::string key = builtin_key(name, file);
  if (key == "builtin.hellaswag_process_docs" || key == "hellaswag/utils.process_docs")
    return each(hellaswag_row);
  if (key == "builtin.hendrycks_math_process_docs" || key == "hendrycks_math/utils.process_docs")
    return each(hendrycks_math_row);
  if (key == "builtin.minerva_math_process_docs" || key == "minerva_math/utils.process_docs")
    return each(minerva_math_row);
  return mmlu_pro_documents(key);
}

}  // namespace assay::detail
