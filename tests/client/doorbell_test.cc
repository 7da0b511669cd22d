// The doorbell's own functions, run through every interleaving of one ringer and one sleeper.
//
// What a side does next depends on nothing but what its operations returned so far. So a state is
// those returns and the shared things; to make one step, a side's program runs again from its
// start, is told again what it was told, performs the next operation, and stops at the one after.
#include "transport/shm/doorbell.hh"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <compare>
#include <cstdint>
#include <functional>
#include <set>
#include <thread>
#include <utility>
#include <vector>

#include "transport/shm/descriptor.hh"

namespace gyre::shm {
namespace {

// ---- the model ----

struct Shared {
  std::uint64_t state = quiet, bytes = 0, published = 0;
  std::uint64_t most_bytes = 0, taken_in_vain = 0;
  auto operator<=>(const Shared&) const = default;
};

struct Blocked {};  // not this side's turn, or asleep without a byte

class Steps {
 public:
  // Makes one step.
  Steps(Shared& shared, std::vector<std::uint64_t>& returns)
      : shared_(&shared), log_(&returns), returns_(returns) {}
  // Makes none.
  explicit Steps(const std::vector<std::uint64_t>& returns) : returns_(returns) {}

  template <typename Operation>
  std::uint64_t step(Operation operation) {
    if (next_ < returns_.size()) return returns_[next_++];
    if (!shared_) throw Blocked{};
    const std::uint64_t result = operation(*shared_);
    log_->push_back(result);
    shared_ = nullptr;
    return result;
  }

  // A word and a wire, as ring_bell and settle_bell want them.
  std::uint64_t load() {
    return step([](Shared& shared) { return shared.state; });
  }
  void store(std::uint64_t value) {
    step([=](Shared& shared) { return shared.state = value; });
  }
  std::uint64_t exchange(std::uint64_t value) {
    return step([=](Shared& shared) { return std::exchange(shared.state, value); });
  }
  void send_byte() {
    step([](Shared& shared) {
      return shared.most_bytes = std::max(shared.most_bytes, ++shared.bytes);
    });
  }
  bool byte_waits() {
    return step([](Shared& shared) { return std::uint64_t{shared.bytes > 0}; }) != 0;
  }
  void take_byte() {
    step([](Shared& shared) { return shared.bytes ? --shared.bytes : ++shared.taken_in_vain; });
  }
  void wait_for_byte() {
    step([](Shared& shared) -> std::uint64_t {
      if (shared.bytes == 0) throw Blocked{};
      return 0;
    });
  }

