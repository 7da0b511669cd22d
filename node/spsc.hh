// A bounded queue from one thread to one other, without locks or allocation.
//
// push() belongs to the producer, pop() to the consumer. Neither waits: a full queue refuses, an
// empty one gives nothing. Whoever needs to sleep pairs the queue with a descriptor of its own.
#pragma once

#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <type_traits>
#include <utility>

namespace gyre::node {

template <typename T>
class SpscQueue {
  static_assert(std::is_nothrow_move_assignable_v<T>);

 public:
  // Holds at least `capacity` elements.
  explicit SpscQueue(std::size_t capacity)
      : mask_(std::bit_ceil(capacity) - 1), slots_(std::make_unique<T[]>(mask_ + 1)) {}

  // False: full, and `value` is as it was.
  template <typename Value>
  bool push(Value&& value) noexcept {
    const std::uint64_t tail = tail_.load(std::memory_order_relaxed);
    if (tail - head_seen_ > mask_) {
      head_seen_ = head_.load(std::memory_order_acquire);
      if (tail - head_seen_ > mask_) return false;
    }
    slots_[tail & mask_] = std::forward<Value>(value);
    tail_.store(tail + 1, std::memory_order_release);
    return true;
  }

  // False: empty.
  bool pop(T& value) noexcept {
    const std::uint64_t head = head_.load(std::memory_order_relaxed);
    if (head == tail_seen_) {
      tail_seen_ = tail_.load(std::memory_order_acquire);
      if (head == tail_seen_) return false;
    }
    value = std::move(slots_[head & mask_]);
    head_.store(head + 1, std::memory_order_release);
    return true;
  }

  // For the consumer, before it goes to sleep.
  bool empty() const noexcept {
    return head_.load(std::memory_order_relaxed) == tail_.load(std::memory_order_acquire);
  }

 private:
  static constexpr std::size_t cache_line = 64;

  const std::uint64_t mask_;
  const std::unique_ptr<T[]> slots_;
  // Each side keeps its own position and the last one it saw of the other on a line of its own, so
  // that the two meet in the cache only when one catches up.
  alignas(cache_line) std::atomic<std::uint64_t> tail_{0};
  std::uint64_t head_seen_ = 0;
  alignas(cache_line) std::atomic<std::uint64_t> head_{0};
  std::uint64_t tail_seen_ = 0;
};

}  // namespace gyre::node
