// Speed measured elsewhere, and which models it is of.
#include <algorithm>
#include <set>

#include "study/study.h"

namespace assay {
namespace {

std::string plain(const std::string& name) {
  constexpr std::string_view kGguf = ".gguf";
  std::string text = name.ends_with(kGguf) ? name.substr(0, name.size() - kGguf.size()) : name;
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return text;
}

bool is_end_of(const std::string& end, const std::string& text) {
  constexpr std::string_view kBorders = "-._ /+";
  if (end.empty() || !text.ends_with(end)) return false;
  return text.size() == end.size() ||
         kBorders.find(text[text.size() - end.size() - 1]) != std::string_view::npos;
}

// Of the names that end the setup's, the longest; "" when none does.
std::string model_of(const std::string& setup, const std::string& baseline,
                     std::span<const std::string> variants) {
  const std::string text = plain(setup), base = plain(baseline);
  std::string found = is_end_of(base, text) ? baseline : "";
  std::size_t longest = found.empty() ? 0 : base.size();
  for (const std::string& variant : variants) {
    std::string end = plain(variant);
    if (end.starts_with("kv="))
      end.insert(0, base + "+");  // only the cache differs from the baseline
    if (!is_end_of(end, text) || end.size() <= longest) continue;
    longest = end.size();
    found = variant;
  }
  return found;
}

}  // namespace

std::optional<SpeedResult> import_speed(std::span<const std::string> paths) {
  std::optional<SpeedResult> speed = read_foreign_speed(paths);
  if (speed) summarize_speed(*speed);
  return speed;
}

int adopt_names(SpeedResult& speed, const std::string& baseline,
                std::span<const std::string> variants) {
  std::set<std::string> adopted;
  std::optional<int> base;
  for (std::size_t i = 0; i < speed.setups.size(); ++i) {
    std::string name = model_of(speed.setups[i].name, baseline, variants);
    if (name.empty() || !adopted.insert(name).second) continue;
    if (name == baseline) base = static_cast<int>(i);
    speed.setups[i].name = std::move(name);
  }
  for (std::size_t i = 0; i < speed.setups.size(); ++i)
    speed.setups[i].baseline = base.value_or(static_cast<int>(i));
  summarize_speed(speed);
  return static_cast<int>(adopted.size());
}

}  // namespace assay