 private:
  Shared* shared_ = nullptr;
  std::vector<std::uint64_t>* log_ = nullptr;
  std::vector<std::uint64_t> returns_;
  std::size_t next_ = 0;
};

constexpr std::uint64_t events = 4;
// More than a sleeper needs that is not woken over and over for nothing.
constexpr std::size_t sleeper_steps_max = 64;

// How far a side has come when it is stopped.
struct Progress {
  std::uint64_t count = 0;  // events published, or taken
  bool at_rest = false;     // between two events, or asleep
  bool done = false;
};

Progress run_ringer(Steps& steps) {
  Progress progress;
  try {
    for (; progress.count < events; ++progress.count) {
      progress.at_rest = true;
      steps.step([](Shared& shared) { return ++shared.published; });
      progress.at_rest = false;
      ring_bell(steps, steps);
    }
    progress.at_rest = progress.done = true;
  } catch (const Blocked&) {
  }
  return progress;
}

using Settle = std::function<bool(Steps&, const std::function<bool()>&)>;

bool settle_as_built(Steps& steps, const std::function<bool()>& pending) {
  return settle_bell(steps, steps, pending);
}

// Takes one event at a time, and sleeps whenever there is none, until it has had all.
Progress run_sleeper(Steps& steps, const Settle& settle) {
  Progress progress;
  const auto pending = [&] {
    return steps.step([](Shared& shared) { return shared.published; }) > progress.count;
  };
  try {
    while (progress.count < events) {
      if (pending()) {
        ++progress.count;
      } else if (settle(steps, pending)) {
        progress.at_rest = true;
        steps.wait_for_byte();
        progress.at_rest = false;
      }
    }
    progress.done = true;
  } catch (const Blocked&) {
  }
  return progress;
}

struct Explored {
  std::size_t states = 0, ends = 0, endless = 0;
  std::size_t lost_wake_ups = 0;        // the sleeper sleeps for ever though something is there
  std::size_t unreadable = 0;           // both at rest, something pending, no byte
  std::size_t bytes_too_many = 0;       // two while the sleeper sleeps, or ever three
  std::size_t bytes_taken_in_vain = 0;  // a real take would have found nothing
  std::size_t states_out_of_step = 0;   // at the end: signalled without a byte or the reverse
  std::size_t faults() const {
    return lost_wake_ups + unreadable + bytes_too_many + bytes_taken_in_vain + states_out_of_step;
  }
};

struct State {
  Shared shared;
  std::vector<std::uint64_t> ringer, sleeper;
  auto operator<=>(const State&) const = default;
};

// All of it, or only until something was found that is not as it should be.
Explored explore(const Settle& settle, bool all) {
  Explored found;
  std::set<State> seen{State{}};
  std::vector<State> open{State{}};
  while (!open.empty() && (all || found.faults() == 0)) {
    const State state = std::move(open.back());
    open.pop_back();
    State by_ringer = state, by_sleeper = state;
    Steps ringer_steps(by_ringer.shared, by_ringer.ringer);
    Steps sleeper_steps(by_sleeper.shared, by_sleeper.sleeper);
    run_ringer(ringer_steps);
    if (state.sleeper.size() < sleeper_steps_max)
      run_sleeper(sleeper_steps, settle);
    else
      ++found.endless;
    const bool ringer_moves = by_ringer.ringer.size() > state.ringer.size();
    const bool sleeper_moves = by_sleeper.sleeper.size() > state.sleeper.size();
    if (ringer_moves && seen.insert(by_ringer).second) open.push_back(by_ringer);
    if (sleeper_moves && seen.insert(by_sleeper).second) open.push_back(by_sleeper);

    // Where both stand: they are told what they were told and stopped before the next operation.
    Steps ringer_stands(state.ringer), sleeper_stands(state.sleeper);
    const Progress ringer = run_ringer(ringer_stands);
    const Progress sleeper = run_sleeper(sleeper_stands, settle);

    ++found.states;
    const bool pending = state.shared.published > sleeper.count;
    if (!ringer_moves && !sleeper_moves) {
      ++found.ends;
      if (!sleeper.done) ++found.lost_wake_ups;
      if ((state.shared.state == signalled) != (state.shared.bytes == 1))
        ++found.states_out_of_step;
    }
    if (ringer.at_rest && sleeper.at_rest && pending && state.shared.bytes == 0) ++found.unreadable;
    if (state.shared.most_bytes > 2 || (sleeper.at_rest && state.shared.bytes > 1))
      ++found.bytes_too_many;
    found.bytes_taken_in_vain += state.shared.taken_in_vain;
  }
  return found;
}

TEST(DoorbellModel, KeepsItsPromisesInEveryInterleaving) {
  const Explored found = explore(settle_as_built, true);
  EXPECT_GT(found.states, 10'000u);
  EXPECT_GT(found.ends, 0u);
  EXPECT_EQ(found.endless, 0u);
  EXPECT_EQ(found.lost_wake_ups, 0u);
  EXPECT_EQ(found.unreadable, 0u);
  EXPECT_EQ(found.bytes_too_many, 0u);
  EXPECT_EQ(found.bytes_taken_in_vain, 0u);
  EXPECT_EQ(found.states_out_of_step, 0u);
}

// That the exploration finds what it looks for: the same with one thing left out.
TEST(DoorbellModel, FindsTheLostWakeUpOfASleeperWhoDoesNotLookAgain) {
  const auto settle = [](Steps& steps, const std::function<bool()>&) {
    if (steps.load() == quiet || !steps.byte_waits()) return true;
    steps.store(quiet);
    steps.take_byte();
    return true;
  };
  EXPECT_GT(explore(settle, false).faults(), 0u);
}

TEST(DoorbellModel, FindsTheSecondByteOfALostRaceThatTakesNoneBack) {
  const auto settle = [](Steps& steps, const std::function<bool()>& pending) {
    if (steps.load() == quiet || !steps.byte_waits()) return true;
    steps.store(quiet);
    if (pending()) return false;
    steps.take_byte();
    return true;
  };
  EXPECT_GT(explore(settle, false).faults(), 0u);
}

TEST(DoorbellModel, FindsTheByteThatIsTakenBeforeItCame) {
  const auto settle = [](Steps& steps, const std::function<bool()>& pending) {
    if (steps.load() == quiet) return true;
    steps.store(quiet);
    if (pending() && steps.exchange(signalled) == quiet) return false;
    steps.take_byte();
    return true;
  };
  EXPECT_GT(explore(settle, false).faults(), 0u);
}

// ---- the real one ----

class Bell : public ::testing::Test {
 protected:
  Bell() {
    std::array<int, 2> ends{};
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()), 0);
    ringer_end = Descriptor(ends[0]);
    sleeper_end = Descriptor(ends[1]);
    ringer = Doorbell(state, ringer_end.number());
    sleeper = Doorbell(state, sleeper_end.number());
  }
  bool readable(int timeout = 0) {
    pollfd ready{.fd = sleeper_end.number(), .events = POLLIN, .revents = 0};
    return ::poll(&ready, 1, timeout) == 1;
  }

