// Functions of tasks that Assay has itself, so that no task's code need be run. A task file names
// one as `!function builtin.NAME`; lm-eval's own names are taken too where the folder of the task's
// file tells which is meant ("hellaswag/utils.process_docs").
#pragma once

#include <string>

#include "tasks/document.h"

namespace assay::detail {

// name: "builtin.NAME" or "module.function"; file: of the task. Empty function: not built in.
DocFunction find_document_builtin(const std::string& name, const std::string& file);
DocsFunction find_documents_builtin(const std::string& name, const std::string& file);

// In the table's form: "builtin.NAME" as it is, else FOLDER/module.function.
std::string builtin_key(const std::string& name, const std::string& file);

}  // namespace assay::detail
