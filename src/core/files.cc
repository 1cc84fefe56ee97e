#include "core/files.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <vector>

#include <fmt/format.h>

#include "core/error.h"

namespace assay {

namespace fs = std::filesystem;

std::string read_file(const std::string& path) {
  std::error_code ignored;
  if (fs::is_directory(path, ignored))
    throw Error(ErrorKind::kBadInput, "A folder, not a file", path);
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  std::string text;
  std::vector<char> block(std::size_t{1} << 16);
  while (file.read(block.data(), static_cast<std::streamsize>(block.size())) || file.gcount() > 0)
    text.append(block.data(), static_cast<std::size_t>(file.gcount()));
  if (!file.is_open() || file.bad()) {
    throw Error(ErrorKind::kIo, std::string("Cannot read the file: ") + std::strerror(errno), path,
                "Check the name and the permissions.");
  }
  return text;
}

void write_file(const std::string& path, const std::string& remedy,
                const std::function<void(const TextSink&)>& write) {
  std::error_code ignored;  // a folder that cannot be made is said by the file
  const fs::path folder = fs::path(path).parent_path();
  if (!folder.empty()) fs::create_directories(folder, ignored);
  const fs::file_status status = fs::symlink_status(path, ignored);
  const bool in_place = fs::exists(status) && !fs::is_regular_file(status);
  const std::string written = in_place ? path : fmt::format("{}.{}.part", path, ::getpid());
  const auto give_up = [&] {
    if (!in_place) fs::remove(written, ignored);
  };
  errno = 0;
  std::ofstream file(written, std::ios::binary | std::ios::trunc);
  try {
    write([&](std::string_view text) {
      file.write(text.data(), static_cast<std::streamsize>(text.size()));
    });
  } catch (...) {
    give_up();
    throw;
  }
  file.close();
  std::string why = file ? "" : std::strerror(errno);
  if (file && !in_place) {
    std::error_code failure;
    fs::rename(written, path, failure);
    if (failure) why = failure.message();
  }
  if (why.empty()) return;
  give_up();
  throw Error(ErrorKind::kIo, "Cannot write the file: " + why, path, remedy);
}

void write_file(const std::string& path, const std::string& remedy, std::string_view text) {
  write_file(path, remedy, [&](const TextSink& sink) { sink(text); });
}

}  // namespace assay
