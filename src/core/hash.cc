#include "core/hash.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <vector>

#include <xxhash.h>

#include "core/error.h"

namespace assay {
namespace {

Digest to_digest(XXH128_hash_t hash) {
  XXH128_canonical_t canonical;
  XXH128_canonicalFromHash(&canonical, hash);
  Digest digest;
  static_assert(sizeof canonical.digest == 16);
  std::memcpy(digest.bytes.data(), canonical.digest, digest.bytes.size());
  return digest;
}

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

std::string Digest::hex() const {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  text.reserve(32);
  for (const std::uint8_t byte : bytes) {
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
  }
  return text;
}

Digest Digest::from_hex(std::string_view hex) {
  Digest digest;
  bool valid = hex.size() == 32;
  for (std::size_t i = 0; valid && i < 16; ++i) {
    const int high = hex_value(hex[2 * i]);
    const int low = hex_value(hex[2 * i + 1]);
    valid = high >= 0 && low >= 0;
    if (valid) digest.bytes[i] = static_cast<std::uint8_t>(high * 16 + low);
  }
  if (!valid) {
    throw Error(ErrorKind::kBadInput, "'" + std::string(hex) + "' is not a content key", {},
                "A key has 32 hexadecimal digits.");
  }
  return digest;
}

struct Hasher::State {
  XXH3_state_t xxh;
};

Hasher::Hasher() : state_(std::make_unique<State>()) { XXH3_128bits_reset(&state_->xxh); }
Hasher::~Hasher() = default;
Hasher::Hasher(Hasher&&) noexcept = default;
Hasher& Hasher::operator=(Hasher&&) noexcept = default;

Hasher& Hasher::update(std::span<const std::byte> bytes) {
  if (!bytes.empty()) XXH3_128bits_update(&state_->xxh, bytes.data(), bytes.size());
  return *this;
}

Hasher& Hasher::update(std::string_view bytes) { return update(std::as_bytes(std::span(bytes))); }

Hasher& Hasher::add_field(std::string_view field) {
  add_field(static_cast<std::int64_t>(field.size()));
  return update(field);
}

Hasher& Hasher::add_field(std::int64_t number) {
  std::array<std::byte, 8> little_endian{};
  for (std::size_t i = 0; i < 8; ++i) {
    little_endian[i] =
        static_cast<std::byte>((static_cast<std::uint64_t>(number) >> (8 * i)) & 0xff);
  }
  return update(little_endian);
}

Hasher& Hasher::add_field(const Digest& digest) {
  return update(std::as_bytes(std::span(digest.bytes)));
}

Digest Hasher::finish() const { return to_digest(XXH3_128bits_digest(&state_->xxh)); }

Digest hash_bytes(std::string_view bytes) {
  return to_digest(XXH3_128bits(bytes.data(), bytes.size()));
}

Digest hash_file(const std::string& path) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rb"),
                                                             &std::fclose);
  if (!file)
    throw Error(ErrorKind::kIo, std::string("Cannot open the file: ") + std::strerror(errno), path);
  Hasher hasher;
  std::vector<std::byte> buffer(std::size_t{1} << 20);
  while (const std::size_t n = std::fread(buffer.data(), 1, buffer.size(), file.get())) {
    hasher.update(std::span(buffer).first(n));
  }
  if (std::ferror(file.get())) throw Error(ErrorKind::kIo, "Cannot read the file to its end", path);
  return hasher.finish();
}

}  // namespace assay
