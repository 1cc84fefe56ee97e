// Content identity: 128-bit XXH3, not cryptographic. Used for keys of the store and "is this the
// same text?".
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace assay {

struct Digest {
  std::array<std::uint8_t, 16> bytes{};  // canonical (big endian) XXH3-128

  std::string hex() const;                       // 32 lower-case digits
  static Digest from_hex(std::string_view hex);  // Error{kBadInput} unless 32 hex digits
  auto operator<=>(const Digest&) const = default;
};

// Feeds bytes piece by piece. add_field also feeds the length, so that ("ab","c") differs from
// ("a","bc").
class Hasher {
 public:
  Hasher();
  ~Hasher();
  Hasher(Hasher&&) noexcept;
  Hasher& operator=(Hasher&&) noexcept;

  Hasher& update(std::span<const std::byte> bytes);
  Hasher& update(std::string_view bytes);
  Hasher& add_field(std::string_view field);
  Hasher& add_field(std::int64_t number);
  Hasher& add_field(const Digest& digest);
  Digest finish() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

Digest hash_bytes(std::string_view bytes);
Digest hash_file(const std::string& path);  // Error{kIo} when it cannot be read

}  // namespace assay
