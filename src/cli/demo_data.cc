#include "cli/demo_data.h"

#include <unistd.h>

#include <filesystem>
#include <fstream>

#include <fmt/format.h>

#include "core/error.h"

extern "C" {
extern const unsigned char assay_demo_model[], assay_demo_model_end[];
extern const unsigned char assay_demo_text[], assay_demo_text_end[];
}

namespace assay::cli {
namespace {

std::string_view bytes_between(const unsigned char* begin, const unsigned char* end) {
  return {reinterpret_cast<const char*>(begin), static_cast<std::size_t>(end - begin)};
}

// Named by its content; written under another name first, so that it is whole when it is there.
std::string model_file(const std::string& cache_dir) {
  const std::string_view bytes = demo_model();
  const Digest digest = hash_bytes(bytes);
  const std::filesystem::path folder = std::filesystem::path(cache_dir) / "demo";
  const std::filesystem::path path =
      folder / ("stories260K-" + digest.hex().substr(0, 12) + ".gguf");
  if (std::filesystem::exists(path) && hash_file(path.string()) == digest) return path.string();
  std::error_code failed;
  std::filesystem::create_directories(folder, failed);
  const std::string part = fmt::format("{}.{}.part", path.string(), ::getpid());
  std::ofstream file(part, std::ios::binary);
  file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  file.close();
  if (file) std::filesystem::rename(part, path, failed);
  if (!file || failed) {
    throw Error(ErrorKind::kIo, "Cannot write the demo's model", part,
                "Free some space, or choose another folder with --cache-dir.");
  }
  return path.string();
}

}  // namespace

std::string_view demo_model() { return bytes_between(assay_demo_model, assay_demo_model_end); }
std::string_view demo_text() { return bytes_between(assay_demo_text, assay_demo_text_end); }

MeasureOptions demo_measurement(const std::string& cache_dir) {
  return {.baseline = model_file(cache_dir),
          .corpus = corpus_from_text("tinystories_excerpt.txt", std::string(demo_text()),
                                     CorpusFormat::kPlain),
          .plan = {.convention = ConventionName::kLlamaCpp, .n_ctx = 256, .n_windows = 40},
          .cache_dir = cache_dir};
}

}  // namespace assay::cli
