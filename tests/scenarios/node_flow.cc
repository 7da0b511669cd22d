// What has gone wrong in rings like this one between a program's message and its frames: flow
// control and fragments.
#include "tests/scenarios/node_scenario.hh"

namespace gyre::test {
namespace {

using std::chrono::milliseconds;
using totem::State;
namespace wire = totem::wire;

// The backlog on the token went below zero, or was never taken back when its owner was gone, and
// everyone waited for ever (8f281418, 2d4e7beb). A node dies while more than a window waits at all.
TEST_F(Scenario, G1_TheBacklogOfALostNodeLocksNobodyOut) {
  open(3);
  wire::Token last;
  loses = [&](const Passing& frame) {
    if (const auto token = frame.token()) last = *token;
    return false;
  };
  const std::string payload = text_of_length(1200);
  constexpr std::size_t each = 600;
  for (std::size_t n = 0; n < each; ++n)
    for (std::size_t node = 0; node < 3; ++node) send(node, payload);
  ASSERT_TRUE(run_until([&] { return last.backlog > 32 && last.fcc > 16; }));
  crash(2);
  ASSERT_TRUE(run_until([&] { return whole({0, 1}); }));
  const std::uint64_t holds = ring(0).counters().holds;
  ASSERT_TRUE(run_until(
      [&] { return count(0, "1: " + payload) == each && count(0, "2: " + payload) == each; }));
  ASSERT_TRUE(run_until([&] { return ring(0).counters().holds > holds; })) << "the ring rests";
  EXPECT_EQ(last.backlog, 0u);
  EXPECT_EQ(last.fcc, 0u);
  const Time began = cluster().now;
  send(1, "next");
  ASSERT_TRUE(run_until([&] { return count(0, "2: next") == 1; }));
  EXPECT_LT(cluster().now - began, milliseconds(3));
}

// Flow control towards programs stayed locked after a change of the ring (1135c911, a4538aee):
// here a program fills its ring of requests while there is no ring, and must get room again.
TEST_F(Scenario, G1_AProgramThatWasHeldBackGoesOnInTheNextRing) {
  open(2);
  crash(1);
  ASSERT_TRUE(run_until([&] { return ring(0).state() == State::gather; }));
  const std::string payload = text_of_length(4000);
  std::size_t taken = 0;
  while (send(0, payload)) ++taken;
  run(milliseconds(10));
  ASSERT_EQ(ring(0).state(), State::gather);
  while (send(0, payload)) ++taken;
  ASSERT_FALSE(send(0, payload)) << "it is held back";
  ASSERT_GT(taken, 500u);
  ASSERT_TRUE(run_until([&] { return whole({0}); }));
  ASSERT_TRUE(run_until([&] {
    seen(0);
    return send(0, "room again");
  }));
  ASSERT_TRUE(run_until([&] { return count(0, "1: room again") == 1; }));
  EXPECT_EQ(count(0, "1: " + payload), taken);
}

// A message whose first half went into the old ring was kept as a half, and the sender's next one
// was thrown away (92e0f9c7, 5780b2b6). It must come whole, once, and the next one behind it; of
// the shorter one the last fragment waits already when the ring ends.
class Fragments : public Scenario, public testing::WithParamInterface<std::size_t> {};

TEST_P(Fragments, H1_AConfigurationChangeBetweenThem) {
  open(3);
  const totem::RingId old_ring = ring(0).ring();
  const std::string large = text_of_length(GetParam());
  std::size_t begins_in_old = 0, ends_in_old = 0, begins_in_new = 0;
  loses = [&](const Passing& frame) {
    const auto token = frame.token();
    if (token) return begins_in_old > 0 && token->ring == old_ring;
    if (frame.sender() != 1 || frame.data()->flags != 0) return false;
    const bool old = frame.data()->ring == old_ring;
    begins_in_old += old && frame.has_item(wire::Item::first);
    ends_in_old += old && frame.has_item(wire::Item::last);
    begins_in_new += !old && frame.has_item(wire::Item::first);
    return false;
  };
  send(0, large);
  send(0, "next");
  ASSERT_TRUE(run_until([&] { return begins_in_old > 0; }));
  crash(2);
  ASSERT_TRUE(run_until([&] { return whole({0, 1}); }));
  ASSERT_TRUE(run_until([&] { return count(0, "1: next") == 1 && count(1, "1: next") == 1; }));
  ASSERT_EQ(ends_in_old, 0u);
  ASSERT_GT(begins_in_new, 0u);
  for (const std::size_t node : {0, 1}) {
    EXPECT_EQ(count(node, "1: " + large), 1u);
    EXPECT_EQ(seen(node).back(), "1: next");
  }
}

INSTANTIATE_TEST_SUITE_P(Scenario, Fragments, testing::Values(50'000, 200'000));

// A peer's first message of the new ring, its list of groups, was thrown away as the rest of one
// that an earlier ring had begun (3442f911, 63fa7430). The list is longer than a visit, and the
// ring ends when a part of it has been sent.
TEST_F(Scenario, H1_AListThatWasCutInTheMiddleCountsInFullInTheNextRing) {
  open(4);
  const auto name = [](int i) { return "group " + std::to_string(i) + std::string(110, '.'); };
  Program second = cluster().nodes[2]->connect(cluster().now);
  for (int i = 0; i < 500; ++i) (i < 250 ? *programs_[2] : second).join(name(i));
  ASSERT_TRUE(run_until([&] { return count(2, "change " + name(249) + " +3") == 1; }));
  programs_[0]->join(name(249));
  ASSERT_TRUE(run_until([&] { return count(0, "change " + name(249) + " +1") == 1; }));
  const totem::RingId first_ring = ring(0).ring();
  totem::RingId second_ring;
  std::size_t sent = 0, ends = 0;
  loses = [&](const Passing& frame) {
    if (frame.sender() == 3 && frame.is_list() && frame.data()->ring != first_ring) {
      if (sent == 0) second_ring = frame.data()->ring;
      if (frame.data()->ring != second_ring) return false;
      ++sent;
      ends += frame.has_item(wire::Item::last);
    }
    const auto token = frame.token();
    return sent > 0 && token && token->ring == second_ring;
  };
  crash(3);
  ASSERT_TRUE(run_until([&] { return sent > 0; }));
  ASSERT_TRUE(run_until([&] { return ring(0).ring() != second_ring && whole({0, 1, 2}); }));
  ASSERT_GT(sent, 10u);
  ASSERT_EQ(ends, 0u);
  ASSERT_EQ(count(0, "transitional"), 2u);
  EXPECT_EQ(count(0, "view 1 2 3"), 1u);
  programs_[2]->send(name(249), "still here");
  ASSERT_TRUE(run_until([&] { return count(0, "3: still here") == 1; }));
  for (const std::size_t node : {0, 2}) EXPECT_EQ(count(node, "change " + name(249) + " -3"), 0u);
}

// Messages of nearly the greatest size back to back ran over the buffer in which they were put
// together (0ebae6b4, 105f3ae9).
TEST_F(Scenario, H2_TheGreatestMessageAndALargeOneBackToBack) {
  open(3);
  const std::string greatest = text_of_length((1 << 20) - 1024, 1);
  const std::string large = text_of_length(300'000, 2);
  std::size_t between = 0;
  std::uint32_t before = 0;
  loses = [&](const Passing& frame) {
    if (frame.to != 2 || !frame.data() || frame.has_item(wire::Item::whole)) return false;
    if (before != 0 && before != frame.sender()) ++between;
    before = frame.sender();
    return false;
  };
  for (const std::size_t node : {0, 1}) {
    ASSERT_TRUE(send(node, greatest));
    ASSERT_TRUE(send(node, large));
  }
  ASSERT_TRUE(run_until([&] {
    for (std::size_t node = 0; node < 3; ++node)
      if (count(node, "1: " + large) + count(node, "2: " + large) != 2) return false;
    return true;
  }));
  ASSERT_GT(between, 100u) << "fragments of both senders alternate";
  for (std::size_t node = 0; node < 3; ++node)
    for (const char* sender : {"1: ", "2: "}) EXPECT_EQ(count(node, sender + greatest), 1u);
}

// A message that was split just where a packet ended was joined wrongly (9898fc87, bd11a338): a
// short message leaves every possible rest of a frame to the first fragment of a long one.
TEST_F(Scenario, H2_ALongMessageBeginsAtEveryDistanceFromTheEndOfAFrame) {
  open(2);
  constexpr std::size_t frame_max =  // room is left to wrap a frame up in recovery
      kind_network.payload_max - header_size - wire::Data::size;
  std::set<std::uint32_t> first_lengths;
  std::size_t with_room_left = 0;
  loses = [&](const Passing& frame) {
    if (!frame.data() || frame.sender() != 1) return false;
    for (const wire::Item& item : frame.items())
      if (item.flags == wire::Item::first) first_lengths.insert(item.length);
    const std::size_t room = frame_max - frame.body().size();
    with_room_left += room > 0 && room < 68;
    return false;
  };
  constexpr std::size_t all = frame_max - wire::Data::size - wire::Item::size - 16;
  const std::string large = text_of_length(3000);
  for (std::size_t rest = 0; rest <= 100; ++rest) {
    const std::string filler = text_of_length(all - rest);
    const std::size_t events = seen(1).size();
    send(0, filler);
    send(0, large);
    ASSERT_TRUE(run_until([&] { return seen(1).size() == events + 2; })) << rest;
    ASSERT_EQ(seen(1)[events], "1: " + filler);
    ASSERT_EQ(seen(1)[events + 1], "1: " + large);
  }
  for (std::uint32_t length = 64; length <= 96; ++length)
    EXPECT_TRUE(first_lengths.count(length)) << "the shortest fragments did occur: " << length;
  ASSERT_GE(*first_lengths.begin(), 64u);
  ASSERT_GT(with_room_left, 60u);
}

}  // namespace
}  // namespace gyre::test
