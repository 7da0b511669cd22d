// The three bells of a program and its daemon together, through every interleaving of their single
// operations, and with either of them dying between any two: from wherever they stand, those that
// live come through.
//
// A side is run again from the start of its loop for each step, told what it was told, and stopped
// at the next operation (doorbell_test.cc looks at one bell in the same way, more closely). The
// program sends more than its ring of requests holds and then takes the answers; the daemon answers
// each request.

#include <gtest/gtest.h>

#include <array>
#include <compare>
#include <functional>
#include <map>
#include <utility>
#include <vector>

#include "transport/shm/doorbell.hh"

namespace gyre::shm {
namespace {

constexpr std::uint64_t total = 3, capacity = 1;  // requests; how many the ring holds

enum Which : std::size_t { requests, events, room };

struct BellState {
  std::uint64_t state = quiet, bytes = 0;
  bool news = false;  // a byte came since the sleeper's epoll reported one last
  auto operator<=>(const BellState&) const = default;
};
struct Shared {
  std::array<BellState, 3> bells;
  std::uint64_t requested = 0, taken = 0, answered = 0;
  bool gone = false;  // one of them died: its sockets are closed
  auto operator<=>(const Shared&) const = default;
};

struct Stopped {};  // before its next operation, or asleep

// Where a side stands: how much it has done, and what it was told since then.
struct Side {
  std::uint64_t done = 0;
  std::vector<std::uint64_t> told;
  auto operator<=>(const Side&) const = default;
};

class Steps {
 public:
  Steps(Shared& shared, Side& side) : shared_(shared), side_(side) {}

  bool moved() const { return moved_; }
  std::uint64_t done() const { return side_.done; }
  // At the head of a loop: what was told before matters no more.
  void has_done(std::uint64_t done) {
    if (next_ < side_.told.size()) return;
    side_ = {done, {}};
    next_ = 0;
  }

  template <typename Operation>
  std::uint64_t step(Operation operation) {
    if (next_ < side_.told.size()) return side_.told[next_++];
    if (moved_) throw Stopped{};
    const std::uint64_t result = operation(shared_);
    side_.told.push_back(result);
    ++next_;
    moved_ = true;
    return result;
  }
  std::uint64_t load(std::uint64_t Shared::*word) {
    return step([=](Shared& shared) { return shared.*word; });
  }
  void store(std::uint64_t Shared::*word, std::uint64_t value) {
    step([=](Shared& shared) { return shared.*word = value; });
  }
  // True: the other side has hung up.
  bool sleep(Which which, bool on_news) {
    return step([=](Shared& shared) -> std::uint64_t {
             BellState& bell = shared.bells[which];
             if (!shared.gone && !(on_news ? bell.news : bell.bytes > 0)) throw Stopped{};
             bell.news = false;
             return shared.gone;
           }) != 0;
  }
  // The reactor asks its epoll set although this port is awake.
  void ask(Which which) {
    step([=](Shared& shared) -> std::uint64_t { return shared.bells[which].news = false; });
  }

 private:
  Shared& shared_;
  Side& side_;
  std::size_t next_ = 0;
  bool moved_ = false;
};

// A word and a wire, as ring_bell and settle_bell want them.
class Bell {
 public:
  Bell(Steps& steps, Which which) : steps_(steps), which_(which) {}
  std::uint64_t load() {
    return step([](BellState& bell) { return bell.state; });
  }
  void store(std::uint64_t value) {
    step([=](BellState& bell) { return bell.state = value; });
  }
  std::uint64_t exchange(std::uint64_t value) {
    return step([=](BellState& bell) { return std::exchange(bell.state, value); });
  }
  void send_byte() {
    step([](BellState& bell) { return bell.news = true, ++bell.bytes; });
  }
  bool byte_waits() {
    return step([](BellState& bell) { return std::uint64_t{bell.bytes > 0}; }) != 0;
  }
  void take_byte() {
    step([](BellState& bell) { return bell.bytes > 0 ? --bell.bytes : 0; });
  }