  std::atomic<std::uint32_t> state{quiet};
  Descriptor ringer_end, sleeper_end;
  Doorbell ringer, sleeper;
};

TEST_F(Bell, IsReadableWhileSomethingIsPendingAndNoLonger) {
  EXPECT_FALSE(readable());
  ringer.ring();
  ringer.ring();
  EXPECT_TRUE(readable());
  EXPECT_FALSE(sleeper.settle([] { return true; })) << "something came meanwhile";
  EXPECT_TRUE(readable());
  EXPECT_TRUE(sleeper.settle([] { return false; }));
  EXPECT_FALSE(readable()) << "two rings are one byte";
  ringer.ring();
  EXPECT_TRUE(readable());
}

TEST_F(Bell, RingsInVainForSomeoneWhoIsGone) {
  { const Descriptor closed = std::move(sleeper_end); }
  ringer.ring();  // no SIGPIPE
  EXPECT_EQ(state.load(), signalled);
}

TEST_F(Bell, DoesNotWaitForASleeperWhoNeverReads) {
  for (int i = 0; i < 1'000'000; ++i) {
    state.store(quiet);  // an untrusted sleeper, who wants a byte for everything
    ringer.ring();
  }
  EXPECT_TRUE(readable());
}

TEST_F(Bell, WakesASleepingThreadForEveryEvent) {
  constexpr std::uint64_t count = 100'000;
  std::atomic<std::uint64_t> published{0};
  std::uint64_t taken = 0, slept = 0;
  std::thread other([&] {
    const auto pending = [&] { return published.load() > taken; };
    while (taken < count) {
      if (pending()) {
        taken = published.load();
      } else if (sleeper.settle(pending)) {
        ++slept;
        readable(-1);
      }
    }
  });
  for (std::uint64_t i = 0; i < count; ++i) {
    published.fetch_add(1);
    ringer.ring();
    if (i % 64 == 0) std::this_thread::yield();
  }
  other.join();  // for ever, if a wake-up was lost
  EXPECT_EQ(taken, count);
}

}  // namespace
}  // namespace gyre::shm
