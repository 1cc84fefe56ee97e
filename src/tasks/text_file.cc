#include "tasks/text_file.h"

#include <zlib.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

#include "core/error.h"
#include "tasks/dataset_file.h"

namespace assay::detail {
namespace {

constexpr std::size_t kBlockBytes = std::size_t{1} << 18;
constexpr std::size_t kMaxFileBytes = std::size_t{4} << 30;
constexpr const char* kByteOrderMark = "\xef\xbb\xbf";

// zlib reads plain files as they are.
class GzipStream {
 public:
  explicit GzipStream(const std::string& path) : path_(path) {
    std::error_code ignored;
    if (std::filesystem::is_directory(path, ignored))
      throw Error(ErrorKind::kIo, "This is a folder, not a file of rows", path);
    errno = 0;
    file_ = gzopen(path.c_str(), "rb");
    if (file_ == nullptr)
      throw Error(ErrorKind::kIo, std::string("Cannot open the file: ") + std::strerror(errno),
                  path);
    gzbuffer(file_, unsigned{kBlockBytes});
  }
  ~GzipStream() { gzclose(file_); }
  GzipStream(const GzipStream&) = delete;
  GzipStream& operator=(const GzipStream&) = delete;

  // Appends up to a block; false at the end.
  bool append_to(std::string& text) {
    const std::size_t size = text.size();
    text.resize(size + kBlockBytes);
    const int n = gzread(file_, text.data() + size, unsigned{kBlockBytes});
    text.resize(size + static_cast<std::size_t>(n < 0 ? 0 : n));
    int code = Z_OK;
    gzerror(file_, &code);
    if (code == Z_ERRNO)
      throw Error(ErrorKind::kIo, std::string("Cannot read the file: ") + std::strerror(errno),
                  path_);
    if (code != Z_OK && code != Z_STREAM_END)
      throw Error(
          ErrorKind::kBadInput,
          code == Z_BUF_ERROR ? "The gzip file ends in the middle" : "The gzip file is damaged",
          path_, "Fetch it again.");
    return n > 0;
  }

 private:
  std::string path_;
  gzFile file_ = nullptr;
};

}  // namespace

struct LineReader::Stream : GzipStream {
  using GzipStream::GzipStream;
};

LineReader::LineReader(const std::string& path, std::stop_token stop, std::size_t max_line_bytes)
    : path_(path),
      stop_(std::move(stop)),
      max_line_bytes_(max_line_bytes),
      stream_(std::make_unique<Stream>(path)) {
  while (block_.size() < 3 && stream_->append_to(block_)) {
  }
  if (block_.starts_with(kByteOrderMark)) at_ = 3;
}

LineReader::~LineReader() = default;

std::string LineReader::where() const { return path_ + ", line " + std::to_string(n_lines_); }

bool LineReader::fill() {
  check_stop(stop_);
  block_.erase(0, at_);
  at_ = 0;
  if (block_.size() > max_line_bytes_) {
    ++n_lines_;
    throw Error(ErrorKind::kBadInput,
                "A line is longer than " + std::to_string(max_line_bytes_) + " bytes", where(),
                "Is this a file with one row a line?");
  }
  return stream_->append_to(block_);
}

bool LineReader::next(std::string& line) {
  std::size_t searched = at_;
  std::size_t end = block_.find('\n', searched);
  while (end == std::string::npos) {
    searched = block_.size() - at_;  // fill() moves the text to the front
    if (!fill()) break;
    end = block_.find('\n', searched);
  }
  if (end == std::string::npos) {
    if (at_ == block_.size()) return false;
    end = block_.size();
  }
  ++n_lines_;
  line.assign(block_, at_, end - at_);
  at_ = std::min(end + 1, block_.size());
  if (line.ends_with('\r')) line.pop_back();
  return true;
}

std::string read_text_file(const std::string& path, const std::stop_token& stop) {
  GzipStream stream(path);
  std::string text;
  while (stream.append_to(text)) {
    check_stop(stop);
    if (text.size() > kMaxFileBytes)
      throw Error(ErrorKind::kBadInput, "The file holds more than 4 GiB", path,
                  "Split it, or keep its rows one a line (jsonl).");
  }
  if (text.starts_with(kByteOrderMark)) text.erase(0, 3);
  return text;
}

}  // namespace assay::detail