 private:
  template <typename Operation>
  std::uint64_t step(Operation operation) {
    return steps_.step([=, this](Shared& shared) { return operation(shared.bells[which_]); });
  }
  Steps& steps_;
  Which which_;
};

using Settle = std::function<bool(Bell&, const std::function<bool()>&)>;
bool settle_as_built(Bell& bell, const std::function<bool()>& pending) {
  return settle_bell(bell, bell, pending);
}

struct Sides {
  Settle settle = settle_as_built;
  bool rings_room = true, asks_while_awake = true;
};

// True once it is through, with all its answers or without its daemon.
bool run_program(Steps& steps, const Sides& sides) try {
  Bell requests_bell(steps, requests), events_bell(steps, events), room_bell(steps, room);
  for (std::uint64_t done = steps.done(); done < 2 * total;) {
    steps.has_done(done);
    const std::uint64_t heard = done - total;
    const auto has_room = [&] { return done - steps.load(&Shared::taken) < capacity; };
    const auto pending = [&] { return steps.load(&Shared::answered) > heard; };
    if (done < total && has_room()) {
      steps.store(&Shared::requested, ++done);
      ring_bell(requests_bell, requests_bell);
    } else if (done < total) {
      if (sides.settle(room_bell, has_room) && steps.sleep(room, false)) return true;
    } else if (pending()) {
      ++done;
    } else if (sides.settle(events_bell, pending) && steps.sleep(events, false) && !pending()) {
      return true;
    }
  }
  return true;
} catch (const Stopped&) {
  return false;
}

bool run_daemon(Steps& steps, const Sides& sides) try {
  Bell requests_bell(steps, requests), events_bell(steps, events), room_bell(steps, room);
  for (std::uint64_t taken = steps.done(); taken < total;) {
    steps.has_done(taken);
    const auto pending = [&] { return steps.load(&Shared::requested) > taken; };
    if (pending()) {
      steps.store(&Shared::taken, ++taken);
      if (sides.rings_room) ring_bell(room_bell, room_bell);
      steps.store(&Shared::answered, taken);
      ring_bell(events_bell, events_bell);
      if (sides.asks_while_awake) steps.ask(requests);
    } else if (sides.settle(requests_bell, pending) && steps.sleep(requests, true) && !pending()) {
      return true;
    }
  }
  return true;
} catch (const Stopped&) {
  return false;
}

struct State {
  Shared shared;
  Side program, daemon;
  bool program_died = false, daemon_died = false;
  auto operator<=>(const State&) const = default;
};

struct Explored {
  std::size_t states = 0, stuck = 0, bytes_too_many = 0;
};

class Exploration {
 public:
  explicit Exploration(const Sides& sides) : sides_(sides) {}

  Explored run() {
    number_of(State{});
    while (!open_.empty()) {
      const auto next = open_.back();
      open_.pop_back();
      look_at(next->first, next->second);
    }
    found_.states = states_.size();
    found_.stuck = states_.size() - count_hopeful();
    return found_;
  }

 private:
  using States = std::map<State, std::size_t>;

  std::size_t number_of(State state) {
    const auto [place, is_new] = states_.try_emplace(std::move(state), states_.size());
    if (is_new) {
      open_.push_back(place);
      before_.emplace_back();
    }
    return place->second;
  }

  void look_at(const State& state, std::size_t number) {
    State by_program = state, by_daemon = state;
    Steps program(by_program.shared, by_program.program);
    Steps daemon(by_daemon.shared, by_daemon.daemon);
    const bool program_done = state.program_died || run_program(program, sides_);
    const bool daemon_done = state.daemon_died || run_daemon(daemon, sides_);
    if (program.moved()) before_[number_of(std::move(by_program))].push_back(number);
    if (daemon.moved()) before_[number_of(std::move(by_daemon))].push_back(number);
    if (!program.moved() && !daemon.moved() && program_done && daemon_done) ends_.push_back(number);
    if (!state.shared.gone) {
      number_of(after_death(state, &State::program_died));
      number_of(after_death(state, &State::daemon_died));
    }
    for (const BellState& bell : state.shared.bells) found_.bytes_too_many += bell.bytes > 2;
  }

  // The states from which both sides come through without anybody's death.
  std::size_t count_hopeful() {
    std::vector<bool> hopeful(states_.size());
    std::size_t count = 0;
    for (auto open = std::move(ends_); !open.empty();) {
      const std::size_t number = open.back();
      open.pop_back();
      if (hopeful[number]) continue;
      hopeful[number] = true;
      ++count;
      open.insert(open.end(), before_[number].begin(), before_[number].end());
    }
    return count;
  }

  static State after_death(State state, bool State::*who) {
    state.*who = true;
    state.shared.gone = true;
    return state;
  }

  const Sides& sides_;
  States states_;
  std::vector<States::const_iterator> open_;
  std::vector<std::vector<std::size_t>> before_;  // of each state, those one step before
  std::vector<std::size_t> ends_;
  Explored found_;
};

TEST(Bells, NobodySleepsForEverWhoeverDiesWhen) {
  for (const bool asks : {false, true}) {
    const Sides sides{.asks_while_awake = asks};
    const Explored found = Exploration(sides).run();
    EXPECT_GT(found.states, 10'000u);
    EXPECT_EQ(found.stuck, 0u);
    EXPECT_EQ(found.bytes_too_many, 0u);
  }
}

// That the exploration finds what it looks for.

TEST(Bells, FindsADaemonThatDoesNotSayThatThereIsRoom) {
  const Sides sides{.rings_room = false};
  EXPECT_GT(Exploration(sides).run().stuck, 0u);
}

TEST(Bells, FindsASleeperWhoDoesNotLookAgain) {
  const Sides sides{.settle = [](Bell& bell, const std::function<bool()>&) {
    if (bell.load() == quiet || !bell.byte_waits()) return true;
    bell.store(quiet);
    bell.take_byte();
    return true;
  }};
  EXPECT_GT(Exploration(sides).run().stuck, 0u);
}

// What poll(2) would still see, an edge-triggered epoll set has already told.
TEST(Bells, FindsAByteThatIsLeftLyingBeforeSleep) {
  const Sides sides{.settle = [](Bell& bell, const std::function<bool()>& pending) {
    return bell.load() == quiet || !bell.byte_waits() || !pending();
  }};
  EXPECT_GT(Exploration(sides).run().stuck, 0u);
}

}  // namespace
}  // namespace gyre::shm
