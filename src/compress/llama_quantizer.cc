#include "compress/llama_quantizer.h"

#include <llama.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <exception>
#include <mutex>
#include <string_view>
#include <thread>

namespace assay {
namespace {

// Thrown out of the log callback: llama.cpp has no other way to be stopped. It catches every
// std::exception around its work, so nothing of it is left half done but the output file.
struct Stopped : std::exception {
  const char* what() const noexcept override { return "stopped"; }
};

class LogCapture {
 public:
  explicit LogCapture(const LlamaQuantizeJob& job) : job_(job) {
    llama_log_get(&former_, &former_data_);
    llama_log_set(&LogCapture::receive, this);
  }
  ~LogCapture() { llama_log_set(former_, former_data_); }
  LogCapture(const LogCapture&) = delete;
  LogCapture& operator=(const LogCapture&) = delete;

  std::string take() { return std::move(log_); }
  bool stopped() const { return stopped_; }
  void rethrow() const {
    if (failure_) std::rethrow_exception(failure_);
  }

 private:
  static void receive(ggml_log_level level, const char* text, void* data) {
    auto* self = static_cast<LogCapture*>(data);
    if (std::this_thread::get_id() != self->thread_) {
      if (self->former_ != nullptr) self->former_(level, text, self->former_data_);
      return;
    }
    self->log_ += text;
    int index = 0, n_tensors = 0;
    if (std::sscanf(text, "[%d/%d] ", &index, &n_tensors) == 2) {
      self->on_tensor(index, n_tensors);
    }
  }

  // A tensor begins: the one point where stopping is safe, no worker thread is running.
  void on_tensor(int index, int n_tensors) {
    if (job_.stop.stop_requested()) {
      stopped_ = true;
      throw Stopped();
    }
    if (!job_.progress || job_.dry_run) return;
    try {
      job_.progress(index - 1, n_tensors);
    } catch (...) {
      failure_ = std::current_exception();
      throw Stopped();
    }
  }

  const LlamaQuantizeJob& job_;
  std::thread::id thread_ = std::this_thread::get_id();
  ggml_log_callback former_ = nullptr;
  void* former_data_ = nullptr;
  std::string log_;
  bool stopped_ = false;
  std::exception_ptr failure_;
};

// The arrays that llama.cpp wants, each ended by an empty element, owned for the call.
struct Arrays {
  std::vector<llama_model_imatrix_data> imatrix;
  std::vector<llama_model_tensor_override> overrides;
  std::vector<llama_model_kv_override> metadata;
};

template <std::size_t N>
void copy_text(char (&to)[N], const std::string& text) {
  const std::size_t n = std::min(N - 1, text.size());
  std::memcpy(to, text.data(), n);
  to[n] = '\0';
}

Arrays make_arrays(const LlamaQuantizeJob& job) {
  Arrays arrays;
  for (const auto& [name, values] : job.imatrix) {
    arrays.imatrix.push_back({name.c_str(), values.data(), values.size()});
  }
  arrays.imatrix.push_back({nullptr, nullptr, 0});
  for (const auto& [regex, type] : job.tensor_types) {
    arrays.overrides.push_back({regex.c_str(), static_cast<ggml_type>(type)});
  }
  arrays.overrides.push_back({nullptr, GGML_TYPE_COUNT});
  for (const auto& [key, value] : job.metadata) {
    llama_model_kv_override entry{};
    copy_text(entry.key, key);
    if (const auto* number = std::get_if<std::int64_t>(&value)) {
      entry.tag = LLAMA_KV_OVERRIDE_TYPE_INT;
      entry.val_i64 = *number;
    } else {
      entry.tag = LLAMA_KV_OVERRIDE_TYPE_STR;
      copy_text(entry.val_str, std::get<std::string>(value));
    }
    arrays.metadata.push_back(entry);
  }
  arrays.metadata.push_back({});
  return arrays;
}

llama_model_quantize_params make_params(const LlamaQuantizeJob& job, const Arrays& arrays) {
  llama_model_quantize_params params = llama_model_quantize_default_params();
  params.nthread = job.n_threads;
  params.ftype = static_cast<llama_ftype>(job.file_type);
  if (job.output_tensor_type) {
    params.output_tensor_type = static_cast<ggml_type>(*job.output_tensor_type);
  }
  if (job.token_embedding_type) {
    params.token_embedding_type = static_cast<ggml_type>(*job.token_embedding_type);
  }
  params.allow_requantize = job.allow_requantize;
  params.quantize_output_tensor = !job.leave_output_tensor;
  params.pure = job.pure;
  params.dry_run = job.dry_run;
  // An empty list is not the same as none: llama.cpp chooses other types when there is a matrix.
  if (!job.imatrix.empty()) params.imatrix = arrays.imatrix.data();
  if (!job.metadata.empty()) params.kv_overrides = arrays.metadata.data();
  if (!job.tensor_types.empty()) params.tt_overrides = arrays.overrides.data();
  return params;
}

}  // namespace

LlamaQuantizeOutcome run_llama_quantize(const LlamaQuantizeJob& job) {
  static std::mutex one_at_a_time;
  const std::lock_guard lock(one_at_a_time);
  static std::once_flag initialised;
  LogCapture capture(job);
  std::call_once(initialised, llama_backend_init);
  const Arrays arrays = make_arrays(job);
  const llama_model_quantize_params params = make_params(job, arrays);
  LlamaQuantizeOutcome outcome;
  outcome.done = llama_model_quantize(job.source.c_str(), job.output.c_str(), &params) == 0;
  outcome.stopped = capture.stopped();
  outcome.log = capture.take();
  capture.rethrow();
  return outcome;
}

bool weights_of_ggml_rows(std::uint32_t type, const char* rows, std::span<float> weights) {
  if (type == GGML_TYPE_F32) {
    std::memcpy(weights.data(), rows, weights.size_bytes());
    return true;
  }
  if (type >= GGML_TYPE_COUNT) return false;
  static std::once_flag initialised;
  std::call_once(initialised, llama_backend_init);  // fills ggml's tables
  const ggml_type_traits* traits = ggml_get_type_traits(static_cast<ggml_type>(type));
  if (traits->to_float == nullptr) return false;
  traits->to_float(rows, weights.data(), static_cast<std::int64_t>(weights.size()));
  return true;
}

std::string llama_quantizer_id() { return "llama.cpp " ASSAY_LLAMA_VERSION " " ASSAY_LLAMA_COMMIT; }

}  // namespace assay
