// The program's large arrays begin at a cache line. ggml keeps the rows that it multiplies with in
// one such array (`new uint8_t[]`, aligned to 16 bytes only), and where that lies made prompts of
// an F16 model about 4 % faster or slower, for all of a process's life: docs/speed.md, "The same
// file under two names".
#include <cstdint>
#include <cstdlib>
#include <new>

namespace {

constexpr std::size_t kCacheLineBytes = 64;
constexpr std::size_t kLargeBytes = 1 << 16;

}  // namespace

// Standard C++ lets a program replace these ([new.delete.array]). All forms, so that none is paired
// with another library's.
void* operator new[](std::size_t n_bytes) {
  if (n_bytes < kLargeBytes || n_bytes > SIZE_MAX - kCacheLineBytes) {
    if (void* memory = std::malloc(n_bytes > 0 ? n_bytes : 1)) return memory;
    throw std::bad_alloc();
  }
  const std::size_t rounded = (n_bytes + kCacheLineBytes - 1) / kCacheLineBytes * kCacheLineBytes;
  if (void* memory = std::aligned_alloc(kCacheLineBytes, rounded)) return memory;
  throw std::bad_alloc();
}

void* operator new[](std::size_t n_bytes, const std::nothrow_t&) noexcept {
  try {
    return operator new[](n_bytes);
  } catch (const std::bad_alloc&) {
    return nullptr;
  }
}

void operator delete[](void* memory) noexcept { std::free(memory); }

void operator delete[](void* memory, std::size_t) noexcept { std::free(memory); }

void operator delete[](void* memory, const std::nothrow_t&) noexcept { std::free(memory); }
