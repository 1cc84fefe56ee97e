// What quantising did to each tensor of a checkpoint.
#include <algorithm>
#include <cmath>
#include <fstream>
#include <map>

#include <fmt/format.h>

#include "compress/compress.h"
#include "compress/ggml_types.h"
#include "compress/llama_quantizer.h"
#include "core/error.h"

namespace assay {
namespace {

constexpr std::int64_t kChunkWeights = 1 << 20;  // in memory at once, at least one row

struct Place {
  std::string path;
  GgufTensor tensor;
};

// Matrices, in the order of the file or its parts.
std::vector<Place> matrices_of(const std::string& path) {
  std::vector<Place> places;
  for (const std::string& part : gguf_parts(path)) {
    for (GgufTensor& tensor : read_gguf(part).tensors) {
      const bool is_matrix = tensor.shape.size() > 1 && tensor.n_weights > tensor.shape[0];
      if (is_matrix) places.push_back({part, std::move(tensor)});
    }
  }
  return places;
}

class RowReader {
 public:
  explicit RowReader(const Place& place)
      : place_(place),
        type_(find_ggml_type(place.tensor.type)),
        file_(place.path, std::ios::binary) {
    if (type_ == nullptr) fail("has a type that cannot be read back");
    file_.seekg(static_cast<std::streamoff>(place.tensor.offset));
  }

  // The next n weights, n being whole rows.
  void read(std::int64_t n, std::vector<float>& weights) {
    bytes_.resize(static_cast<std::size_t>(n / type_->block_weights * type_->block_bytes));
    file_.read(bytes_.data(), static_cast<std::streamsize>(bytes_.size()));
    if (!file_)
      throw Error(ErrorKind::kIo, "Cannot read tensor '" + place_.tensor.name + "'", place_.path);
    weights.resize(static_cast<std::size_t>(n));
    if (!weights_of_ggml_rows(type_->id, bytes_.data(), weights))
      fail("has a type that cannot be read back");
  }

 private:
  [[noreturn]] void fail(const char* what) const {
    throw Error(ErrorKind::kBadInput,
                fmt::format("Tensor '{}' ({}) {}", place_.tensor.name, place_.tensor.type, what),
                place_.path);
  }

  const Place& place_;
  const GgmlType* type_;
  std::ifstream file_;
  std::vector<char> bytes_;
};

double relative_rms(const Place& baseline, const Place& variant, const std::stop_token& stop) {
  RowReader was(baseline), is(variant);
  const std::int64_t row = baseline.tensor.shape[0];
  const std::int64_t chunk = std::max<std::int64_t>(1, kChunkWeights / row) * row;
  std::vector<float> a, b;
  double change = 0, size = 0;
  for (std::int64_t done = 0; done < baseline.tensor.n_weights; done += chunk) {
    if (stop.stop_requested()) throw Error(ErrorKind::kInterrupted, "Interrupted");
    const std::int64_t n = std::min(chunk, baseline.tensor.n_weights - done);
    was.read(n, a);
    is.read(n, b);
    for (std::size_t i = 0; i < a.size(); ++i) {
      const double w = a[i], d = static_cast<double>(b[i]) - w;
      change += d * d;
      size += w * w;
    }
  }
  if (!std::isfinite(change) || !std::isfinite(size)) {
    throw Error(ErrorKind::kBadInput,
                "Tensor '" + variant.tensor.name + "' has weights that are no numbers",
                variant.path);
  }
  if (size == 0) return change == 0 ? 0 : 1;
  return std::sqrt(change / size);
}

}  // namespace

std::vector<TensorLoss> tensor_losses(const std::string& baseline, const std::string& variant,
                                      const std::stop_token& stop) {
  std::map<std::string, Place> known;
  for (Place& place : matrices_of(baseline)) known.emplace(place.tensor.name, std::move(place));
  std::vector<TensorLoss> losses;
  for (const Place& place : matrices_of(variant)) {
    const auto was = known.find(place.tensor.name);
    if (was == known.end()) continue;
    const GgufTensor& base = was->second.tensor;
    if (base.shape != place.tensor.shape) {
      throw Error(ErrorKind::kBadInput,
                  fmt::format("Tensor '{}' has the shape [{}], in the baseline [{}]", base.name,
                              fmt::join(place.tensor.shape, ", "), fmt::join(base.shape, ", ")),
                  variant, "Give a variant of the same model.");
    }
    losses.push_back({.name = place.tensor.name,
                      .baseline_type = base.type,
                      .type = place.tensor.type,
                      .n_weights = place.tensor.n_weights,
                      .size_bytes = place.tensor.size_bytes,
                      .relative_rms = relative_rms(was->second, place, stop)});
  }
  if (losses.empty()) {
    throw Error(ErrorKind::kBadInput, "No tensor of the file is in the baseline", variant,
                "Give a variant of the same model.");
  }
  return losses;
}

}  // namespace assay
