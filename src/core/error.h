// Every failure that ends a command. Values that a caller expects (a sample that could not be
// scored) are not errors.
#pragma once

#include <stdexcept>
#include <string>

namespace assay {

// The kind decides the program's exit code (docs/exit-codes.md).
enum class ErrorKind {
  kUsage,        // 2: the command line or a setting is wrong
  kBadInput,     // 3: a file or text is not what it should be
  kEngine,       // 4: the engine failed, or did not apply what was asked
  kIo,           // 5: reading, writing, network, no space left
  kInterrupted,  // 130: stopped by the user; what was done is saved
};

// what: what went wrong; where: file, line or offset (may be empty); remedy: what to do (may be
// empty). what() gives "WHAT (WHERE). REMEDY".
class Error : public std::runtime_error {
 public:
  explicit Error(ErrorKind kind, const std::string& what, std::string where = {},
                 std::string remedy = {});

  ErrorKind kind() const { return kind_; }
  const std::string& where() const { return where_; }
  const std::string& remedy() const { return remedy_; }

 private:
  ErrorKind kind_;
  std::string where_;
  std::string remedy_;
};

}  // namespace assay
