#include "tasks/mapping_text.h"

#include <yaml-cpp/yaml.h>

#include "core/error.h"

extern "C" {
extern const char assay_datasets_yaml[];
extern const char assay_datasets_yaml_end[];
}

namespace assay::detail {
namespace {

Json to_json(const YAML::Node& node) {
  if (node.IsMap()) {
    Json object = Json::object();
    for (const auto& item : node) object[item.first.as<std::string>()] = to_json(item.second);
    return object;
  }
  if (node.IsSequence()) {
    Json list = Json::array();
    for (const auto& item : node) list.push_back(to_json(item));
    return list;
  }
  if (!node.IsScalar()) return nullptr;
  const std::string text = node.Scalar();
  if (node.Tag() == "!") return text;  // quoted
  if (text == "true" || text == "false") return text == "true";
  if (text == "null" || text == "~" || text.empty()) return nullptr;
  if (std::int64_t integer = 0; YAML::convert<std::int64_t>::decode(node, integer)) return integer;
  return text;
}

}  // namespace

Json parse_mapping(const std::string& text, const std::string& file) {
  try {
    return to_json(YAML::Load(text));
  } catch (const YAML::Exception& error) {
    throw Error(ErrorKind::kBadInput, "This is not YAML: " + error.msg,
                file + ", line " + std::to_string(error.mark.line + 1));
  }
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
  static const Json tree = parse_mapping(
      std::string(assay_datasets_yaml,
                  static_cast<std::size_t>(assay_datasets_yaml_end - assay_datasets_yaml)),
      "tasks/datasets.yaml (inside the program)");
  return tree;
}

}  // namespace assay::detail
