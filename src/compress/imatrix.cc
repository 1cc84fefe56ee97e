#include "compress/imatrix.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <map>

#include "compress/gguf_parser.h"
#include "core/error.h"

namespace assay {
namespace {

constexpr const char* kDatasets = "imatrix.datasets";
constexpr const char* kChunkCount = "imatrix.chunk_count";
constexpr const char* kChunkSize = "imatrix.chunk_size";

[[noreturn]] void fail(const std::string& path, const std::string& what) {
  throw Error(ErrorKind::kBadInput, "importance matrix: " + what, path,
              "Give a file written by llama-imatrix for this model.");
}

void require_finite(const std::string& path, const std::string& name,
                    const std::vector<float>& values) {
  if (!std::ranges::all_of(values, [](float value) { return std::isfinite(value); })) {
    fail(path, fmt::format("'{}' holds a value that is not finite", name));
  }
}

// ---- GGUF ----

struct Pair {
  const GgufTensor* sums = nullptr;
  const GgufTensor* counts = nullptr;
};

std::map<std::string, Pair> pair_up(const GgufHeader& header) {
  std::map<std::string, Pair> pairs;
  for (const GgufTensor& tensor : header.tensors) {
    const std::string_view name = tensor.name;
    for (const std::string_view suffix : {".in_sum2", ".counts"}) {
      if (!name.ends_with(suffix)) continue;
      if (tensor.type != "F32") fail(header.path, fmt::format("'{}' is not F32", name));
      Pair& pair = pairs[std::string(name.substr(0, name.size() - suffix.size()))];
      (suffix == ".counts" ? pair.counts : pair.sums) = &tensor;
    }
  }
  if (pairs.empty()) fail(header.path, "no tensors of sums and counts in this GGUF");
  for (const auto& [name, pair] : pairs) {
    if (pair.sums == nullptr || pair.counts == nullptr) {
      fail(header.path, fmt::format("'{}' has only one of sums and counts", name));
    }
    if (pair.sums->n_weights % pair.counts->n_weights != 0) {
      fail(header.path, fmt::format("'{}' has {} sums for {} counts", name, pair.sums->n_weights,
                                    pair.counts->n_weights));
    }
  }
  return pairs;
}

std::vector<float> read_floats(std::ifstream& in, const GgufTensor& tensor,
                               const std::string& path) {
  std::vector<float> values(static_cast<std::size_t>(tensor.n_weights));
  in.seekg(static_cast<std::streamoff>(tensor.offset));
  in.read(reinterpret_cast<char*>(values.data()), tensor.size_bytes);
  if (!in) {
    throw Error(ErrorKind::kIo, fmt::format("cannot read '{}'", tensor.name), path,
                "Check the disk.");
  }
  require_finite(path, tensor.name, values);
  return values;
}

// One count per expert; an expert that saw no token is treated as if all its inputs mattered alike.
void average(std::vector<float>& sums, const std::vector<float>& counts) {
  const std::size_t n_inputs = sums.size() / counts.size();
  for (std::size_t i = 0; i < sums.size(); ++i) {
    const float count = std::round(counts[i / n_inputs]);
    sums[i] = count > 0 ? sums[i] / count : 1.0F;
  }
}

ImportanceMatrix read_gguf_form(const std::string& path) {
  std::map<std::string, std::vector<std::string>> kept = {{kDatasets, {}}};
  const GgufHeader header = read_gguf_keeping(path, &kept);
  ImportanceMatrix matrix;
  matrix.datasets = kept[kDatasets];
  const bool has_datasets = std::ranges::any_of(
      header.metadata, [](const auto& entry) { return entry.first == kDatasets; });
  if (!has_datasets || !header.integer(kChunkCount) || !header.integer(kChunkSize)) {
    fail(path, fmt::format("the metadata {}, {} and {} are not all there", kDatasets, kChunkCount,
                           kChunkSize));
  }
  matrix.n_chunks = *header.integer(kChunkCount);
  std::ifstream in(path, std::ios::binary);
  for (const auto& [name, pair] : pair_up(header)) {
    std::vector<float> values = read_floats(in, *pair.sums, path);
    average(values, read_floats(in, *pair.counts, path));
    matrix.entries.emplace_back(name, std::move(values));
  }
  return matrix;
}

// ---- the legacy form: counts and lengths as int32, names and values as they lie ----

class LegacyReader {
 public:
  explicit LegacyReader(const std::string& path)
      : path_(path),
        in_(path, std::ios::binary),
        size_(static_cast<std::int64_t>(std::filesystem::file_size(path))) {}

