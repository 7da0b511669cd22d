// Logical time: nothing in the protocol reads a clock. Whoever drives it (the daemon's reactor, a
// test, the simulator) hands in the current instant, so nodes can run at different rates and a run
// can be replayed.
#pragma once

#include <chrono>
#include <cstdint>

namespace gyre {

struct LogicalClock {
  using rep = std::int64_t;
  using period = std::nano;
  using duration = std::chrono::nanoseconds;
  using time_point = std::chrono::time_point<LogicalClock>;
  static constexpr bool is_steady = true;
};

using Duration = LogicalClock::duration;
using Time = LogicalClock::time_point;

// A deadline that is not set.
inline constexpr Time never = Time::max();

}  // namespace gyre
