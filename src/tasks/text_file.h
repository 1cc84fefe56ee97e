// Inside tasks only: text files, plain or gzip, by lines or as a whole.
#pragma once

#include <cstdint>
#include <memory>
#include <stop_token>
#include <string>

namespace assay::detail {

// Lines of a UTF-8 file; a byte order mark is dropped. Errors: kIo (cannot be opened or read),
// kBadInput (broken gzip, a line above the limit), kInterrupted.
class LineReader {
 public:
  static constexpr std::size_t kMaxLineBytes = std::size_t{256} << 20;

  explicit LineReader(const std::string& path, std::stop_token stop = {},
                      std::size_t max_line_bytes = kMaxLineBytes);
  ~LineReader();
  LineReader(const LineReader&) = delete;
  LineReader& operator=(const LineReader&) = delete;

  // The next line without its end, which is "\n" or "\r\n"; false when there is none.
  bool next(std::string& line);
  std::int64_t line_number() const { return n_lines_; }
  std::string where() const;  // "FILE, line 3": the line that next() gave

 private:
  bool fill();

  struct Stream;
  std::string path_;
  std::stop_token stop_;
  std::size_t max_line_bytes_;
  std::unique_ptr<Stream> stream_;
  std::string block_;
  std::size_t at_ = 0;
  std::int64_t n_lines_ = 0;
};

// The whole file, as LineReader reads it, line ends as they are. Files above 4 GiB are refused.
std::string read_text_file(const std::string& path, const std::stop_token& stop = {});

}  // namespace assay::detail
