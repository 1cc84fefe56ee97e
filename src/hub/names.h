// Which names may become parts of an address or of a path in the cache. Internal to this folder.
#pragma once

#include <string>
#include <string_view>

namespace assay {

// A relative path without "..", ".", empty parts, backslashes or control characters.
bool is_safe_relative_path(std::string_view path);
bool is_commit(std::string_view revision);  // 40 lower-case hex digits
bool is_sha256(std::string_view text);      // 64 lower-case hex digits

}  // namespace assay
