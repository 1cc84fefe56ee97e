#include "tasks/mapping_text.h"

#include "core/error.h"
#include "tasks/task_files.h"
#include "tasks/yaml.h"

namespace assay::detail {

Json parse_mapping(const std::string& text, const std::string& file) {
  return to_json(*parse_yaml(text, file));
}

Json parse_readme_header(const std::string& text) {
  if (!text.starts_with("---")) return nullptr;
  const std::size_t start = text.find('\n');
  const std::size_t end = text.find("\n---", 3);
  if (start == std::string::npos || end == std::string::npos || end <= start) return nullptr;
  try {
    return parse_mapping(text.substr(start + 1, end - start), "README.md");
  } catch (const Error&) {
    return nullptr;
  }
}

const Json& shipped_mapping() {
  static const Json kTree = [] {
    for (const EmbeddedFile& file : shipped_files())
      if (file.path == "datasets.yaml")
        return parse_mapping(std::string(file.content), "tasks/datasets.yaml");
    throw Error(ErrorKind::kEngine, "The program holds no datasets.yaml");
  }();
  return kTree;
}

}  // namespace assay::detail
