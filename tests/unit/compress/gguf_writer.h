// Writes GGUF files of any shape, also wrong ones, and finds the files that tests need.
#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace assay {

class GgufWriter {
 public:
  struct Tensor {
    std::string name;
    std::vector<std::int64_t> shape;
    std::uint32_t type = 0;
    std::string data;
  };

  template <typename T>
  static std::string raw(T value) {
    return std::string(reinterpret_cast<const char*>(&value), sizeof(value));
  }
  static std::string text(const std::string& value) {
    return raw(static_cast<std::uint64_t>(value.size())) + value;
  }

  GgufWriter& string(const std::string& key, const std::string& value) {
    return entry(text(key) + raw(std::uint32_t{8}) + text(value));
  }
  GgufWriter& uint32(const std::string& key, std::uint32_t value) {
    return entry(text(key) + raw(std::uint32_t{4}) + raw(value));
  }
  GgufWriter& entry(const std::string& bytes) {
    entries_ += bytes;
    ++n_entries_;
    return *this;
  }
  GgufWriter& tensor(Tensor tensor) {
    tensors_.push_back(std::move(tensor));
    return *this;
  }

  std::string bytes() const {
    std::string out = "GGUF" + raw(std::uint32_t{3}) +
                      raw(static_cast<std::uint64_t>(tensors_.size())) + raw(n_entries_) + entries_;
    std::string data;
    for (const Tensor& tensor : tensors_) {
      out += text(tensor.name) + raw(static_cast<std::uint32_t>(tensor.shape.size()));
      for (const std::int64_t size : tensor.shape) out += raw(size);
      out += raw(tensor.type) + raw(static_cast<std::uint64_t>(data.size()));
      data += tensor.data;
      data.resize((data.size() + 31) / 32 * 32);
    }
    out.resize((out.size() + 31) / 32 * 32);
    return out + data;
  }

 private:
  std::string entries_;
  std::uint64_t n_entries_ = 0;
  std::vector<Tensor> tensors_;
};

inline std::string read_all(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

// A folder of its own for each test, gone afterwards.
class FolderTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::temp_directory_path() /
              fmt::format("assay-compress-{}-{}", getpid(), reinterpret_cast<std::uintptr_t>(this));
    std::filesystem::create_directories(folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::string in_folder(const std::string& name) const { return (folder_ / name).string(); }
  std::string write(const std::string& name, const std::string& bytes) const {
    std::ofstream(in_folder(name), std::ios::binary) << bytes;
    return in_folder(name);
  }

  std::filesystem::path folder_;
};

inline std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}
// "" when it is not there.
inline std::string data_file(const std::string& name) {
  const std::string path = variable("ASSAY_DATA") + "/" + name;
  return !variable("ASSAY_DATA").empty() && std::filesystem::exists(path) ? path : "";
}

}  // namespace assay

// The file's path in `name`, or the test is skipped.
#define ASSAY_NEED_DATA(name, file)         \
  const std::string name = data_file(file); \
  if (name.empty()) GTEST_SKIP() << "needs " file " in the folder that ASSAY_DATA names"
#define ASSAY_NEED_VARIABLE(name, key, what)       \
  const std::string name = ::assay::variable(key); \
  if (name.empty()) GTEST_SKIP() << "needs " what " in the environment variable " key
