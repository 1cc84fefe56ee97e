// A task's own Python functions, run in a helper process. Only where the user asked for it by
// --trust-task-code: the code may do whatever the user may.
#pragma once

#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "tasks/rows.h"

namespace assay::detail {

// One Python process, started at the first call; its functions come from FOLDER/module.py beside
// the file in which `function` stands. Not thread-safe.
class TaskCode {
 public:
  TaskCode(std::string python, std::stop_token stop);
  ~TaskCode();
  TaskCode(const TaskCode&) = delete;
  TaskCode& operator=(const TaskCode&) = delete;

  // process_docs over all rows. Errors: kBadInput with Python's message; kIo when there is no such
  // Python or it ends; kInterrupted.
  std::vector<Row> on_documents(const TaskValue& function, std::vector<Row> rows);
  std::vector<Row> samples(const TaskValue& function);
  // doc_to_text ... Errors: RowProblem with Python's message, and as above.
  Json on_document(const TaskValue& function, const Row& row);
  // process_results(doc, results): metric to value. Errors: as on_document.
  Json on_results(const TaskValue& function, const Row& row, const Json& results);

 private:
  Json call(const TaskValue& function, const char* kind, Json argument, int timeout_s);
  struct Process;
  std::string python_;
  std::stop_token stop_;
  std::unique_ptr<Process> process_;
};

}  // namespace assay::detail
