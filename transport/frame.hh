// One packet's memory and who holds it.
//
// A FramePool is made once, before the links open; nothing is allocated afterwards. A FrameRef is
// a counted reference to a part of one of the pool's buffers: copying it shares the bytes, and the
// buffer goes back to the pool with the last reference. Counts are not atomic: a pool belongs to
// one thread (the reactor).
//
// Layout of a buffer:  | headroom | bytes of the frame ... | tailroom |
// The headroom is where the layers below put their headers without a copy.
#pragma once

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>
#include <vector>

namespace gyre {

class FramePool;

struct FrameBuffer {
  std::byte* memory = nullptr;
  std::uint32_t references = 0;
  FramePool* pool = nullptr;
  FrameBuffer* next_free = nullptr;
};

class FrameRef {
 public:
  FrameRef() = default;
  FrameRef(const FrameRef& other) noexcept
      : buffer_(other.buffer_), offset_(other.offset_), size_(other.size_) {
    if (buffer_) ++buffer_->references;
  }
  FrameRef(FrameRef&& other) noexcept
      : buffer_(std::exchange(other.buffer_, nullptr)),
        offset_(other.offset_),
        size_(other.size_) {}
  FrameRef& operator=(FrameRef other) noexcept {
    std::swap(buffer_, other.buffer_);
    offset_ = other.offset_;
    size_ = other.size_;
    return *this;
  }
  ~FrameRef() { release(); }

  explicit operator bool() const noexcept { return buffer_ != nullptr; }
  void reset() noexcept { release(); }

  std::byte* data() const noexcept { return buffer_->memory + offset_; }
  std::size_t size() const noexcept { return size_; }
  std::span<std::byte> bytes() const noexcept { return {data(), size_}; }

  // Bytes free in front of and behind the frame.
  std::size_t headroom() const noexcept { return offset_; }
  inline std::size_t room() const noexcept;

  // Moves the front: `drop` takes a header off, `prepend` makes place for one in the headroom.
  void drop_front(std::size_t count) noexcept {
    assert(count <= size_);
    offset_ += static_cast<std::uint32_t>(count);
    size_ -= static_cast<std::uint32_t>(count);
  }
  void prepend(std::size_t count) noexcept {
    assert(count <= offset_);
    offset_ -= static_cast<std::uint32_t>(count);
    size_ += static_cast<std::uint32_t>(count);
  }
  // Sets the length, keeping the front; `size` is at most size() + room().
  void resize(std::size_t size) noexcept {
    assert(size <= size_ + room());
    size_ = static_cast<std::uint32_t>(size);
  }

  // True if no one else holds these bytes, so that they may still be written.
  bool unique() const noexcept { return buffer_ && buffer_->references == 1; }

 private:
  friend class FramePool;
  FrameRef(FrameBuffer* buffer, std::uint32_t offset) noexcept : buffer_(buffer), offset_(offset) {
    buffer_->references = 1;
  }
  inline void release() noexcept;

  FrameBuffer* buffer_ = nullptr;
  std::uint32_t offset_ = 0;
  std::uint32_t size_ = 0;
};

class FramePool {
 public:
  // `count` buffers of headroom + payload + tailroom bytes each. The memory is reserved here and
  // touched only when a buffer is first used. Throws std::bad_alloc.
  FramePool(std::size_t count, std::size_t headroom, std::size_t payload, std::size_t tailroom);
  ~FramePool();
  FramePool(const FramePool&) = delete;
  FramePool& operator=(const FramePool&) = delete;

  // An empty frame (size 0) behind the headroom, or a null reference when all buffers are in use.
  FrameRef take() noexcept;

  std::size_t available() const noexcept { return available_; }
  std::size_t count() const noexcept { return buffers_.size(); }
  std::size_t payload() const noexcept { return payload_; }
  std::size_t headroom() const noexcept { return headroom_; }
  // The whole memory, for a device that must register it.
  std::span<std::byte> memory() const noexcept { return {memory_, bytes_}; }

 private:
  friend class FrameRef;
  void put_back(FrameBuffer* buffer) noexcept {
    buffer->next_free = free_;
    free_ = buffer;
    ++available_;
  }

  std::size_t headroom_, payload_, stride_;
  std::size_t bytes_ = 0;
  std::byte* memory_ = nullptr;
  std::vector<FrameBuffer> buffers_;
  FrameBuffer* free_ = nullptr;
  std::size_t available_ = 0;
};

inline std::size_t FrameRef::room() const noexcept {
  return buffer_->pool->headroom() + buffer_->pool->payload() - offset_ - size_;
}

inline void FrameRef::release() noexcept {
  if (FrameBuffer* buffer = std::exchange(buffer_, nullptr); buffer && --buffer->references == 0)
    buffer->pool->put_back(buffer);
}

}  // namespace gyre
