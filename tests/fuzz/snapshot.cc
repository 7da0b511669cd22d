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
constexpr std::size_t stretch_size = std::size_t{256} << 20;
std::byte* stretch = nullptr;
std::size_t stretch_used = 0;
thread_local Arena* in_hand = nullptr;

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
  assert(!in_hand);
  in_hand = &arena;
}

Arena::Making::~Making() {
  in_hand = nullptr;
}

bool Arena::making() noexcept {
  return in_hand != nullptr;
}

void* Arena::take(std::size_t bytes) noexcept {
  static_assert(sizeof(Piece) == alignof(std::max_align_t));
  const std::size_t units = bytes / sizeof(Piece) + 1;
  if (units < free().size() && free()[units]) {
    std::byte* const memory = free()[units];
    free()[units] = *std::launder(reinterpret_cast<std::byte**>(memory));
    return memory;
  }
  std::byte* const memory = memory_ + used_ + sizeof(Piece);
  used_ += (1 + units) * sizeof(Piece);
  assert(used_ <= size_);
  new (memory - sizeof(Piece)) Piece{this, units};
  return memory;
}

void Arena::give(void* memory) noexcept {
  const Piece& piece = static_cast<const Piece*>(memory)[-1];
  Free& free = piece.arena->free();
  if (piece.size >= free.size()) return;
  free[piece.size] = reinterpret_cast<std::byte*>(new (memory) std::byte*(free[piece.size]));
}

void Arena::keep() {
  kept_.assign(memory_, memory_ + used_);
}

void Arena::put_back() noexcept {
  used_ = kept_.size();
  std::memcpy(memory_, kept_.data(), used_);
}

HeldFrames::HeldFrames(FramePool& pool, std::size_t room) : room_(room) {
  const std::size_t stride = pool.memory().size() / pool.count();
  assert(pool.headroom() + room <= stride);
  std::vector<FrameRef> free(pool.available());
  for (FrameRef& frame : free) frame = pool.take();
  std::vector<bool> held(pool.count(), true);
  for (const FrameRef& frame : free)
    held[static_cast<std::size_t>(frame.data() - pool.memory().data()) / stride] = false;
  for (std::size_t i = 0; i < held.size(); ++i)
    if (held[i]) frames_.push_back(pool.memory().data() + i * stride + pool.headroom());
  while (!free.empty()) free.pop_back();  // as they lay before
  for (const std::byte* frame : frames_) kept_.insert(kept_.end(), frame, frame + room);
}

void HeldFrames::put_back() const noexcept {
  for (std::size_t i = 0; i < frames_.size(); ++i)
    std::memcpy(frames_[i], kept_.data() + i * room_, room_);
}

}  // namespace gyre::fuzz

void* operator new(std::size_t bytes) {
  if (gyre::fuzz::in_hand) return gyre::fuzz::in_hand->take(bytes);
  if (void* memory = std::malloc(bytes ? bytes : 1)) return memory;
  throw std::bad_alloc();
}
void* operator new[](std::size_t bytes) {
  return operator new(bytes);
}
void* operator new(std::size_t bytes, const std::nothrow_t&) noexcept {
  return gyre::fuzz::in_hand ? gyre::fuzz::in_hand->take(bytes) : std::malloc(bytes ? bytes : 1);
}
void* operator new[](std::size_t bytes, const std::nothrow_t& tag) noexcept {
  return operator new(bytes, tag);
}
void operator delete(void* memory) noexcept {
  if (gyre::fuzz::in_stretch(memory))
    gyre::fuzz::Arena::give(memory);
  else
    std::free(memory);
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
