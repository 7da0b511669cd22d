// Two processes that measure together: this one leads, its child follows. The leader says what both
// do now, by a word in shared memory.
#pragma once

#include <sys/types.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <string>

#include "transport/shm/descriptor.hh"

namespace gyre::bench {

enum class Phase : std::uint32_t { begin, raw, ring, end };

struct Control {
  // Phase in the low two bits; the rest counts, so that each change is a new value.
  std::atomic<std::uint32_t> said{0};
  std::atomic<std::uint32_t> heard{0};
  int bell = -1;  // the follower's end of a pipe: a byte for each phase that it has heard of

  Phase phase() const noexcept { return Phase{said.load(std::memory_order_acquire) & 3}; }
};

struct PlaceToRun {
  std::string netns;       // name of a network namespace, empty: this one
  bool pinned = true;      // to a core of its own
  bool real_time = false;  // as gyred, where it may
};

class Partner {
 public:
  // The child runs follow(control) and ends. Throws std::system_error.
  Partner(const std::array<PlaceToRun, 2>& places, const std::function<void(Control&)>& follow);
  // Ends the child.
  ~Partner();
  Partner(const Partner&) = delete;
  Partner& operator=(const Partner&) = delete;

  // Both are in `phase` when this returns. Throws if the child has died or does not answer.
  void enter(Phase phase);
  // Throws if the child has died.
  void check();

 private:
  Control* control_ = nullptr;
  shm::Descriptor heard_;  // the other end of the bell
  pid_t child_ = -1;
};

// For the follower: says that it has heard `said`.
void hear(Control& control, std::uint32_t said) noexcept;

}  // namespace gyre::bench
