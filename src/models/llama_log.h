// The engine's log, kept for error messages and to read back what the engine did; never on the
// terminal.
#pragma once

#include <deque>
#include <mutex>
#include <string>
#include <vector>

namespace assay::detail {

class EngineLog {
 public:
  void receive(bool is_error, const char* text);  // any thread; text may be part of a line
  void clear();
  std::vector<std::string> lines();
  std::string
  tail();  // the lines that name an error, or else the last three; at most 600 characters

 private:
  struct Line {
    bool is_error = false;
    std::string text;
  };
  std::mutex mutex_;
  std::deque<Line> lines_;
  std::string partial_;
};

}  // namespace assay::detail
