// Virtual time: what is to happen, in its order.
#pragma once

#include <functional>
#include <queue>
#include <utility>
#include <vector>

#include "transport/time.hh"

namespace gyre::rm::model {

using namespace std::chrono_literals;

class Timeline {
 public:
  Time now() const noexcept { return now_; }
  double seconds() const { return std::chrono::duration<double>(now_.time_since_epoch()).count(); }
  // What is to happen at the same time happens in the order in which it was asked for.
  void after(Duration delay, std::function<void()> what) {
    events_.push({now_ + delay, count_++, std::move(what)});
  }
  // When something is to happen; never: nothing is.
  Time next() const { return events_.empty() ? never : events_.top().at; }
  // It is that late now, and nothing was to happen before.
  void advance(Time now) { now_ = now; }
  // False: nothing is left until then, and it is then.
  bool step(Time until) {
    if (events_.empty() || events_.top().at > until) {
      now_ = until;
      return false;
    }
    const Event next = events_.top();
    events_.pop();
    now_ = next.at;
    next.what();
    return true;
  }

 private:
  struct Event {
    Time at;
    std::uint64_t number;
    std::function<void()> what;

    bool operator<(const Event& other) const {
      return std::pair(at, number) > std::pair(other.at, other.number);
    }
  };

  Time now_{};
  std::uint64_t count_ = 0;
  std::priority_queue<Event> events_;
};

}  // namespace gyre::rm::model
