// Objects that took long to make, put back to what they were by copying their bytes.
//
// While a Making lives, operator new of its thread takes from the arena, also after keep(): what
// was made since is gone with put_back(). Objects in an arena allocate and free only inside a
// Making of it, or not at all.
#pragma once

#include <array>
#include <cstddef>
#include <vector>

#include "transport/frame.hh"

namespace gyre::fuzz {

class Arena {
 public:
  explicit Arena(std::size_t bytes_max);
  ~Arena() = delete;  // an arena is for the whole run, or its objects would have to be unmade
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  class Making {
   public:
    explicit Making(Arena& arena) noexcept;
    ~Making();
    Making(const Making&) = delete;
    Making& operator=(const Making&) = delete;
  };
  static bool making() noexcept;

  // Remembers all that is in it.
  void keep();
  // Everything is again as it was then.
  void put_back() noexcept;

  void* take(std::size_t bytes) noexcept;
  static void give(void* memory) noexcept;  // what take() gave

 private:
  // Before each piece; where it is free, the next free one of its size stands behind it.
  struct Piece {
    Arena* arena;
    std::size_t size;
  };
  // At the front of the arena, so that they are put back like all the rest.
  using Free = std::array<std::byte*, 512>;

  Free& free() noexcept { return *reinterpret_cast<Free*>(memory_); }

  std::byte* memory_;
  std::size_t size_, used_ = sizeof(Free);
  std::vector<std::byte> kept_;
};

// The bytes of the frames of a pool that are in use. Those that are not may hold anything.
class HeldFrames {
 public:
  HeldFrames(FramePool& pool, std::size_t room);
  void put_back() const noexcept;

 private:
  std::size_t room_;
  std::vector<std::byte*> frames_;
  std::vector<std::byte> kept_;
};

}  // namespace gyre::fuzz
