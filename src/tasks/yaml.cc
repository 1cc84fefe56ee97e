// The only file that speaks to yaml-cpp. Its parser's events build our tree; its own nodes are not
// used, since they resolve scalars by YAML 1.2 and expand without limits.
#include "tasks/yaml.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <sstream>
#include <unordered_map>

#include "core/error.h"

namespace assay::detail {
namespace {

constexpr std::string_view kYamlTag = "tag:yaml.org,2002:";

[[noreturn]] void fail(const std::string& what, const std::string& file, int line,
                       const std::string& remedy = {}) {
  throw Error(ErrorKind::kBadInput, what, file + ":" + std::to_string(line), remedy);
}

std::string key_text(const Json& key) {
  return key.is_string() ? key.get<std::string>() : key.dump();
}

// yaml-cpp writes the escapes \_ and \N as the single bytes A0 and 85; the text around them is
// UTF-8, so that such a byte where a character starts is one of them.
std::string repaired_escapes(const std::string& text) {
  if (text.find_first_of("\xA0\x85") == std::string::npos) return text;
  std::string result;
  for (std::size_t i = 0; i < text.size();) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c == 0xA0 || c == 0x85) result += '\xC2';
    const std::size_t n = c >= 0xF0 ? 4 : c >= 0xE0 ? 3 : c >= 0xC2 ? 2 : 1;
    result.append(text, i, n);
    i += n;
  }
  return result;
}

class TreeBuilder : public YAML::EventHandler {
 public:
  TreeBuilder(std::string_view text, const std::string& file)
      : text_(text), file_(std::make_shared<std::string>(file)) {}

