// Whose last word is believed, and by whom: a leave names the ring that it leaves.

#include <gtest/gtest.h>

#include <algorithm>
#include <utility>

#include "tests/totem/simulation.hh"

namespace gyre::test {
namespace {

using namespace std::chrono_literals;
using totem::State;

bool is_leave(std::span<const std::byte> frame) {
  totem::wire::Join join;
  return totem::wire::read_join(frame, join) && (join.flags & totem::wire::Join::leaving);
}

// The last word of node 2, which goes: it reaches nobody.
std::vector<std::byte> catch_last_word(Simulation& simulation) {
  std::vector<std::byte> word;
  simulation.drop = [&](std::size_t, std::size_t, std::span<const std::byte> frame) {
    if (is_leave(frame)) word.assign(frame.begin(), frame.end());
    return is_leave(frame);
  };
  simulation.leave(2);
  EXPECT_TRUE(simulation.run_until([&] { return !simulation.up(2) && simulation.whole(); }, 200ms));
  simulation.drop = nullptr;
  return word;
}

// Of two that leave at once one does not hear the other's only word, and waited for it: who stays
// says in its joins that both are gone.
TEST(LastWord, ThatIsLostIsLearnedFromThoseWhoStay) {
  Simulation simulation(4, 4);
  simulation.start_all();
  ASSERT_TRUE(simulation.run_until([&] { return simulation.whole(); }, 100ms));
  simulation.drop = [](std::size_t from, std::size_t to, std::span<const std::byte> frame) {
    return from == 3 && to == 2 && is_leave(frame);
  };
  simulation.leave(2);
  simulation.leave(3);
  const auto gone = [&] { return !simulation.up(2) && !simulation.up(3) && simulation.whole(); };
  EXPECT_TRUE(simulation.run_until(gone, Simulation::quick().consensus / 4));
}

class Leave : public testing::Test {
 protected:
  void SetUp() override {
    simulation.tracing = true;
    simulation.start_all();
    ASSERT_TRUE(simulation.run_until([&] { return simulation.whole(); }, 100ms));
    first = simulation.ring(0).ring();
  }
  State state(std::size_t node) { return simulation.ring(node).state(); }
  // Node 0 has installed the next ring, and the others have not.
  bool stands_at_one() {
    return simulation.ring(0).ring() != first && state(0) == State::operational;
  }
  // Long before anyone could have missed it.
  void expect_gone_at_once(std::size_t node) {
    simulation.leave(node);
    const auto gone = [&] { return !simulation.up(node) && simulation.whole(); };
    EXPECT_TRUE(simulation.run_until(gone, Simulation::quick().consensus / 4)) << story();
  }
  std::string story() const {
    std::string text;
    for (const auto& line : simulation.trace()) text += line + "\n";
    return text;
  }

