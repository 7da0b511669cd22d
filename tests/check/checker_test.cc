// Traces written by hand: good ones are accepted, and for each clause there is one that breaks it.
//
// A line is PROCESSES WHAT. A process is a digit, the first start of that node, or a letter, the
// second start of node 1, 2, … (a, b, …). What it does:
//   R 10 7 123     installs regular configuration 10, coming from ring 7, with members 1, 2, 3
//   T 10 7 12      installs the transitional configuration that leads from 7 to 10
//   sends 10.5@1   the message at place 5 of ring 10, of node 1; 10.5@1s is a safe one
//   delivers 10.5@1, fails, truncated
// Ring `own` is the one from which the process starts.
#include "tests/check/checker.hh"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <sstream>

namespace gyre::check {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

Process process(char name) {
  const bool second = name >= 'a';
  return {NodeId(static_cast<unsigned>(name - (second ? 'a' - 1 : '0'))), second ? 2U : 1U};
}

totem::RingId ring(const std::string& name, const Process& at) {
  if (name == "own") return {1, at.node, at.incarnation};
  return {std::stoul(name), NodeId(1), 77};
}

std::vector<NodeId> members(const std::string& digits) {
  std::vector<NodeId> ids;
  for (const char digit : digits) ids.push_back(process(digit).node);
  return ids;
}

// "10.5@1s!": the mark makes another payload of it.
Sent message(const std::string& name) {
  const auto dot = name.find('.'), sender = name.find('@');
  const totem::Place place{ring(name.substr(0, dot), {}),
                           totem::Seq{std::stoul(name.substr(dot + 1))}, 0};
  Content content{process(name[sender + 1]).node};
  if (name.find('s') != name.npos) content.guarantee = totem::Guarantee::safe;
  content.hash = name.find('!') != name.npos ? 2 : 1;
  return {place, content};
}

Event event(const std::string& verb, std::istream& line, const Process& at) {
  std::string first, second, third;
  line >> first >> second >> third;
  using Kind = totem::Configuration::Kind;
  if (verb == "R")
    return Installed{Kind::regular, ring(first, at), ring(second, at), members(third)};
  if (verb == "T")
    return Installed{Kind::transitional, ring(first, at), ring(second, at), members(third)};
  if (verb == "sends") return message(first);
  if (verb == "delivers") return Delivered{message(first).place, message(first).content};
  if (verb == "truncated") return Truncated{};
  EXPECT_EQ(verb, "fails");
  return Failed{};
}

// The clauses that a trace breaks. At rest: it is the whole run, not one that was cut off.
std::set<std::string> broken(const std::string& trace, bool at_rest = false) {
  Checker checker;
  std::istringstream lines(trace);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string processes, verb;
    if (!(words >> processes >> verb)) continue;
    std::string rest;
    std::getline(words, rest);
    for (const char name : processes) {
      std::istringstream arguments(rest);
      checker.add(process(name), event(verb, arguments, process(name)));
    }
  }
  std::set<std::string> clauses;
  for (const Violation& violation : checker.finish(at_rest)) clauses.insert(violation.clause);
  return clauses;
}
constexpr bool at_rest = true;

// Three nodes start and form ring 10.
const std::string formed = R"(
  1 T 10 own 1
  2 T 10 own 2
  3 T 10 own 3
  123 R 10 own 123
)";

// They form ring 10, exchange three messages there, lose node 3, and go on as ring 20.
const std::string lost_one = formed + R"(
  1 sends 10.1@1
  2 sends 10.2@2s
  3 sends 10.4@3
  123 delivers 10.1@1
  123 delivers 10.2@2s
  3 fails
  12 T 20 10 12
  12 delivers 10.4@3
  12 R 20 10 12
)";

TEST(Good, NothingAtAll) {
  EXPECT_THAT(broken(""), IsEmpty());
}

TEST(Good, RingForms) {
  EXPECT_THAT(broken(formed, at_rest), IsEmpty());
}

TEST(Good, FirstRingAloneIsInstalled) {
  EXPECT_THAT(broken("12 R own own 1\n", false), testing::Contains("W3"));  // 2 says 1
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
              testing::Contains("W2"));  // c came from elsewhere
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

TEST(W0, OneIdWithTwoSetsOfMembers) {
  EXPECT_THAT(broken("1 T 10 own 1\n2 T 10 own 2\n1 R 10 own 12\n2 R 10 own 123\n"),
              ElementsAre("W0"));
}

TEST(W0, OneTransitionalIdWithTwoSetsOfMembers) {
  EXPECT_THAT(broken(formed + "1 T 20 10 12\n2 T 20 10 123\n"), testing::Contains("W0"));
}

TEST(W1, OlderRingAfterANewer) {
  EXPECT_THAT(broken(formed + "1 T 9 10 1\n1 R 9 10 1\n"), ElementsAre("W1"));
}

TEST(W1, OlderRingAfterARestart) {
  EXPECT_THAT(broken(formed + "1 fails\na T 9 own 1\na R 9 own 1\n"), ElementsAre("W1"));
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

TEST(Clause1_1, SendsAPlaceThatItHasDeliveredPast) {
  EXPECT_THAT(broken(formed + R"(
    2 sends 10.5@2
    1 delivers 10.5@2
    1 sends 10.4@1
  )"),
              testing::Contains("1.1"));
}

TEST(Clause1_1, SendsPlacesBackwards) {
  EXPECT_THAT(broken(formed + "1 sends 10.5@1\n1 sends 10.4@1\n"), ElementsAre("1.1"));
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

TEST(Clause1_4, OnePlaceSentByTwo) {
  EXPECT_THAT(broken(formed + "1 sends 10.1@1\n2 sends 10.1@2\n"), ElementsAre("1.4"));
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
              testing::Contains("2.2"));
}

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
              testing::Contains("6.1"));
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
              testing::Contains("7.1"));
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

}  // namespace
}  // namespace gyre::check
