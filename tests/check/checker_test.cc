// Traces that keep all clauses are accepted; for W0 to W4, 1 and 2 there are some that break them.
#include "tests/check/notation.hh"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace gyre::check {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;

TEST(Good, NothingAtAll) {
  EXPECT_THAT(broken(""), IsEmpty());
}

TEST(Good, RingForms) {
  EXPECT_THAT(broken(formed, at_rest), IsEmpty());
}

TEST(Good, FirstRingAloneIsInstalled) {
  EXPECT_THAT(broken("12 R own own 1\n", false), Contains("W3"));  // 2 says 1
  EXPECT_THAT(broken("1 R own own 1\n2 R own own 2\n", at_rest), IsEmpty());
}

TEST(Good, NodeIsLost) {
  EXPECT_THAT(broken(lost_one, at_rest), IsEmpty());
}

TEST(Good, NodeComesBackAsAnotherProcess) {
  EXPECT_THAT(broken(lost_one + R"(
    c T 30 own 3
    12 T 30 20 12
    12c R 30 20 123
  )"),
              Contains("W2"));  // c came from elsewhere
  EXPECT_THAT(broken(lost_one + R"(
    c T 30 own 3
    c R 30 own 123
    12 T 30 20 12
    12 R 30 20 123
    c sends 30.1@3s
    12c delivers 30.1@3s
  )",
                     at_rest),
              IsEmpty());
}

TEST(Good, PartitionMerges) {
  EXPECT_THAT(broken(formed + R"(
    3 sends 10.1@3
    12 T 20 10 12
    12 R 20 10 12
    3 T 21 10 3
    3 delivers 10.1@3
    3 R 21 10 3
    3 sends 21.1@3s
    3 delivers 21.1@3s
    12 T 30 20 12
    12 R 30 20 123
    3 T 30 21 3
    3 R 30 21 123
  )",
                     at_rest),
              IsEmpty());
}

TEST(Good, HoleOfALostSenderInTheTransitionalConfiguration) {
  EXPECT_THAT(broken(formed + R"(
    3 sends 10.1@3
    1 sends 10.2@1
    3 delivers 10.1@3
    3 delivers 10.2@1
    3 fails
    12 T 20 10 12
    12 delivers 10.2@1
    12 R 20 10 12
  )",
                     at_rest),
              IsEmpty());
}

TEST(Good, WhatIsUnderWayWhenTheTraceEnds) {
  EXPECT_THAT(broken(formed + R"(
    1 sends 10.1@1s
    2 sends 10.2@2
    3 delivers 10.1@1s
    12 T 20 10 12
  )"),
              IsEmpty());
}

TEST(Good, WhatATruncatedProcessDidIsNotAsked) {
  EXPECT_THAT(broken(formed + R"(
    3 truncated
    12 delivers 10.1@3s
  )",
                     at_rest),
              IsEmpty());
}

TEST(Good, FileIsLost) {
  EXPECT_THAT(broken(formed + "1 fails\n1 lost\na T 9 own 1\na R 9 own 1\n"), IsEmpty());
}

TEST(Good, CrashDuringRecovery) {
  EXPECT_THAT(broken(formed + R"(
    3 sends 10.1@3
    12 T 20 10 12
    2 fails
    1 delivers 10.1@3
    1 R 20 10 123
    3 delivers 10.1@3
    3 T 30 10 3
    3 R 30 10 13
    1 T 30 20 1
    1 R 30 20 13
  )",
                     at_rest, settling),
              IsEmpty());
}

TEST(Good, PausedMember) {
  EXPECT_THAT(broken(formed + R"(
    1 sends 10.1@1
    12 delivers 10.1@1
    12 T 20 10 12
    12 R 20 10 12
    2 sends 20.1@2s
    12 delivers 20.1@2s
    12 T 30 20 12
    12 R 30 20 12
    3 delivers 10.1@1
    3 T 21 10 3
    3 R 21 10 3
    12 T 40 30 12
    3 T 40 21 3
    123 R 40 30 123
  )"),
              ElementsAre("W2"));  // 3 says that it came from 30
  EXPECT_THAT(broken(formed + R"(
    1 sends 10.1@1
    12 delivers 10.1@1
    12 T 20 10 12
    12 R 20 10 12
    12 T 30 20 12
    12 R 30 20 12
    3 delivers 10.1@1
    3 T 40 10 3
    12 T 40 30 12
    12 R 40 30 123
    3 R 40 10 123
  )",
                     at_rest, settling),
              IsEmpty());
}