  Simulation simulation{3, 4};
  totem::RingId first;
};

// Its lease on a ring that we shared may stand, whatever its earlier life said.
TEST_F(Leave, OfAnEarlierLifeThatComesWhileItIsOutsideCountsForNothing) {
  std::vector<std::byte> word = catch_last_word(simulation);
  simulation.start(2);
  ASSERT_TRUE(simulation.run_until([&] { return simulation.whole(); }, 100ms));
  const totem::RingId shared = simulation.ring(0).ring();
  simulation.split({2});
  ASSERT_TRUE(simulation.run_until(
      [&] { return simulation.ring(0).ring() != shared && state(0) == State::operational; },
      200ms));
  const auto left = [&] {
    simulation.inject(2, 0, word, 0ms);
    simulation.run(1ms);
    return simulation.ring(0).left_orderly(Simulation::id(2));
  };
  EXPECT_FALSE(left()) << story();
  totem::wire::Join own;
  ASSERT_TRUE(totem::wire::read_join(word, own));
  own.join_seq += 100;
  own.since = shared.mark();
  FramePool pool(1, 0, 2048, 0);
  FrameRef frame = pool.take();
  totem::wire::write_join(frame, own);
  word.assign(frame.bytes().begin(), frame.bytes().end());
  EXPECT_TRUE(left()) << story();
}

// A ring is being formed with its present life: each state of that comes as if nothing was said.
TEST(LastWord, OfAnEarlierLifeBreaksNoRingThatIsBeingFormed) {
  const auto formed = [](bool again) {
    Simulation simulation(3, 4);
    simulation.tracing = true;
    simulation.start_all();
    EXPECT_TRUE(simulation.run_until([&] { return simulation.whole(); }, 100ms));
    const std::vector<std::byte> word = catch_last_word(simulation);
    simulation.start(2);
    State before = simulation.ring(1).state();
    EXPECT_TRUE(simulation.run_until(
        [&] {
          const State now = simulation.ring(1).state();
          if (std::exchange(before, now) != now && again) simulation.inject(2, 1, word, 0ms);
          return simulation.whole();
        },
        200ms));
    std::string story;  // without the times, which are drawn
    for (const auto& line : simulation.trace()) story += line.substr(line.find("node")) + "\n";
    return story;
  };
  EXPECT_EQ(formed(true), formed(false));
}

// A ring of one agrees to whoever wants in, and goes on to the commit token.
TEST(LastWord, OfOneWhoNeverSaidAJoinIsBelieved) {
  Simulation simulation(2, 4);
  simulation.start(0);
  ASSERT_TRUE(simulation.run_until([&] { return simulation.whole(); }, 100ms));
  bool joined = false;
  simulation.drop = [&](std::size_t from, std::size_t, std::span<const std::byte> frame) {
    joined |= from == 0 && totem::wire::type(frame) == totem::wire::Type::join;
    return false;
  };
  simulation.start(1);
  ASSERT_TRUE(simulation.run_until([&] { return simulation.whole(); }, 100ms));
  ASSERT_FALSE(joined);
  simulation.leave(0);
  EXPECT_TRUE(simulation.run_until([&] { return !simulation.up(0) && simulation.whole(); },
                                   Simulation::quick().consensus / 4));
}

// Late words of several lives come in turns: those of each are new once.
TEST(LastWord, OfAnotherLifeMakesNoOldJoinNew) {
  Simulation simulation(2, 4);
  std::vector<std::vector<std::byte>> joins, words;
  simulation.drop = [&](std::size_t from, std::size_t, std::span<const std::byte> frame) {
    if (from == 0 || totem::wire::type(frame) != totem::wire::Type::join) return false;
    auto& said = is_leave(frame) ? words : joins;
    said.emplace_back(frame.begin(), frame.end());
    return false;
  };
  const auto live = [&] {
    simulation.start(1);
    ASSERT_TRUE(simulation.run_until([&] { return simulation.whole(); }, 200ms));
    simulation.leave(1);
    ASSERT_TRUE(
        simulation.run_until([&] { return !simulation.up(1) && simulation.whole(); }, 200ms));
  };
  simulation.start(0);
  live();
  const auto first = joins, first_words = words;
  ASSERT_GE(first.size(), 2u);
  live();
  live();
  const auto stale = [&] { return simulation.ring(0).counters().joins_stale; };
  for (const auto& frame :
       {first.back(), words.back(), first.front(), first_words.back(), joins.front()}) {
    const std::uint64_t before = stale();
    simulation.inject(1, 0, frame, 0ms);
    simulation.run(1ms);
    EXPECT_EQ(stale(), before + 1);
  }
}

// Who failed to install a ring hears that one who did leaves it.
TEST_F(Leave, OfARingThatFailedHereIsBelieved) {
  simulation.drop = [&](std::size_t from, std::size_t, std::span<const std::byte> frame) {
    return from == 0 && stands_at_one() && totem::wire::type(frame) == totem::wire::Type::token;
  };
  simulation.ring(0).gather(simulation.now());
  ASSERT_TRUE(simulation.run_until([&] { return stands_at_one(); }, 10ms)) << story();
  ASSERT_EQ(state(1), State::recovery);
  ASSERT_EQ(state(2), State::recovery);
  ASSERT_TRUE(simulation.run_until([&] { return state(1) == State::gather; }, 30ms));
  simulation.drop = nullptr;
  expect_gone_at_once(0);
}

// Who installed a ring hears that one who failed to leaves the ring before.
TEST_F(Leave, OfTheRingBeforeIsBelieved) {
  simulation.drop = [&](std::size_t, std::size_t to, std::span<const std::byte> frame) {
    return to == 2 && stands_at_one() && totem::wire::type(frame) == totem::wire::Type::token;
  };
  simulation.ring(0).gather(simulation.now());
  const auto stands_at_two = [&] {
    return stands_at_one() && simulation.ring(1).ring() == simulation.ring(0).ring();
  };
  ASSERT_TRUE(simulation.run_until(stands_at_two, 10ms)) << story();
  ASSERT_EQ(state(2), State::recovery);
  ASSERT_EQ(simulation.ring(2).ring(), first);
  expect_gone_at_once(2);
}

}  // namespace
}  // namespace gyre::test
