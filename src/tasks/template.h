// Jinja templates of task files: what jinja2's Environment(undefined=StrictUndefined,
// keep_trailing_newline=True) makes of them (lm_eval/utils.py 0.4.13). Why it is not an engine of
// others: docs/design/0007-templates.md.
#pragma once

#include <memory>
#include <stdexcept>
#include <string>

#include "tasks/rows.h"

namespace assay::detail {

// A row that a task cannot ask: a column is missing, a label is out of range. The sample is
// recorded as unscored for this reason.
struct RowProblem : std::runtime_error {
  using std::runtime_error::runtime_error;
};

class Template {
 public:
  // Errors: kBadInput with the file and both lines: wrong syntax, what is not supported.
  Template(const std::string& source, std::string file, int line);
  // Errors: RowProblem with the file and line; Error{kBadInput} when it does not end.
  std::string render(const Row& row) const;

 private:
  struct Tree;
  std::shared_ptr<const Tree> tree_;
  std::string file_;
  int line_ = 0;
};

}  // namespace assay::detail
