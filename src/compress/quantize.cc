#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <thread>

#include "compress/compress.h"
#include "compress/quantize_plan.h"
#include "core/error.h"

namespace assay {
namespace {

namespace fs = std::filesystem;

// A file that goes away unless it is renamed to its final place.
class TemporaryFile {
 public:
  explicit TemporaryFile(const std::string& final_path) : final_path_(final_path) {
    static std::atomic<int> counter = 0;
    path_ = fmt::format("{}.{}-{}.part", final_path, getpid(), counter++);
  }
  ~TemporaryFile() {
    std::error_code ignored;
    fs::remove(path_, ignored);
  }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;

  const std::string& path() const { return path_; }

  // On disk before it gets its name, so that a crash cannot leave a file of zeros under it.
  void publish() {
    const int fd = open(path_.c_str(), O_RDONLY | O_CLOEXEC);
    const bool synced = fd >= 0 && fsync(fd) == 0;
    if (fd >= 0) close(fd);
    std::error_code problem;
    if (synced) fs::rename(path_, final_path_, problem);
    if (!synced || problem) {
      throw Error(ErrorKind::kIo, "cannot be written", final_path_,
                  "Check the space and the permissions of its folder.");
    }
  }

 private:
  std::string final_path_, path_;
};

// One process at a time holds it; dies with the process.
class FileLock {
 public:
  FileLock(const std::string& path, const std::stop_token& stop)
      : fd_(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644)) {
    if (fd_ < 0) {
      throw Error(ErrorKind::kIo, "cannot be created", path,
                  "Give another cache folder in ASSAY_CACHE.");
    }
    while (flock(fd_, LOCK_EX | LOCK_NB) != 0) {
      if (stop.stop_requested()) {
        close(fd_);
        throw Error(ErrorKind::kInterrupted, "stopped while another process makes the same variant",
                    path);
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
  }
  ~FileLock() { close(fd_); }
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;

 private:
  int fd_;
};

fs::path folder_of(const std::string& path) {
  const fs::path folder = fs::path(path).parent_path();
  return folder.empty() ? fs::path(".") : folder;
}

std::int64_t free_bytes(const std::string& output) {
  std::error_code problem;
  const fs::space_info space = fs::space(folder_of(output), problem);
  if (problem) {
    throw Error(ErrorKind::kIo, "no such folder", folder_of(output).string(), "Create it.");
  }
  return static_cast<std::int64_t>(space.available);
}

[[noreturn]] void fail_full(const std::string& output, std::int64_t n_needed) {
  throw Error(
      ErrorKind::kIo,
      fmt::format("no space left: {} bytes are needed, {} are free", n_needed, free_bytes(output)),
      output, "Make room or choose another folder.");
}

void check_output(const QuantizeOptions& options, const std::string& output) {
  std::error_code ignored;
  for (const std::string& part : gguf_parts(options.source)) {
    if (!fs::equivalent(part, output, ignored)) continue;
    throw Error(ErrorKind::kUsage, "the result would replace its source", output,
                "Give another name.");
  }
  if (fs::is_directory(output, ignored)) {
    throw Error(ErrorKind::kUsage, "is a folder", output, "Give a file's name.");
  }
}

// The C++ stream of llama.cpp reports a failed write late and without its reason.
[[noreturn]] void fail_run(const LlamaQuantizeOutcome& outcome, const QuantizePlan& plan,
                           const std::string& output, std::int64_t n_written) {
  if (outcome.stopped) {
    throw Error(ErrorKind::kInterrupted, "stopped while quantising; nothing was written", output,
                "Run the same command again.");
  }
  const std::string reason = llama_reason(outcome.log);
  const bool stream_failed = outcome.done || reason.find("basic_") != std::string::npos ||
                             reason.find("iostream") != std::string::npos;
  if (stream_failed && free_bytes(output) < plan.n_bytes - n_written) {
    fail_full(output, plan.n_bytes);
  }
  if (stream_failed) {
    throw Error(ErrorKind::kIo,
                fmt::format("writing failed after {} of {} bytes", n_written, plan.n_bytes), output,
                "Check the disk, its quota and the permissions.");
  }
  throw Error(ErrorKind::kEngine, "llama.cpp failed to quantise: " + reason, plan.job.source,
              "Check the model with assay inspect.");
}

bool is_complete(const std::string& path) {
  try {
    read_gguf(path);
    return true;
  } catch (const Error&) {
    return false;
  }
}

QuantizeResult run_plan(QuantizePlan plan, const std::string& output) {
  if (free_bytes(output) < plan.n_bytes) fail_full(output, plan.n_bytes);
  TemporaryFile temporary(output);
  plan.job.output = temporary.path();
  const LlamaQuantizeOutcome outcome = run_llama_quantize(plan.job);
  std::error_code problem;
  const std::uintmax_t size = fs::file_size(temporary.path(), problem);
  const std::int64_t n_written = problem ? 0 : static_cast<std::int64_t>(size);
  if (!outcome.done || !is_complete(temporary.path())) fail_run(outcome, plan, output, n_written);
  temporary.publish();
  if (plan.job.progress) {
    const int n_tensors = static_cast<int>(read_gguf(output).tensors.size());
    plan.job.progress(n_tensors, n_tensors);
  }
  return {.path = output, .size_bytes = n_written, .fallbacks = std::move(plan.fallbacks)};
}

// Everything that decides the result's bytes. allow_requantize and threads do not.
Digest recipe_digest(const QuantizeOptions& options, const std::string& type,
                     const std::string& cache_dir) {
  Hasher hasher;
  hasher.add_field("quantise/1").add_field(llama_quantizer_id());
  hasher.add_field(weights_digest(options.source, cache_dir)).add_field(type);
  hasher.add_field(options.imatrix.empty() ? Digest{} : hash_file(options.imatrix));
  hasher.add_field(std::ssize(options.tensor_types));
  for (const TensorTypeOverride& wanted : options.tensor_types) {
    hasher.add_field(wanted.regex).add_field(wanted.type);
  }
  hasher.add_field(options.output_tensor_type).add_field(options.token_embedding_type);
  hasher.add_field(std::int64_t{options.pure}).add_field(std::int64_t{options.leave_output_tensor});
  return hasher.finish();
}

}  // namespace

QuantizeResult quantize(const QuantizeOptions& options, const std::string& output) {
  check_output(options, output);
  return run_plan(plan_quantize(options), output);
}

QuantizeResult quantize_cached(const QuantizeOptions& options, const std::string& cache_dir) {
  const std::string type = check_quantize_options(options);
  const fs::path folder = fs::path(cache_dir) / "variants";
  std::error_code problem;
  fs::create_directories(folder, problem);
  if (problem) {
    throw Error(ErrorKind::kIo, "the cache folder cannot be created: " + problem.message(),
                folder.string(), "Give another one in ASSAY_CACHE.");
  }
  const std::string stem = fs::path(options.source).stem().string().substr(0, 100);
  const std::string path =
      (folder / fmt::format("{}-{}-{}.gguf", stem, type,
                            recipe_digest(options, type, cache_dir).hex().substr(0, 16)))
          .string();
  const FileLock lock(path + ".lock", options.stop);
  QuantizePlan plan = plan_quantize(options);
  if (!is_complete(path)) return run_plan(std::move(plan), path);
  return {.path = path,
          .size_bytes = static_cast<std::int64_t>(fs::file_size(path)),
          .cached = true,
          .fallbacks = std::move(plan.fallbacks)};
}

}  // namespace assay
