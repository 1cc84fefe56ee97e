#include <algorithm>

#include "core/error.h"
#include "hub/hub.h"
#include "hub/names.h"

namespace assay {
namespace {

bool is_hex(std::string_view text, std::size_t length) {
  return text.size() == length &&
         text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

bool is_safe_part(std::string_view part) {
  return !part.empty() && part != "." && part != ".." && part.size() <= 255 &&
         std::none_of(part.begin(), part.end(), [](char c) {
           return c == '\\' || static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
         });
}

// The hub's own rule for users and repositories. "--" separates them in the cache.
bool is_repository_part(std::string_view part) {
  constexpr std::string_view kAllowed =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
  const auto is_edge = [](char c) { return c == '-' || c == '.'; };
  return !part.empty() && part.size() <= 96 &&
         part.find_first_not_of(kAllowed) == std::string_view::npos && !is_edge(part.front()) &&
         !is_edge(part.back()) && part.find("--") == std::string_view::npos &&
         part.find("..") == std::string_view::npos;
}

bool is_revision(std::string_view revision) {
  return is_safe_relative_path(revision) && !revision.starts_with('.') &&
         revision.find_first_of("?#%: ") == std::string_view::npos;
}

// Removes and returns the text up to the next '/'.
std::string take_part(std::string_view& rest) {
  const std::size_t end = std::min(rest.find('/'), rest.size());
  std::string part(rest.substr(0, end));
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return part;
}

}  // namespace

bool is_safe_relative_path(std::string_view path) {
  if (path.empty() || path.size() > 4096) return false;
  while (true) {
    const std::size_t end = path.find('/');
    if (!is_safe_part(path.substr(0, end))) return false;
    if (end == std::string_view::npos) return true;
    path.remove_prefix(end + 1);
  }
}

bool is_commit(std::string_view revision) { return is_hex(revision, 40); }
bool is_sha256(std::string_view text) { return is_hex(text, 64); }

HubReference parse_hub_reference(const std::string& text) {
  const auto refuse = [&](const std::string& why) {
    throw Error(ErrorKind::kUsage, "'" + text + "' does not name anything on the hub: " + why, {},
                "Write hf:ORG/NAME, hf:ORG/NAME/FILE, hf:ORG/NAME@REVISION/FILE or "
                "hf:datasets/ORG/NAME/FILE.");
  };
  HubReference reference;
  std::string_view rest = text;
  if (!rest.starts_with("hf:")) refuse("it does not begin with hf:");
  rest.remove_prefix(3);
  if (rest.starts_with("datasets/")) {
    reference.dataset = true;
    rest.remove_prefix(9);
  }
  const std::string organisation = take_part(rest);
  std::string name = take_part(rest);
  if (const std::size_t at = name.find('@'); at != std::string::npos) {
    reference.revision = name.substr(at + 1);
    name.resize(at);
    // The hub's own references to pull requests and conversions have three parts.
    if (reference.revision == "refs") {
      const std::string group = take_part(rest);
      reference.revision += "/" + group + "/" + take_part(rest);
    }
  }
  reference.repository = organisation + "/" + name;
  reference.file = rest;
  if (!is_repository_part(organisation) || !is_repository_part(name)) {
    refuse("'" + reference.repository + "' is no ORG/NAME");
  }
  if (!is_revision(reference.revision)) {
    refuse("'" + reference.revision + "' is no branch, tag or commit");
  }
  if (!reference.file.empty() && !is_safe_relative_path(reference.file)) {
    refuse("'" + reference.file + "' is no path inside a repository");
  }
  return reference;
}

}  // namespace assay
