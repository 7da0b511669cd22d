// What a ring in operation does with frames that are cut off, old, foreign or far too many: it
// drops them, counts them, and goes on.

#include <gtest/gtest.h>

#include "tests/totem/simulation.hh"

namespace gyre::test {
namespace {

using namespace std::chrono_literals;

class BadInput : public testing::Test {
 protected:
  void SetUp() override {
    simulation_.drop = [this](std::size_t, std::size_t, std::span<const std::byte> bytes) {
      if (recording_ && frames_.size() < 3000) frames_.emplace_back(bytes.begin(), bytes.end());
      return false;
    };
    simulation_.start(0);
    simulation_.start(1);
    simulation_.start(2);
    ASSERT_TRUE(simulation_.run_until([&] { return simulation_.whole(); }, 100ms));
    simulation_.workload.messages_per_turn = 0.1;
    simulation_.run(5ms);
    recording_ = false;
    simulation_.workload.messages_per_turn = 0;
    ASSERT_TRUE(simulation_.run_until([&] { return simulation_.drained(); }, 50ms));
    ring_ = simulation_.ring(0).ring();
  }

  void inject(std::span<const std::byte> bytes, std::uint8_t from = 1) {
    FrameRef frame = pool_.take();
    ASSERT_TRUE(frame);
    frame.resize(bytes.size());
    std::copy(bytes.begin(), bytes.end(), frame.data());
    simulation_.ring(0).receive(std::move(frame), NodeIndex{from}, simulation_.now());
  }

  std::vector<std::byte> join(std::uint32_t sender, const totem::wire::Join& base) {
    FrameRef frame = pool_.take();
    totem::wire::Join join = base;
    join.sender = NodeId{sender};
    join.frame_max = Simulation::quick().frame_max;
    totem::wire::write_join(frame, join);
    return {frame.bytes().begin(), frame.bytes().end()};
  }

  void expect_unmoved() {
    simulation_.submit(0, "still here");
    EXPECT_TRUE(simulation_.run_until([&] { return simulation_.drained(); }, 10ms));
    EXPECT_EQ(simulation_.ring(0).ring(), ring_);
    EXPECT_EQ(simulation_.ring(0).state(), totem::State::operational);
    for (const auto& violation : simulation_.finish(false))
      ADD_FAILURE() << violation.clause << ": " << violation.text;
  }

