// Groups as the library keeps them: what a program has asked for, and what became of it.
#include <array>
#include <vector>

#include "tests/client/gyre_bed.hh"

namespace gyre::client {
namespace {

TEST_F(Gyre, SeesTheOtherPrograms) {
  join("a");
  auto other = node.connect();
  other->join("a");
  node.settle();
  const auto change = expect<GroupChange>();
  EXPECT_EQ(change.members.size(), 2u);
  EXPECT_EQ(change.joined.at(0).process, other->self());
  other->send("a", bytes("hello"));
  node.settle();
  EXPECT_EQ(text(expect<Message>().payload), "hello");
  other.reset();
  node.watch_sockets();
  node.settle();
  const auto gone = expect<GroupChange>();
  ASSERT_EQ(gone.left.size(), 1u);
  EXPECT_EQ(gone.left[0].reason, ChangeReason::process_down);
}

// The daemon tells all members once, and then what changes.
TEST_F(Gyre, KnowsTheMembersOfItsGroups) {
  auto one = node.connect(), two = node.connect();
  const Process self = ring->self(), a = one->self(), b = two->self();
  const auto members = [&] {
    node.settle();
    return expect<GroupChange>().members;
  };
  two->join("a");
  node.settle();
  ring->join("a");
  EXPECT_EQ(members(), (std::vector{self, b}));
  one->join("a");
  EXPECT_EQ(members(), (std::vector{self, a, b}));
  two->leave("a");
  EXPECT_EQ(members(), (std::vector{self, a}));
  ring->join("b");
  EXPECT_EQ(members(), std::vector{self}) << "another group";
  two->join("a");
  EXPECT_EQ(members(), (std::vector{self, a, b}));
  ring->leave("a");
  EXPECT_EQ(members(), (std::vector{a, b}));
  one->leave("a");
  node.settle();
  EXPECT_FALSE(ring->poll());
  ring->join("a");
  EXPECT_EQ(members(), (std::vector{self, b}));
}

// Until it is out, it is told who comes and goes.
TEST_F(Gyre, KnowsTheMembersWhileItLeaves) {
  join("a");
  auto other = node.connect();
  other->join("a");
  node.ports().back().submit_to(node, node::PortBudget{}, node.now);
  ring->leave("a");
  node.settle();
  EXPECT_EQ(expect<GroupChange>().members, (std::vector{ring->self(), other->self()}));
  EXPECT_EQ(expect<GroupChange>().members, std::vector{other->self()});
}

TEST_F(Gyre, ReportsARefusedJoinAndCountsTheGroupAsNotJoined) {
  ring->join("a");
  port().join_refused(port().process(), "a", "no room");
  port().publish();
  const auto refused = expect<JoinRefused>();
  EXPECT_EQ(refused.group, "a");
  EXPECT_EQ(refused.reason, "no room");
  EXPECT_EQ(failure([&] { ring->send("a", {}); }).code, ErrorCode::not_joined);
}

// A merge had no room for the membership that the program was about to give up. The join that is
// under way gets its own answer, and what was sent behind it is delivered.
TEST_F(Gyre, StaysInAGroupThatItJoinedAgainWhenItsOldMembershipIsRefused) {
  join("a");
  ring->leave("a");
  ring->join("a");
  ring->send("a", bytes("1"));
  const std::array gone{
      membership::Change{port().process(), membership::ChangeReason::process_down}};
  port().submit_to(node, node::PortBudget{}, node.now);
  port().group_change({.name = "a",
                       .group = membership::group_id("a"),
                       .place = {},
                       .members = {},
                       .joined = {},
                       .left = gone});
  port().membership_refused(port().process(), "a", "no room");
  port().publish();
  expect<GroupChange>();
  EXPECT_TRUE(expect<JoinRefused>().was_member);
  ring->send("a", bytes("2"));
  node.settle();
  EXPECT_EQ(expect<GroupChange>().joined.size(), 1u);
  EXPECT_EQ(text(expect<Message>().payload), "1");
  EXPECT_EQ(text(expect<Message>().payload), "2");
}

TEST_F(Gyre, CountsAGroupAsNotJoinedWhenAMergeHadNoRoomForIt) {
  join("a");
  port().membership_refused(port().process(), "a", "no room");
  port().publish();
  EXPECT_TRUE(expect<JoinRefused>().was_member);
  EXPECT_EQ(failure([&] { ring->send("a", {}); }).code, ErrorCode::not_joined);
  ring->join("a");
}

// The first join is refused when the second is under way already.
TEST_F(Gyre, WaitsForTheAnswerToItsLastJoin) {
  ring->join("a");
  port().submit_to(node, node::PortBudget{}, node.now);
  port().join_refused(port().process(), "a", "no room");
  port().publish();
  ring->leave("a");
  ring->join("a");
  EXPECT_FALSE(expect<JoinRefused>().was_member);
  EXPECT_EQ(failure([&] { ring->join("a"); }).code, ErrorCode::already_joined);
  ring->send("a", bytes("1"));
  port().join_refused(port().process(), "a", "no room");
  port().publish();
  expect<JoinRefused>();
  EXPECT_EQ(failure([&] { ring->send("a", {}); }).code, ErrorCode::not_joined);
}

// A member is a connection: a process that has two of them is in a group twice.
TEST_F(Gyre, IsInAGroupOnceForEachConnection) {
  join("a");
  auto other = node.connect();
  other->join("a");
  node.settle();
  const auto change = expect<GroupChange>();
  ASSERT_EQ(change.members.size(), 2u);
  EXPECT_EQ(change.members[0].pid, change.members[1].pid);
  EXPECT_LT(change.members[0], change.members[1]);
  other->leave("a");
  node.settle();
  EXPECT_EQ(expect<GroupChange>().members, std::vector{ring->self()});
}

TEST_F(Gyre, JoinsAsManyGroupsAsAllowedOverAndOver) {
  for (int round = 0; round < 3; ++round) {
    for (std::size_t i = 0; i < groups_max; ++i) ring->join("group " + std::to_string(i));
    EXPECT_EQ(failure([&] { ring->join("one more"); }).code, ErrorCode::too_many_groups);
    for (std::size_t i = 0; i < groups_max; ++i) ring->leave("group " + std::to_string(i));
    ring->join("another");
    ring->leave("another");
  }
  node.settle();
  EXPECT_EQ(port().ended(), node::PortEnd::none);
  EXPECT_EQ(node.submitted.size(), 3 * 2 * (groups_max + 1));
  EXPECT_EQ(node.membership().group_count(), 0u);
}

TEST_F(Gyre, SaysWhatIsWrongWithAGroup) {
  EXPECT_EQ(failure([&] { ring->join(""); }).code, ErrorCode::group_name_invalid);
  EXPECT_EQ(failure([&] { ring->join(std::string(group_name_max + 1, 'x')); }).code,
            ErrorCode::group_name_invalid);
  EXPECT_EQ(failure([&] { ring->send("a", {}); }).code, ErrorCode::not_joined);
  EXPECT_EQ(failure([&] { ring->leave("a"); }).code, ErrorCode::not_joined);
  ring->join("a");
  EXPECT_EQ(failure([&] { ring->join("a"); }).code, ErrorCode::already_joined);
  ring->leave("a");
  EXPECT_EQ(failure([&] { ring->send("a", {}); }).code, ErrorCode::not_joined);
  join(std::string(group_name_max, 'x'));
  node.settle();
  EXPECT_EQ(port().ended(), node::PortEnd::none);
}

}  // namespace
}  // namespace gyre::client
