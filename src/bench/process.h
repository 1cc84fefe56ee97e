// A child process that answers one line for each line it is sent.
#pragma once

#include <stop_token>
#include <string>
#include <vector>

#include <sys/types.h>

namespace assay::detail {

class Process {
 public:
  // Error{kIo} when it cannot be started. It is killed when this program ends, however that ends,
  // and does not hear the terminal's Ctrl-C.
  explicit Process(const std::vector<std::string>& command);
  ~Process();  // ends it
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  // Error{kEngine} saying how the process ended when it did; Error{kInterrupted} when stopped.
  std::string ask(const std::string& line, const std::stop_token& stop);

 private:
  std::string read_line(const std::stop_token& stop);
  [[noreturn]] void throw_ended();
  void end();

  pid_t pid_ = -1;
  int socket_ = -1;
  std::string unread_;
};

// Lines of a descriptor; for the child's side. False at the end.
class LineSource {
 public:
  explicit LineSource(int descriptor) : descriptor_(descriptor) {}
  bool next(std::string& line);

 private:
  int descriptor_;
  std::string unread_;
};
bool write_line(int descriptor, const std::string& line);  // false when nobody reads any more

}  // namespace assay::detail
