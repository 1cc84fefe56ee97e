// Options that several commands share: declared once, with the peers' names where they have one.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "study/study.h"

namespace CLI {
class App;
}

namespace assay::cli {

struct EngineFlags {
  int n_threads = 0;
  int n_ubatch = 512;
  std::string flash_attention = "auto";
  int n_gpu_layers = -1;
  double max_memory_gib = 0;
};
void add_engine_flags(CLI::App& app, EngineFlags& flags);
RuntimeRequest to_runtime(const EngineFlags& flags);

// "95%" or "0.95". Error{kUsage} for what is not between 50 % and 100 %.
double parse_confidence(const std::string& text);

struct TextFlags {
  std::string text;
  std::string format = "auto";
  std::string convention = "llama.cpp";
  int n_ctx = 0;
  int n_chunks = 0;
};
void add_text_flags(CLI::App& app, TextFlags& flags);
PlanOptions to_plan(const TextFlags& flags);
CorpusFormat to_format(const TextFlags& flags);

struct RecipeFlags {
  std::string imatrix, output_tensor_type, token_embedding_type;
  std::vector<std::string> tensor_types;  // REGEX=TYPE
  bool pure = false, leave_output_tensor = false, allow_requantize = false;
};
void add_recipe_flags(CLI::App& app, RecipeFlags& flags);
QuantizeOptions to_recipe(const RecipeFlags& flags, int n_threads);

struct StoreFlags {
  std::string path;
  std::string cache_dir;
  bool no_cache = false;
};
void add_store_flags(CLI::App& app, StoreFlags& flags);
Store open_store(const StoreFlags& flags);
std::string cache_dir(const StoreFlags& flags);

// Without the models, the corpus, the store and the progress.
MeasureOptions to_measure(const TextFlags& text, const EngineFlags& engine,
                          const RecipeFlags& recipe, const StoreFlags& store);

struct OutputFlags {
  bool json = false, csv = false, markdown = false;
};
void add_output_flags(CLI::App& app, OutputFlags& flags);

}  // namespace assay::cli
