#include "cli/flags.h"

#include <charconv>
#include <system_error>

#include <CLI/CLI.hpp>

#include "core/error.h"

namespace assay::cli {

void add_engine_flags(CLI::App& app, EngineFlags& flags) {
  app.add_option("-t,--threads", flags.n_threads,
                 "Threads (0: one per physical core); results do not depend on it")
      ->check(CLI::Range(0, 4096))
      ->capture_default_str();
  app.add_option("-b,--batch", flags.n_ubatch,
                 "Tokens computed in one pass (llama.cpp's --ubatch-size)")
      ->check(CLI::Range(1, 65536))
      ->capture_default_str();
  app.add_option("--flash-attn", flags.flash_attention, "Flash attention: auto, on or off")
      ->check(CLI::IsMember({"auto", "on", "off"}))
      ->capture_default_str();
  app.add_option("--gpu-layers", flags.n_gpu_layers,
                 "Layers on the GPU, when built for one (-1: all)")
      ->capture_default_str();
  app.add_option(
         "--max-memory", flags.max_memory_gib,
         "GiB that all models together may take (0: what is available); more models take turns")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
}

RuntimeRequest to_runtime(const EngineFlags& flags) {
  return {.flash_attention = flags.flash_attention,
          .n_threads = flags.n_threads,
          .n_ubatch = flags.n_ubatch,
          .n_gpu_layers = flags.n_gpu_layers};
}

double parse_confidence(const std::string& text) {
  const bool percent = !text.empty() && text.back() == '%';
  double value = 0;
  const char* end = text.data() + text.size() - (percent ? 1 : 0);
  const auto [rest, error] = std::from_chars(text.data(), end, value);
  if (percent) value /= 100;
  if (error != std::errc() || rest != end || !(value > 0.5 && value < 1)) {
    throw Error(ErrorKind::kUsage,
                "--confidence '" + text + "' does not lie between 50 % and 100 %", {},
                "For example --confidence 95%.");
  }
  return value;
}

void add_text_flags(CLI::App& app, TextFlags& flags) {
  app.add_option("-f,--text", flags.text,
                 "Text to score: plain, WikiText raw, or .jsonl; - reads standard input");
  app.add_option("--format", flags.format, "Form of the text: auto, plain, wikitext, jsonl or chat")
      ->check(CLI::IsMember({"auto", "plain", "wikitext", "jsonl", "chat"}))
      ->capture_default_str();
  app.add_option("--convention", flags.convention,
                 "llama.cpp (windows, second half), lm-eval (rolling: word and byte perplexity), "
                 "gptq (disjoint windows), "
                 "chat (only the assistant's tokens)")
      ->check(CLI::IsMember({"llama.cpp", "lm-eval", "gptq", "chat"}))
      ->capture_default_str();
  app.add_option("-c,--ctx,--max-length", flags.n_ctx,
                 "Window in tokens (0: 512 for llama.cpp, 2048 for gptq, the model's trained "
                 "context otherwise)")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  app.add_option("--chunks", flags.n_chunks,
                 "Only the first N windows (lm-eval and chat: documents); 0: all")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
}

PlanOptions to_plan(const TextFlags& flags) {
  return {.convention = convention_from_string(flags.convention),
          .n_ctx = flags.n_ctx,
          .n_windows = flags.n_chunks};
}

CorpusFormat to_format(const TextFlags& flags) {
  if (flags.format == "plain") return CorpusFormat::kPlain;
  if (flags.format == "wikitext") return CorpusFormat::kWikiText;
  if (flags.format == "jsonl") return CorpusFormat::kJsonl;
  if (flags.format == "chat") return CorpusFormat::kChat;
  return CorpusFormat::kAuto;
}

void add_recipe_flags(CLI::App& app, RecipeFlags& flags) {
  app.add_option("--imatrix", flags.imatrix,
                 "Importance matrix for the variants made here (llama-imatrix's file)");
  app.add_option("--tensor-type", flags.tensor_types,
                 "REGEX=TYPE: type of the tensors whose names match; repeatable")
      ->allow_extra_args(false);
  app.add_option("--output-tensor-type", flags.output_tensor_type, "Type of output.weight");
  app.add_option("--token-embedding-type", flags.token_embedding_type,
                 "Type of the token embeddings");
  app.add_flag("--pure", flags.pure, "One type for all tensors, no mixture");
  app.add_flag("--leave-output-tensor", flags.leave_output_tensor, "Do not quantise output.weight");
  app.add_flag("--allow-requantize", flags.allow_requantize,
               "Make variants from a model that is itself quantised");
}

QuantizeOptions to_recipe(const RecipeFlags& flags, int n_threads) {
  QuantizeOptions recipe{.imatrix = flags.imatrix,
                         .output_tensor_type = flags.output_tensor_type,
                         .token_embedding_type = flags.token_embedding_type,
                         .pure = flags.pure,
                         .leave_output_tensor = flags.leave_output_tensor,
                         .allow_requantize = flags.allow_requantize,
                         .n_threads = n_threads};
  for (const std::string& text : flags.tensor_types) {
    const std::size_t equals = text.rfind('=');
    if (equals == std::string::npos || equals == 0 || equals + 1 == text.size()) {
      throw Error(ErrorKind::kUsage, "--tensor-type '" + text + "' is not REGEX=TYPE", {},
                  "For example --tensor-type 'ffn_down=Q8_0'.");
    }
    recipe.tensor_types.push_back({text.substr(0, equals), text.substr(equals + 1)});
  }
  return recipe;
}

void add_store_flags(CLI::App& app, StoreFlags& flags) {
  app.add_option("--store", flags.path,
                 "File that keeps finished work (default: " + default_store_path() + ")");
  app.add_option("--cache-dir", flags.cache_dir,
                 "Folder for made variants (default: " + default_cache_dir() + ")");
  app.add_flag("--no-cache", flags.no_cache, "Compute everything anew and keep nothing");
}

Store open_store(const StoreFlags& flags) {
  if (flags.no_cache) return Store::in_memory();
  return Store::open(flags.path.empty() ? default_store_path() : flags.path);
}

std::string cache_dir(const StoreFlags& flags) {
  return flags.cache_dir.empty() ? default_cache_dir() : flags.cache_dir;
}

MeasureOptions to_measure(const TextFlags& text, const EngineFlags& engine,
                          const RecipeFlags& recipe, const StoreFlags& store) {
  constexpr double kGib = 1 << 30;
  MeasureOptions options;
  options.plan = to_plan(text);
  options.runtime = to_runtime(engine);
  options.recipe = to_recipe(recipe, engine.n_threads);
  options.cache_dir = cache_dir(store);
  options.max_memory_bytes = static_cast<std::int64_t>(engine.max_memory_gib * kGib);
  return options;
}

void add_output_flags(CLI::App& app, OutputFlags& flags) {
  auto* json = app.add_flag("--json", flags.json, "One JSON document (docs/formats/)");
  auto* csv = app.add_flag("--csv", flags.csv, "A table as CSV");
  auto* markdown = app.add_flag("--markdown", flags.markdown, "A table as GitHub Markdown");
  json->excludes(csv)->excludes(markdown);
  csv->excludes(markdown);
}

}  // namespace assay::cli
