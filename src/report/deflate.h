// Inside report only: compression that a page's DecompressionStream("deflate") undoes.
#pragma once

#include <string>
#include <string_view>

namespace assay::detail {

// zlib, then base64.
std::string deflate_base64(std::string_view text);

}  // namespace assay::detail