  std::int64_t left() const { return size_ - position_; }

  std::int32_t integer(const std::string& what) {
    std::int32_t value = 0;
    read(reinterpret_cast<char*>(&value), sizeof(value), what);
    return value;
  }

  // A length of things of item_bytes each that must still be in the file.
  std::int64_t length(const std::string& what, std::int64_t item_bytes) {
    const std::int64_t at = position_;
    const std::int64_t n = integer(what);
    if (n < 1 || n > left() / item_bytes) {
      fail(path_, fmt::format("byte {}: {} is {}, {} bytes are left", at, what, n, left()));
    }
    return n;
  }

  std::string text(const std::string& what) {
    std::string out(static_cast<std::size_t>(length("the length of " + what, 1)), '\0');
    read(out.data(), static_cast<std::int64_t>(out.size()), what);
    out.resize(std::min(out.size(), out.find('\0')));  // as llama.cpp reads it
    return out;
  }

  std::vector<float> floats(const std::string& what) {
    std::vector<float> out(static_cast<std::size_t>(length("the length of " + what, 4)));
    read(reinterpret_cast<char*>(out.data()), static_cast<std::int64_t>(out.size()) * 4, what);
    return out;
  }

 private:
  void read(char* to, std::int64_t n_bytes, const std::string& what) {
    if (n_bytes > left()) fail(path_, fmt::format("truncated at byte {}: {}", position_, what));
    if (!in_.read(to, n_bytes)) {
      throw Error(ErrorKind::kIo, "cannot read " + what, path_, "Check the disk.");
    }
    position_ += n_bytes;
  }

  const std::string& path_;
  std::ifstream in_;
  std::int64_t size_, position_ = 0;
};

ImportanceMatrix read_legacy_form(const std::string& path) {
  LegacyReader reader(path);
  ImportanceMatrix matrix;
  std::map<std::string, std::vector<float>> entries;  // the last of one name counts
  const std::int64_t n_entries = reader.length("the number of entries", 16);
  for (std::int64_t i = 0; i < n_entries; ++i) {
    const std::string name = reader.text(fmt::format("the name of entry {}", i + 1));
    const auto n_calls = static_cast<float>(reader.integer("the calls of " + name));
    std::vector<float> values = reader.floats("the values of " + name);
    require_finite(path, name, values);
    for (float& value : values) value = n_calls > 0 ? value / n_calls : value;
    entries[name] = std::move(values);
  }
  matrix.entries.assign(entries.begin(), entries.end());
  if (reader.left() >= 4) matrix.n_chunks = reader.integer("the number of chunks");
  if (reader.left() > 4) matrix.datasets.push_back(reader.text("the dataset's name"));
  return matrix;
}

}  // namespace

ImportanceMatrix read_imatrix(const std::string& path) {
  std::error_code problem;
  if (!std::filesystem::is_regular_file(path, problem)) fail(path, "no such file");
  std::array<char, 4> magic{};
  std::ifstream in(path, std::ios::binary);
  if (!in) throw Error(ErrorKind::kIo, "cannot be opened", path, "Check its permissions.");
  in.read(magic.data(), magic.size());
  return std::string_view(magic.data(), magic.size()) == "GGUF" ? read_gguf_form(path)
                                                                : read_legacy_form(path);
}

}  // namespace assay
