// The ring in small, readable situations.

#include <gtest/gtest.h>

#include "tests/totem/simulation.hh"

namespace gyre::test {
namespace {

using namespace std::chrono_literals;

void expect_clean(Simulation& simulation) {
  for (const auto& violation : simulation.finish(true))
    ADD_FAILURE() << violation.clause << ": " << violation.text;
}

std::string all(const std::vector<std::string>& lines) {
  std::string text;
  for (const auto& line : lines) text += line + "\n";
  return text;
}

TEST(Ring, ANodeAloneFormsARingOfOneAfterConsensus) {
  Simulation simulation(1, 1);
  simulation.start(0);
  simulation.submit(0, "hello");
  EXPECT_TRUE(simulation.run_until([&] { return simulation.drained(); }, 30ms));
  EXPECT_GE(simulation.now().time_since_epoch(), Simulation::quick().consensus);
  EXPECT_EQ(simulation.delivered(0), std::vector<std::string>{"hello"});
  expect_clean(simulation);
}

TEST(Ring, ThreeNodesFormARingWithoutWaitingForATimer) {
  Simulation simulation(3, 1);
  simulation.tracing = true;
  simulation.start_all();
  ASSERT_TRUE(simulation.run_until([&] { return simulation.whole(); }, 100ms))
      << all(simulation.trace());
  EXPECT_LT(simulation.now().time_since_epoch(), Simulation::quick().consensus)
      << all(simulation.trace());
  expect_clean(simulation);
}

// Its consensus timer runs out meanwhile, and means nothing any more.
TEST(Ring, WhoAgreedWaitsForTheCommitTokenAndNothingElse) {
  Simulation simulation(2, 1);
  simulation.drop = [](std::size_t, std::size_t, std::span<const std::byte> frame) {
    return totem::wire::type(frame) == totem::wire::Type::commit_token;
  };
  simulation.cut(1, 0, false);
  simulation.start_all();
  simulation.run(Simulation::quick().consensus - 4ms);
  simulation.heal();
  simulation.run(5ms);
  ASSERT_EQ(simulation.ring(1).state(), totem::State::gather);
  EXPECT_GT(simulation.ring(1).deadline(), simulation.now());
}

TEST(Ring, MessagesOfAllArriveInOneOrder) {
  Simulation simulation(3, 2);
  simulation.start_all();
  simulation.workload.messages_per_turn = 0.3;
  ASSERT_TRUE(simulation.run_until([&] { return simulation.whole(); }, 100ms));
  simulation.run(200ms);
  simulation.workload.messages_per_turn = 0;
  ASSERT_TRUE(simulation.run_until([&] { return simulation.drained(); }, 100ms));
  simulation.run(20ms);
  EXPECT_GT(simulation.delivered(0).size(), 1000u);
  EXPECT_EQ(simulation.delivered(0).size(), simulation.delivered(1).size());
  EXPECT_EQ(simulation.delivered(0).back(), simulation.delivered(2).back());
  expect_clean(simulation);
}

TEST(Ring, ACrashedNodeIsGoneAfterTokenAndConsensus) {
  Simulation simulation(3, 3);
  simulation.tracing = true;
  simulation.start_all();
  ASSERT_TRUE(simulation.run_until([&] { return simulation.whole(); }, 100ms));
  simulation.crash(2);
  const Time before = simulation.now();
  ASSERT_TRUE(simulation.run_until([&] { return simulation.whole(); }, 200ms))
      << all(simulation.trace());
  const auto parameters = Simulation::quick();
  EXPECT_LT(simulation.now() - before, parameters.token_loss + parameters.consensus + 10ms);
  expect_clean(simulation);
}

TEST(Ring, ALeavingNodeIsGoneAtOnceAndLosesNothing) {
  Simulation simulation(3, 4);
  simulation.tracing = true;
  simulation.start_all();
  ASSERT_TRUE(simulation.run_until([&] { return simulation.whole(); }, 100ms));
  simulation.submit(2, "last words");
  simulation.leave(2);
  const Time before = simulation.now();
  ASSERT_TRUE(simulation.run_until([&] { return !simulation.up(2) && simulation.whole(); }, 200ms))
      << all(simulation.trace());
  EXPECT_LT(simulation.now() - before, 10ms) << all(simulation.trace());
  EXPECT_EQ(simulation.delivered(0), std::vector<std::string>{"last words"});
  expect_clean(simulation);
}

// The turns of a ring whose token goes round are those in which it is here, and may not be left.
TEST(Ring, ALeaveWaitsForNoTimer) {
  Simulation simulation(3, 4);
  simulation.start_all();
  ASSERT_TRUE(simulation.run_until([&] { return simulation.whole(); }, 100ms));
  simulation.leave(2);
  const Time before = simulation.now();
  ASSERT_TRUE(simulation.run_until([&] { return !simulation.up(2); }, 200ms));
  EXPECT_LT(simulation.now() - before, 1ms);
  EXPECT_TRUE(simulation.run_until([&] { return simulation.whole(); }, 100ms));
  expect_clean(simulation);
}

// Who has yet to say something hears that the other goes, and may be gone without a word.
TEST(Ring, TwoThatLeaveAtOnceDoNotMissEachOther) {
  Simulation simulation(2, 4);
  simulation.start_all();
  ASSERT_TRUE(simulation.run_until([&] { return simulation.whole(); }, 100ms));
  simulation.submit(1, "last words");
  simulation.leave(0);
  simulation.leave(1);
  const auto gone = [&] { return !simulation.up(0) && !simulation.up(1); };
  EXPECT_TRUE(simulation.run_until(gone, Simulation::quick().consensus / 2));
}

// It left once, and is back by its commit token: no join of its came since.
TEST(Ring, WhoCameBackIsToldOfALeave) {
  Simulation simulation(2, 4);
  simulation.tracing = true;
  simulation.start_all();
  ASSERT_TRUE(simulation.run_until([&] { return simulation.whole(); }, 100ms));
  simulation.leave(0);
  ASSERT_TRUE(simulation.run_until([&] { return !simulation.up(0) && simulation.whole(); }, 200ms));
  std::size_t mute = 0;
  simulation.drop = [&](std::size_t from, std::size_t, std::span<const std::byte> frame) {
    // Who hears of no one does not begin to gather first.
    totem::wire::MergeDetect detect;
    if (from == 0 && totem::wire::read_merge_detect(frame, detect)) return detect.count == 0;
    return from == mute && totem::wire::type(frame) == totem::wire::Type::join;
  };
  simulation.start(0);
  ASSERT_TRUE(simulation.run_until([&] { return simulation.whole(); }, 900ms))
      << all(simulation.trace());
  mute = 1;
  simulation.leave(1);
  EXPECT_FALSE(simulation.run_until([&] { return !simulation.up(1); }, 5ms)) << "nobody knows";
  simulation.drop = nullptr;
  EXPECT_TRUE(simulation.run_until([&] { return !simulation.up(1) && simulation.whole(); }, 10ms));
}

TEST(Ring, PartitionsGoOnAloneAndMerge) {
  Simulation simulation(5, 5);
  simulation.tracing = true;
  simulation.start_all();
  simulation.workload.messages_per_turn = 0.05;
  ASSERT_TRUE(simulation.run_until([&] { return simulation.whole(); }, 100ms));
  simulation.split({0, 1});
  simulation.run(200ms);
  EXPECT_EQ(simulation.ring(0).ring(), simulation.ring(1).ring());
  EXPECT_EQ(simulation.ring(2).ring(), simulation.ring(4).ring());
  EXPECT_NE(simulation.ring(0).ring(), simulation.ring(2).ring());
  simulation.heal();
  ASSERT_TRUE(simulation.run_until([&] { return simulation.whole(); }, 300ms))
      << all(simulation.trace());
  simulation.workload.messages_per_turn = 0;
  ASSERT_TRUE(simulation.run_until([&] { return simulation.drained(); }, 100ms));
  simulation.run(20ms);
  expect_clean(simulation);
}

TEST(Ring, ARestartedNodeIsBackBeforeItsLossWasNoticed) {
  Simulation simulation(3, 6);
  simulation.tracing = true;
  simulation.start_all();
  ASSERT_TRUE(simulation.run_until([&] { return simulation.whole(); }, 100ms));
  simulation.crash(0);
  simulation.start(0);
  const Time before = simulation.now();
  ASSERT_TRUE(simulation.run_until([&] { return simulation.whole(); }, 200ms))
      << all(simulation.trace());
  EXPECT_LT(simulation.now() - before, 15ms) << all(simulation.trace());
  expect_clean(simulation);
}

TEST(Ring, TheLargestMutuallyHearingSetGoesOn) {
  Simulation simulation(4, 7);
  simulation.tracing = true;
  simulation.start_all();
  ASSERT_TRUE(simulation.run_until([&] { return simulation.whole(); }, 100ms));
  simulation.cut(0, 3);  // 1 and 4 do not hear each other; 2 and 3 hear all
  simulation.run(400ms);
  EXPECT_EQ(simulation.ring(0).ring(), simulation.ring(1).ring()) << all(simulation.trace());
  EXPECT_EQ(simulation.ring(0).ring(), simulation.ring(2).ring());
  EXPECT_NE(simulation.ring(0).ring(), simulation.ring(3).ring());
  expect_clean(simulation);
}

TEST(Ring, ANodeThatOnlySendsCannotBreakTheRing) {
  Simulation simulation(4, 8);
  simulation.start(0);
  simulation.start(1);
  simulation.start(2);
  ASSERT_TRUE(simulation.run_until([&] { return simulation.whole(); }, 100ms));
  for (std::size_t i = 0; i < 3; ++i) simulation.cut(i, 3, false);
  const auto ring = simulation.ring(0).ring();
  simulation.start(3);
  simulation.run(500ms);
  EXPECT_EQ(simulation.ring(0).ring(), ring);
  EXPECT_GT(simulation.ring(0).counters().joins_deaf, 0u);
}

TEST(Ring, AnIdleRingHoldsItsTokenAndHandsItToWhoAsks) {
  Simulation simulation(3, 9);
  simulation.start_all();
  ASSERT_TRUE(simulation.run_until([&] { return simulation.whole(); }, 100ms));
  simulation.run(50ms);
  const auto before = simulation.frames_sent();
  simulation.run(30ms);
  EXPECT_LT(simulation.frames_sent() - before, 150u);
  const Time sent = simulation.now();
  simulation.submit(1, "ping");
  ASSERT_TRUE(simulation.run_until([&] { return !simulation.delivered(1).empty(); }, 10ms));
  EXPECT_LT(simulation.now() - sent, 100us);
  EXPECT_GE(simulation.ring(0).counters().hand_offs, 1u);
  expect_clean(simulation);
}

TEST(Ring, OtherTimersCountFromNowOnButThoseThatTellALostMember) {
  Simulation simulation(3, 9);
  simulation.start_all();
  ASSERT_TRUE(simulation.run_until([&] { return simulation.whole(); }, 100ms));
  const auto holds_when_idle = [&] {
    simulation.run(50ms);
    const auto before = simulation.ring(0).counters().holds;
    simulation.run(200ms);
    return simulation.ring(0).counters().holds - before;
  };
  const auto before = holds_when_idle();
  totem::Parameters other = Simulation::quick();
  other.hold = 12ms;
  other.token_retransmit = 15ms;
  other.token_loss = other.consensus = 500ms;
  for (std::size_t i = 0; i < 3; ++i) simulation.ring(i).set_timers(other);
  EXPECT_LT(holds_when_idle(), before / 2);
  simulation.crash(2);
  EXPECT_TRUE(simulation.run_until([&] { return simulation.whole(); }, 100ms));
  expect_clean(simulation);
}

TEST(Ring, ALoneSenderKeepsTheTokenForItsNextMessage) {
  Simulation simulation(3, 13);
  simulation.start_all();
  ASSERT_TRUE(simulation.run_until([&] { return simulation.whole(); }, 100ms));
  simulation.run(20ms);
  const auto say = [&](std::size_t node, const char* text) {
    const Time sent = simulation.now();
    const auto count = simulation.delivered(node).size();
    simulation.submit(node, text);
    EXPECT_TRUE(
        simulation.run_until([&] { return simulation.delivered(node).size() > count; }, 5ms));
    return simulation.now() - sent;
  };
  say(1, "first");
  simulation.run(20us);
  EXPECT_LT(say(1, "second"), 3us);  // no rotation, not even a hop
  EXPECT_GE(simulation.ring(1).counters().lingers, 1u);
  EXPECT_LT(say(2, "another's"), 100us);  // who asks for the token gets it
  expect_clean(simulation);
}

TEST(Ring, ASafeMessageIsNotLingeredOver) {
  Simulation simulation(3, 14);
  simulation.start_all();
  ASSERT_TRUE(simulation.run_until([&] { return simulation.whole(); }, 100ms));
  simulation.run(20ms);
  const auto lingers = simulation.ring(1).counters().lingers;
  const Time sent = simulation.now();
  simulation.submit(1, "safe", totem::Guarantee::safe);
  ASSERT_TRUE(simulation.run_until([&] { return !simulation.delivered(2).empty(); }, 5ms));
  EXPECT_LT(simulation.now() - sent, 500us);
  EXPECT_EQ(simulation.ring(1).counters().lingers, lingers);
  simulation.run(5ms);
  expect_clean(simulation);
}

TEST(Ring, LossCostsRetransmissionsAndNothingElse) {
  Simulation simulation(4, 10);
  simulation.tracing = true;
  simulation.start_all();
  ASSERT_TRUE(simulation.run_until([&] { return simulation.whole(); }, 100ms));
  const auto ring = simulation.ring(0).ring();
  simulation.weather.loss = 0.05;
  simulation.weather.duplication = 0.05;
  simulation.workload.messages_per_turn = 0.2;
  simulation.run(300ms);
  simulation.weather.loss = 0;
  simulation.workload.messages_per_turn = 0;
  ASSERT_TRUE(simulation.run_until([&] { return simulation.drained(); }, 100ms))
      << all(simulation.trace());
  simulation.run(20ms);
  EXPECT_EQ(simulation.ring(0).ring(), ring) << all(simulation.trace());
  EXPECT_GT(simulation.ring(0).counters().retransmits_sent, 0u);
  expect_clean(simulation);
}

// Every second frame takes the slower of two links, as its data would in passive mode.
struct Spread {
  explicit Spread(Duration late_data) : simulation(3, 13, parameters(late_data)) {
    simulation.start_all();
    simulation.run_until([&] { return simulation.whole(); }, 100ms);
    ring = simulation.ring(0).ring();
  }
  static totem::Parameters parameters(Duration late_data) {
    auto quick = Simulation::quick();
    quick.late_data = late_data;
    return quick;
  }
  std::uint64_t requested() {
    std::uint64_t sum = 0;
    for (std::size_t node = 0; node < 3; ++node)
      sum += simulation.ring(node).counters().retransmits_requested;
    return sum;
  }
  Simulation simulation;
  totem::RingId ring;
};

std::uint64_t requested_over_a_slower_link(Duration late_data) {
  Spread spread(late_data);
  const auto before = spread.requested();
  std::uint64_t data = 0;
  spread.simulation.late = [&](std::size_t, std::size_t, std::span<const std::byte> frame) {
    const bool slower = totem::wire::type(frame) == totem::wire::Type::data && ++data % 2 == 0;
    return slower ? Duration(1ms) : Duration();
  };
  spread.simulation.workload.messages_per_turn = 0.2;
  spread.simulation.run(30ms);
  spread.simulation.workload.messages_per_turn = 0;
  EXPECT_TRUE(spread.simulation.run_until([&] { return spread.simulation.drained(); }, 100ms));
  spread.simulation.run(20ms);
  EXPECT_EQ(spread.simulation.ring(0).ring(), spread.ring);
  EXPECT_GT(spread.simulation.delivered(0).size(), 50u);
  const auto sum = spread.requested() - before;
  expect_clean(spread.simulation);
  return sum;
}

TEST(Ring, DataThatItsTokenOvertookIsWaitedForWhereFramesAreSpread) {
  EXPECT_GT(requested_over_a_slower_link(Duration()), 100u);
  EXPECT_EQ(requested_over_a_slower_link(1500us), 0u);
}

// All members together wait for a fourth of the token's time, whatever the configuration says, and
// a turn is asked for when the wait is over.
TEST(Ring, WhatIsLostIsWaitedForOnceAndThenAskedFor) {
  Spread spread(10ms);
  Simulation& simulation = spread.simulation;
  const auto before = spread.requested();
  bool lost = false;
  simulation.drop = [&](std::size_t, std::size_t to, std::span<const std::byte> frame) {
    const bool data = totem::wire::type(frame) == totem::wire::Type::data;
    return to != 0 && data && !std::exchange(lost, true);
  };
  simulation.submit(0, "lost on one way");
  const Time sent = simulation.now();
  ASSERT_TRUE(simulation.run_until([&] { return simulation.delivered(1).size() == 1; }, 100ms));
  const Duration taken = simulation.now() - sent, most = Simulation::quick().token_loss / 12;
  EXPECT_GT(taken, most);
  EXPECT_LT(taken, most + 1ms);
  EXPECT_EQ(spread.requested() - before, 1u);
  EXPECT_EQ(simulation.ring(0).ring(), spread.ring);
  expect_clean(simulation);
}

TEST(Ring, ARunIsReplayedBitForBit) {
  const auto run = [](std::uint64_t seed) {
    Simulation simulation(4, seed);
    simulation.weather.loss = 0.1;
    simulation.workload.messages_per_turn = 0.1;
    simulation.start_all();
    simulation.run(200ms);
    simulation.crash(1);
    simulation.run(200ms);
    return simulation.hash();
  };
  EXPECT_EQ(run(11), run(11));
  EXPECT_NE(run(11), run(12));
}

}  // namespace
}  // namespace gyre::test
