// A node that has the key and went mad: it says whatever it likes, as often as it can. The work and
// the memory that it costs the others are bounded, and their ring lives, or comes back without it.

#include <gtest/gtest.h>

#include <algorithm>
#include <array>

#include "tests/totem/simulation.hh"
#include "totem/pack.hh"

namespace gyre::test {
namespace {

using namespace std::chrono_literals;
using totem::wire::Join;

class MadPeer : public testing::Test {
 protected:
  static constexpr std::size_t mad = 3, honest = 3;  // the others are 0, 1 and 2

  void SetUp() override {
    simulation_.start_all();
    ASSERT_TRUE(simulation_.run_until([&] { return simulation_.whole(); }, 200ms));
    for (std::size_t node = 0; node < honest; ++node)
      free_[node] = simulation_.pool(node).available();
    ring_ = simulation_.ring(0).ring();
  }

  // What it says reaches each of the others at once.
  template <typename Write>
  void say(Write write) {
    FrameRef frame = pool_.take();
    write(frame);
    for (std::size_t node = 0; node < honest; ++node)
      simulation_.inject(mad, node, frame.bytes(), 1us);
  }
  Join join(std::uint64_t number) {
    Join join;
    join.sender = Simulation::id(mad);
    join.frame_max = Simulation::quick().frame_max;
    join.incarnation = 77;
    join.join_seq = (1ull << 40) + number;
    join.ring_seq = ring_.seq;
    join.count = honest + 1;
    for (std::size_t node = 0; node <= honest; ++node)
      join.entries[node] = {Simulation::id(node), Join::heard};
    return join;
  }
  // From now on the real node 4 is silent, and the mad one speaks.
  void go_mad() { simulation_.crash(mad); }

  bool ring_of_the_others() {
    for (std::size_t node = 0; node < honest; ++node)
      if (simulation_.ring(node).state() != totem::State::operational) return false;
    return simulation_.whole();
  }
  void expect_that_they_live(Duration within) {
    EXPECT_TRUE(simulation_.run_until([&] { return ring_of_the_others(); }, within));
    simulation_.submit(0, "still here");
    const auto all_have_it = [&] {
      for (std::size_t node = 0; node < honest; ++node)
        if (simulation_.delivered(node).empty() ||
            simulation_.delivered(node).back() != "still here")
          return false;
      return true;
    };
    EXPECT_TRUE(simulation_.run_until(all_have_it, 50ms));
    for (std::size_t node = 0; node < honest; ++node) {
      EXPECT_GE(simulation_.pool(node).available() + 64, free_[node]) << "frames are kept";
    }
    for (const auto& violation : simulation_.finish(false))
      if (!(tokens_lie_ && violation.clause.starts_with("10")))
        ADD_FAILURE() << violation.clause << ": " << violation.text;
  }

  FramePool pool_{8192, 0, 2048, 0};
  Simulation simulation_{honest + 1, 7};
  std::array<std::size_t, honest> free_{};
  totem::RingId ring_;
  bool tokens_lie_ = false;  // then there is more than one, and what it says was never sent
};

// A hundred thousand a second, each of them new, and none like the one before.
TEST_F(MadPeer, AJoinStormCostsBoundedWorkAndTheOthersFindEachOther) {
  go_mad();
  const auto sent_before = simulation_.frames_sent();
  constexpr std::uint64_t storms = 30'000;
  std::size_t whole = 0;
  for (std::uint64_t i = 0; i < storms; ++i) {
    Join storm = join(i);
    storm.flags = static_cast<std::uint8_t>(simulation_.random() % 8 * 2);
    for (std::size_t node = 0; node < honest; ++node)
      storm.entries[node].marks = static_cast<std::uint8_t>(simulation_.random() % 4);
    storm.ring_seq = ring_.seq + simulation_.random() % 3;
    say([&](FrameRef& frame) { totem::wire::write_join(frame, storm); });
    simulation_.run(10us);
    whole += ring_of_the_others();
  }
  EXPECT_GT(whole, storms * 8 / 10) << "most of the time the others are a ring, and it works";
  EXPECT_LT(simulation_.frames_sent() - sent_before, storms / 5);
  for (std::size_t node = 0; node < honest; ++node)
    EXPECT_LT(simulation_.ring(node).counters().gathers, 50u);
  expect_that_they_live(500ms);
}

// Each says that its sender leaves, or that another of the ring has failed.
TEST_F(MadPeer, SlanderSplitsNobodyForLong) {
  go_mad();
  for (std::uint64_t i = 0; i < 5'000; ++i) {
    Join slander = join(i);
    slander.flags = i % 2 ? Join::closed : 0;
    slander.entries[i % honest].marks = Join::failed;
    say([&](FrameRef& frame) { totem::wire::write_join(frame, slander); });
    simulation_.run(20us);
  }
  expect_that_they_live(500ms);
}

// Frames that nobody sent, from the next one to the end of all numbers: a window is all they get.
TEST_F(MadPeer, FutureSeqsTakeNoMoreThanAWindow) {
  go_mad();
  for (std::uint64_t i = 0; i < 3'000; ++i) {
    const std::uint64_t seq = i < 1'000 ? 100 + i : simulation_.random() >> (i % 60);
    say([&](FrameRef& frame) {
      frame.resize(totem::wire::Data::size + 100);
      std::ranges::fill(frame.bytes(), std::byte{});
      totem::wire::write_data(
          frame.data(), {.sender = Simulation::id(mad), .ring = ring_, .seq = totem::Seq{seq}});
    });
    simulation_.run(5us);
  }
  EXPECT_GT(simulation_.ring(0).counters().data_outside_window, 1'000u);
  expect_that_they_live(500ms);
}

// A token from the far future says that thousands of frames exist. The ring that believes it finds
// out that nobody has them, and ends; the next one is without whoever said so.
TEST_F(MadPeer, ATokenOfTheFutureCostsNoMoreThanARing) {
  go_mad();
  tokens_lie_ = true;
  for (std::uint64_t i = 1; i <= 200; ++i) {
    const totem::Seq seq{i % 2 ? 1ull << (i % 62) : simulation_.ring(0).ring().seq + i};
    const totem::wire::Token token{.ring = simulation_.ring(0).ring(),
                                   .token_seq = 1ull << (20 + i % 40),
                                   .seq = seq,
                                   .aru = {}};
    say([&](FrameRef& frame) { totem::wire::write_token(frame, token); });
    simulation_.run(100us);
  }
  expect_that_they_live(500ms);
}

// A message that never ends: what is collected of it has a limit, and then it is let go.
TEST_F(MadPeer, AnEndlessMessageIsLetGo) {
  totem::Assembler assembler;
  const std::vector<std::byte> part(1'300);
  const NodeIndex sender{mad};
  for (int message = 0; message < 3; ++message) {
    assembler.add(sender, totem::wire::Item::first, part);
    for (int i = 0; i < 100'000; ++i) EXPECT_FALSE(assembler.add(sender, 0, part));
    EXPECT_FALSE(assembler.add(sender, totem::wire::Item::last, part));
  }
  EXPECT_TRUE(assembler.add(sender, totem::wire::Item::whole, part)) << "the next one counts";
}

}  // namespace
}  // namespace gyre::test
