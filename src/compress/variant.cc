// Names of variants.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cctype>

#include "compress/compress.h"
#include "compress/ggml_types.h"
#include "core/error.h"

namespace assay {
namespace {

constexpr std::array<std::string_view, 9> kKvTypes = {"f32",  "f16",    "bf16", "q8_0", "q4_0",
                                                      "q4_1", "iq4_nl", "q5_0", "q5_1"};

std::string lower(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

[[noreturn]] void fail(const std::string& text, const std::string& what) {
  std::vector<std::string_view> names;
  for (const FileType& type : file_types()) names.push_back(type.name);
  throw Error(ErrorKind::kUsage, fmt::format("variant '{}': {}", text, what), "",
              fmt::format("Give a GGUF file, a type or nothing, then +kv=K, +kv=K/V, +as=f32 or "
                          "+as=f16, as in Q4_K_M, model.gguf, kv=q8_0, Q4_K_M+kv=q8_0/q4_0, "
                          "model.gguf+as=f32. Types: {}. KV types: {}.",
                          fmt::join(names, " "), fmt::join(kKvTypes, " ")));
}

std::string kv_type(const std::string& text, std::string_view given) {
  std::string name = lower(given);
  if (std::ranges::find(kKvTypes, name) == kKvTypes.end()) {
    fail(text, fmt::format("'{}' is no KV cache type", given));
  }
  return name;
}

void set_kv(VariantSpec& spec, std::string_view value) {
  if (spec.kv) fail(spec.text, "kv= is given twice");
  const std::size_t slash = value.find('/');
  const std::string k = kv_type(spec.text, value.substr(0, slash));
  const bool both = slash == std::string_view::npos;
  spec.kv = KvTypes{.k = k, .v = both ? k : kv_type(spec.text, value.substr(slash + 1))};
}

void set_compute(VariantSpec& spec, std::string_view value) {
  if (spec.compute_as) fail(spec.text, "as= is given twice");
  const std::string name = lower(value);
  if (name != "f32" && name != "f16")
    fail(spec.text, fmt::format("as={} is neither f32 nor f16", value));
  spec.compute_as = name == "f32" ? "F32" : "F16";
}

bool set_runtime(VariantSpec& spec, std::string_view part) {
  const std::string key = lower(part.substr(0, 3));
  if (key == "kv=") set_kv(spec, part.substr(3));
  if (key == "as=") set_compute(spec, part.substr(3));
  return key == "kv=" || key == "as=";
}

void set_weights(VariantSpec& spec, std::string_view weights) {
  if (const FileType* type = file_type_named(weights)) {
    spec.weights = VariantSpec::Weights::kType;
    spec.type = type->name;
  } else if (weights.find('/') != std::string_view::npos || lower(weights).ends_with(".gguf")) {
    spec.weights = VariantSpec::Weights::kFile;
    spec.file = weights;
  } else {
    fail(spec.text, fmt::format("'{}' is neither a type nor a .gguf file", weights));
  }
}

}  // namespace

VariantSpec parse_variant(const std::string& text) {
  VariantSpec spec{.text = text};
  std::string_view rest = text;
  if (rest.empty()) fail(text, "it is empty");
  // From the right, and only as long as the parts are kv= or as=: a path may hold a '+'.
  for (;;) {
    const std::size_t plus = rest.rfind('+');
    const bool first = plus == std::string_view::npos;
    if (!set_runtime(spec, first ? rest : rest.substr(plus + 1))) break;
    if (first) return spec;  // runtime parts alone: the baseline's weights
    rest = rest.substr(0, plus);
  }
  set_weights(spec, rest);
  return spec;
}

std::vector<std::string> quantisation_types() {
  std::vector<std::string> out;
  for (const FileType& type : file_types()) {
    switch (type.imatrix) {
      case NeedsImatrix::kNo:
        out.emplace_back(type.name);
        break;
      case NeedsImatrix::kSomeTensors:
        out.push_back(fmt::format("{} (needs an importance matrix for most models)", type.name));
        break;
      case NeedsImatrix::kYes:
        out.push_back(fmt::format("{} (needs an importance matrix)", type.name));
        break;
    }
  }
  return out;
}

}  // namespace assay
