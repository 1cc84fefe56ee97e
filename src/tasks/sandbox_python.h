// Where a Python lives, and so what of the file system it needs.
#pragma once

#include <string>
#include <vector>

namespace assay::detail {

struct PythonHome {
  std::string executable;            // absolute
  std::string version;               // "3.11.2"
  std::vector<std::string> folders;  // its prefixes outside /usr
};

// The programs that `python` may mean: itself when it has a slash, else every one on PATH.
std::vector<std::string> python_candidates(const std::string& python);
// Asks that Python. Errors: kEngine when it does not answer, or when a folder of its own would show
// more than a Python (/, a home folder).
PythonHome find_python_home(const std::string& program);
// The first program of this name on PATH; empty when there is none.
std::string find_on_path(const std::string& name);

}  // namespace assay::detail
