// Opening GGUF files, and questions to a header that was read.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <limits>
#include <map>

#include "compress/compress.h"
#include "compress/gguf_parser.h"
#include "core/error.h"

namespace assay {

std::optional<std::string> GgufHeader::text(const std::string& key) const {
  for (const auto& [name, value] : metadata) {
    if (name != key) continue;
    if (const auto* held = std::get_if<std::string>(&value)) return *held;
  }
  return std::nullopt;
}

std::optional<std::int64_t> GgufHeader::integer(const std::string& key) const {
  for (const auto& [name, value] : metadata) {
    if (name != key) continue;
    if (const auto* held = std::get_if<std::int64_t>(&value)) return *held;
    const auto* held = std::get_if<std::uint64_t>(&value);
    if (held != nullptr && *held <= std::uint64_t{std::numeric_limits<std::int64_t>::max()}) {
      return static_cast<std::int64_t>(*held);
    }
  }
  return std::nullopt;
}

GgufHeader read_gguf_keeping(const std::string& path,
                             std::map<std::string, std::vector<std::string>>* kept) {
  std::error_code problem;
  const auto status = std::filesystem::status(path, problem);
  if (!std::filesystem::exists(status)) {
    throw Error(ErrorKind::kBadInput, "no such file", path, "Check the path.");
  }
  if (!std::filesystem::is_regular_file(status)) {
    throw Error(ErrorKind::kBadInput, "not a regular file", path, "Give a .gguf file.");
  }
  const std::uintmax_t size = std::filesystem::file_size(path, problem);
  std::ifstream in(path, std::ios::binary);
  if (problem || !in) {
    throw Error(ErrorKind::kIo, "cannot be opened", path, "Check its permissions.");
  }
  return parse_gguf(in, static_cast<std::int64_t>(size), path, kept);
}

GgufHeader read_gguf(const std::string& path) { return read_gguf_keeping(path, nullptr); }

std::vector<TensorTypeCount> tensor_types(const GgufHeader& header) {
  std::map<std::string, TensorTypeCount> counts;
  for (const GgufTensor& tensor : header.tensors) {
    TensorTypeCount& count = counts[tensor.type];
    count.type = tensor.type;
    ++count.n_tensors;
    count.n_weights += tensor.n_weights;
    count.size_bytes += tensor.size_bytes;
  }
  std::vector<TensorTypeCount> out;
  for (const auto& [type, count] : counts) out.push_back(count);
  std::ranges::stable_sort(out, std::greater<>(), &TensorTypeCount::size_bytes);
  return out;
}

double bits_per_weight(const GgufHeader& header) {
  double bytes = 0, weights = 0;
  for (const GgufTensor& tensor : header.tensors) {
    bytes += static_cast<double>(tensor.size_bytes);
    weights += static_cast<double>(tensor.n_weights);
  }
  return weights > 0 ? 8 * bytes / weights : 0;
}

}  // namespace assay
