// What has gone wrong in rings like this one around the network device: counters and replay, start
// under load, floods, foreign bytes.
#include <map>
#include <random>

#include "tests/scenarios/node_scenario.hh"
#include "transport/replay.hh"

namespace gyre::test {
namespace {

using std::chrono::milliseconds;
using totem::Seq;
using totem::State;
using Bytes = std::vector<std::byte>;

Bytes bytes_of(std::span<const std::byte> frame) {
  return {frame.begin(), frame.end()};
}

// Fragments carried a short link sequence, and after its wrap old ones were joined with new ones to
// junk (knet 3fb0166e, 8328b491). Here seqs start again at 1 in each ring: a fragment of the old
// ring arrives late, just where the new ring misses the one with its seq.
TEST_F(Scenario, A3_AFragmentOfAnOlderRingIsNotJoinedWithNewOnes) {
  open(3);
  const std::string first = text_of_length(50'000, 1), second = text_of_length(50'000, 2);
  const totem::RingId old_ring = ring(0).ring();
  constexpr Seq seq{20};
  Bytes late;
  bool came_late = false;
  loses = [&](const Passing& frame) {
    if (frame.to != 2 || frame.sender() != 1 || frame.data()->seq != seq) return false;
    if (frame.data()->flags & totem::wire::Data::recovered) return false;
    if (frame.data()->ring == old_ring) {  // only the first copy: recovery would shift the seqs
      if (!late.empty()) return false;
      late = bytes_of(frame.frame);
      return true;
    }
    EXPECT_TRUE(frame.has_item(0)) << "both are middle fragments";
    if (!came_late) inject(2, Lane::data, late);
    return !std::exchange(came_late, true);
  };
  send(0, first);
  ASSERT_TRUE(run_until([&] { return count(2, "1: " + first) == 1; }));
  ASSERT_FALSE(late.empty());
  crash(1);
  ASSERT_TRUE(run_until([&] { return whole({0, 2}); }));
  const std::uint64_t foreign = ring(2).counters().data_foreign;
  send(0, second);
  ASSERT_TRUE(run_until([&] { return count(2, "1: " + second) == 1; }));
  ASSERT_TRUE(came_late);
  ASSERT_EQ(ring(2).counters().data_foreign, foreign + 1) << "it came through to the ring";
  EXPECT_EQ(count(0, "1: " + second), 1u);
}

// The window took numbers from far behind it for new ones (knet dcaefd40, 234755d5): everything
// that was ever sent comes a second time, the oldest of it more than a whole window late.
TEST_F(Scenario, A3_ACounterBehindTheReplayWindowIsNotTakenAgain) {
  open(2);
  std::map<std::uint64_t, Bytes> sent;
  loses = [&](const Passing& frame) {
    if (frame.from == 0 && frame.lane == Lane::data)
      sent.emplace(frame.header().counter, bytes_of(frame.frame));
    return false;
  };
  const std::string payload = text_of_length(1200);
  ASSERT_TRUE(run_until([&] {
    seen(0), seen(1);
    for (int i = 0; i < 8; ++i) send(0, payload);
    return sent.size() > ReplayWindow::bits + 1000;
  }));
  run(milliseconds(20));
  loses = [](const Passing&) { return false; };
  const std::uint64_t newest = sent.rbegin()->first,
                      before = transport(1).refused(Refusal::replayed);
  ASSERT_GT(newest, sent.begin()->first + ReplayWindow::bits);
  std::uint64_t again = 0;
  for (const auto& [counter, frame] : sent) {
    inject(1, Lane::data, frame);
    if (++again % 100 == 0) run(Cluster::tick);
  }
  run(Cluster::tick);
  EXPECT_EQ(transport(1).refused(Refusal::replayed) - before, again);
}

// A receiver that starts while the sender is loaded took the first number that it saw for the
// oldest, and refused what had been overtaken, and more, for ever (knet 62271c5c).
TEST_F(Scenario, A4_AReceiverThatStartsUnderLoadHearsEverything) {
  open(3);
  crash(2);
  load(0, ReplayWindow::bits + 100);
  Bytes overtaken;
  std::uint64_t held = 0, first = 0;
  loses = [&](const Passing& frame) {
    if (frame.from != 0 || frame.to != 2 || frame.lane != Lane::data || first) return false;
    if (overtaken.empty()) {
      held = frame.header().counter;
      overtaken = bytes_of(frame.frame);
      return true;
    }
    first = frame.header().counter;
    return false;
  };
  cluster().restart(2);
  ASSERT_TRUE(run_until([&] { return first != 0; }));
  ASSERT_GT(held, ReplayWindow::bits);
  ASSERT_LT(held, first);
  run(milliseconds(1));
  inject(2, Lane::data, overtaken);
  ASSERT_TRUE(run_until([&] { return whole(); }, convergence()));
  EXPECT_EQ(transport(2).refused(Refusal::replayed), 0u);
  program(2);
  send(0, "after");
  EXPECT_TRUE(run_until([&] { return count(2, "1: after") == 1; }));
}

// The other side of it: a loaded sender that starts again numbers from 1, far behind its old self.
TEST_F(Scenario, A4_ASenderThatStartsAgainIsNotTakenForItsOldSelf) {
  open(3);
  load(2, ReplayWindow::bits + 100);
  crash(2);
  std::uint64_t first = 0;
  loses = [&](const Passing& frame) {
    if (frame.from == 2 && first == 0) first = frame.header().counter;
    return false;
  };
  const std::uint64_t before = transport(0).refused(Refusal::replayed);
  cluster().restart(2);
  ASSERT_TRUE(run_until([&] { return first != 0; }));
  ASSERT_EQ(first, 1u);
  ASSERT_TRUE(run_until([&] { return whole(); }, convergence()));
  EXPECT_EQ(transport(0).refused(Refusal::replayed), before);
}

// A node whose queues a flood kept full never came back by itself when the flood was over (knet
// 93f3df56). The flood is garbage, frames of nobody, and frames that were seen before.
TEST_F(Scenario, G2_AFloodedNodeComesBackByItself) {
  FakeOptions network = kind_network;
  network.queue_frames = 64;
  open(3, network);
  Bytes replayed, garbage(500, std::byte{0x5a}), unlisted(header_size + 10);
  write_header({.cluster = cluster_tag("test"), .sender = NodeId{9}, .length = 10, .boot = 5},
               std::span(unlisted).first<header_size>());
  loses = [&](const Passing& frame) {
    if (frame.to == 2 && frame.lane == Lane::data && replayed.empty())
      replayed = bytes_of(frame.frame);
    return false;
  };
  send(0, "seen before");
  ASSERT_TRUE(run_until([&] { return count(2, "1: seen before") == 1; }));
  const auto flood = [&] {
    for (std::size_t i = 0; i < network.queue_frames; ++i)
      for (const Lane lane : {Lane::data, Lane::token})
        inject(2, lane, i % 3 == 0 ? garbage : i % 3 == 1 ? unlisted : replayed);
    return whole({0, 1}) && whole({2});
  };
  ASSERT_TRUE(run_until(flood));
  run_until([&] { return flood(), false; }, milliseconds(300));
  ASSERT_TRUE(flood()) << "nothing gets through";
  ASSERT_GT(transport(2).refused(Refusal::magic), 100'000u);
  ASSERT_GT(transport(2).refused(Refusal::replayed), 100'000u);
  EXPECT_TRUE(run_until([&] { return whole(); }, convergence()));
}

// When its interface went down a node lost its own messages, too, and did not even see itself
// alone (2c20590d, 8b638e98). Own messages never travel through the device here.
TEST_F(Scenario, J3_ANodeWithoutANetworkIsAViewOfItsOwn) {
  open(3);
  bool down = true;
  loses = [&](const Passing& frame) { return down && (frame.from == 2 || frame.to == 2); };
  ASSERT_TRUE(run_until([&] { return whole({2}) && whole({0, 1}); }));
  send(2, "to myself");
  EXPECT_TRUE(run_until([&] { return count(2, "3: to myself") == 1; }));
  EXPECT_EQ(count(0, "3: to myself"), 0u);
  down = false;
  EXPECT_TRUE(run_until([&] { return whole(); }, convergence()));
}

// A joiner behind a smaller MTU took the others down with it (knet b65e85dd). The size of a frame
// is a constant of the cluster, and whoever says another is not listened to.
TEST_F(Scenario, J4_AJoinerWithAnotherFrameSizeDisturbsNobody) {
  open(3);
  crash(2);
  ASSERT_TRUE(run_until([&] { return whole({0, 1}); }));
  const std::uint64_t view = cluster().nodes[0]->views();
  cluster().restart(2, 100);
  ASSERT_TRUE(run_until([&] { return whole({2}); }));
  run(std::chrono::seconds(2));
  ASSERT_GT(ring(0).counters().joins_frame_size, 0u);
  ASSERT_GT(ring(1).counters().joins_frame_size, 0u);
  EXPECT_EQ(cluster().nodes[0]->views(), view);
  EXPECT_EQ(cluster().nodes[1]->views(), view);
  cluster().crash(2);
  cluster().restart(2);
  EXPECT_TRUE(run_until([&] { return whole(); }, convergence()));
}

// A packet of one link that arrived on another was taken (knet bab591c2). There is one link yet,
// but two lanes: on the wrong one a frame is refused, and its number stays good on the right one.
TEST_F(Scenario, J5_AFrameOnTheWrongLaneIsRefusedAndItsNumberNotSpent) {
  open(2);
  Bytes data;
  loses = [&](const Passing& frame) {
    if (frame.from != 0 || !frame.data() || !data.empty()) return false;
    data = bytes_of(frame.frame);
    return true;
  };
  send(0, "once");
  ASSERT_TRUE(run_until([&] { return !data.empty(); }));
  inject(1, Lane::token, data);
  run(2 * Cluster::tick);
  ASSERT_EQ(transport(1).refused(Refusal::other_lane), 1u);
  inject(1, Lane::data, data);
  ASSERT_TRUE(run_until([&] { return count(1, "1: once") == 1; }));
  run(milliseconds(50));
  EXPECT_EQ(transport(1).refused(Refusal::replayed), 0u);
  EXPECT_EQ(count(1, "1: once"), 1u);
}

// Other versions, plaintext peers and type bytes above 127 crashed a node or let half a packet
// through (6365150a, 0c509a25, fa8180da). Every version, suite, lane and type byte is tried.
TEST_F(Scenario, K1_ForeignBytesAreDroppedByNameAndChangeNothing) {
  open(3);
  crash(2);
  ASSERT_TRUE(run_until([&] { return whole({0, 1}); }));
  const std::uint64_t view = cluster().nodes[1]->views(), malformed = ring(1).counters().malformed;
  std::mt19937 random(1);
  std::uint64_t counter = 0;
  const auto frame = [&](std::size_t length) {
    Bytes bytes(header_size + length);
    for (std::byte& byte : bytes) byte = std::byte(random());
    write_header({.cluster = cluster_tag("test"),
                  .sender = NodeId{3},
                  .length = static_cast<std::uint32_t>(length),
                  .boot = 77,
                  .counter = ++counter},
                 std::span(bytes).first<header_size>());
    return bytes;
  };
  for (unsigned value = 0; value < 256; ++value) {
    for (const std::size_t place : {0, 4, 5, 6}) {  // magic, version, suite, lane
      Bytes foreign = frame(random() % 200);
      foreign[place] = std::byte(value);
      inject(1, Lane::data, foreign);
    }
    Bytes typed = frame(1 + random() % 200);
    typed[header_size] = std::byte(value);
    inject(1, Lane::data, typed);
    send(0, std::to_string(value));
    run(Cluster::tick);
  }
  ASSERT_TRUE(run_until([&] { return count(1, "1: 255") == 1; }));
  EXPECT_EQ(transport(1).refused(Refusal::magic), 255u);
  EXPECT_EQ(transport(1).refused(Refusal::version), 255u);
  EXPECT_EQ(transport(1).refused(Refusal::suite), 255u);
  EXPECT_EQ(transport(1).refused(Refusal::lane), 254u);
  EXPECT_GE(ring(1).counters().malformed - malformed, 255u);
  run(milliseconds(500));
  EXPECT_EQ(cluster().nodes[1]->views(), view);
  for (unsigned value = 0; value < 256; ++value)
    EXPECT_EQ(count(1, "1: " + std::to_string(value)), 1u);
}

}  // namespace
}  // namespace gyre::test
