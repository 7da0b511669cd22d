// A new ring: what its barrier makes of the groups, however it is interrupted.
#include "membership/barrier.hh"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "membership/bytes.hh"
#include "tests/membership/trace.hh"

namespace gyre::membership {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using Bytes = std::vector<std::byte>;

Bytes list_of(const Node& node) {
  const auto list = node.membership.barrier();
  return {list.begin(), list.end()};
}

// Nodes 1, 2 and 3 in ring 4; one program of each in "g", one of node 3 alone in "alone".
class Rings : public testing::Test {
 protected:
  Rings() {
    all.open(4);
    all.send(a, wire::join(10, 1, "g"));
    all.send(b, wire::join(20, 1, "g"));
    all.send(c, wire::join(30, 1, "g"));
    all.send(c, wire::join(30, 1, "alone"));
    all.take();
  }
  void transitional(std::uint64_t next, std::vector<Node*> nodes) {
    std::vector<totem::Member> members;
    for (const Node* node : nodes) members.push_back({node->self, 0});
    for (Node* node : nodes) node->transitional(next, members);
    for (Node* node : nodes) {
      const auto trace = node->trace.take();
      ASSERT_EQ(trace.size(), 1u);
      EXPECT_THAT(trace.front(), testing::StartsWith("transitional"));
    }
  }
  Node a{1}, b{2}, c{3};
  OrderedRing all{{&a, &b, &c}}, two{{&a, &b}};
};

TEST_F(Rings, SameMembersSameGroupsNothingToTell) {
  transitional(8, {&a, &b, &c});
  all.open(8);
  EXPECT_THAT(all.take(), ElementsAre("view 8 1,2,3 joined  left  oldest 1", "open"));
}

TEST_F(Rings, ALostNodeTakesItsProgramsAlong) {
  transitional(8, {&a, &b});
  two.open(8);
  EXPECT_THAT(two.take(),
              ElementsAre("view 8 1,2 joined  left 3 oldest 1",
                          "change alone@8.0.0 [] +  - 3/30/1:node_down",
                          "change g@8.0.0 [1/10/1,2/20/1] +  - 3/30/1:node_down", "open"));
}

TEST_F(Rings, ANewNodeSeesAllGroupsAsJoined) {
  Node d{4};
  OrderedRing four{{&a, &b, &c, &d}};
  transitional(8, {&a, &b, &c});
  four.open(8);
  EXPECT_THAT(d.trace.take(), ElementsAre("view 8 1,2,3,4 joined 1,2,3,4 left  oldest 1",
                                          "change alone@8.0.0 [3/30/1] + 3/30/1:node_up - ",
                                          "change g@8.0.0 [1/10/1,2/20/1,3/30/1] + "
                                          "1/10/1:node_up,2/20/1:node_up,3/30/1:node_up - ",
                                          "open"));
  EXPECT_THAT(all.take(), ElementsAre("view 8 1,2,3,4 joined 4 left  oldest 1", "open"));
}

TEST_F(Rings, PartsMerge) {
  transitional(8, {&a, &b});
  two.open(8);
  two.send(b, wire::join(21, 2, "two"));
  two.take();
  transitional(7, {&c});
  OrderedRing one{{&c}};
  one.open(7);
  one.take();
  transitional(12, {&a, &b});
  transitional(12, {&c});
  all.open(12);
  EXPECT_EQ(text_of(a.membership.group(0).members), text_of(c.membership.group(0).members));
  EXPECT_THAT(c.trace.take(),
              ElementsAre("view 12 1,2,3 joined 1,2 left  oldest 1",
                          "change g@12.0.0 [1/10/1,2/20/1,3/30/1] + "
                          "1/10/1:node_up,2/20/1:node_up - ",
                          "change two@12.0.0 [2/21/2] + 2/21/2:node_up - ", "open"));
  EXPECT_THAT(two.take(),
              ElementsAre("view 12 1,2,3 joined 3 left  oldest 1",
                          "change alone@12.0.0 [3/30/1] + 3/30/1:node_up - ",
                          "change g@12.0.0 [1/10/1,2/20/1,3/30/1] + 3/30/1:node_up - ", "open"));
}

// Node 3 is started anew before the others' next ring: the same pid and client number, and yet
// another program.
TEST_F(Rings, ARestartedNodeHasLeftAndJoined) {
  Node again{3};
  OrderedRing own{{&again}}, three{{&a, &b, &again}};
  own.open(7);
  own.send(again, wire::join(30, 1, "g"));
  own.take();
  transitional(8, {&a, &b});
  transitional(8, {&again});
  three.open(8);
  EXPECT_THAT(two.take(), ElementsAre("view 8 1,2,3 joined 3 left 3 oldest 1",
                                      "change alone@8.0.0 [] +  - 3/30/1:node_down",
                                      "change g@8.0.0 [1/10/1,2/20/1,3/30/1] + 3/30/1:node_up - "
                                      "3/30/1:node_down",
                                      "open"));
}

// Scenario I1: a member dies after its list was delivered, before the barrier is through.
TEST_F(Rings, AMemberThatDiesInTheBarrierLeavesNoGhosts) {
  Node d{4};
  OrderedRing own{{&d}}, four{{&a, &b, &c, &d}};
  own.open(5);
  own.send(d, wire::join(40, 1, "ghosts"));
  own.take();
  transitional(8, {&a, &b, &c});
  transitional(8, {&d});
  four.regular(8);
  four.barrier(d);
  four.barrier(a);
  four.barrier(b);
  EXPECT_THAT(four.take(), IsEmpty());
  transitional(12, {&a, &b, &c});
  all.barrier(c);  // the last list of ring 8 comes in the transitional configuration: too late
  EXPECT_THAT(all.take(), IsEmpty());
  all.open(12);
  EXPECT_THAT(all.take(), ElementsAre("view 12 1,2,3 joined  left  oldest 1", "open"))
      << "neither node 4 nor its group was ever there";
  EXPECT_EQ(a.membership.counters().stale_barrier, 1u);
}

TEST_F(Rings, AnInterruptedBarrierStartsOverAgainstTheLastCompleteState) {
  transitional(8, {&a, &b});
  two.regular(8);
  two.barrier(a);
  transitional(12, {&a, &b});
  two.regular(12);
  EXPECT_TRUE(a.membership.syncing());
  two.barrier(b);
  two.barrier(a);
  EXPECT_THAT(two.take(),
              ElementsAre("view 12 1,2 joined  left 3 oldest 1",
                          "change alone@12.0.0 [] +  - 3/30/1:node_down",
                          "change g@12.0.0 [1/10/1,2/20/1] +  - 3/30/1:node_down", "open"));
}

TEST_F(Rings, MessagesOfTheTransitionalConfigurationMeetTheGroupsAsTheyStand) {
  transitional(8, {&a, &b});
  two.send(c, wire::data(1, group_id("g")), "last words");
  two.send(b, wire::join(21, 2, "g"));
  two.send(a, wire::leave(1, group_id("g"), ChangeReason::leave));
  EXPECT_THAT(two.take(),
              ElementsAre("message g@4.8.0 [1/10/1,2/20/1,3/30/1] from 3/30/1: last words",
                          "change g@4.9.0 [1/10/1,2/20/1,2/21/2,3/30/1] + 2/21/2:join - ",
                          "change g@4.10.0 [2/20/1,2/21/2,3/30/1] +  - 1/10/1:leave"));
  two.open(8);
  EXPECT_THAT(two.take(),
              ElementsAre("view 8 1,2 joined  left 3 oldest 1",
                          "change alone@8.0.0 [] +  - 3/30/1:node_down",
                          "change g@8.0.0 [2/20/1,2/21/2] +  - 3/30/1:node_down", "open"));
}

TEST_F(Rings, EarlyMessagesAreDroppedAndCounted) {
  transitional(8, {&a, &b});
  two.regular(8);
  two.send(a, wire::join(10, 1, "early"));
  two.barrier(a);
  two.send(a, wire::data(1, group_id("g")), "early");
  two.barrier(b);
  EXPECT_EQ(two.take().size(), 4u) << "view, two changes, open";
  EXPECT_EQ(b.membership.counters().early, 2u);
}

TEST_F(Rings, ListsOfOtherRingsOtherNodesAndSecondOnesAreIgnored) {
  const Bytes old = list_of(b);
  transitional(8, {&a, &b});
  two.regular(8);
  a.deliver(b.self, old, true);
  a.deliver(c.self, list_of(b), true);
  a.deliver(a.self, list_of(a), true);
  a.deliver(a.self, list_of(a), true);
  EXPECT_EQ(a.membership.counters().stale_barrier, 3u);
  EXPECT_THAT(a.trace.take(), IsEmpty());
  a.deliver(b.self, list_of(b), true);
  EXPECT_EQ(a.trace.take().back(), "open");
  a.deliver(b.self, list_of(b), true);
  EXPECT_EQ(a.membership.counters().stale_barrier, 4u);
  EXPECT_THAT(a.trace.take(), IsEmpty());
}

// Lists that no one writes today, put together by hand.
class Lists : public testing::Test {
 protected:
  Lists() {
    node.regular(8, members_of({1, 2}));
    node.deliver(node.self, list_of(node), true);
  }
  static Bytes head(std::uint32_t version) {
    Bytes bytes(24);
    Writer writer(bytes);
    writer.number(version);
    writer.number(std::uint64_t{8});
    writer.number(std::uint32_t{1});
    writer.number(std::uint64_t{77});
    return bytes;
  }
  static Bytes section(std::uint32_t kind, std::string_view content) {
    Bytes bytes(8 + content.size());
    Writer writer(bytes);
    writer.number(kind);
    writer.number(static_cast<std::uint32_t>(content.size()));
    writer.text(content);
    return bytes;
  }
  static std::string group(std::string_view name, std::uint32_t count) {
    Bytes bytes(5 + name.size() + count * 8);
    Writer writer(bytes);
    writer.number(static_cast<std::uint8_t>(name.size()));
    writer.text(name);
    writer.number(count);
    for (std::uint32_t i = 0; i < count; ++i) {
      writer.number(std::uint32_t{20});
      writer.number(i);
    }
    return text_of(bytes);
  }
  // How many groups node 2 has by this list, and whether it was malformed.
  std::pair<std::size_t, bool> take(const Bytes& begin, std::initializer_list<Bytes> sections) {
    Bytes list = begin;
    for (const Bytes& each : sections) list.insert(list.end(), each.begin(), each.end());
    node.deliver(NodeId{2}, list, true);
    EXPECT_FALSE(node.membership.syncing()) << "no list keeps the others waiting";
    return {node.membership.group_count(), node.membership.counters().malformed == 1};
  }
  Node node{1};
};

TEST_F(Lists, SectionsOfLaterVersionsAreSkipped) {
  EXPECT_EQ(take(head(1), {section(7, "before"), section(1, group("g", 2) + group("h", 1)),
                           section(3, ""), section(~0u, "behind")}),
            std::pair(std::size_t{2}, false));
}
TEST_F(Lists, NoGroupsIsAList) {
  EXPECT_EQ(take(head(1), {section(1, "")}), std::pair(std::size_t{0}, false));
}
TEST_F(Lists, GroupsMustBeThere) {
  EXPECT_EQ(take(head(1), {section(2, group("g", 1))}), std::pair(std::size_t{0}, true));
}
TEST_F(Lists, GroupsMustBeThereOnce) {
  EXPECT_EQ(take(head(1), {section(1, group("g", 1)), section(1, group("h", 1))}),
            std::pair(std::size_t{0}, true));
}
TEST_F(Lists, AnotherLayoutIsNotGuessedAt) {
  EXPECT_EQ(take(head(2), {section(1, group("g", 1))}), std::pair(std::size_t{0}, true));
}
TEST_F(Lists, GroupsHaveMembers) {
  EXPECT_EQ(take(head(1), {section(1, group("g", 1) + group("h", 0))}),
            std::pair(std::size_t{0}, true));
}
TEST_F(Lists, VotesMustBeReadable) {
  EXPECT_EQ(take(head(1), {section(1, group("g", 1)), section(2, "votes")}),
            std::pair(std::size_t{0}, true));
}
TEST_F(Lists, NamesAreChecked) {
  EXPECT_EQ(take(head(1), {section(1, group(std::string(129, 'n'), 1))}),
            std::pair(std::size_t{0}, true));
}
TEST_F(Lists, EmptyNamesAreNone) {
  EXPECT_EQ(take(head(1), {section(1, group("", 1))}), std::pair(std::size_t{0}, true));
}
TEST_F(Lists, TheSameProgramTwiceIsThereOnce) {
  EXPECT_EQ(take(head(1), {section(1, group("g", 1) + group("g", 1))}),
            std::pair(std::size_t{1}, false));
  EXPECT_EQ(node.membership.group(0).members.size(), 1u);
  EXPECT_EQ(node.membership.counters().refused, 1u);
}

// Whatever is cut off: a list that does not even name its ring is nobody's; one that does counts
// as an empty list, if it does not just end between two sections. Nothing else happens, and nobody
// waits for ever.
TEST_F(Rings, TruncatedListsAreCounted) {
  transitional(8, {&a, &b});
  two.regular(8);
  const Bytes whole = list_of(b);
  const std::size_t groups_end = 24 + 8 + barrier_group_bytes("g") + barrier_member_bytes;
  for (std::size_t size = 0; size < whole.size(); ++size) {
    Node node{1};
    node.regular(8, members_of({1, 2}));
    node.deliver(a.self, list_of(node), true);
    node.deliver(b.self, std::span(whole).first(size), true);
    EXPECT_EQ(node.membership.counters().malformed, size != groups_end) << size;
    EXPECT_EQ(node.membership.syncing(), size < 24) << size;
    EXPECT_EQ(node.membership.group_count(), size == groups_end) << size;
    EXPECT_EQ(node.membership.quorum().votes_of(b.self), 0u);
  }
}

TEST_F(Rings, GarbageInListsHarmsNoOne) {
  transitional(8, {&a, &b});
  two.regular(8);
  const Bytes whole = list_of(b);
  Random random(3);
  for (int round = 0; round < 20'000; ++round) {
    Bytes list = whole;
    for (std::uint32_t hits = 1 + random.below(4); hits; --hits) {
      const std::size_t from = random.one_in(8) ? 0 : 24;
      list[from + random.below(list.size() - from)] = std::byte(random.below(256));
    }
    Node node{1, {.groups = 4, .members = 8}};
    node.regular(8, members_of({1, 2}));
    node.deliver(a.self, list_of(node), true);
    node.deliver(b.self, list, true);
    for (std::size_t i = 0; i < node.membership.group_count(); ++i) {
      const auto group = node.membership.group(i);
      EXPECT_TRUE(valid_group_name(group.name));
      for (const Process& process : group.members) EXPECT_EQ(process.node, b.self);
    }
  }
}

TEST_F(Rings, CountsBeyondTheListAreMalformed) {
  transitional(8, {&a, &b});
  two.regular(8);
  const Bytes whole = list_of(b);
  const std::size_t count_at = 24 + 8 + 1 + 1;  // of the members of "g"
  for (const std::uint32_t count : {0u, 2u, 1u << 29, 1u << 31, 0xffffffffu}) {
    Bytes list = whole;
    Writer(list).put(count_at, count);
    Node node{1};
    node.regular(8, members_of({1, 2}));
    node.deliver(a.self, list_of(node), true);
    node.deliver(b.self, list, true);
    EXPECT_EQ(node.membership.counters().malformed, 1u) << count;
    EXPECT_FALSE(node.membership.syncing());
    EXPECT_EQ(node.membership.group_count(), 0u);
  }
}

// Both parts were full. The lists that come first in the one order stay, alike everywhere; the
// rest is told as gone, and its programs hear why.
TEST(Merge, WhatDoesNotFitIsLeftOutAlike) {
  const GroupLimits limits{.groups = 2, .members = 3};
  Node a{1, limits}, b{2, limits};
  OrderedRing one{{&a}}, other{{&b}}, both{{&a, &b}};
  one.open(4);
  other.open(5);
  one.send(a, wire::join(10, 1, "f"));
  one.send(a, wire::join(10, 1, "g"));
  other.send(b, wire::join(20, 1, "g"));
  other.send(b, wire::join(21, 2, "g"));
  other.send(b, wire::join(20, 1, "h"));
  one.take();
  other.take();
  a.transitional(8, members_of({1}));
  b.transitional(8, members_of({2}));
  both.regular(8);
  both.barrier(a);
  both.barrier(b);
  one.take();
  EXPECT_THAT(
      other.take(),
      ElementsAre("transitional 5>8 2", "view 8 1,2 joined 1 left  oldest 1",
                  "change f@8.0.0 [1/10/1] + 1/10/1:node_up - ",
                  "change g@8.0.0 [1/10/1,2/20/1] + 1/10/1:node_up - "
                  "2/21/2:process_down",
                  "change h@8.0.0 [] +  - 2/20/1:process_down",
                  "refused 2/21/2 g: too many groups or members in the merged cluster",
                  "refused 2/20/1 h: too many groups or members in the merged cluster", "open"));
  for (const Node* node : {&a, &b}) {
    EXPECT_EQ(node->membership.counters().refused, 2u);
    EXPECT_EQ(node->membership.group_count(), 2u);
  }
}

TEST(Merge, OfTwoNamesWithOneIdTheFirstInTheOrderStays) {
  Node a{1}, b{2};
  OrderedRing one{{&a}}, other{{&b}}, both{{&a, &b}};
  one.open(4);
  other.open(5);
  one.send(a, wire::join(10, 1, collision_a));
  other.send(b, wire::join(20, 1, collision_b));
  a.transitional(8, members_of({1}));
  b.transitional(8, members_of({2}));
  one.take();
  other.take();
  const std::string name_a(collision_a), name_b(collision_b);
  both.open(8);
  EXPECT_THAT(b.trace.take(),
              ElementsAre("view 8 1,2 joined 1 left  oldest 1",
                          "change " + name_b + "@8.0.0 [] +  - 2/20/1:process_down",
                          "change " + name_a + "@8.0.0 [1/10/1] + 1/10/1:node_up - ",
                          "refused 2/20/1 " + name_b + ": the name's hash is that of another group",
                          "open"));
  EXPECT_THAT(one.take(), ElementsAre("view 8 1,2 joined 2 left  oldest 1", "open"));
}

}  // namespace
}  // namespace gyre::membership
