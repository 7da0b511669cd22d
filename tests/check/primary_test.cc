// Clause 8: the configurations that processes hold quorate.
#include "tests/check/notation.hh"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace gyre::check {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;

// Node 3 is cut off from ring 10.
const std::string parted = formed + R"(
  123 quorate 10
  12 T 20 10 12
  12 R 20 10 12
  12 quorate 20
  3 T 21 10 3
  3 R 21 10 3
)";

TEST(Good, OnePrimaryComponent) {
  EXPECT_THAT(broken(parted + R"(
    12 T 30 20 12
    3 T 30 21 3
    12 R 30 20 123
    3 R 30 21 123
    123 quorate 30
  )",
                     at_rest, settling),
              IsEmpty());
}

TEST(Good, VerdictOnlyOfTheOneThatStayedLonger) {
  EXPECT_THAT(broken(formed + R"(
    12 T 20 10 12
    12 R 20 10 12
    12 quorate 20
    3 quorate 10
    3 fails
  )",
                     at_rest, settling),
              IsEmpty());
}

TEST(Good, PrimaryComponentOfRestartedNodes) {
  EXPECT_THAT(broken(formed + R"(
    123 quorate 10
    123 fails
    a T 20 own 1
    b T 20 own 2
    a R 20 own 12
    b R 20 own 12
    ab quorate 20
  )",
                     at_rest, settling),
              IsEmpty());
}

TEST(Good, BothSidesOfACutWhereOneSaysThatFencingIsNeeded) {
  EXPECT_THAT(broken(parted + "3 fenced 21\n", at_rest, settling), IsEmpty());
}

TEST(Good, VerdictsOfOneViewAtTwoPlaces) {
  EXPECT_THAT(broken(formed + "123 quorate 10 0 7\n123 quorate 10 5 8\n", at_rest, settling),
              IsEmpty());
}

TEST(Clause8_1, BothSidesOfACutAreQuorate) {
  EXPECT_THAT(broken(parted + "3 quorate 21\n", at_rest), ElementsAre("8.1"));
  EXPECT_THAT(broken(parted + "3 quorate 21\n", at_rest, settling), ElementsAre("8.1"));
}

TEST(Clause8_1, TheOldRingLivesOnBesideItsSuccessor) {
  EXPECT_THAT(broken(formed + R"(
    12 T 20 10 12
    12 R 20 10 12
    3 T 11 10 3
    3 R 11 10 3
    3 quorate 11
    12 quorate 20
  )",
                     at_rest, settling),
              ElementsAre("8.1"));
}

TEST(Clause8_2, NoNodeWasInBoth) {
  EXPECT_THAT(broken(R"(
    1 T 10 own 1
    2 T 10 own 2
    1 R 10 own 12
    2 R 10 own 12
    12 quorate 10
    1 T 20 10 1
    3 T 20 own 3
    1 R 20 10 13
    3 R 20 own 13
    3 T 30 20 3
    4 T 30 own 4
    3 R 30 20 34
    4 R 30 own 34
    34 quorate 30
  )"),
              ElementsAre("8.2"));
}

TEST(Clause8_3, VerdictOnThePreviousRing) {
  EXPECT_THAT(broken(parted + "1 quorate 10\n"), ElementsAre("8.3"));
}

TEST(Clause8_4, AnotherVerdictAtTheSamePlace) {
  EXPECT_THAT(broken(formed + "12 quorate 10 5 7\n3 quorate 10 5 8\n"), ElementsAre("8.4"));
}

TEST(Clause8_3, VerdictInATransitionalConfiguration) {
  EXPECT_THAT(broken(formed + "1 T 20 10 1\n1 quorate 20\n"), ElementsAre("8.3"));
}

}  // namespace
}  // namespace gyre::check
