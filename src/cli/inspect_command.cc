// assay inspect: what a GGUF is, without loading it.
#include <algorithm>
#include <cmath>

#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "cli/commands.h"
#include "compress/compress.h"
#include "models/models.h"

namespace assay::cli {
namespace {

struct InspectFlags {
  std::string path, against;
  bool json = false, tensors = false, metadata = false;
};

constexpr const char* kKvTypes[] = {"f32",  "f16",  "bf16", "q8_0",  "q5_1",
                                    "q5_0", "q4_1", "q4_0", "iq4_nl"};

std::string text_of(const GgufValue& value) {
  struct Visitor {
    std::string operator()(std::uint64_t v) const { return std::to_string(v); }
    std::string operator()(std::int64_t v) const { return std::to_string(v); }
    std::string operator()(double v) const { return fmt::format("{}", v); }
    std::string operator()(bool v) const { return v ? "true" : "false"; }
    std::string operator()(const std::string& v) const {
      std::string shown = v.substr(0, 100);
      std::replace(shown.begin(), shown.end(), '\n', ' ');
      return v.size() > 100 ? fmt::format("{}... ({} bytes)", shown, v.size()) : shown;
    }
    std::string operator()(const GgufArray& v) const {
      return fmt::format("{} x {}", v.n, v.element_type);
    }
  };
  return std::visit(Visitor{}, value);
}

nlohmann::ordered_json to_document(const CheckpointFacts& facts, const GgufHeader& header,
                                   const InspectFlags& flags,
                                   const std::vector<TensorLoss>& losses) {
  nlohmann::ordered_json document{
      {"schema", "assay-inspect/1"},        {"path", header.path},
      {"architecture", facts.architecture}, {"name", facts.name},
      {"file_type", facts.file_type},       {"size_bytes", facts.size_bytes},
      {"n_weights", facts.n_weights},       {"bits_per_weight", facts.bits_per_weight},
      {"n_layer", facts.n_layer},           {"n_embd", facts.n_embd},
      {"n_ctx_train", facts.n_ctx_train},   {"n_vocab", facts.n_vocab},
      {"head_dim_k", facts.head_dim_k},     {"head_dim_v", facts.head_dim_v},
      {"quantised", facts.quantised}};
  document["dequantised_from"] =
      facts.dequantised_from ? nlohmann::ordered_json(*facts.dequantised_from) : nullptr;
  for (const TensorTypeCount& t : facts.tensor_types) {
    document["tensor_types"].push_back({{"type", t.type},
                                        {"n_tensors", t.n_tensors},
                                        {"n_weights", t.n_weights},
                                        {"size_bytes", t.size_bytes}});
  }
  document["fallbacks"] = nlohmann::ordered_json::array();
  for (const Fallback& f : facts.fallbacks) {
    document["fallbacks"].push_back(
        {{"tensor", f.tensor}, {"wanted", f.wanted}, {"got", f.got}, {"row_length", f.row_length}});
  }
  for (const char* type : kKvTypes) {
    const auto problem = kv_type_problem(type, {facts.head_dim_k, facts.head_dim_v});
    document["kv_types"][type] =
        problem ? nlohmann::ordered_json(*problem) : nlohmann::ordered_json("usable");
  }
  for (const auto& [key, value] : header.metadata) document["metadata"][key] = text_of(value);
  if (flags.against.empty()) return document;
  document["against"] = flags.against;
  document["tensors"] = nlohmann::ordered_json::array();
  for (const TensorLoss& loss : losses) {
    document["tensors"].push_back({{"name", loss.name},
                                   {"baseline_type", loss.baseline_type},
                                   {"type", loss.type},
                                   {"n_weights", loss.n_weights},
                                   {"size_bytes", loss.size_bytes},
                                   {"relative_rms", loss.relative_rms}});
  }
  return document;
}

void print_facts(const CheckpointFacts& facts, const GgufHeader& header) {
  fmt::print("{}\n  {} ({}), {} weights, {:.1f} MiB, {:.2f} bits per weight\n", header.path,
             facts.name.empty() ? "unnamed" : facts.name, facts.architecture, facts.n_weights,
             static_cast<double>(facts.size_bytes) / (1 << 20), facts.bits_per_weight);
  fmt::print(
      "  file type {}; {} layers, width {}, heads of {}, trained context {}, vocabulary {}\n",
      facts.file_type.empty() ? "not stated" : facts.file_type, facts.n_layer, facts.n_embd,
      facts.head_dim_k, facts.n_ctx_train, facts.n_vocab);
  for (const TensorTypeCount& t : facts.tensor_types) {
    fmt::print("  {:<8} {:>5} tensors  {:>6.1f} % of the bytes\n", t.type, t.n_tensors,
               100.0 * static_cast<double>(t.size_bytes) /
                   static_cast<double>(std::max<std::int64_t>(1, facts.size_bytes)));
  }
  if (facts.dequantised_from)
    fmt::print("  The weights lie on a grid: dequantised from {}\n", *facts.dequantised_from);
  if (!facts.fallbacks.empty()) {
    const Fallback& first = facts.fallbacks.front();
    fmt::print(
        "  {} tensors could not take {} (rows no multiple of 256), such as {}: {} with rows of "
        "{}\n",
        facts.fallbacks.size(), facts.file_type, first.tensor, first.got, first.row_length);
  }
  for (const char* type : kKvTypes) {
    if (const auto problem = kv_type_problem(type, {facts.head_dim_k, facts.head_dim_v})) {
      fmt::print("  kv={} cannot be used: {}\n", type, *problem);
    }
  }
}

// The tensors that moved most first.
void print_losses(std::vector<TensorLoss> losses, const std::string& against) {
  double squares = 0, n = 0;
  for (const TensorLoss& loss : losses) {
    squares += static_cast<double>(loss.n_weights) * loss.relative_rms * loss.relative_rms;
    n += static_cast<double>(loss.n_weights);
  }
  fmt::print("\n  Against {}: the weights moved by {:.2f} % of their size (root mean square)\n",
             against, 100 * std::sqrt(squares / n));
  std::stable_sort(losses.begin(), losses.end(), [](const TensorLoss& a, const TensorLoss& b) {
    return a.relative_rms > b.relative_rms;
  });
  for (const TensorLoss& loss : losses)
    fmt::print("  {:<40} {:<8} -> {:<8} {:7.3f} %\n", loss.name, loss.baseline_type, loss.type,
               100 * loss.relative_rms);
}

void run(const InspectFlags& flags, const std::stop_token& stop) {
  const GgufHeader header = read_gguf(flags.path);
  const CheckpointFacts facts = inspect_checkpoint(flags.path);
  std::vector<TensorLoss> losses;
  if (!flags.against.empty()) losses = tensor_losses(flags.against, flags.path, stop);
  if (flags.json) {
    fmt::print("{}\n", to_document(facts, header, flags, losses)
                           .dump(2, ' ', false, nlohmann::json::error_handler_t::replace));
    return;
  }
  print_facts(facts, header);
  if (flags.metadata) {
    for (const auto& [key, value] : header.metadata) fmt::print("  {} = {}\n", key, text_of(value));
  }
  if (flags.tensors) {
    for (const GgufTensor& t : header.tensors) {
      fmt::print("  {:<40} {:<8} [{}]\n", t.name, t.type, fmt::join(t.shape, ", "));
    }
  }
  if (!losses.empty()) print_losses(std::move(losses), flags.against);
}

}  // namespace

void add_inspect_command(CLI::App& app, Context& context) {
  auto flags = std::make_shared<InspectFlags>();
  CLI::App* command = app.add_subcommand(
      "inspect", "What a GGUF file holds: types, bits per weight, KV types it allows");
  command->add_option("FILE", flags->path, "GGUF file")->required();
  command->add_option("--against", flags->against,
                      "The original: how far quantising moved each tensor's weights");
  command->add_flag("--tensors", flags->tensors, "List every tensor");
  command->add_flag("--metadata", flags->metadata, "List the metadata");
  command->add_flag("--json", flags->json, "One JSON document (docs/formats/inspect.md)");
  command->callback([flags, &context] { run(*flags, context.stop); });
}

}  // namespace assay::cli
