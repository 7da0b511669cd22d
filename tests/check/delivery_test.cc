// For each clause from 3 to 7 there are traces that break it.
#include "tests/check/notation.hh"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace gyre::check {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;

TEST(Clause3, LeavesWithoutItsOwnMessage) {
  EXPECT_THAT(broken(formed + "1 sends 10.1@1\n123 T 20 10 123\n123 R 20 10 123\n"),
              ElementsAre("3"));
}

TEST(Clause3, RestsWithoutItsOwnMessage) {
  EXPECT_THAT(broken(formed + "1 sends 10.1@1\n", at_rest), ElementsAre("3"));
}

TEST(Clause4, GoOnTogetherWithDifferentMessages) {
  EXPECT_THAT(broken(formed + R"(
    3 sends 10.1@3
    1 delivers 10.1@3
    3 fails
    12 T 20 10 12
  )"),
              ElementsAre("4"));
}

TEST(Clause4, LeaveTheTransitionalConfigurationWithDifferentMessages) {
  EXPECT_THAT(broken(formed + R"(
    3 sends 10.1@3
    3 fails
    12 T 20 10 12
    1 delivers 10.1@3
    12 R 20 10 12
  )"),
              ElementsAre("4"));
}

TEST(Clause4, SimultaneityOfATransitionalConfiguration) {
  EXPECT_THAT(broken(formed + R"(
    1 sends 10.1@1
    1 delivers 10.1@1
    12 T 20 10 12
    2 delivers 10.1@1
    12 R 20 10 12
  )"),
              ElementsAre("4"));
}

TEST(Clause5, LaterMessageOfASenderWhoseEarlierOneIsMissing) {
  EXPECT_THAT(broken(formed + R"(
    3 sends 10.1@3
    3 sends 10.2@3
    3 fails
    12 T 20 10 12
    12 delivers 10.2@3
    12 R 20 10 12
  )"),
              ElementsAre("5"));
}

TEST(Clause5, AnswerToAMessageThatIsMissing) {
  EXPECT_THAT(broken(formed + R"(
    3 sends 10.1@3
    2 delivers 10.1@3
    2 sends 10.2@2
    2 delivers 10.2@2
    23 fails
    1 T 20 10 1
    1 delivers 10.2@2
    1 R 20 10 1
  )"),
              ElementsAre("5"));
}

TEST(Clause6_1, DeliversBackwards) {
  EXPECT_THAT(broken(formed + R"(
    1 sends 10.1@1
    1 sends 10.2@1
    2 delivers 10.2@1
    2 delivers 10.1@1
  )"),
              Contains("6.1"));
}

TEST(Clause6_1, SendsAPlaceThatItHasDeliveredPast) {
  EXPECT_THAT(broken(formed + R"(
    2 sends 10.5@2
    1 delivers 10.5@2
    1 sends 10.4@1
    1 delivers 10.4@1
  )"),
              ElementsAre("6.1"));
}

TEST(Clause6_1, SendsPlacesBackwards) {
  EXPECT_THAT(broken(formed + "1 sends 10.5@1\n1 sends 10.4@1\n"), ElementsAre("6.1"));
}

TEST(Clause6_2, OnePlaceForTwoMessages) {
  EXPECT_THAT(broken(formed + "1 sends 10.1@1\n2 sends 10.1@2\n"), ElementsAre("6.2"));
  EXPECT_THAT(broken(formed + "1 sends 10.1@1\n1 sends 10.1@1!\n"), ElementsAre("6.2"));
}

TEST(Clause6_3, HoleInTheRegularConfiguration) {
  EXPECT_THAT(broken(formed + "1 sends 10.1@1\n3 sends 10.2@3\n2 delivers 10.2@3\n"),
              ElementsAre("6.3"));
}

TEST(Clause6_3, HoleOfAMemberInTheTransitionalConfiguration) {
  EXPECT_THAT(broken(formed + R"(
    2 sends 10.1@2
    1 sends 10.2@1
    3 delivers 10.1@2
    3 fails
    1 T 20 10 12
    1 delivers 10.2@1
    1 R 20 10 12
  )"),
              ElementsAre("6.3"));
}

TEST(Clause7_1, SafeMessageThatAMemberLeftWithout) {
  EXPECT_THAT(broken(formed + R"(
    3 sends 10.1@3s
    3 delivers 10.1@3s
    12 T 20 10 12
    12 R 20 10 12
  )"),
              ElementsAre("7.1"));
}

TEST(Clause7_1, SafeMessageInTheTransitionalConfiguration) {
  EXPECT_THAT(broken(formed + R"(
    3 sends 10.1@3s
    3 fails
    1 T 20 10 12
    1 delivers 10.1@3s
    2 T 21 10 2
    2 R 21 10 2
  )"),
              Contains("7.1"));
}

TEST(Clause7_1, RestsWithoutASafeMessage) {
  EXPECT_THAT(broken(formed + "3 sends 10.1@3s\n13 delivers 10.1@3s\n", at_rest),
              ElementsAre("7.1"));
}

TEST(Clause7_2, SafeBeforeAMemberInstalledTheRing) {
  EXPECT_THAT(broken(R"(
    1 T 10 own 1
    1 R 10 own 12
    1 sends 10.1@1s
    1 delivers 10.1@1s
  )"),
              ElementsAre("7.2"));
}

}  // namespace
}  // namespace gyre::check
