// Memory for keys: kept off the swap, out of core dumps and away from a child, between pages that
// nobody may touch, and wiped before it is given back.
#pragma once

#include <cstddef>
#include <new>
#include <span>
#include <type_traits>
#include <utility>

namespace gyre {

// Throws std::runtime_error where the system does not let us lock memory; it says how much it lets
// us.
std::byte* guarded_allocate(std::size_t size);
void guarded_free(std::byte* bytes) noexcept;

// `count` of T, made from nothing. One T ends where the memory ends, so an overrun is caught.
template <typename T>
class Guarded {
 public:
  static_assert(std::is_trivially_destructible_v<T> && alignof(T) <= 16);

  explicit Guarded(std::size_t count)
      : bytes_(guarded_allocate(count * sizeof(T))),
        things_(reinterpret_cast<T*>(bytes_)),
        count_(count) {
    for (std::size_t i = 0; i < count; ++i) new (things_ + i) T{};
  }
  Guarded(Guarded&& other) noexcept
      : bytes_(std::exchange(other.bytes_, nullptr)),
        things_(other.things_),
        count_(other.count_) {}
  Guarded& operator=(Guarded&& other) noexcept {
    std::swap(bytes_, other.bytes_);
    std::swap(things_, other.things_);
    std::swap(count_, other.count_);
    return *this;
  }
  ~Guarded() {
    if (bytes_) guarded_free(bytes_);
  }

  T& operator[](std::size_t i) const noexcept { return things_[i]; }
  std::size_t size() const noexcept { return count_; }

 private:
  std::byte* bytes_;
  T* things_;
  std::size_t count_;
};

}  // namespace gyre
