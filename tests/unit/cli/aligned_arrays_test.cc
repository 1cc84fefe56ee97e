// The replaced `operator new[]` is linked into this test as into the program.
#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <memory>
#include <new>
#include <vector>

// AddressSanitizer calls it: too large an array is refused, as without it, not an end of the
// program.
extern "C" const char* __asan_default_options() { return "allocator_may_return_null=1"; }

namespace assay {
namespace {

std::uintptr_t address_of(const void* memory) { return reinterpret_cast<std::uintptr_t>(memory); }

TEST(AlignedArrays, LargeOnesBeginAtACacheLine) {
  std::vector<std::unique_ptr<std::uint8_t[]>> alive;  // so that each lies elsewhere
  std::vector<std::unique_ptr<std::uint8_t[]>> between;
  for (std::size_t n_bytes = std::size_t{1} << 16; n_bytes < std::size_t{1} << 22; n_bytes *= 2) {
    between.emplace_back(new std::uint8_t[40]);
    alive.emplace_back(new std::uint8_t[n_bytes + 24]);
    EXPECT_EQ(address_of(alive.back().get()) % 64, 0u) << n_bytes;
    std::memset(alive.back().get(), 1, n_bytes + 24);
  }
}

TEST(AlignedArrays, NoBytesAndTooManyAreAsTheStandardSays) {
  const std::unique_ptr<char[]> first(new char[0]), second(new (std::nothrow) char[0]);
  EXPECT_NE(first.get(), nullptr);
  EXPECT_NE(first.get(), second.get());
  volatile std::size_t too_many = PTRDIFF_MAX;
  EXPECT_THROW(static_cast<void>(::operator new[](too_many)), std::bad_alloc);
  EXPECT_EQ(::operator new[](too_many, std::nothrow), nullptr);
  too_many = SIZE_MAX;
  EXPECT_THROW(static_cast<void>(::operator new[](too_many)), std::bad_alloc);
}

}  // namespace
}  // namespace assay
