#include "cli/demo_data.h"

#include <filesystem>

#include "core/embedded_files.h"
#include "core/error.h"
#include "core/files.h"

extern "C" {
extern const unsigned char assay_demo_files[], assay_demo_files_end[];
}

namespace assay::cli {
namespace {

namespace fs = std::filesystem;

void unpack(const fs::path& path, std::string_view bytes) {
  if (fs::exists(path) && hash_file(path.string()) == hash_bytes(bytes)) return;
  write_file(path.string(), "Free some space, or choose another folder with --cache-dir.", bytes);
}

// Named by their content, so that two versions of the program do not meet.
fs::path folder_of_demo(const std::string& cache_dir) {
  const std::string_view all{reinterpret_cast<const char*>(assay_demo_files),
                             static_cast<std::size_t>(assay_demo_files_end - assay_demo_files)};
  return fs::path(cache_dir) / "demo" / hash_bytes(all).hex().substr(0, 12);
}

std::string unpacked(const std::string& cache_dir, std::string_view name) {
  for (const EmbeddedFile& file : embedded_files(assay_demo_files, assay_demo_files_end)) {
    if (file.path != name) continue;
    const fs::path path = folder_of_demo(cache_dir) / file.path;
    unpack(path, file.content);
    return path.string();
  }
  throw Error(ErrorKind::kIo, "The demonstration has no " + std::string(name));
}

}  // namespace

std::string demo_study_file(const std::string& cache_dir) {
  for (const EmbeddedFile& file : embedded_files(assay_demo_files, assay_demo_files_end))
    unpack(folder_of_demo(cache_dir) / file.path, file.content);
  return (folder_of_demo(cache_dir) / "study.yaml").string();
}

MeasureOptions demo_measurement(const std::string& cache_dir) {
  return {.baseline = unpacked(cache_dir, "demo-small-f16.gguf"),
          .corpus = load_corpus(unpacked(cache_dir, "world_stories.txt"), CorpusFormat::kPlain),
          .plan = {.convention = ConventionName::kLlamaCpp, .n_ctx = 256, .n_windows = 16},
          .cache_dir = cache_dir};
}

}  // namespace assay::cli