  FramePool pool_{8192, 0, 2048, 0};
  Simulation simulation_{4, 1};
  std::vector<std::vector<std::byte>> frames_;
  bool recording_ = true;
  totem::RingId ring_;
};

TEST_F(BadInput, EveryFrameCutOffAtEveryByteIsDroppedAndCounted) {
  const auto& counters = simulation_.ring(0).counters();
  std::size_t cut = 0;
  const auto dropped = [&] {
    return counters.malformed + counters.data_duplicates + counters.data_foreign +
           counters.data_outside_window + counters.joins_stale + counters.tokens_foreign +
           counters.commit_tokens_refused;
  };
  const auto before = dropped();
  for (std::size_t i = 0; i < frames_.size(); i += 7)
    for (std::size_t length = 0; length < std::min<std::size_t>(frames_[i].size(), 200); ++length) {
      inject(std::span(frames_[i]).first(length));
      ++cut;
    }
  EXPECT_GT(cut, 5'000u);
  EXPECT_EQ(dropped() - before, cut);
  expect_unmoved();
}

TEST_F(BadInput, AllThatWasEverSentAgainChangesNothing) {
  for (const std::uint8_t from : {std::uint8_t{1}, std::uint8_t{2}})
    for (const auto& frame : frames_) inject(frame, from);
  expect_unmoved();
}

TEST_F(BadInput, AJoinStormOfAStrangerThatDoesNotHearUsCostsBoundedWork) {
  totem::wire::Join storm;
  storm.incarnation = 99;
  storm.count = 1;
  storm.entries[0] = {NodeId{4}, totem::wire::Join::heard};
  inject(join(4, storm), 1);  // not of node 4's address: refused
  EXPECT_GE(simulation_.ring(0).counters().malformed, 1u);
  simulation_.start(3);                                              // so that node 4 is known …
  for (std::size_t i = 0; i < 3; ++i) simulation_.cut(i, 3, false);  // … and deaf
  simulation_.run(3ms);
  const auto sent = simulation_.frames_sent();
  for (std::uint64_t i = 1; i <= 5'000; ++i) {
    storm.join_seq = 1000 + i;
    inject(join(4, storm), 3);
  }
  simulation_.run(1ms);
  EXPECT_LT(simulation_.frames_sent() - sent, 500u);
  EXPECT_EQ(simulation_.ring(0).ring(), ring_);
}

TEST_F(BadInput, AJoinWithAnotherFrameSizeIsRefusedByName) {
  totem::wire::Join other;
  other.incarnation = 5;
  other.join_seq = 1;
  FrameRef frame = pool_.take();
  other.sender = Simulation::id(1);
  other.frame_max = 9000;
  totem::wire::write_join(frame, other);
  simulation_.ring(0).receive(frame, NodeIndex{1}, simulation_.now());
  EXPECT_EQ(simulation_.ring(0).counters().joins_frame_size, 1u);
  expect_unmoved();
}

TEST_F(BadInput, ARingSeqOutOfAllBoundsIsRefused) {
  totem::wire::Join mad;
  mad.incarnation = 5;
  mad.join_seq = 1;
  mad.ring_seq = ~std::uint64_t{0};
  inject(join(2, mad), 1);
  EXPECT_EQ(simulation_.ring(0).counters().joins_ring_seq, 1u);
  expect_unmoved();
}

// There is one token. It once took the place of the held one in the middle of a visit, which then
// sent all frames up to its seq.
TEST_F(BadInput, ATokenThatComesWhileOneIsHeldIsDropped) {
  ASSERT_TRUE(simulation_.run_until([&] { return simulation_.ring(0).ready(); }, 50ms));
  FrameRef frame = pool_.take();
  totem::wire::write_token(
      frame, {.ring = ring_, .token_seq = 1u << 31, .seq = totem::Seq{1u << 31}, .aru = {}});
  const auto before = simulation_.ring(0).counters().token_duplicates;
  simulation_.ring(0).receive(frame, NodeIndex{1}, simulation_.now());
  EXPECT_EQ(simulation_.ring(0).counters().token_duplicates, before + 1);
  expect_unmoved();
}

// Its seqs were given to other messages already. Those that this node gave again were stable, and
// gone from its log, before they were sent.
TEST_F(BadInput, ATokenThatForgetsSeqsIsDropped) {
  totem::Ring& ring = simulation_.ring(1);
  FrameRef frame = pool_.take();
  totem::wire::write_token(
      frame, {.ring = ring_, .token_seq = 1u << 31, .seq = totem::Seq{1}, .aru = totem::Seq{1}});
  const auto malformed = ring.counters().malformed, sent = ring.counters().data_sent;
  simulation_.submit(1, "in its own place");
  ring.receive(frame, NodeIndex{1}, simulation_.now());
  EXPECT_EQ(ring.counters().malformed, malformed + 1);
  expect_unmoved();
  EXPECT_EQ(ring.counters().data_sent, sent + 1);
}

TEST_F(BadInput, JoinsThatQueuedUpDuringAPauseAreDropped) {
  totem::wire::Join late;
  late.incarnation = 5;
  late.join_seq = 1;
  late.ring_seq = 100;
  simulation_.pause(0, 100ms);
  auto bytes = join(2, late);
  FrameRef frame = pool_.take();
  frame.resize(bytes.size());
  std::copy(bytes.begin(), bytes.end(), frame.data());
  simulation_.ring(0).receive(frame, NodeIndex{1}, simulation_.now() + 50ms);
  EXPECT_EQ(simulation_.ring(0).counters().joins_paused, 1u);
  EXPECT_EQ(simulation_.ring(0).counters().pauses, 1u);
  EXPECT_EQ(simulation_.ring(0).state(), totem::State::operational);
}

}  // namespace
}  // namespace gyre::test