  Yaml take_root() { return std::move(root_); }

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    add(scalar(nullptr, mark), anchor);
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto found = anchors_.find(anchor);
    if (found == anchors_.end()) {
      fail("An alias stands inside the value that it names", *file_, mark.line + 1,
           "Write the value out.");
    }
    add(found->second, 0);
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    std::optional<std::string> quoted;
    if (tag != "?" && mark.pos >= 0) {
      quoted = read_quoted_lines(text_, static_cast<std::size_t>(mark.pos));
    }
    add(tagged_scalar(mark, tag, quoted ? *quoted : repaired_escapes(value)), anchor);
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(YamlNode::Kind::kSequence, "seq", mark, tag, anchor);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(YamlNode::Kind::kMap, "map", mark, tag, anchor);
  }
  void OnMapEnd() override { close(); }

 private:
  struct Frame {
    std::shared_ptr<YamlNode> node;
    YAML::anchor_t anchor = 0;
    Yaml key;                   // of a map: set while its value is awaited
    bool key_is_merge = false;  // the plain key "<<"
    std::vector<Yaml> merged;   // values of "<<"
    std::unordered_map<std::string, std::size_t> index;
  };

  std::shared_ptr<YamlNode> make(YamlNode::Kind kind, const YAML::Mark& mark) const {
    auto node = std::make_shared<YamlNode>();
    node->kind = kind;
    node->file = file_;
    node->line = mark.line + 1;
    return node;
  }

  Yaml scalar(Json value, const YAML::Mark& mark) const {
    auto node = make(YamlNode::Kind::kScalar, mark);
    if (value.is_discarded() ||
        (value.is_number_float() && !std::isfinite(value.get_ref<const double&>()))) {
      fail("A number is malformed, too large or not finite", *file_, node->line,
           "If a text is meant, put it in quotes.");
    }
    node->n_bytes = value.is_string() ? value.get_ref<const std::string&>().size() : 8;
    node->scalar = std::move(value);
    return node;
  }

  Yaml tagged_scalar(const YAML::Mark& mark, const std::string& tag, const std::string& value) {
    plain_merge_ = tag == "?" && value == "<<";
    if (tag == "?" || tag.empty()) return scalar(resolve_plain_scalar(value), mark);
    if (tag == "!") return scalar(value, mark);
    if (tag == "!function") {
      auto node = make(YamlNode::Kind::kFunction, mark);
      node->scalar = value;
      node->n_bytes = value.size();
      return node;
    }
    if (tag.starts_with(kYamlTag)) {
      const std::string type = tag.substr(kYamlTag.size());
      if (type == "str" || type == "timestamp") return scalar(value, mark);
      if (type == "null") return scalar(nullptr, mark);
      if (type == "int" || type == "float" || type == "bool") {
        return scalar(resolve_tagged_scalar(type, value), mark);
      }
    }
    refuse_tag(tag, mark);
  }

  [[noreturn]] void refuse_tag(const std::string& tag, const YAML::Mark& mark) const {
    fail("The tag '" + tag.substr(0, 80) + "' is not allowed in a task file", *file_, mark.line + 1,
         "Of tags, !function and YAML's plain types are read; nothing is executed.");
  }

  void open(YamlNode::Kind kind, std::string_view type, const YAML::Mark& mark,
            const std::string& tag, YAML::anchor_t anchor) {
    const bool known =
        tag.empty() || tag == "?" || tag == "!" || tag == std::string(kYamlTag) + std::string(type);
    if (!known) refuse_tag(tag, mark);
    if (stack_.size() >= static_cast<std::size_t>(kMaxYamlDepth)) too_deep(mark.line + 1);
    plain_merge_ = false;
    stack_.push_back({.node = make(kind, mark), .anchor = anchor});
  }

  void close() {
    Frame frame = std::move(stack_.back());
    stack_.pop_back();
    if (!frame.merged.empty()) merge(frame);
    plain_merge_ = false;
    add(frame.node, frame.anchor);
  }

  // Puts a finished node where it belongs.
  void add(const Yaml& node, YAML::anchor_t anchor) {
    check_size(*node);
    if (anchor != 0) anchors_[anchor] = node;
    if (stack_.empty()) {
      root_ = node;
      return;
    }
    Frame& frame = stack_.back();
    if (frame.node->kind == YamlNode::Kind::kSequence) {
      count(*frame.node, *node);
      frame.node->items.push_back(node);
    } else if (!frame.key) {
      if (node->kind == YamlNode::Kind::kSequence || node->kind == YamlNode::Kind::kMap) {
        fail("A key is a list or a map", *file_, node->line, "Keys are texts; put it in quotes.");
      }
      frame.key = node;
      frame.key_is_merge = plain_merge_;
    } else {
      add_value(frame, node);
    }
    plain_merge_ = false;
  }

  void add_value(Frame& frame, const Yaml& node) {
    const Yaml key = std::move(frame.key);
    frame.key = nullptr;
    count(*frame.node, *node);
    frame.node->n_bytes += key->n_bytes;
    if (frame.key_is_merge) {
      frame.merged.push_back(node);
      return;
    }
    set_field(frame, key_text(key->scalar), node);
  }

  void set_field(Frame& frame, const std::string& key, const Yaml& value) {
    auto& fields = frame.node->fields;
    const auto [at, is_new] = frame.index.emplace(key, fields.size());
    if (!is_new) {
      fields[at->second].second = value;
      return;
    }
    if (fields.size() >= kMaxYamlKeys) {
      fail("A map has more than " + std::to_string(kMaxYamlKeys) + " keys", *file_, value->line);
    }
    fields.emplace_back(key, value);
  }

  // Merged keys come first and lose to the map's own; of several merged maps the first wins.
  void merge(Frame& frame) {
    Frame whole{.node = frame.node};
    const auto own = std::exchange(frame.node->fields, {});
    for (auto value = frame.merged.rbegin(); value != frame.merged.rend(); ++value) {
      merge_one(whole, **value);
    }
    for (const auto& [key, value] : own) set_field(whole, key, value);
  }

  void merge_one(Frame& whole, const YamlNode& value) {
    if (value.kind == YamlNode::Kind::kMap) {
      for (const auto& [key, field] : value.fields) set_field(whole, key, field);
      return;
    }
    const auto is_map = [](const Yaml& item) { return item->kind == YamlNode::Kind::kMap; };
    if (value.kind != YamlNode::Kind::kSequence ||
        !std::all_of(value.items.begin(), value.items.end(), is_map)) {
      fail("\"<<\" merges a map or a list of maps, not " + std::string(kind_name(value)), *file_,
           value.line);
    }
    for (auto item = value.items.rbegin(); item != value.items.rend(); ++item) {
      merge_one(whole, **item);
    }
  }

  void count(YamlNode& parent, const YamlNode& child) const {
    parent.n_nodes += child.n_nodes;
    parent.n_bytes += child.n_bytes;
    parent.depth = std::max(parent.depth, child.depth + 1);
    check_size(parent);
  }

  void check_size(const YamlNode& node) const {
    if (node.n_nodes > kMaxYamlNodes || node.n_bytes > kMaxYamlTreeBytes) {
      fail("The file is too large once its aliases are written out", *file_, node.line,
           "A task file has at most " + std::to_string(kMaxYamlNodes) +
               " values; keep data in a data set.");
    }
    if (node.depth > kMaxYamlDepth) too_deep(node.line);
  }

  [[noreturn]] void too_deep(int line) const {
    fail("Values are nested deeper than " + std::to_string(kMaxYamlDepth) + " levels", *file_,
         line);
  }

  std::string_view text_;
  std::shared_ptr<const std::string> file_;
  std::vector<Frame> stack_;
  std::unordered_map<YAML::anchor_t, Yaml> anchors_;
  Yaml root_;
  bool plain_merge_ = false;  // the scalar just read is the plain text "<<"
};

