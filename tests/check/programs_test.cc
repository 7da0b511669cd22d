// Good traces of programs are accepted, and for each part of clause 9 some break it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/check/program_notation.hh"

namespace gyre::check {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(Good, MessagesToAGroup) {
  EXPECT_THAT(broken(joined + R"(
    1a sends g m1
    1a sends g m2
    2a sends g m3
    1a,2a gets g 4 1a m1
    1a gets g 5 2a m3
    1a gets g 6 1a m2
    2a gets g 5 2a m3
    2a gets g 6 1a m2
    3a leaves g
    3a gets g 4 1a m1
    3a gets g 5 2a m3
    3a gets g 6 1a m2
    3a,2a,1a in g 7 1a,2a -3a
    3a joins g
    2a,3a,1a in g 8 1a,2a,3a +3a
  )"),
              IsEmpty());
}

TEST(Good, TwoSidesOfACutAndTheirMerge) {
  EXPECT_THAT(broken(joined + R"(
    3a sends g m1
    1a sends g m2
    1a,2a T 20 10 12
    1a,2a gets g 5 1a m2
    1a,2a V 20 12
    1a,2a in g 0 1a,2a -3a
    3a gets g 4 3a m1
    3a T 21 10 3
    3a V 21 3
    3a in g 0 3a -1a,2a
    3a sends g m3
    3a gets g 1 3a m3
    1a,2a T 30 20 12
    1a V 30 123
    1a in g 0 1a,2a,3a +3a
    3a T 30 21 3
    3a V 30 123
    3a in g 0 1a,2a,3a +1a,2a
    2a V 30 123
    2a in g 0 1a,2a,3a +3a
    3a sends g m4
    1a,2a,3a gets g 2 3a m4
  )"),
              IsEmpty());
}

TEST(Good, PausedNodeSeesTheOthersLeaveAndComeBack) {
  EXPECT_THAT(broken(joined + R"(
    1a,2a T 20 10 12
    1a,2a V 20 12
    1a,2a in g 0 1a,2a -3a
    1a,2a T 30 20 12
    3a T 30 10 3
    1a,2a,3a V 30 123
    1a,2a in g 0 1a,2a,3a +3a
    3a in g 0 1a,2a,3a +1a +2a -1a -2a
  )"),
              IsEmpty());
}

TEST(Good, ProgramsDieAndNodesStartAgain) {
  EXPECT_THAT(broken(joined + R"(
    3a sends g m1
    3a ends
    2a sends g m2
    2a ends
    1a gets g 4 3a m1
    1a in g 5 1a,2a -3a
    1a T 20 10 1
    1a gets g 6 2a m2
    1a V 20 1
    1a in g 0 1a -2a
    2'a starts
    2'a V 21 2'
    2'a joins g
    2'a in g 1 2a +2a
    2'a T 30 21 2'
    1a T 30 20 1
    1a,2'a V 30 12'
    1a in g 0 1a,2a +2a
    2'a in g 0 1a,2a +1a
  )"),
              IsEmpty());
}

// The second start joins a ring of the seq of one that the first had joined.
TEST(Good, NodeStartsAgainWithoutItsFile) {
  EXPECT_THAT(broken(joined + R"(
    2a,3a ends
    1a T 20 10 1
    1a V 20 1
    1a in g 0 1a -2a -3a
    2 lost
    2'b starts
    2'b V 21 2'
    2'b joins g
    2'b in g 1 2b +2b
    2'b T 30 21 2'
    1a T 30 20 1
    1a V 30 12
    1a in g 0 1a,2b +2b
    2'b V 30 12
    2'b in g 0 1a,2b +1a
  )"),
              IsEmpty());
}

TEST(Good, RefusedJoin) {
  EXPECT_THAT(broken(joined + R"(
    1b starts
    1b V 10 123
    1b joins g
    1b sends g lost
    1b refused g
    1b joins g
    1b sends g m1
    1a,2a,3a,1b in g 4 1a,1b,2a,3a +1b
    1a,2a,3a,1b gets g 5 1b m1
  )"),
              IsEmpty());
}

TEST(Good, SlowProgramReadsAViewThatOthersLeft) {
  EXPECT_THAT(broken(joined + R"(
    1a sends g m1
    1a,2a gets g 4 1a m1
    1a,2a T 20 10 123
    1a,2a V 20 123
    1a sends g m2
    1a,2a gets g 1 1a m2
    1a,2a T 30 20 123
    1a,2a V 30 123
    3a gets g 4 1a m1
    3a T 20 10 123
    3a V 20 123
    3a gets g 1 1a m2
    3a T 30 20 123
    3a V 30 123
  )"),
              IsEmpty());
}

TEST(Clause9Accepted, NeverComesBack) {
  EXPECT_THAT(broken(joined + "1a sends g m1\n"), ElementsAre("9 accepted"));
}

TEST(Clause9Accepted, LaterOneComesBackWithoutIt) {
  EXPECT_THAT(broken(joined + R"(
    1a sends g m1
    1a sends g m2
    1a,2a,3a gets g 4 1a m2
  )"),
              ElementsAre("9 accepted"));
}

TEST(Clause9Accepted, LeftWithoutIt) {
  EXPECT_THAT(broken(joined + R"(
    1a sends g m1
    1a leaves g
    1a,2a,3a in g 4 2a,3a -1a
  )"),
              ElementsAre("9 accepted"));
}

TEST(Clause9Fifo, LaterBeforeEarlier) {
  EXPECT_THAT(broken(joined + R"(
    1a sends g m1
    1a sends g m2
    2a gets g 4 1a m2
    2a gets g 5 1a m1
    1a ends
    3a ends
  )"),
              ElementsAre("9 fifo"));
}

TEST(Clause9Once, SameMessageTwice) {
  EXPECT_THAT(broken(joined + R"(
    1a sends g m1
    1a,2a,3a gets g 4 1a m1
    1a,2a,3a gets g 5 1a m1
  )"),
              ElementsAre("9 once"));
}

TEST(Clause9Once, InTwoViews) {
  EXPECT_THAT(broken(joined + R"(
    1a sends g m1
    1a,2a,3a gets g 4 1a m1
    1a,2a,3a T 20 10 123
    1a,2a,3a V 20 123
    1a,2a,3a gets g 5 1a m1
  )"),
              testing::AnyOf(ElementsAre("9 once"), ElementsAre("9 content")));
}

TEST(Clause9Content, NeverSent) {
  EXPECT_THAT(broken(joined + "1a,2a,3a gets g 4 1a m1\n"), ElementsAre("9 content"));
}

TEST(Clause9Content, OfAnother) {
  EXPECT_THAT(broken(joined + "1a sends g m1\n1a,2a,3a gets g 4 2a m1\n1a ends\n"),
              ElementsAre("9 content"));
}

TEST(Clause9Content, OfAnotherLength) {
  EXPECT_THAT(broken(joined + "1a sends g m1\n1a,3a gets g 4 1a m1\n2a gets g 4 1a m1!\n"),
              ElementsAre("9 content"));
}

TEST(Clause9Content, OfAnotherGroup) {
  EXPECT_THAT(broken(joined + R"(
    1a,2a,3a joins h
    1a,2a,3a in h 4 1a +1a
    1a sends h m1
    1a gets g 5 1a m1
    2a ends
    3a ends
    1a ends
  )"),
              testing::Contains("9 content"));
}

TEST(Clause9Order, TwoSeeTwoOrders) {
  EXPECT_THAT(broken(joined + R"(
    1a sends g m1
    2a sends g m2
    1a gets g 4 1a m1
    1a gets g 5 2a m2
    2a gets g 4 2a m2
    2a gets g 5 1a m1
    3a ends
  )"),
              ElementsAre("9 once", "9 order"));
}

TEST(Clause9Order, OneMissesAMessage) {
  EXPECT_THAT(broken(joined + R"(
    1a sends g m1
    2a sends g m2
    1a,2a gets g 4 1a m1
    1a,2a,3a gets g 5 2a m2
  )"),
              ElementsAre("9 order"));
}

TEST(Clause9Order, OneMissesAChange) {
  EXPECT_THAT(broken(joined + R"(
    1b starts
    1b V 10 123
    1b joins g
    1a,2a,1b in g 4 1a,1b,2a,3a +1b
    1b leaves g
    1a,2a,1b in g 5 1a,2a,3a -1b
    2a sends g m2
    1a,2a,3a gets g 6 2a m2
  )"),
              ElementsAre("9 order"));
}

TEST(Clause9Order, BackInTheOrder) {
  EXPECT_THAT(broken(joined + R"(
    1a sends g m1
    1a,2a gets g 5 1a m1
    2a joins h
    2a in h 4 2a +2a
    3a ends
  )"),
              ElementsAre("9 order"));
}

TEST(Clause9Order, ViewsGrow) {
  EXPECT_THAT(broken("1a starts\n1a V 10 1\n1a V 9 1\n"), ElementsAre("9 order"));
}

TEST(Clause9Order, OneViewWithTwoSetsOfNodes) {
  EXPECT_THAT(broken("1a,2a starts\n1a V 10 12\n2a V 10 123\n"), ElementsAre("9 order"));
}

TEST(Clause9Together, LeaveTheRegularPartWithDifferentMessages) {
  EXPECT_THAT(broken(joined + R"(
    1a sends g m1
    1a gets g 4 1a m1
    1a,2a,3a T 20 10 123
    1a,2a,3a V 20 123
  )"),
              ElementsAre("9 together"));
}

TEST(Clause9Together, LeaveTheTransitionalPartWithDifferentMessages) {
  EXPECT_THAT(broken(joined + R"(
    1a sends g m1
    1a,2a,3a T 20 10 123
    1a gets g 4 1a m1
    1a,2a,3a V 20 123
  )"),
              ElementsAre("9 together"));
}

TEST(Clause9Together, RestsBehind) {
  EXPECT_THAT(broken(joined + "1a sends g m1\n1a,2a gets g 4 1a m1\n"), ElementsAre("9 together"));
}

TEST(Clause9Member, ReceivesWithoutBeingIn) {
  EXPECT_THAT(broken(joined + R"(
    2b starts
    2b V 10 123
    1a sends g m1
    1a,2a,3a,2b gets g 4 1a m1
  )"),
              ElementsAre("9 member"));
}

TEST(Clause9Member, SenderIsNotIn) {
  EXPECT_THAT(broken(joined + R"(
    2b starts
    2b V 10 123
    2b sends g m1
    1a,2a,3a gets g 4 2b m1
    2b ends
  )"),
              ElementsAre("9 member"));
}

TEST(Clause9Member, ListThatDoesNotFollow) {
  EXPECT_THAT(broken(joined + R"(
    2b starts
    2b V 10 123
    2b joins g
    1a,2a,3a,2b in g 4 1a,2a,2b +2b
  )"),
              ElementsAre("9 member"));
}

TEST(Clause9Self, ToldOfOthersFirst) {
  EXPECT_THAT(broken(joined + R"(
    2b,3b starts
    2b,3b V 10 123
    2b joins g
    1a,2a,3a,2b,3b in g 4 1a,2a,2b,3a +2b
    3b ends
  )"),
              ElementsAre("9 self"));
}

TEST(Clause9Ghost, NeverJoined) {
  EXPECT_THAT(broken(joined + "2b starts\n1a,2a,3a in g 4 1a,2a,2b,3a +2b\n"),
              ElementsAre("9 ghost"));
}

TEST(Clause9Ghost, OfALifeBefore) {
  EXPECT_THAT(broken(joined + R"(
    2a ends
    3a ends
    1a T 20 10 1
    1a V 20 1
    1a in g 0 1a -2a -3a
    2'a starts
    2'a V 30 12'
    1a T 30 20 1
    1a V 30 12'
    1a in g 0 1a,2a +2a
  )"),
              ElementsAre("9 ghost"));
}

TEST(Clause9Ghost, OfALifeBeforeTheFileWasLost) {
  EXPECT_THAT(broken(joined + R"(
    2a,3a ends
    1a T 20 10 1
    1a V 20 1
    1a in g 0 1a -2a -3a
    2 lost
    2'a starts
    2'a V 30 12
    1a T 30 20 1
    1a V 30 12
    1a in g 0 1a,2a +2a
  )"),
              ElementsAre("9 ghost"));
}

TEST(Clause9Pause, NotToldThatTheOthersLeft) {
  EXPECT_THAT(broken(joined + R"(
    1a sends g m1
    1a,2a T 20 10 12
    1a,2a V 20 12
    1a,2a in g 0 1a,2a -3a
    3a T 30 10 3
    3a V 30 123
    1a,2a T 30 20 12
    1a,2a V 30 123
    1a,2a in g 0 1a,2a,3a +3a
    3a in g 0 1a,2a,3a +1a -1a
    1a,2a,3a gets g 2 1a m1
  )"),
              ElementsAre("9 pause"));
}

TEST(Clause9Pause, ReceivesAsIfNothingHadBeen) {
  EXPECT_THAT(broken(joined + R"(
    1a sends g m1
    2a,3a ends
    1a T 20 10 1
    1a V 20 1
    1a gets g 1 1a m1
  )"),
              ElementsAre("9 pause"));
}

TEST(Clause9Pause, NeverTold) {
  EXPECT_THAT(broken(joined + "2a,3a ends\n1a T 20 10 1\n1a V 20 1\n"), ElementsAre("9 pause"));
}

TEST(Clause9Pause, ListsSomeoneOutsideOfTheView) {
  EXPECT_THAT(broken(joined + R"(
    2a,3a ends
    4a starts
    4a joins g
    1a in g 4 1a,2a,3a,4a +4a
    4a ends
  )"),
              ElementsAre("9 pause"));
}

TEST(Clause9Ended, AfterTheEnd) {
  EXPECT_THAT(broken(joined + "1a sends g m1\n1a ends\n1a gets g 4 1a m1\n2a,3a gets g 4 1a m1\n"),
              ElementsAre("9 ended"));
}

TEST(Programs, MemoryFollowsWhatIsOnItsWay) {
  ProgramScript trace;
  trace.play(joined);
  for (int i = 4; i < 50'000; ++i) {
    const std::string text = std::to_string(i);
    trace.play("1a sends g m" + text + "\n1a,2a,3a gets g " + text + " 1a m" + text + "\n");
  }
  EXPECT_LT(trace.programs.messages(), 10'000U);
  trace.play("1a,2a,3a T 20 10 123\n1a,2a,3a V 20 123\n");
  EXPECT_EQ(trace.programs.messages(), 0U);
  EXPECT_THAT(trace.broken(), IsEmpty());
}

// A daemon without a ring holds what its programs have sent, however much others leave behind.
TEST(Programs, KeepsWhatALivingStartMaySend) {
  ProgramScript trace;
  trace.play(joined + "3a sends g m\n3a ends\n2b starts\n2b joins g\n");
  for (int i = 0; i < 70'000; ++i) trace.play("2b sends g m" + std::to_string(i) + "\n");
  trace.play("2b ends\n1a,2a gets g 4 3a m\n1a,2a in g 5 1a,2a -3a\n");
  EXPECT_THAT(trace.broken(), IsEmpty());
}

TEST(Programs, ForgetsWhatFailedStartsLeftBehind) {
  Programs programs;
  for (std::uint64_t start = 1; start <= 10; ++start) {
    const Program program{NodeId(1), start, 1};
    programs.started(program);
    for (std::uint64_t i = 0; i < 10'000; ++i)
      programs.sent(program, "g", totem::Guarantee::agreed, start * 10'000 + i, 1);
    programs.ended(program, ProgramEnd::node_failed);
  }
  EXPECT_LT(programs.messages(), 80'000U);
}

}  // namespace
}  // namespace gyre::check