TEST(Good, EachDeliversAloneAfterACut) {
  EXPECT_THAT(broken(formed + R"(
    1 sends 10.1@1
    2 sends 10.2@2s
    3 sends 10.3@3
    1 T 20 10 1
    1 delivers 10.1@1
    1 R 20 10 1
    2 T 21 10 2
    2 delivers 10.2@2s
    2 R 21 10 2
    3 T 22 10 3
    3 delivers 10.3@3
    3 R 22 10 3
  )",
                     at_rest, settling),
              IsEmpty());
}

TEST(Good, SettledOnTheWay) {
  EXPECT_THAT(broken(lost_one, at_rest, settling), IsEmpty());
  EXPECT_THAT(broken(lost_one + R"(
    c T 30 own 3
    c R 30 own 123
    12 T 30 20 12
    12 R 30 20 123
    c sends 30.1@3s
    12c delivers 30.1@3s
  )",
                     at_rest, settling),
              IsEmpty());
}

TEST(W0, OneIdWithTwoSetsOfMembers) {
  EXPECT_THAT(broken("1 T 10 own 1\n2 T 10 own 2\n1 R 10 own 12\n2 R 10 own 123\n"),
              ElementsAre("W0"));
}

TEST(W0, OneTransitionalIdWithTwoSetsOfMembers) {
  EXPECT_THAT(broken(formed + "1 T 20 10 12\n2 T 20 10 123\n"), Contains("W0"));
}

TEST(W1, OlderRingAfterANewer) {
  EXPECT_THAT(broken(formed + "1 T 9 10 1\n1 R 9 10 1\n"), ElementsAre("W1"));
}

TEST(W1, OlderRingAfterARestart) {
  EXPECT_THAT(broken(formed + "1 fails\na T 9 own 1\na R 9 own 1\n"), ElementsAre("W1"));
}

TEST(W0, ARingThatWasOver) {
  EXPECT_THAT(broken(formed + R"(
    123 T 20 10 123
    123 R 20 10 123
    1 fails
    1 lost
    a T 10 own 1
    a R 10 own 123
  )",
                     false, settling),
              ElementsAre("W0"));
}

TEST(W1, ALostFileExcusesOneStartOnly) {
  EXPECT_THAT(broken(formed + R"(
    1 fails
    1 lost
    a T 9 own 1
    a R 9 own 1
    a T 8 9 1
    a R 8 9 1
  )"),
              ElementsAre("W1"));
  EXPECT_THAT(broken(formed + "1 lost\n1 T 9 10 1\n1 R 9 10 1\n"), ElementsAre("W1"));
}

TEST(W2, RegularAfterRegular) {
  EXPECT_THAT(broken(formed + "1 R 20 10 1\n"), ElementsAre("W2"));
}

TEST(W2, TransitionalAfterTransitional) {
  EXPECT_THAT(broken(formed + "1 T 20 10 1\n1 T 30 10 1\n"), ElementsAre("W2"));
}

TEST(W2, TransitionalThatLeadsElsewhere) {
  EXPECT_THAT(broken(formed + "1 T 20 10 1\n1 R 30 10 1\n"), ElementsAre("W2"));
}

TEST(W2, TransitionalFromAnotherRing) {
  EXPECT_THAT(broken(formed + "1 T 20 11 1\n1 R 20 11 1\n"), ElementsAre("W2"));
}

TEST(W2, NotAMember) {
  EXPECT_THAT(broken(formed + "1 T 20 10 23\n"), ElementsAre("W2"));
}

TEST(W2, TransitionalMemberThatIsNotInTheNextRing) {
  EXPECT_THAT(broken(formed + "1 T 20 10 12\n1 R 20 10 13\n"), ElementsAre("W2"));
}

