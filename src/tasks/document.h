// What a task makes of a row: text, target, choices (lm-eval 0.4.13, api/task.py doc_to_*).
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "tasks/rows.h"
#include "tasks/template.h"

namespace assay::detail {

using DocFunction = std::function<Json(const Row&)>;
using DocsFunction = std::function<std::vector<Row>(std::vector<Row>)>;
// Finds what a !function names; fails with Error{kUsage} naming it when it may not be run.
struct TaskFunctions {
  std::function<DocFunction(const TaskValue&)> document;    // doc_to_text, doc_to_target ...
  std::function<DocsFunction(const TaskValue&)> documents;  // process_docs
  std::function<std::vector<Row>(const TaskValue&)> samples;
};

// A value of a task file, ready to be read off rows.
class Field {
 public:
  Field() = default;
  // columns: of the evaluated split; a text that is one of them names it, any other is a template.
  Field(const TaskValue& value, const std::set<std::string>& columns,
        const TaskFunctions& functions);
  // A text that may be a column of the very row or a template (description, few-shot gen_prefix).
  Field(const std::string& text, const std::string& file);

  bool present() const { return kind_ != Kind::kAbsent; }
  // Errors of all: RowProblem.
  Json text(const Row& row, bool has_choices) const;    // a text, or a number: which input
  Json target(const Row& row, bool has_choices) const;  // a text, number or list
  Json choices(const Row& row) const;                   // a list
  std::string resolved(const Row& row) const;           // "" when absent

 private:
  enum class Kind { kAbsent, kColumn, kTemplate, kFunction, kJson };
  Json column(const Row& row) const;
  Kind kind_ = Kind::kAbsent;
  std::string name_;
  std::shared_ptr<const Template> template_;
  DocFunction function_;
  Json json_;
};

}  // namespace assay::detail