// The second byte of a character of three or four bytes: no longer forms than needed, no
// surrogates, nothing beyond U+10FFFF.
bool is_second_byte(unsigned char first, unsigned char second) {
  const unsigned char low = first == 0xE0 ? 0xA0 : first == 0xF0 ? 0x90 : 0x80;
  const unsigned char high = first == 0xED ? 0x9F : first == 0xF4 ? 0x8F : 0xBF;
  return second >= low && second <= high;
}

// What libyaml's reader refuses: bytes that are not UTF-8, and control characters.
void check_characters(std::string_view text, const std::string& file) {
  int line = 1;
  for (std::size_t i = 0; i < text.size();) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c == '\n') ++line;
    if ((c < 0x20 && c != '\t' && c != '\n' && c != '\r') || c == 0x7F) {
      fail("A control character (code " + std::to_string(c) + ") stands in the file", file, line,
           "Write it as an escape in double quotes.");
    }
    const std::size_t n = c < 0x80 ? 1 : c >= 0xF0 ? 4 : c >= 0xE0 ? 3 : 2;
    bool good = c < 0x80 || (c >= 0xC2 && c <= 0xF4 && i + n <= text.size());
    for (std::size_t k = 1; good && k < n; ++k) {
      good = (static_cast<unsigned char>(text[i + k]) & 0xC0U) == 0x80U;
    }
    if (good && n > 1) good = is_second_byte(c, static_cast<unsigned char>(text[i + 1]));
    if (!good) fail("The file is not UTF-8", file, line, "Save it as UTF-8.");
    i += n;
  }
}

}  // namespace

Yaml parse_yaml(std::string_view text, const std::string& file) {
  if (text.size() > kMaxYamlBytes) {
    fail("The file has " + std::to_string(text.size()) + " bytes; a task file may have " +
             std::to_string(kMaxYamlBytes),
         file, 1, "Keep data in a data set.");
  }
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  check_characters(text, file);
  TreeBuilder builder(text, file);
  Yaml root;
  try {
    std::istringstream stream{std::string(text)};
    YAML::Parser parser(stream);
    if (parser.HandleNextDocument(builder)) {
      root = builder.take_root();
      if (parser.HandleNextDocument(builder)) {
        fail("The file holds several YAML documents", file, 1, "Make each a file of its own.");
      }
    }
  } catch (const YAML::Exception& error) {
    fail("Not YAML: " + error.msg, file, std::max(error.mark.line, 0) + 1);
  }
  if (!root) {
    auto empty = std::make_shared<YamlNode>();
    empty->file = std::make_shared<std::string>(file);
    empty->line = 1;
    root = empty;
  }
  return root;
}

Yaml YamlNode::find(std::string_view key) const {
  for (const auto& [name, value] : fields) {
    if (name == key) return value;
  }
  return nullptr;
}

Json to_json(const YamlNode& node) {
  switch (node.kind) {
    case YamlNode::Kind::kScalar:
      return node.scalar;
    case YamlNode::Kind::kFunction: {
      Json json = Json::object();
      json["!function"] = node.scalar;
      return json;
    }
    case YamlNode::Kind::kSequence: {
      Json json = Json::array();
      for (const Yaml& item : node.items) json.push_back(to_json(*item));
      return json;
    }
    case YamlNode::Kind::kMap: {
      Json json = Json::object();
      for (const auto& [key, value] : node.fields) json[key] = to_json(*value);
      return json;
    }
  }
  return nullptr;
}

void overlay(YamlNode& base, const YamlNode& top) {
  for (const auto& [key, value] : top.fields) {
    const auto same = [&key = key](const auto& field) { return field.first == key; };
    const auto found = std::find_if(base.fields.begin(), base.fields.end(), same);
    if (found == base.fields.end()) {
      base.fields.emplace_back(key, value);
    } else {
      found->second = value;
    }
  }
}

std::string place(const YamlNode& node) { return *node.file + ":" + std::to_string(node.line); }

const char* kind_name(const YamlNode& node) {
  switch (node.kind) {
    case YamlNode::Kind::kFunction:
      return "a !function";
    case YamlNode::Kind::kSequence:
      return "a list";
    case YamlNode::Kind::kMap:
      return "a map";
    case YamlNode::Kind::kScalar:
      break;
  }
  if (node.scalar.is_null()) return "empty";
  if (node.scalar.is_string()) return "a text";
  if (node.scalar.is_boolean()) return "true or false";
  return "a number";
}

}  // namespace assay::detail
