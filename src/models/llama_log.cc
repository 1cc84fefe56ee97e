#include "models/llama_log.h"

#include <algorithm>

namespace assay::detail {

void EngineLog::receive(bool is_error, const char* text) {
  constexpr std::size_t kMaxLines = 400;
  const std::lock_guard lock(mutex_);
  for (const char* c = text; *c != '\0'; ++c) {
    if (*c != '\n') {
      partial_ += *c;
      continue;
    }
    lines_.push_back({is_error, partial_});
    partial_.clear();
    if (lines_.size() > kMaxLines) lines_.pop_front();
  }
}

void EngineLog::clear() {
  const std::lock_guard lock(mutex_);
  lines_.clear();
}

std::vector<std::string> EngineLog::lines() {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> texts;
  for (const Line& line : lines_) texts.push_back(line.text);
  return texts;
}

std::string EngineLog::tail() {
  const std::lock_guard lock(mutex_);
  std::string text;
  const auto append = [&](const Line& line) { text += (text.empty() ? "" : "; ") + line.text; };
  for (const Line& line : lines_) {
    if (line.is_error) append(line);
  }
  if (text.empty()) {
    const std::size_t n = std::min<std::size_t>(lines_.size(), 3);
    std::for_each(lines_.end() - static_cast<std::ptrdiff_t>(n), lines_.end(), append);
  }
  return text.substr(0, 600);
}

}  // namespace assay::detail
