// Objects that took long to make, put back to what they were by copying their bytes.
//
// While a Making lives, operator new takes from the arena; what was made so is never freed one by
// one. Objects in the arena may allocate and free outside of it only while they are being made.
#pragma once

#include <cstddef>
#include <vector>

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

  // Remembers all that is in it. Nothing is made in it afterwards.
  void keep();
  // Everything is again as it was then.
  void put_back() noexcept;

  void* take(std::size_t bytes) noexcept;

 private:
  std::byte* memory_;
  std::size_t size_, used_ = 0;
  std::vector<std::byte> kept_;
};

}  // namespace gyre::fuzz