TEST(W2, TransitionalMemberThatWasNotInTheOldRing) {
  EXPECT_THAT(broken(formed + "1 T 20 10 14\n1 R 20 10 14\n"), ElementsAre("W2"));
}

TEST(W2, TransitionalMemberThatCameFromAnotherRing) {
  EXPECT_THAT(broken(formed + R"(
    1 T 20 10 1
    1 R 20 10 1
    1 T 30 20 1
    1 R 30 20 123
    23 T 30 10 123
    23 R 30 10 123
  )"),
              ElementsAre("W2"));
}

TEST(W3, StartsFromARingThatIsNotItsOwn) {
  EXPECT_THAT(broken(formed + "3 fails\nc T 20 10 3\nc R 20 10 3\n"), ElementsAre("W3"));
}

TEST(W3, StartsInARingWithOthers) {
  EXPECT_THAT(broken("1 R 10 own 12\n"), ElementsAre("W3"));
  EXPECT_THAT(broken("1 T 10 own 12\n1 R 10 own 12\n"), ElementsAre("W3"));
}

TEST(W4, EventAfterTheEnd) {
  EXPECT_THAT(broken(formed + "1 fails\n1 T 20 10 1\n"), ElementsAre("W4"));
}

TEST(Clause1_1, EachSentAfterItDeliveredTheOthers) {
  EXPECT_THAT(broken(formed + R"(
    1 delivers 10.2@2
    1 sends 10.1@1
    2 delivers 10.1@1
    2 sends 10.2@2
  )"),
              Contains("1.1"));
}

TEST(Clause1_1, DeliveredBeforeItWasSentInTheOrderOfTheTraceOnly) {
  EXPECT_THAT(broken(formed + "3 delivers 10.1@1\n1 sends 10.1@1\n12 delivers 10.1@1\n", at_rest),
              IsEmpty());
}

TEST(Clause1_1, DeliveredByItselfBeforeItSent) {
  EXPECT_THAT(broken(formed + "1 delivers 10.1@1\n1 sends 10.1@1\n"), Contains("1.1"));
}

TEST(Clause1_3, DeliveredButNeverSent) {
  EXPECT_THAT(broken(formed + "1 delivers 10.1@2\n"), ElementsAre("1.3"));
}

TEST(Clause1_3, DeliveredOtherwiseThanSent) {
  EXPECT_THAT(broken(formed + "1 sends 10.1@1\n2 delivers 10.1@1!\n"), ElementsAre("1.3"));
  EXPECT_THAT(broken(formed + "2 delivers 10.1@1!\n1 sends 10.1@1\n"), ElementsAre("1.3"));
  EXPECT_THAT(broken(formed + "1 sends 10.1@1\n2 delivers 10.1@3\n"), ElementsAre("1.3"));
  EXPECT_THAT(broken(formed + "1 sends 10.1@1\n2 delivers 10.1@1s\n"), ElementsAre("1.3"));
}

TEST(Clause1_4, OneMessageSentTwice) {
  EXPECT_THAT(broken(formed + "1 sends 10.1@1\n1 sends 10.1@1\n"), ElementsAre("1.4"));
}

TEST(Clause1_4, SentInATransitionalConfiguration) {
  EXPECT_THAT(broken(formed + "1 T 20 10 1\n1 sends 10.1@1\n"), ElementsAre("1.4"));
}

TEST(Clause1_4, DeliveredTwice) {
  EXPECT_THAT(broken(formed + "1 sends 10.1@1\n1 delivers 10.1@1\n1 delivers 10.1@1\n"),
              ElementsAre("1.4"));
}

TEST(Clause1_4, DeliveredAgainInTheNextRing) {
  EXPECT_THAT(broken(formed + R"(
    1 sends 10.1@1
    1 delivers 10.1@1
    1 T 20 10 1
    1 R 20 10 1
    1 delivers 10.1@1
  )"),
              ElementsAre("1.4"));
}

