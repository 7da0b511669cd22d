// What is said at the start and then once a day. Time comes in from outside.
#pragma once

#include "transport/time.hh"

namespace gyre::node {

class Daily {
 public:
  explicit Daily(Duration period = std::chrono::hours(24)) : period_(period) {}

  // True once when a day, or the period, has passed since the last time; the first one counts from
  // the first question.
  bool due(Time now) noexcept {
    if (next_ == Time{}) next_ = now + period_;
    if (now < next_) return false;
    next_ = now + period_;  // not of the last one: who slept for a week is told once
    return true;
  }

 private:
  Duration period_;
  Time next_{};
};

}  // namespace gyre::node
