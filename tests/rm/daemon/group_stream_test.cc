// What libgyre tells of views, groups and messages, as the resource manager is to understand it.
#include <gtest/gtest.h>

#include "rm/daemon/group_stream.hh"

namespace gyre::rm::daemon {
namespace {

using client::ChangeReason;
using client::GroupChange;
using client::Process;

constexpr Process one{1, 10, 1}, two{2, 20, 1}, three{3, 30, 1};

class GroupStreamTest : public testing::Test {
 protected:
  client::View view(std::uint64_t ring, std::vector<std::uint32_t> nodes, bool quorate = true) {
    client::View made;
    made.number = made.ring.seq = ring;
    for (const std::uint32_t node : nodes) made.members.push_back({node, node * 100});
    made.verdict.quorate = quorate;
    return made;
  }
  GroupChange change(client::Place place, std::vector<Process> members,
                     std::vector<Process> joined) {
    GroupChange made{"rm", place, std::move(members), {}, {}};
    for (const Process& each : joined) made.joined.push_back({each, ChangeReason::join});
    return made;
  }
  client::Place at(std::uint64_t ring, std::uint64_t seq) { return {{ring, 1, 1}, seq, 2}; }
  client::Transitional along(std::vector<std::uint32_t> nodes) {
    client::Transitional made;
    for (const std::uint32_t node : nodes) made.members.push_back({node, 0});
    return made;
  }
  BusView taken(const client::Event& event) {
    const auto meant = stream_.take(event);
    EXPECT_TRUE(meant && std::holds_alternative<BusView>(*meant));
    return meant ? std::get<BusView>(*meant) : BusView{};
  }
  // Both are in the group, in ring 5.
  void begin() {
    EXPECT_FALSE(stream_.take(view(5, {1, 2})));
    taken(change(at(5, 7), {one}, {one}));
    taken(change(at(5, 8), {one, two}, {two}));
  }

  GroupStream stream_{"rm", one};
};

TEST_F(GroupStreamTest, ViewsBeginWithTheOwnJoin) {
  EXPECT_FALSE(stream_.take(view(5, {1, 2})));
  EXPECT_FALSE(stream_.take(change(at(5, 6), {two}, {two})));
  const BusView first = taken(change(at(5, 7), {one, two}, {one}));
  EXPECT_EQ(first.place, (Place{5, 7, 2}));
  ASSERT_EQ(first.members.size(), 2u);
  EXPECT_EQ(first.members[0].since, 100u);
  EXPECT_EQ(first.together, std::vector<std::uint32_t>{1});  // the other was there without us
  EXPECT_EQ(first.nodes, (std::vector<std::uint32_t>{1, 2}));
}

TEST_F(GroupStreamTest, AnotherGroupIsNoneOfItsConcern) {
  begin();
  GroupChange other = change(at(5, 9), {one}, {one});
  other.group = "elsewhere";
  EXPECT_FALSE(stream_.take(other));
  client::Message message;
  message.group = "elsewhere";
  EXPECT_FALSE(stream_.take(message));
}

TEST_F(GroupStreamTest, WhoJoinsDidNotComeAlong) {
  begin();
  const BusView grown = taken(change(at(5, 9), {one, two, three}, {three}));
  EXPECT_EQ(grown.members.size(), 3u);
  EXPECT_EQ(grown.together, (std::vector<std::uint32_t>{1, 2}));
}

TEST_F(GroupStreamTest, WhoseNodeIsGoneIsGoneWithTheView) {
  begin();
  const auto interrupted = stream_.take(along({1}));
  ASSERT_TRUE(interrupted && std::holds_alternative<BusInterrupted>(*interrupted));
  const BusView alone = taken(view(6, {1}, false));
  EXPECT_EQ(alone.place, (Place{6, 0, 0}));
  EXPECT_EQ(alone.members.size(), 1u);
  EXPECT_FALSE(alone.quorate);
}

TEST_F(GroupStreamTest, WhoWasParteedAndCameBackAtOnceDidNotComeAlong) {
  begin();
  stream_.take(along({1}));
  EXPECT_EQ(taken(view(6, {1, 2})).members.size(), 1u);
  const BusView both = taken(change({{6, 1, 1}, 0, 0}, {one, two}, {two}));
  EXPECT_EQ(both.members.size(), 2u);
  EXPECT_EQ(both.together, std::vector<std::uint32_t>{1});
  EXPECT_NE(both.place, (Place{6, 0, 0}));  // another view than before that change
}

TEST_F(GroupStreamTest, OfSeveralTransitionalConfigurationsWhoCameAlongWasInAll) {
  begin();
  stream_.take(along({1, 2}));
  stream_.take(along({1}));
  EXPECT_EQ(taken(view(8, {1, 2})).members.size(), 1u);
}

TEST_F(GroupStreamTest, AnotherVerdictIsAnotherViewOfTheSame) {
  begin();
  client::VerdictChange change;
  change.place = at(5, 12);
  change.verdict.quorate = true;
  EXPECT_FALSE(stream_.take(change));  // the same in what counts here
  change.verdict.quorate = false;
  const BusView changed = taken(change);
  EXPECT_FALSE(changed.quorate);
  EXPECT_EQ(changed.together, (std::vector<std::uint32_t>{1, 2}));
  EXPECT_EQ(changed.place, (Place{5, 12, 2}));
}

TEST_F(GroupStreamTest, AProcessThatRunsHereAlreadyIsNoticed) {
  EXPECT_FALSE(stream_.take(view(5, {1})));
  taken(change(at(5, 7), {{1, 9, 4}, one}, {one}));
  EXPECT_EQ(stream_.namesake(), 9u);
}

TEST_F(GroupStreamTest, AMessageIsOfItsSender) {
  begin();
  client::Message message;
  message.group = "rm";
  message.sender = two;
  message.place = at(5, 9);
  const auto meant = stream_.take(message);
  ASSERT_TRUE(meant && std::holds_alternative<BusMessage>(*meant));
  EXPECT_EQ(std::get<BusMessage>(*meant).sender, (BusMember{2, 20ull << 32 | 1, 200}));
}

}  // namespace
}  // namespace gyre::rm::daemon
