#include "study/candidates.h"

#include <algorithm>
#include <filesystem>
#include <map>

#include <fmt/format.h>

#include "core/error.h"

namespace assay::detail {
namespace {

void report_phase(const MeasureOptions& options, std::string phase, int n_done = 0,
                  int n_total = 0) {
  if (options.progress)
    options.progress({.phase = std::move(phase), .n_done = n_done, .n_total = n_total});
}

// `source` in `type`, from the cache or made now.
std::string made_file(const MeasureOptions& options, const std::string& source,
                      const std::string& type, bool allow_requantize,
                      std::vector<std::string>& notes) {
  QuantizeOptions recipe = options.recipe;
  const bool is_float = type == "F32" || type == "F16" || type == "BF16";
  if (is_float) {
    recipe = {};
    recipe.n_threads = options.recipe.n_threads;
  }
  recipe.source = source;
  recipe.type = type;
  recipe.allow_requantize = recipe.allow_requantize || allow_requantize;
  recipe.stop = options.stop;
  recipe.progress = [&](int n_done, int n_tensors) {
    report_phase(options, "making " + type, n_done, n_tensors);
  };
  report_phase(options, "making " + type);
  const QuantizeResult result = quantize_cached(recipe, options.cache_dir);
  if (!result.fallbacks.empty() && !is_float) notes.push_back(fmt::format("made with {}", type));
  return result.path;
}

// "30 of 272 tensors have rows that are no multiple of 256 and are stored as Q5_0 or Q8_0 instead"
std::string fallback_note(const CheckpointFacts& facts) {
  std::map<std::string, int> got;
  for (const Fallback& fallback : facts.fallbacks) ++got[fallback.got];
  std::string types;
  for (const auto& [type, n] : got)
    types += fmt::format("{}{} as {}", types.empty() ? "" : ", ", n, type);
  std::int64_t n_tensors = 0;
  for (const TensorTypeCount& count : facts.tensor_types) n_tensors += count.n_tensors;
  return fmt::format(
      "{} of {} tensors cannot take the type of {} (row of {} is not a multiple of 256), for "
      "example {}: {}",
      facts.fallbacks.size(), n_tensors, facts.file_type, facts.fallbacks.front().row_length,
      facts.fallbacks.front().tensor, types);
}

Digest identity_of(const Digest& weights, const RuntimeRequest& runtime) {
  return Hasher()
      .add_field("model/1")
      .add_field(weights)
      .add_field(runtime.kv.k)
      .add_field(runtime.kv.v)
      .add_field(runtime.flash_attention)
      .add_field(runtime.n_ubatch)
      .add_field(runtime.n_gpu_layers)
      .add_field(llama_engine_id())
      .finish();
}

ModelInfo sizes_of(const CheckpointFacts& facts) {
  ModelInfo info;
  info.size_bytes = facts.size_bytes;
  info.n_layer = facts.n_layer;
  info.n_embd = facts.n_embd;
  info.n_vocab = facts.n_vocab;
  return info;
}

// "Q4_K_M.gguf+kv=q8_0" for "models/Q4_K_M.gguf+kv=q8_0".
std::string display_name(const VariantSpec& spec) {
  if (spec.weights != VariantSpec::Weights::kFile) return spec.text;
  const std::size_t folder = spec.file.rfind('/');
  return folder == std::string::npos ? spec.text
                                     : spec.text.substr(spec.text.find(spec.file) + folder + 1);
}

Prepared prepare(const MeasureOptions& options, const VariantSpec& spec, const std::string& source,
                 std::vector<std::string> notes) {
  Prepared prepared{.spec = spec, .deployed_path = source, .notes = std::move(notes)};
  prepared.facts = inspect_checkpoint(source);
  if (!prepared.facts.fallbacks.empty()) prepared.notes.push_back(fallback_note(prepared.facts));
  prepared.path = source;
  if (spec.compute_as) {
    std::vector<std::string> ignored;
    prepared.path = made_file(options, source, *spec.compute_as, true, ignored);
    prepared.notes.push_back(fmt::format(
        "weights dequantised to {} and run by full-precision kernels; size is that of the "
        "quantised file",
        *spec.compute_as));
  }
  report_phase(options, "hashing " + std::filesystem::path(prepared.path).filename().string());
  prepared.weights = weights_digest(prepared.path, options.cache_dir);
  RuntimeRequest runtime = options.runtime;
  if (spec.kv) runtime.kv = *spec.kv;
  prepared.kv = runtime.kv;
  for (const std::string& type : {runtime.kv.k, runtime.kv.v}) {
    const HeadDimensions heads{prepared.facts.head_dim_k, prepared.facts.head_dim_v};
    if (const auto problem = kv_type_problem(type, heads)) {
      throw Error(ErrorKind::kBadInput, "KV cache type " + type + " cannot be used: " + *problem,
                  spec.text, "Leave kv= out for this model.");
    }
  }
  const std::string path = prepared.path;
  const Digest weights = prepared.weights;
  const auto model_options = [path, weights, runtime](const ModelShape& shape) {
    return ModelOptions{.path = path,
                        .runtime = runtime,
                        .n_ctx = shape.n_ctx,
                        .n_seq_max = shape.n_seq_max,
                        .n_rows_max = shape.n_rows_max,
                        .share_prefixes = shape.share_prefixes,
                        .truncates = shape.truncates,
                        .weights = weights};
  };
  prepared.candidate = {
      .name = display_name(spec),
      .identity = identity_of(weights, runtime),
      .open = [model_options](const ModelShape& shape) { return open_llama(model_options(shape)); },
      .memory_bytes =
          estimate_memory_bytes(model_options({.n_ctx = 512}), sizes_of(prepared.facts)),
      .n_ubatch = runtime.n_ubatch};
  return prepared;
}

}  // namespace

Prepared prepare_baseline(const MeasureOptions& options) {
  const VariantSpec spec = parse_variant(options.baseline);
  if (spec.weights != VariantSpec::Weights::kFile) {
    throw Error(ErrorKind::kUsage,
                "The baseline must be a model file, not '" + options.baseline + "'", {},
                "Give the path of a GGUF first, then its variants.");
  }
  return prepare(options, spec, spec.file, {});
}

Prepared prepare_variant(const MeasureOptions& options, const VariantSpec& spec,
                         const Prepared* baseline) {
  std::vector<std::string> notes;
  switch (spec.weights) {
    case VariantSpec::Weights::kFile:
      return prepare(options, spec, spec.file, {});
    case VariantSpec::Weights::kBaseline:
    case VariantSpec::Weights::kType:
      break;
  }
  if (baseline == nullptr) {
    throw Error(ErrorKind::kUsage,
                "'" + spec.text + "' is made from a baseline model, and there is none here", {},
                "With --kld-base give the variants as files.");
  }
  if (spec.weights == VariantSpec::Weights::kBaseline)
    return prepare(options, spec, baseline->deployed_path, {});
  const std::string made = made_file(options, baseline->deployed_path, spec.type, false, notes);
  return prepare(options, spec, made, {});
}

void fill_report(const Prepared& prepared, const ModelInfo& loaded, ModelReport& report) {
  report.name = prepared.candidate.name;
  report.info = loaded;
  report.info.path = prepared.deployed_path;
  report.info.weights = prepared.weights;
  report.info.size_bytes = prepared.facts.size_bytes;
  report.info.n_weights = prepared.facts.n_weights;
  report.info.bits_per_weight = prepared.facts.bits_per_weight;
  report.info.tensor_types = prepared.facts.tensor_types;
  report.notes = prepared.notes;
}

std::vector<std::string> baseline_notes(const Prepared& baseline) {
  std::vector<std::string> notes;
  if (baseline.facts.quantised) {
    notes.push_back(
        fmt::format("the baseline is itself quantised ({}, {:.2f} bits per weight): losses are "
                    "measured against it, not "
                    "against the original model",
                    baseline.facts.file_type, baseline.facts.bits_per_weight));
  } else if (baseline.facts.dequantised_from) {
    notes.push_back(
        fmt::format("the baseline's weights lie on a grid of {}: it was dequantised from a "
                    "quantised file, and losses against "
                    "the original model would be larger or differently ordered",
                    *baseline.facts.dequantised_from));
  }
  return notes;
}

}  // namespace assay::detail
