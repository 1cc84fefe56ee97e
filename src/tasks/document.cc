#include "tasks/document.h"

#include "core/error.h"
#include "tasks/python_text.h"

namespace assay::detail {
namespace {

// A template's text that is a number stands for the choice of that index.
Json index_or_text(std::string text, bool has_choices) {
  if (!has_choices || !python::is_digits(text)) return text;
  const auto number = python::literal(text);
  if (!number) throw RowProblem("'" + text + "' is no index of a choice");
  return *number;
}

}  // namespace

Field::Field(const TaskValue& value, const std::set<std::string>& columns,
             const TaskFunctions& functions) {
  switch (value.kind) {
    case TaskValue::Kind::kAbsent:
      break;
    case TaskValue::Kind::kText:
      name_ = value.text;
      kind_ = columns.contains(name_) ? Kind::kColumn : Kind::kTemplate;
      if (kind_ == Kind::kTemplate)
        template_ = std::make_shared<Template>(value.text, value.file, value.line);
      break;
    case TaskValue::Kind::kFunction:
      kind_ = Kind::kFunction;
      function_ = functions.document(value);
      break;
    case TaskValue::Kind::kJson:
      kind_ = Kind::kJson;
      json_ = Json::parse(value.text, nullptr, false);
      if (json_.is_null()) kind_ = Kind::kAbsent;
      if (json_.is_discarded())
        throw Error(ErrorKind::kBadInput, "A value of the task is not JSON: " + value.text,
                    value.file);
      break;
  }
}

Field::Field(const std::string& text, const std::string& file) {
  if (text.empty()) return;
  name_ = text;
  kind_ = Kind::kTemplate;
  template_ = std::make_shared<Template>(text, file, 0);
}

Json Field::column(const Row& row) const {
  const auto found = row.find(name_);
  if (found == row.end()) throw RowProblem("the row has no column '" + name_ + "'");
  return *found;
}

Json Field::text(const Row& row, bool has_choices) const {
  if (kind_ == Kind::kColumn) return column(row);
  if (kind_ == Kind::kTemplate) return index_or_text(template_->render(row), has_choices);
  if (kind_ == Kind::kFunction) return function_(row);
  if (kind_ == Kind::kJson && json_.is_number_integer()) return json_;
  throw RowProblem("the task has no doc_to_text that can be used");
}

Json Field::target(const Row& row, bool has_choices) const {
  if (kind_ == Kind::kColumn) return column(row);
  if (kind_ == Kind::kFunction) return function_(row);
  if (kind_ == Kind::kJson && (json_.is_number_integer() || json_.is_array())) return json_;
  if (kind_ != Kind::kTemplate) throw RowProblem("the task has no doc_to_target that can be used");
  const std::string text = template_->render(row);
  if (has_choices && python::is_digits(text)) return index_or_text(text, true);
  if (text.size() >= 2 && text.front() == '[' && text.back() == ']')
    return python::literal(text).value_or(Json(text));
  return text;
}

Json Field::choices(const Row& row) const {
  Json list;
  if (kind_ == Kind::kColumn) {
    list = column(row);
  } else if (kind_ == Kind::kFunction) {
    list = function_(row);
  } else if (kind_ == Kind::kJson && json_.is_object()) {
    list = Json::array();
    for (const auto& item : json_.items()) list.push_back(item.value());
  } else if (kind_ == Kind::kJson) {
    list = json_;
  } else if (kind_ == Kind::kTemplate) {
    const std::string text = template_->render(row);
    const auto literal = python::literal(text);
    if (!literal) throw RowProblem("doc_to_choice gives no list: " + text.substr(0, 200));
    list = *literal;
  }
  if (!list.is_array()) throw RowProblem("doc_to_choice gives no list: " + python::repr(list));
  return list;
}

std::string Field::resolved(const Row& row) const {
  if (kind_ == Kind::kAbsent) return "";
  if (kind_ == Kind::kTemplate && row.find(name_) == row.end()) return template_->render(row);
  const Json value = column(row);
  return value.is_null() ? "" : python::str(value);
}

}  // namespace assay::detail
