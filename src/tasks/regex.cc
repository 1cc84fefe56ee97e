#include "tasks/regex.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <fmt/format.h>

#include <algorithm>

namespace assay::detail {
namespace {

constexpr std::uint32_t kDepthLimit = 1'000'000;
constexpr std::uint32_t kHeapLimitKib = 256 * 1024;

// Steps that a match may take from one start. Python has no limits; a pattern that needs more than
// these does not end in useful time. Over all starts in a text about 4e9 steps at most, but never
// fewer from one start than what goes through the text a few dozen times.
std::uint32_t match_limit(std::size_t n_bytes) {
  constexpr std::uint64_t kOneStart = 10'000'000, kAllStarts = 4'000'000'000, kPerByte = 64;
  const std::uint64_t n = n_bytes + 1;
  const std::uint64_t limit = std::max(n * kPerByte, std::min(kOneStart, kAllStarts / n));
  return static_cast<std::uint32_t>(std::min<std::uint64_t>(limit, UINT32_MAX));
}

std::string message_of(int code) {
  std::string text(256, '\0');
  const int n =
      pcre2_get_error_message(code, reinterpret_cast<PCRE2_UCHAR*>(text.data()), text.size());
  text.resize(n > 0 ? static_cast<std::size_t>(n) : 0);
  return text;
}

struct FreeContext {
  void operator()(pcre2_match_context* c) const { pcre2_match_context_free(c); }
  void operator()(pcre2_compile_context* c) const { pcre2_compile_context_free(c); }
  void operator()(pcre2_match_data* d) const { pcre2_match_data_free(d); }
  void operator()(pcre2_code* c) const { pcre2_code_free(c); }
};

std::uint32_t options_of(const RegexFlags& flags) {
  // ALT_CIRCUMFLEX: "^" also matches after a newline that ends the text, as in Python.
  std::uint32_t options = PCRE2_UTF | PCRE2_ALT_CIRCUMFLEX;
  if (!flags.ascii) options |= PCRE2_UCP;
  if (flags.ignore_case) options |= PCRE2_CASELESS;
  if (flags.multi_line) options |= PCRE2_MULTILINE;
  if (flags.dot_all) options |= PCRE2_DOTALL;
  if (flags.verbose) options |= PCRE2_EXTENDED;
  return options;
}

}  // namespace

struct Regex::Code {
  std::unique_ptr<pcre2_code, FreeContext> code;
  std::size_t n_groups = 0;
};

// Goes through one text.
struct Regex::Scan {
  Scan(const Code& of, std::string_view in)
      : code(of),
        text(in),
        limits(pcre2_match_context_create(nullptr)),
        data(pcre2_match_data_create_from_pattern(of.code.get(), nullptr)) {
    if (!limits || !data) throw RegexError("no memory for a regular expression");
    pcre2_set_match_limit(limits.get(), match_limit(text.size()));
    pcre2_set_depth_limit(limits.get(), kDepthLimit);
    pcre2_set_heap_limit(limits.get(), kHeapLimitKib);
  }
  std::optional<Match> next(std::size_t start, bool not_empty) const;

  const Code& code;
  std::string_view text;
  std::unique_ptr<pcre2_match_context, FreeContext> limits;
  std::unique_ptr<pcre2_match_data, FreeContext> data;
};

Regex::Regex(std::string_view pattern, RegexFlags flags) {
  const std::string translated = translate_python_regex(pattern, flags);
  const std::unique_ptr<pcre2_compile_context, FreeContext> context(
      pcre2_compile_context_create(nullptr));
  if (!context) throw RegexError("no memory for a regular expression");
  pcre2_set_newline(context.get(), PCRE2_NEWLINE_LF);
  int error = 0;
  PCRE2_SIZE offset = 0;
  auto made = std::make_shared<Code>();
  made->code.reset(pcre2_compile(reinterpret_cast<PCRE2_SPTR>(translated.data()), translated.size(),
                                 options_of(flags), &error, &offset, context.get()));
  if (!made->code)
    throw RegexError(
        fmt::format("not a regular expression: \"{}\": {}", pattern, message_of(error)));
  std::uint32_t n = 0;
  pcre2_pattern_info(made->code.get(), PCRE2_INFO_CAPTURECOUNT, &n);
  made->n_groups = n;
  code_ = std::move(made);
}

std::size_t Regex::n_groups() const { return code_->n_groups; }

std::optional<Regex::Match> Regex::Scan::next(std::size_t start, bool not_empty) const {
  std::uint32_t options = not_empty ? PCRE2_NOTEMPTY_ATSTART : 0;
  if (start > 0) options |= PCRE2_NO_UTF_CHECK;  // checked by the first call
  const int n = pcre2_match(code.code.get(), reinterpret_cast<PCRE2_SPTR>(text.data()), text.size(),
                            start, options, data.get(), limits.get());
  if (n == PCRE2_ERROR_NOMATCH) return std::nullopt;
  if (n < 0) throw RegexError(fmt::format("the regular expression did not end: {}", message_of(n)));
  const PCRE2_SIZE* ends = pcre2_get_ovector_pointer(data.get());
  Match match{.begin = ends[0], .end = ends[1]};
  for (std::size_t i = 1; i <= code.n_groups; ++i) {
    const bool took_part = static_cast<int>(i) < n && ends[2 * i] != PCRE2_UNSET;
    match.groups.emplace_back();
    if (took_part) match.groups.back() = text.substr(ends[2 * i], ends[2 * i + 1] - ends[2 * i]);
  }
  return match;
}

std::optional<Regex::Match> Regex::search(std::string_view text) const {
  return Scan(*code_, text).next(0, false);
}

std::vector<Regex::Match> Regex::find_iter(std::string_view text) const {
  const Scan scan(*code_, text);
  std::vector<Match> found;
  std::size_t at = 0;
  bool after_empty = false;  // then an empty match at the same place is not a new one
  while (at <= text.size()) {
    std::optional<Match> match = scan.next(at, after_empty);
    if (!match) break;
    at = match->end;
    after_empty = match->begin == match->end;
    found.push_back(std::move(*match));
    if (after_empty && at == text.size()) break;
  }
  return found;
}

std::string Regex::sub(std::string_view text,
                       const std::function<std::string(const Match&)>& replacement) const {
  std::string out;
  std::size_t at = 0;
  for (const Match& match : find_iter(text)) {
    out += text.substr(at, match.begin - at);
    out += replacement(match);
    at = match.end;
  }
  out += text.substr(at);
  return out;
}

std::string regex_escape(std::string_view text) {
  constexpr std::string_view kSpecial = "()[]{}?*+-|^$\\.&~# \t\n\r\v\f";
  std::string out;
  for (const char c : text) {
    if (kSpecial.find(c) != std::string_view::npos) out += '\\';
    out += c;
  }
  return out;
}

}  // namespace assay::detail