TEST(Clause2_1, AMemberOfTheLastRingIsElsewhere) {
  EXPECT_THAT(broken(formed + "12 T 20 10 12\n12 R 20 10 12\n", at_rest), ElementsAre("2.1"));
}

TEST(Clause2_1, RestsInATransitionalConfiguration) {
  EXPECT_THAT(broken(formed + "123 T 20 10 123\n", at_rest), ElementsAre("2.1"));
}

TEST(Clause2_1, AMemberFailedAndNoOneNoticed) {
  EXPECT_THAT(broken(formed + "3 fails\n", at_rest), ElementsAre("2.1"));
}

TEST(Clause2_2, SendsInARingThatItIsNotIn) {
  EXPECT_THAT(broken(formed + "1 sends 11.1@1\n"), ElementsAre("2.2"));
}

TEST(Clause2_2, DeliversAMessageOfAnotherRing) {
  EXPECT_THAT(broken(formed + R"(
    1 sends 10.1@1
    1 delivers 10.1@1
    123 T 20 10 123
    123 R 20 10 123
    2 delivers 10.1@1
  )"),
              Contains("2.2"));
}

TEST(Clause2_3, RingsInstalledInOppositeOrders) {
  EXPECT_THAT(broken(formed + R"(
    1 T 20 10 1
    1 R 20 10 12
    1 T 21 20 1
    1 R 21 20 12
    2 T 21 10 2
    2 R 21 10 12
    2 T 20 21 2
    2 R 20 21 12
  )"),
              ElementsAre("2.3", "W1"));
}

TEST(Clause2_3, TransitionalConfigurationBeforeAndAfterOneMessage) {
  EXPECT_THAT(broken(formed + R"(
    1 T 20 10 12
    1 sends 10.1@1
    2 delivers 10.1@1
    2 T 20 10 12
  )"),
              Contains("2.3"));
}

TEST(Checker, ShowsWhatOneProcessBrokeBeforeTheEnd) {
  Checker checker;
  EXPECT_THAT(checker.violations(), IsEmpty());
  checker.add({NodeId(1), 1}, message("10.1@1"));
  ASSERT_EQ(checker.violations().size(), 1U);
  EXPECT_EQ(checker.violations()[0].clause, "1.4");
  EXPECT_THAT(checker.violations()[0].text, testing::HasSubstr("ring 10/1/"));
}

TEST(Checker, NamesTheFirstFewOfMany) {
  Checker checker;
  for (int i = 0; i < 1000; ++i) checker.add({NodeId(1), 1}, message("10.1@1"));
  EXPECT_LT(checker.finish(false).size(), 100U);
}

// Each member's ring has been left by the others; the messages are needed until the last one goes.
TEST(Checker, ForgetsARingWhenTheLastOneHasLeftIt) {
  Checker checker;
  play(formed + R"(
    1 sends 10.1@1
    12 delivers 10.1@1
    12 T 20 10 12
    12 R 20 10 12
  )",
       checker, settling);
  EXPECT_EQ(checker.messages(), 1U);
  play("3 T 21 10 3\n3 R 21 10 3\n", checker, settling);
  EXPECT_EQ(checker.messages(), 0U);
  EXPECT_THAT(checker.finish(true), IsEmpty());
}

TEST(Checker, WaitsForAMemberThatHasNotInstalledTheRing) {
  Checker checker;
  play(R"(
    1 T 10 own 1
    1 R 10 own 12
    1 sends 10.1@1
    1 delivers 10.1@1
    1 T 20 10 1
    1 R 20 10 1
  )",
       checker, settling);
  EXPECT_EQ(checker.messages(), 1U);
}

TEST(Checker, FindsWhatSeveralBrokeWhenTheirRingIsOver) {
  Checker checker;
  play(formed + R"(
    3 sends 10.1@3
    1 delivers 10.1@3
    3 fails
    12 T 20 10 12
    12 R 20 10 12
  )",
       checker, settling);
  ASSERT_EQ(checker.violations().size(), 1U);
  EXPECT_EQ(checker.violations()[0].clause, "4");
}

}  // namespace
}  // namespace gyre::check
