// When the reactor sleeps, and on what.
//
// Patience decides (pure: it is told the time and what the kernel counted); Sleeper sleeps.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "node/config.hh"
#include "transport/shm/descriptor.hh"
#include "transport/time.hh"

namespace gyre::node {

// spin: never sleep. wait: sleep whenever there is nothing to do. adaptive: first poll on for about
// as long as a sleep and a wake-up would cost, so that a busy ring never pays for them and an idle
// one costs nothing; do not even do that where someone else wants the core, which shows in the
// kernel having taken it from us. From a real-time thread it is not taken for the programs that it
// serves, so a machine of two cores is too small for it.
class Patience {
 public:
  Patience(Poll policy, unsigned cores) noexcept : policy_(policy), may_spin_(cores > 2) {}

  // After a turn that did something or not: may the reactor sleep now?
  bool spent(bool active, Time now) noexcept;
  // Just before sleeping, and now and then while spinning: how often the kernel has taken the core
  // from this thread so far.
  void preempted(std::uint64_t times, Time now) noexcept;
  // An idle turn is to be followed by give_way().
  bool gives_way() const noexcept { return policy_ == Poll::adaptive; }

  bool spins(Time now) const noexcept {
    return policy_ == Poll::spin || (policy_ == Poll::adaptive && may_spin_ && now >= yield_until_);
  }

  // Longer than a rotation of a small ring takes when each hop has to wake its receiver, which
  // costs 10 µs and, where the core itself went to sleep, 60: or the sleepers keep each other
  // asleep.
  static constexpr Duration spin_for = std::chrono::microseconds(200);
  // After it was preempted the reactor does not spin for this long; twice as long each time again.
  static constexpr Duration yield_min = std::chrono::milliseconds(10);
  static constexpr Duration yield_max = std::chrono::seconds(1);

 private:
  Poll policy_;
  bool may_spin_;
  Time active_at_{};
  Time yield_until_{};
  Duration yield_for_ = yield_min;
  std::uint64_t preemptions_ = 0;
  bool counted_ = false;
};

// Blocks on descriptors. One thread.
class Sleeper {
 public:
  struct Ready {
    std::uint64_t token = 0;
    bool hung_up = false;
  };

  Sleeper();  // throws std::system_error
  // `token` comes back from sleep() when `fd` is readable; with `edge` only when it becomes so.
  // False: the kernel would not (errno says why). Closing the descriptor takes it out.
  bool add(int fd, std::uint64_t token, bool edge = false) noexcept;

  // Until a descriptor is readable or `deadline` has come (at once if it is `now`). What it returns
  // is valid until the next call.
  std::span<const Ready> sleep(Time now, Time deadline) noexcept;

 private:
  shm::Descriptor epoll_;
  std::array<Ready, 64> ready_{};
};

std::uint64_t preemptions_of_this_thread() noexcept;  // involuntary context switches
// Lets another thread of the same scheduling class have the core, if one wants it: that counts as a
// preemption. A real-time thread that polls would keep its equals away without a trace.
void give_way() noexcept;
unsigned cores_of_this_thread() noexcept;  // that it may run on

// The monotonic clock, read once per turn.
Time clock_now() noexcept;

}  // namespace gyre::node
