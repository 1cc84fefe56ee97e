#include "report/deflate.h"

#include <cstdint>

#include <zlib.h>

#include "core/error.h"

namespace assay::detail {
namespace {

constexpr char kDigits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

std::string base64(const std::string& bytes) {
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::uint32_t three = 0;
    for (std::size_t k = 0; k < 3; ++k) {
      three <<= 8;
      if (i + k < bytes.size()) three |= static_cast<unsigned char>(bytes[i + k]);
    }
    for (int k = 3; k >= 0; --k) out += kDigits[(three >> (6 * k)) & 63];
  }
  const std::size_t n_padding = (3 - bytes.size() % 3) % 3;
  out.replace(out.size() - n_padding, n_padding, n_padding, '=');
  return out;
}

}  // namespace

std::string deflate_base64(std::string_view text) {
  uLongf size = compressBound(static_cast<uLong>(text.size()));
  std::string bytes(size, '\0');
  const int status = compress2(reinterpret_cast<Bytef*>(bytes.data()), &size,
                               reinterpret_cast<const Bytef*>(text.data()),
                               static_cast<uLong>(text.size()), Z_BEST_COMPRESSION);
  if (status != Z_OK) throw Error(ErrorKind::kEngine, "Items could not be compressed");
  bytes.resize(size);
  return base64(bytes);
}

}  // namespace assay::detail
