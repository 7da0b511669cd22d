#include "tests/fuzz/snapshot.hh"

#include <sys/mman.h>

#include <cassert>
#include <cstdlib>
#include <cstring>
#include <new>

#include "tests/fuzz/sanitizer.hh"

namespace gyre::fuzz {
namespace {

// All arenas lie in one stretch, so that delete knows what came from one.
constexpr std::size_t stretch_size = std::size_t{64} << 20;
std::byte* stretch = nullptr;
std::size_t stretch_used = 0;
Arena* making = nullptr;

bool in_stretch(const void* at) noexcept {
  const auto* byte = static_cast<const std::byte*>(at);
  return stretch && byte >= stretch && byte < stretch + stretch_size;
}

}  // namespace

Arena::Arena(std::size_t bytes_max) : size_((bytes_max + 4095) & ~std::size_t{4095}) {
  if (!stretch) {
    void* memory = mmap(nullptr, stretch_size, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    assert(memory != MAP_FAILED);
    stretch = static_cast<std::byte*>(memory);
    __lsan_register_root_region(memory, stretch_size);
  }
  assert(size_ <= stretch_size - stretch_used);
  memory_ = stretch + stretch_used;
  stretch_used += size_;
}

Arena::Making::Making(Arena& arena) noexcept {
  assert(!making);
  making = &arena;
}

Arena::Making::~Making() {
  making = nullptr;
}

void* Arena::take(std::size_t bytes) noexcept {
  constexpr std::size_t alignment = alignof(std::max_align_t);
  const std::size_t begin = used_;
  used_ += (bytes + alignment - 1) & ~(alignment - 1);
  assert(used_ <= size_);
  return memory_ + begin;
}

void Arena::keep() {
  kept_.assign(memory_, memory_ + used_);
}

void Arena::put_back() noexcept {
  std::memcpy(memory_, kept_.data(), kept_.size());
}

}  // namespace gyre::fuzz

void* operator new(std::size_t bytes) {
  if (gyre::fuzz::making) return gyre::fuzz::making->take(bytes);
  if (void* memory = std::malloc(bytes ? bytes : 1)) return memory;
  throw std::bad_alloc();
}
void* operator new[](std::size_t bytes) {
  return operator new(bytes);
}
void* operator new(std::size_t bytes, const std::nothrow_t&) noexcept {
  return gyre::fuzz::making ? gyre::fuzz::making->take(bytes) : std::malloc(bytes ? bytes : 1);
}
void* operator new[](std::size_t bytes, const std::nothrow_t& tag) noexcept {
  return operator new(bytes, tag);
}
void operator delete(void* memory) noexcept {
  if (!gyre::fuzz::in_stretch(memory)) std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
  operator delete(memory);
}
void operator delete[](void* memory) noexcept {
  operator delete(memory);
}
void operator delete[](void* memory, std::size_t) noexcept {
  operator delete(memory);
}
