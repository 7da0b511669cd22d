// What the daemon owes its programs beside messages: good traces are accepted, and for each of
// these promises some break it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/check/program_notation.hh"

namespace gyre::check {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(Good, ViewsThatSayWhoCameAndWent) {
  EXPECT_THAT(broken(R"(
    1a,2a starts
    1a V 10 12 +12 o1
    2a V 10 12 o1
    1a,2a T 20 10 12
    1a V 20 12'3 +3 o1
    3a starts
    3a V 20 12'3 +12'3 o1
    1a T 30 20 1
    1a V 30 12'3 -23 +23 o1
    3a T 31 20 23
    3a V 31 2'3 -1 o3
  )"),
              IsEmpty());
}

TEST(Good, VerdictsOneAfterTheOther) {
  EXPECT_THAT(broken(R"(
    1a,2a starts
    1a V 10 12 +12 o1 v1
    2a V 10 12 +12 o1 v3
    1a judged 10 5 2yes
    2a judged 10 5 4yes
    1a judged 10 9 3no
    1a T 20 10 1
    1a V 20 1 -2 o1 v4
    1a judged 20 1 5yes
  )"),
              IsEmpty());
}

TEST(Clause9Verdict, IsAboutAnotherRing) {
  EXPECT_THAT(broken("1a starts\n1a V 10 1 +1 o1 v1\n1a judged 11 5 2yes\n"),
              ElementsAre("9 verdict"));
  EXPECT_THAT(broken("1a starts\n1a V 10 1 +1 o1 v1\n1a T 20 10 1\n1a judged 10 5 2yes\n"),
              ElementsAre("9 verdict"));
}

TEST(Clause9Verdict, OneIsLeftOut) {
  EXPECT_THAT(broken("1a starts\n1a V 10 1 +1 o1 v1\n1a judged 10 5 3yes\n"),
              ElementsAre("9 verdict"));
}

TEST(Clause9Verdict, OthersAreToldOtherwise) {
  EXPECT_THAT(broken("1a,2a starts\n1a,2a V 10 12 +12 o1 v1\n1a judged 10 5 2yes\n"
                     "2a judged 10 5 2no\n"),
              ElementsAre("9 verdict"));
}

TEST(Clause9View, LeavesOutWhoJoined) {
  EXPECT_THAT(broken("1a starts\n1a V 10 1 +1 o1\n1a T 20 10 1\n1a V 20 12 o1\n"),
              ElementsAre("9 view"));
}

TEST(Clause9View, LeavesOutWhoLeft) {
  EXPECT_THAT(broken("1a starts\n1a V 10 12 +12 o1\n1a T 20 10 1\n1a V 20 1 o1\n"),
              ElementsAre("9 view"));
}

TEST(Clause9View, LeavesOutWhoLeftAndIsBack) {
  EXPECT_THAT(broken("1a starts\n1a V 10 12 +12 o1\n1a T 20 10 1\n1a V 20 12' +2 o1\n"),
              ElementsAre("9 view"));
}

TEST(Clause9View, AnotherIsOlder) {
  EXPECT_THAT(broken("2a starts\n2a V 10 1'2 o1\n"), ElementsAre("9 view"));
}

TEST(Clause9View, AfterTheEndOfItsRing) {
  EXPECT_THAT(broken("1a starts\n1a V 10 12\n1a T 20 10 12\n1a T 30 20 1\n1a V 20 12\n"),
              ElementsAre("9 view"));
}

TEST(Good, ARefusalIsAnAnswer) {
  EXPECT_THAT(broken(joined + R"(
    1a joins g
    1a refused g
    1a sends g m1
    1a,2a,3a gets g 4 1a m1
    2a leaves g
    2a joins h
    1a,2a,3a in g 5 1a,3a -2a
    2a refused h
  )"),
              IsEmpty());
}

TEST(Clause9Answered, NeitherGrantedNorRefused) {
  EXPECT_THAT(broken(joined + "1a joins h\n"), ElementsAre("9 answered"));
}

// A merge has room for half: those who stay see nothing new.
TEST(Good, PutOutByAMerge) {
  EXPECT_THAT(broken(R"(
    1a,2a starts
    1a V 10 1
    2a V 11 2
    1a,2a joins g
    1a in g 1 1a +1a
    2a in g 1 2a +2a
    2a sends g m1
    2a leaves g
    2a joins g
    2a sends g m2
    1a T 20 10 1
    2a T 20 11 2
    1a,2a V 20 12
    2a in g 0 1a -2a +1a
    2a out g
    1a sends g m3
    1a gets g 4 1a m3
    1a,2a in g 5 1a,2a +2a
    1a,2a gets g 6 2a m2
  )"),
              IsEmpty());
}

// What is refused is the membership before, and the join on its way is answered by nothing.
TEST(Clause9Answered, RefusalOfTheMembershipBefore) {
  EXPECT_THAT(broken(joined + R"(
    2a,3a ends
    1a leaves g
    1a joins g
    1a T 20 10 1
    1a V 20 1
    1a in g 0 2a,3a -1a
    1a out g
  )"),
              ElementsAre("9 answered", "9 pause"));
}

TEST(Clause9Accepted, LostByAMemberWhoseOtherJoinWasRefused) {
  EXPECT_THAT(broken(joined + "1a joins g\n1a sends g m1\n1a refused g\n"),
              ElementsAre("9 accepted"));
}

TEST(Good, ReadsSlowly) {
  EXPECT_THAT(broken("1a starts\n1a reads 10\n"), IsEmpty());
}

TEST(Clause9Stalled, ReadsNothingAndStays) {
  EXPECT_THAT(broken("1a starts\n1a reads 11\n"), ElementsAre("9 stalled"));
}

TEST(Clause9Accused, IsCutOffForWhatItWrote) {
  EXPECT_THAT(broken("1a starts\n1a accused\n"), ElementsAre("9 accused"));
}

TEST(Programs, WaitsForWhatItAskedFor) {
  ProgramScript trace;
  const Program first{NodeId(1), 1, 1};
  EXPECT_FALSE(trace.play(joined).programs.waits(first));
  EXPECT_TRUE(trace.play("1a joins h\n").programs.waits(first));
  EXPECT_FALSE(trace.play("1a refused h\n").programs.waits(first));
  EXPECT_TRUE(trace.play("1a sends g m1\n").programs.waits(first));
  EXPECT_FALSE(trace.play("1a gets g 4 1a m1\n").programs.waits(first));
}

}  // namespace
}  // namespace gyre::check
