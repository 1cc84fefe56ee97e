#include "compress/quantize_plan.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <regex>
#include <set>
#include <sstream>

#include "compress/ggml_types.h"
#include "compress/imatrix.h"
#include "core/error.h"

namespace assay {
namespace {

[[noreturn]] void refuse(const std::string& what, const std::string& where,
                         const std::string& remedy) {
  throw Error(ErrorKind::kUsage, what, where, remedy);
}

const FileType& find_file_type(const std::string& name) {
  if (const FileType* type = file_type_named(name)) return *type;
  refuse(fmt::format("'{}' is no type that llama.cpp can make", name), "",
         fmt::format("Types: {}.", fmt::join(quantisation_types(), ", ")));
}

const GgmlType& find_tensor_type(const std::string& name) {
  const GgmlType* type = find_ggml_type(name);
  if (type != nullptr && type->can_quantise) return *type;
  std::vector<std::string_view> names;
  for (const GgmlType& known : all_ggml_types()) {
    if (known.can_quantise) names.push_back(known.name);
  }
  refuse(fmt::format("'{}' is no type that weights can be converted to", name), "",
         fmt::format("Tensor types: {}.", fmt::join(names, " ")));
}

std::vector<GgufTensor> all_tensors(const std::string& source, std::int64_t& header_bytes) {
  std::vector<GgufTensor> tensors;
  for (const std::string& part : gguf_parts(source)) {
    const GgufHeader header = read_gguf(part);
    std::uint64_t first = static_cast<std::uint64_t>(header.file_bytes);
    for (const GgufTensor& tensor : header.tensors) first = std::min(first, tensor.offset);
    header_bytes += static_cast<std::int64_t>(first);
    tensors.insert(tensors.end(), header.tensors.begin(), header.tensors.end());
  }
  return tensors;
}

void check_not_quantised(const QuantizeOptions& options, const std::vector<GgufTensor>& tensors) {
  if (options.allow_requantize) return;
  for (const GgufTensor& tensor : tensors) {
    const bool matrix = tensor.shape.size() >= 2 && tensor.shape[1] > 1;
    if (matrix && find_ggml_type(tensor.type)->bits() < 16) {
      refuse(fmt::format("the source is already quantised: {} is {}", tensor.name, tensor.type),
             options.source,
             "Give the 16- or 32-bit model, or allow requantising and read the result's losses as "
             "losses of both steps.");
    }
  }
}

// llama.cpp ignores the overrides of tensors for file types that are not quantised, and those that
// match nothing: what was asked must not silently have no effect.
void check_overrides(const QuantizeOptions& options, const FileType& type,
                     const std::vector<GgufTensor>& tensors) {
  if (!options.tensor_types.empty() && find_ggml_type(type.default_type)->block_weights == 1) {
    refuse(fmt::format("types of single tensors have no effect in a {} file", type.name), "",
           "Choose a quantised type for the file, or leave them out.");
  }
  for (const TensorTypeOverride& wanted : options.tensor_types) {
    find_tensor_type(wanted.type);
    try {
      const std::regex pattern(wanted.regex);
      if (!std::ranges::any_of(tensors, [&](const GgufTensor& tensor) {
            return std::regex_search(tensor.name, pattern);
          })) {
        refuse(fmt::format("no tensor's name matches '{}'", wanted.regex), options.source,
               "List the tensors' names with assay inspect.");
      }
    } catch (const std::regex_error& error) {
      refuse(fmt::format("'{}' is no regular expression: {}", wanted.regex, error.what()), "",
             "Use ECMAScript syntax, as in 'blk\\.[0-3]\\.attn_v'.");
    }
  }
}

// llama.cpp applies these two types whatever the row length, and aborts the process if it does not
// divide.
void check_special_tensors(const std::string& type_name, const std::set<std::string_view>& names,
                           const std::vector<GgufTensor>& tensors) {
  if (type_name.empty()) return;
  const GgmlType& type = find_tensor_type(type_name);
  for (const GgufTensor& tensor : tensors) {
    if (!names.contains(tensor.name) || tensor.shape[0] % type.block_weights == 0) continue;
    refuse(fmt::format("{} cannot be {}: its rows of {} weights are not a multiple of {}",
                       tensor.name, type.name, tensor.shape[0], type.block_weights),
           "", "Choose a type with smaller blocks, such as Q8_0 or Q4_0.");
  }
}

const FileType& check_options(const QuantizeOptions& options,
                              const std::vector<GgufTensor>& tensors) {
  const FileType& type = find_file_type(options.type);
  check_not_quantised(options, tensors);
  check_overrides(options, type, tensors);
  check_special_tensors(options.token_embedding_type,
                        {"token_embd.weight", "per_layer_token_embd.weight"}, tensors);
  check_special_tensors(options.output_tensor_type, {"output.weight"}, tensors);
  if (options.leave_output_tensor && !options.output_tensor_type.empty()) {
    refuse("the output tensor cannot both be left alone and take a type", "", "Give one of them.");
  }
  return type;
}

// ---- the plan ----

// The notes that llama-quantize leaves in the metadata about the matrix it used.
void add_imatrix(LlamaQuantizeJob& job, const std::string& path, ImportanceMatrix matrix) {
  job.imatrix = std::move(matrix.entries);
  job.metadata.emplace_back("quantize.imatrix.file", path);
  if (!matrix.datasets.empty()) {
    job.metadata.emplace_back("quantize.imatrix.dataset", matrix.datasets.front());
  }
  job.metadata.emplace_back("quantize.imatrix.entries_count",
                            static_cast<std::int64_t>(job.imatrix.size()));
  if (matrix.n_chunks > 0)
    job.metadata.emplace_back("quantize.imatrix.chunks_count", matrix.n_chunks);
}

LlamaQuantizeJob make_job(const QuantizeOptions& options, const FileType& type) {
  LlamaQuantizeJob job{.source = gguf_parts(options.source).front(),
                       .file_type = type.id,
                       .pure = options.pure,
                       .leave_output_tensor = options.leave_output_tensor,
                       .allow_requantize = options.allow_requantize,
                       .n_threads = options.n_threads,
                       .stop = options.stop,
                       .progress = options.progress};
  for (const TensorTypeOverride& wanted : options.tensor_types) {
    job.tensor_types.emplace_back(wanted.regex, find_tensor_type(wanted.type).id);
  }
  if (!options.output_tensor_type.empty()) {
    job.output_tensor_type = find_tensor_type(options.output_tensor_type).id;
  }
  if (!options.token_embedding_type.empty()) {
    job.token_embedding_type = find_tensor_type(options.token_embedding_type).id;
  }
  if (!options.imatrix.empty()) add_imatrix(job, options.imatrix, read_imatrix(options.imatrix));
  return job;
}

// "[   2/ 272] NAME - [...], type = f16, size = ... MiB -> ... MiB (q8_0)": what each tensor that
// is converted becomes.
std::map<std::string, std::string> read_targets(const std::string& log) {
  static const std::regex line_form(R"(^\[ *\d+/ *\d+\] (.*?) *- \[.*MiB \(([0-9a-zA-Z_]+)\)$)");
  std::map<std::string, std::string> targets;
  std::istringstream lines(log);
  for (std::string line; std::getline(lines, line);) {
    std::smatch match;
    if (line.size() < 1000 && std::regex_match(line, match, line_form)) {
      targets[match[1]] = match[2];
    }
  }
  return targets;
}

// "warning: NAME - ncols 576 not divisible by 256 (required for type q4_K) -> falling back to q5_0"
std::vector<Fallback> read_fallbacks(const std::string& log) {
  static const std::regex line_form(
      R"(^warning: (.*?) *- ncols +(\d+) not divisible by +\d+ \(required for type +(\w+)\).*)"
      R"(-> falling back to +(\w+)$)");
  std::vector<Fallback> fallbacks;
  std::istringstream lines(log);
  for (std::string line; std::getline(lines, line);) {
    std::smatch match;
    if (line.size() > 1000 || !std::regex_match(line, match, line_form)) continue;
    fallbacks.push_back({.tensor = match[1],
                         .wanted = std::string(find_tensor_type(match[3]).name),
                         .got = std::string(find_tensor_type(match[4]).name),
                         .row_length = std::stoll(match[2])});
  }
  return fallbacks;
}

// Beside the types that llama.cpp refuses to make blindly there are three whose quantisers abort
// the process without importances, which it does not check for embeddings and output.
bool needs_importance(const std::string& tensor, const GgmlType& target, const FileType& type) {
  static const std::set<std::string_view> always = {"IQ2_XXS", "IQ2_XS", "IQ1_S"};
  static const std::set<std::string_view> inner = {"IQ3_XXS", "IQ2_S", "IQ1_M"};
  if (always.contains(target.name)) return true;
  const bool outer = tensor == "token_embd.weight" || tensor == "per_layer_token_embd.weight" ||
                     tensor == "output.weight";
  return !outer &&
         (inner.contains(target.name) || (target.name == "Q2_K" && type.name == "Q2_K_S"));
}

void check_importance(const QuantizeOptions& options, const QuantizePlan& plan,
                      const FileType& type, const std::vector<GgufTensor>& tensors,
                      const std::map<std::string, std::string>& targets) {
  const std::map<std::string, std::vector<float>> matrix(plan.job.imatrix.begin(),
                                                         plan.job.imatrix.end());
  for (const GgufTensor& tensor : tensors) {
    const auto target = targets.find(tensor.name);
    if (target == targets.end()) continue;
    const auto entry = matrix.find(tensor.name);
    const std::int64_t n = tensor.shape[0] * (tensor.shape.size() > 2 ? tensor.shape[2] : 1);
    const bool fits = entry != matrix.end() && std::ssize(entry->second) == n;
    if (entry != matrix.end() && !fits && !tensor.name.ends_with("token_embd.weight")) {
      throw Error(ErrorKind::kBadInput,
                  fmt::format("the importance matrix has {} values for {}, which has {} inputs",
                              entry->second.size(), tensor.name, n),
                  options.imatrix, "Give the matrix of this model.");
    }
    if (fits || !needs_importance(tensor.name, find_tensor_type(target->second), type)) continue;
    refuse(fmt::format("{} needs an importance matrix{}: {} would become {}", type.name,
                       options.imatrix.empty() ? "" : " that covers every tensor", tensor.name,
                       find_tensor_type(target->second).name),
           options.imatrix,
           "Make one with llama-imatrix and give it with --imatrix, or choose a type without that "
           "need, such as Q2_K.");
  }
}

// Bytes of the result: the tensors padded, and the metadata, which is about as long as the
// source's.
std::int64_t count_bytes(const std::vector<GgufTensor>& tensors,
                         const std::map<std::string, std::string>& targets,
                         std::int64_t header_bytes) {
  std::int64_t n_bytes = header_bytes + 4096;
  for (const GgufTensor& tensor : tensors) {
    const auto target = targets.find(tensor.name);
    std::int64_t size = tensor.size_bytes;
    if (target != targets.end()) {
      const GgmlType& type = find_tensor_type(target->second);
      size = tensor.n_weights / type.block_weights * type.block_bytes;
    }
    n_bytes += (size + 31) / 32 * 32;
  }
  return n_bytes;
}

}  // namespace

std::string llama_reason(const std::string& log) {
  constexpr std::string_view mark = "failed to quantize: ";
  const std::size_t at = log.rfind(mark);
  if (at == std::string::npos)
    return log.substr(log.size() - std::min<std::size_t>(log.size(), 500));
  const std::size_t end = log.find('\n', at);
  return log.substr(at + mark.size(), end == std::string::npos ? end : end - at - mark.size());
}

std::string check_quantize_options(const QuantizeOptions& options) {
  std::int64_t ignored = 0;
  return std::string(check_options(options, all_tensors(options.source, ignored)).name);
}

QuantizePlan plan_quantize(const QuantizeOptions& options) {
  std::int64_t header_bytes = 0;
  const std::vector<GgufTensor> tensors = all_tensors(options.source, header_bytes);
  const FileType& type = check_options(options, tensors);
  QuantizePlan plan{.job = make_job(options, type), .type = std::string(type.name)};
  plan.job.dry_run = true;
  const LlamaQuantizeOutcome outcome = run_llama_quantize(plan.job);
  plan.job.dry_run = false;
  if (outcome.stopped) {
    throw Error(ErrorKind::kInterrupted, "stopped while planning to quantise", options.source);
  }
  if (!outcome.done) {
    throw Error(ErrorKind::kEngine, "llama.cpp cannot quantise: " + llama_reason(outcome.log),
                options.source, "Check the model with assay inspect.");
  }
  plan.fallbacks = read_fallbacks(outcome.log);
  const auto targets = read_targets(outcome.log);
  check_importance(options, plan, type, tensors, targets);
  plan.n_bytes = count_bytes(tensors, targets, header_bytes);
  return plan;
}

}  // namespace assay
