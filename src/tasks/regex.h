// Inside tasks only: regular expressions as Python's `re` understands them, on UTF-8 text.
//
// A pattern is translated to PCRE2 (regex_syntax.cc) and runs under limits, so that one that
// explodes ends with an error. Known differences: look-behind of several widths is accepted;
// flags "a", "u" and "L" inside a group and \N{NAME} are refused.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace assay::detail {

// A pattern that Python would not compile, or a match that costs too much.
struct RegexError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

struct RegexFlags {
  bool ignore_case = false;  // re.I
  bool multi_line = false;   // re.M
  bool dot_all = false;      // re.S
  bool verbose = false;      // re.X
  bool ascii = false;        // re.A
};

// The pattern in PCRE2's syntax; flags at its start, as in "(?si)...", are added to `flags`.
// Errors: RegexError.
std::string translate_python_regex(std::string_view pattern, RegexFlags& flags);

class Regex {
 public:
  struct Match {
    std::size_t begin = 0, end = 0;
    std::vector<std::optional<std::string_view>> groups;  // 1, 2 ...; absent: took no part
  };

  // Errors: RegexError.
  explicit Regex(std::string_view pattern, RegexFlags flags = {});

  std::size_t n_groups() const;
  // The views of a match point into `text`. Errors of all three: RegexError.
  std::optional<Match> search(std::string_view text) const;
  std::vector<Match> find_iter(std::string_view text) const;
  // re.sub with a function.
  std::string sub(std::string_view text,
                  const std::function<std::string(const Match&)>& replacement) const;

 private:
  struct Code;
  struct Scan;
  std::shared_ptr<const Code> code_;
};

std::string regex_escape(std::string_view text);  // re.escape

}  // namespace assay::detail
