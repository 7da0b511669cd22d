#include "transport/frame.hh"

#include <sys/mman.h>

#include <new>

namespace gyre {

FramePool::FramePool(std::size_t count, std::size_t headroom, std::size_t payload,
                     std::size_t tailroom)
    : headroom_(headroom), payload_(payload), buffers_(count) {
  constexpr std::size_t cache_line = 64;
  stride_ = (headroom + payload + tailroom + cache_line - 1) / cache_line * cache_line;
  bytes_ = stride_ * count;
  void* memory = mmap(nullptr, bytes_, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) throw std::bad_alloc();
  memory_ = static_cast<std::byte*>(memory);
  // The lowest address ends up on top, so that little memory is ever touched.
  for (std::size_t i = count; i-- > 0;) {
    buffers_[i] = {.memory = memory_ + i * stride_, .pool = this};
    put_back(&buffers_[i]);
  }
}

FramePool::~FramePool() {
  munmap(memory_, bytes_);
}

FrameRef FramePool::take() noexcept {
  if (!free_) return {};
  FrameBuffer* buffer = free_;
  free_ = buffer->next_free;
  --available_;
  return FrameRef(buffer, static_cast<std::uint32_t>(headroom_));
}

}  // namespace gyre
