// Groups follow the ordered stream: the same words at the same places on every node.
#include "membership/groups.hh"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/membership/trace.hh"

namespace gyre::membership {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class Groups : public testing::Test {
 protected:
  Groups() {
    ring.open(4);
    ring.take();
  }
  Node a{1}, b{2}, c{3};
  OrderedRing ring{{&a, &b, &c}};
  const GroupId g = group_id("g");
};

TEST_F(Groups, ViewThenChangesThenOpen) {
  Node lone{7};
  OrderedRing own{{&lone}};
  EXPECT_TRUE(lone.membership.syncing());
  own.regular(8);
  EXPECT_TRUE(lone.membership.syncing());
  EXPECT_THAT(own.take(), IsEmpty()) << "nothing before the barrier is through";
  own.barrier(lone);
  EXPECT_FALSE(lone.membership.syncing());
  EXPECT_THAT(own.take(), ElementsAre("view 8 7 joined 7 left  oldest 7", "open"));
  EXPECT_EQ(lone.membership.counters().barriers, 1u);
}

TEST_F(Groups, JoinDataLeave) {
  ring.send(a, wire::join(10, 1, "g"));
  ring.send(c, wire::join(30, 1, "g"));
  ring.send(b, wire::join(20, 5, "g"));
  ring.send(c, wire::data(1, g), "hello");
  EXPECT_EQ(a.membership.name(g), "g");
  EXPECT_TRUE(a.membership.is_member(g, {NodeId{3}, 30, 1}));
  EXPECT_FALSE(a.membership.is_member(g, {NodeId{3}, 31, 1})) << "another pid is another process";
  EXPECT_EQ(text_of(a.membership.group(0).members), "1/10/1,2/20/5,3/30/1");
  ring.send(a, wire::leave(1, g, ChangeReason::leave));
  ring.send(b, wire::leave(5, g, ChangeReason::process_down));
  ring.send(c, wire::leave(1, g, ChangeReason::leave));
  EXPECT_THAT(ring.take(), ElementsAre("change g@4.4.0 [1/10/1] + 1/10/1:join - ",
                                       "change g@4.5.0 [1/10/1,3/30/1] + 3/30/1:join - ",
                                       "change g@4.6.0 [1/10/1,2/20/5,3/30/1] + 2/20/5:join - ",
                                       "message g@4.7.0 [1/10/1,2/20/5,3/30/1] from 3/30/1: hello",
                                       "change g@4.8.0 [2/20/5,3/30/1] +  - 1/10/1:leave",
                                       "change g@4.9.0 [3/30/1] +  - 2/20/5:process_down",
                                       "change g@4.10.0 [] +  - 3/30/1:leave"));
  EXPECT_EQ(a.membership.group_count(), 0u);
  EXPECT_FALSE(a.membership.name(g));
}

TEST_F(Groups, AProcessThatDiesLeavesAllItsGroupsByName) {
  for (const char* name : {"zebra", "ant", "moth"}) {
    ring.send(a, wire::join(10, 1, name));
    ring.send(b, wire::join(20, 1, name));
  }
  ring.send(a, wire::join(11, 2, "ant"));
  ring.take();
  ring.send(a, wire::process_down(1));
  EXPECT_THAT(ring.take(), ElementsAre("change ant@4.11.0 [1/11/2,2/20/1] +  - 1/10/1:process_down",
                                       "change moth@4.11.0 [2/20/1] +  - 1/10/1:process_down",
                                       "change zebra@4.11.0 [2/20/1] +  - 1/10/1:process_down"));
  ring.send(a, wire::process_down(1));
  EXPECT_THAT(ring.take(), IsEmpty());
}

TEST_F(Groups, OnlyTheProgramThatAskedHearsARefusal) {
  ring.send(a, wire::join(10, 1, "g"));
  ring.take();
  ring.send(a, wire::join(10, 1, "g"));
  EXPECT_THAT(a.trace.take(), ElementsAre("refused 1/10/1 g: already joined"));
  EXPECT_THAT(ring.take(), IsEmpty());
  for (const Node* node : {&a, &b, &c}) EXPECT_EQ(node->membership.counters().refused, 1u);
}

TEST_F(Groups, WhoIsNotInAGroupCannotSendToIt) {
  ring.send(a, wire::join(10, 1, "g"));
  ring.take();
  ring.send(a, wire::data(2, g), "another client of the same node");
  ring.send(b, wire::data(1, g), "the same client number on another node");
  ring.send(b, wire::leave(1, g, ChangeReason::leave));
  ring.send(a, wire::data(1, group_id("h")), "no such group");
  ring.send(a, wire::leave(1, group_id("h"), ChangeReason::leave));
  EXPECT_THAT(ring.take(), IsEmpty());
  EXPECT_EQ(c.membership.counters().not_a_member, 3u);
  EXPECT_EQ(c.membership.counters().unknown_group, 2u);
}

TEST_F(Groups, MalformedMessagesAreCountedAndDropped) {
  ring.send(a, std::span<const std::byte>{});
  ring.send(a, bytes_of("garbage"));
  ring.send(a, bytes_of(std::string("\1\0\0\0", 4)));
  EXPECT_THAT(ring.take(), IsEmpty());
  EXPECT_EQ(b.membership.counters().malformed, 3u);
  b.deliver(NodeId{9}, wire::join(1, 1, "g").view());
  EXPECT_THAT(b.trace.take(), IsEmpty());
  EXPECT_EQ(b.membership.counters().unknown_sender, 1u);
}

TEST(GroupLimit, FullTablesRefuseAlikeEverywhere) {
  const GroupLimits limits{.groups = 2, .members = 3};
  Node a{1, limits}, b{2, limits};
  OrderedRing ring{{&a, &b}};
  ring.open(4);
  ring.send(a, wire::join(10, 1, "g"));
  ring.send(a, wire::join(10, 1, "h"));
  ring.take();
  ring.send(a, wire::join(10, 1, "i"));
  EXPECT_THAT(a.trace.take(), ElementsAre("refused 1/10/1 i: too many groups in the cluster"));
  ring.send(b, wire::join(20, 1, "g"));
  ring.take();
  ring.send(b, wire::join(20, 1, "h"));
  EXPECT_THAT(b.trace.take(),
              ElementsAre("refused 2/20/1 h: too many group members in the cluster"));
  EXPECT_THAT(ring.take(), IsEmpty());
  ring.send(a, wire::process_down(1));
  ring.take();
  ring.send(b, wire::join(20, 1, "i"));
  EXPECT_THAT(ring.take(), ElementsAre("change i@4.9.0 [2/20/1] + 2/20/1:join - "))
      << "what is freed can be taken";
}

TEST_F(Groups, ANameThatCollidesIsRefused) {
  ASSERT_EQ(group_id(collision_a), group_id(collision_b));
  ring.send(a, wire::join(10, 1, collision_a));
  ring.take();
  ring.send(b, wire::join(20, 1, collision_b));
  EXPECT_THAT(b.trace.take(), ElementsAre("refused 2/20/1 " + std::string(collision_b) +
                                          ": the name's hash is that of another group"));
  EXPECT_THAT(ring.take(), IsEmpty());
  ring.send(b, wire::data(1, group_id(collision_b)), "into the other group");
  EXPECT_THAT(ring.take(), IsEmpty());
  ring.send(a, wire::process_down(1));
  ring.take();
  ring.send(b, wire::join(20, 1, collision_b));
  EXPECT_EQ(ring.take().size(), 1u) << "the id is free once its group is";
  EXPECT_EQ(c.membership.name(group_id(collision_a)), collision_b);
}

TEST(GroupName, MayHoldAnyByte) {
  Node a{1};
  OrderedRing ring{{&a}};
  ring.open(4);
  const std::string names[] = {std::string("crmd\0", 5), "crmd", std::string(1, '\0'),
                               std::string(128, '\xff')};
  for (const std::string& name : names) ring.send(a, wire::join(1, 1, name));
  EXPECT_EQ(a.membership.group_count(), 4u);
  for (const std::string& name : names) EXPECT_EQ(a.membership.name(group_id(name)), name);
  ring.open(8);
  EXPECT_EQ(a.membership.group_count(), 4u) << "and keeps them through a barrier";
}

}  // namespace
}  // namespace gyre::membership
