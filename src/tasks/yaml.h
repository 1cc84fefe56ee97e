// Inside tasks only: YAML text as a tree that knows where each value stands. Values are those of
// PyYAML's SafeLoader (YAML 1.1), which lm-evaluation-harness reads its task files with.
#pragma once

#include <cstddef>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace assay::detail {

using Json = nlohmann::ordered_json;

struct YamlNode;
// Shared: an alias is the node itself, so that aliases cost nothing to keep.
using Yaml = std::shared_ptr<const YamlNode>;

struct YamlNode {
  enum class Kind {
    kScalar,    // null, a boolean, a number or a text, in `scalar`
    kFunction,  // !function; `scalar` is the text after it
    kSequence,
    kMap,
  };
  Kind kind = Kind::kScalar;
  Json scalar;
  std::vector<Yaml> items;                           // kSequence
  std::vector<std::pair<std::string, Yaml>> fields;  // kMap, keys once, by first appearance
  std::shared_ptr<const std::string> file;
  int line = 0;  // from 1

  // Of the whole tree with aliases written out; what the limits are about.
  std::size_t n_nodes = 1, n_bytes = 0;
  int depth = 1;

  bool is_null() const { return kind == Kind::kScalar && scalar.is_null(); }
  bool is_text() const { return kind == Kind::kScalar && scalar.is_string(); }
  const std::string& text() const { return scalar.get_ref<const std::string&>(); }
  Yaml find(std::string_view key) const;  // null when absent or this is no map
};

// Refused beyond these, so that a hostile file costs neither memory nor time.
inline constexpr std::size_t kMaxYamlBytes = std::size_t{4} << 20;       // of the text
inline constexpr std::size_t kMaxYamlTreeBytes = std::size_t{32} << 20;  // aliases written out
inline constexpr std::size_t kMaxYamlNodes = 200'000;                    // aliases written out
inline constexpr std::size_t kMaxYamlKeys = 2'000;                       // of one map
inline constexpr int kMaxYamlDepth = 64;

// One document; empty text is null. Of equal keys the last counts, "<<" merges, as in PyYAML.
// Errors: kBadInput with file and line, also for tags other than !function and YAML's own.
Yaml parse_yaml(std::string_view text, const std::string& file);

// A function becomes {"!function": "module.name"}.
Json to_json(const YamlNode& node);

// What a plain scalar means in YAML 1.1 as PyYAML resolves it: 010 is 8, 1:30 is 90, yes is true,
// 1e-3 is a text. Dates stay texts.
Json resolve_plain_scalar(std::string_view text);
// The same for the tag !!int, !!float or !!bool; discarded when the text is not of that kind.
Json resolve_tagged_scalar(std::string_view type, std::string_view text);

// The fields of `top` over those of `base`.
void overlay(YamlNode& base, const YamlNode& top);

// The value of the quoted scalar that starts at `at`, when it goes over several lines; else
// nothing.
std::optional<std::string> read_quoted_lines(std::string_view text, std::size_t at);

// "FILE:LINE"
std::string place(const YamlNode& node);
const char* kind_name(const YamlNode& node);  // "a list", "a text", ... for messages

}  // namespace assay::detail
