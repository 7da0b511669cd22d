// The secret that the nodes of a cluster share: the bytes of their key file, in memory that is kept
// off the swap, out of core dumps and away from a child, lies between pages that nobody may touch,
// and is wiped before it is given back.
//
// Nobody can read it but while a Reading lives, this process included. Belongs to one thread at a
// time.
#pragma once

#include <cstddef>
#include <span>
#include <utility>

namespace gyre {

class RootKey {
 public:
  static constexpr std::size_t size_min = 128, size_max = 4096;  // corosync-keygen's

  // Copies `bytes`, which stay the caller's to wipe. There are size_min to size_max of them. Throws
  // std::runtime_error where the system does not let us lock memory; it says how much it lets us.
  explicit RootKey(std::span<const std::byte> bytes);
  // The same with the bytes that fill(std::span<std::byte>) puts in, all `size` of them.
  template <typename Fill>
  RootKey(std::size_t size, Fill fill) : RootKey(size) {
    fill(std::span(bytes_, size_));
    hide();
  }

  RootKey(RootKey&& other) noexcept
      : bytes_(std::exchange(other.bytes_, nullptr)), size_(std::exchange(other.size_, 0)) {}
  RootKey& operator=(RootKey&& other) noexcept {
    std::swap(bytes_, other.bytes_);
    std::swap(size_, other.size_);
    return *this;
  }
  ~RootKey();

  std::size_t size() const noexcept { return size_; }

  class Reading {
   public:
    explicit Reading(const RootKey& key);
    ~Reading();
    Reading(const Reading&) = delete;
    Reading& operator=(const Reading&) = delete;
    std::span<const std::byte> bytes() const noexcept { return {key_.bytes_, key_.size_}; }

   private:
    const RootKey& key_;
  };
  // One at a time.
  Reading read() const { return Reading(*this); }

 private:
  explicit RootKey(std::size_t size);  // still to be filled
  void hide() noexcept;

  std::byte* bytes_ = nullptr;  // guarded
  std::size_t size_ = 0;
};

}  // namespace gyre
