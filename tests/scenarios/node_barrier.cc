// What has gone wrong in rings like this one where process groups meet a change of the ring: the
// barrier, and joins and leaves of one process.
#include <algorithm>

#include "tests/membership/trace.hh"
#include "tests/scenarios/node_scenario.hh"

namespace gyre::test {
namespace {

using std::chrono::milliseconds;
using totem::RingId;
using totem::State;
namespace wire = totem::wire;

using Nodes = std::vector<std::uint32_t>;

// A member that died in the barrier, after its list had been delivered, stayed in the groups as a
// ghost, and watchdogs fenced the whole cluster (2ab885ab). Here no one completes that barrier, as
// the last list is lost with its sender.
TEST_F(Scenario, I1_AMemberDiesInTheBarrierAfterItsList) {
  open(5);
  const RingId first_ring = ring(0).ring();
  RingId second_ring;
  std::vector<std::uint32_t> lists;  // their senders, in their order
  loses = [&](const Passing& frame) {
    if (!frame.is_list() || frame.data()->ring == first_ring) return false;
    if (second_ring == RingId{}) second_ring = frame.data()->ring;
    if (frame.data()->ring != second_ring) return false;
    const std::uint32_t sender = frame.sender();
    if (std::ranges::find(lists, sender) == lists.end()) lists.push_back(sender);
    return sender == 4;
  };
  crash(4);
  ASSERT_TRUE(run_until([&] { return lists.size() == 4; }));
  run(milliseconds(2));
  ASSERT_EQ(lists, (Nodes{1, 2, 3, 4}));
  ASSERT_EQ(ring(0).ring(), second_ring);
  ASSERT_EQ(ring(2).ring(), second_ring);
  crash(1);
  crash(3);
  ASSERT_TRUE(run_until([&] { return whole({0, 2}); }));
  for (const std::size_t node : {0, 2}) {
    ASSERT_EQ(count(node, "view 1 2 3 4"), 0u) << "its barrier was never through";
    ASSERT_EQ(count(node, "transitional"), 2u);
    EXPECT_EQ(count(node, "view 1 3"), 1u);
    EXPECT_EQ(count(node, "change all -2 -4 -5"), 1u);
    EXPECT_EQ(members(node), (Nodes{1, 3}));
  }
}

// A message of the barrier went into a later round than the one for which it was made (212126fa,
// ee292e79). A list waits for the token of a ring that ends before anyone gets it.
TEST_F(Scenario, I2_AListThatNeverWentOutIsNotSentInTheNextRing) {
  open(3);
  const RingId first_ring = ring(0).ring();
  RingId second_ring;
  std::size_t lists_in_second = 0, tokens_lost = 0;
  std::set<std::pair<RingId, std::uint32_t>> lists;
  loses = [&](const Passing& frame) {
    if (frame.is_list() && frame.data()->ring != first_ring) {
      lists_in_second += frame.data()->ring == second_ring;
      if (frame.has_item(wire::Item::whole)) {
        const std::byte* list = frame.body().data() + wire::Data::size + wire::Item::size;
        EXPECT_EQ(totem::load<std::uint64_t>(list + 4), frame.data()->ring.seq);
        lists.emplace(frame.data()->ring, frame.sender());
      }
    }
    // The representative is the first to install the ring; its token gets no further.
    if (second_ring == RingId{} && ring(0).ring() != first_ring) second_ring = ring(0).ring();
    const auto token = frame.token();
    const bool lost = token && second_ring != RingId{} && token->ring == second_ring;
    tokens_lost += lost;
    return lost;
  };
  crash(2);
  ASSERT_TRUE(run_until([&] { return second_ring != RingId{}; }));
  run(milliseconds(10));
  ASSERT_EQ(ring(0).state(), State::operational);
  ASSERT_EQ(ring(1).state(), State::recovery);
  ASSERT_EQ(ring(0).ring(), second_ring);
  ASSERT_GT(tokens_lost, 0u);
  ASSERT_TRUE(run_until([&] { return whole({0, 1}); }));
  ASSERT_NE(ring(0).ring(), second_ring);
  EXPECT_EQ(lists_in_second, 0u);
  EXPECT_EQ(lists.size(), 2u) << "one of each, for the ring that came to stand";
  send(1, "open");
  EXPECT_TRUE(run_until([&] { return count(0, "2: open") == 1; }));
  EXPECT_EQ(members(0), (Nodes{1, 2}));
}

// Lists that came before the barrier began, for another round, or after it was broken off were
// counted (0fab390a, cf4e2069, 6f6988af).
TEST(Barrier, I2_OnlyListsOfThisRingAndRoundCount) {
  using membership::Node;
  Node one(1), two(2);
  const std::vector<totem::Member> both = membership::members_of({1, 2});
  const auto list_of = [](const Node& node) {
    const auto list = node.membership.barrier();
    return std::vector<std::byte>(list.begin(), list.end());
  };
  two.regular(4, both);
  const auto of_four = list_of(two);
  two.regular(5, both);
  const auto of_five = list_of(two);
  std::uint64_t ignored = 0;
  const auto is_ignored = [&](const std::vector<std::byte>& list) {
    one.deliver(NodeId{2}, list, true);
    ASSERT_EQ(one.membership.counters().stale_barrier, ++ignored);
    ASSERT_TRUE(one.membership.syncing());
  };
  is_ignored(of_four);  // before the start
  one.regular(5, both);
  is_ignored(of_four);  // of an older ring
  one.deliver(NodeId{1}, list_of(one), true);
  one.transitional(6, both);
  is_ignored(of_five);  // after the end
  one.regular(6, both);
  two.regular(6, both);
  one.deliver(NodeId{1}, list_of(one), true);
  is_ignored(of_five);
  EXPECT_EQ(one.membership.counters().barriers, 0u);
  one.deliver(NodeId{2}, list_of(two), true);
  EXPECT_EQ(one.membership.counters().barriers, 1u);
}

// One process that joins, leaves and joins in a row was in the group twice or not at all (7e8da9a6,
// b776747e). The requests wait through a change of the ring, behind the barrier.
TEST_F(Scenario, I3_OneProcessJoinsLeavesAndJoinsDuringAChange) {
  open(3);
  crash(2);
  ASSERT_TRUE(run_until([&] { return ring(0).state() == State::gather; }));
  Program& program = *programs_[0];
  program.leave("all");
  program.join("all");
  program.leave("all");
  program.join("all");
  program.join("all");
  run(milliseconds(5));
  ASSERT_EQ(ring(0).state(), State::gather);
  ASSERT_TRUE(run_until([&] { return whole({0, 1}); }));
  ASSERT_TRUE(run_until([&] { return count(1, "change all +1") == 2; }));
  const auto& events = seen(1);
  const std::vector<std::string> end(events.end() - 6, events.end());
  EXPECT_EQ(end, (std::vector<std::string>{"view 1 2", "change all -3", "change all -1",
                                           "change all +1", "change all -1", "change all +1"}));
  EXPECT_EQ(members(1), (Nodes{1, 2}));
  send(0, "a member");
  EXPECT_TRUE(
      run_until([&] { return count(0, "1: a member") == 1 && count(1, "1: a member") == 1; }));
  EXPECT_EQ(count(0, "refused"), 1u) << "the last join, of a member";
}

// A program dies and its successor, which has the same pid, joins at once: the one's end took the
// other out of the group (35446d6b).
TEST_F(Scenario, I3_ASuccessorWithTheSamePidStays) {
  open(2);
  Program& old = *programs_[0];
  Program successor = cluster().nodes[0]->connect(cluster().now);  // of this very process, too
  successor.join("all");
  old.send("all", "last words");
  cluster().nodes[0]->node().woken(old.number(), true, cluster().now);
  ASSERT_TRUE(run_until([&] { return cluster().nodes[0]->taken_back() == 1; }));
  ASSERT_TRUE(run_until([&] { return count(1, "change all -1") == 1; }));
  ASSERT_EQ(count(1, "change all +1"), 1u);
  ASSERT_EQ(count(1, "1: last words"), 1u);
  run(milliseconds(5));
  EXPECT_EQ(members(1), (Nodes{1, 2}));
  successor.send("all", "a member");
  EXPECT_TRUE(run_until([&] { return count(1, "1: a member") == 1; }));
}

// The lists of the new ring overtook the news of who was lost with the old one (2a12de36): a node
// starts again so fast that it is in both rings. It has left, and then joined.
TEST_F(Scenario, I3_ANodeThatStartsAgainAtOnceHasLeftBeforeItJoins) {
  open(3);
  crash(2);
  cluster().restart(2);
  Program fresh = cluster().nodes[2]->connect(cluster().now);
  fresh.join("all");
  ASSERT_TRUE(run_until([&] { return count(0, "change all -3") == 1; }));
  EXPECT_EQ(reasons(0), Nodes{static_cast<std::uint32_t>(membership::ChangeReason::node_down)});
  ASSERT_TRUE(run_until([&] { return count(0, "change all +3") == 1; }));
  EXPECT_EQ(seen(0), (std::vector<std::string>{"transitional", "view 1 2 3", "change all -3",
                                               "change all +3"}))
      << "and there was no view without it";
  EXPECT_EQ(members(0), (Nodes{1, 2, 3}));
}

}  // namespace
}  // namespace gyre::test
