// Traces of programs: good ones are accepted, and for each part of clause 9 some break it.
//
// A line is PROGRAMS WHAT. A program is its node and a letter, as in 1a; after ' it lives on its
// node's second start, as in 1'a. What it does:
//   starts, joins g, leaves g, refused g, ends
//   sends g hello      a message to group g; "hello" stands for its payload
//   V 10 12            sees the view of ring 10 with nodes 1 and 2; 2' is a second start
//   T 20 10 12         sees the transitional configuration from ring 10 to ring 20
//   gets g 5 1a hello  receives it of 1a at place 5 of its view's ring
//   in g 5 1a,2a +2a -3a   is told at place 5 that these are in g, who joined and who left
#include "tests/check/programs.hh"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <sstream>

namespace gyre::check {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

Program program(const std::string& name) {
  const bool second = name[1] == '\'';
  return {NodeId(static_cast<unsigned>(name[0] - '0')), second ? 2U : 1U,
          static_cast<std::uint32_t>(name.back() - 'a' + 1)};
}
Peer peer(const std::string& name) {
  return {program(name).node, program(name).client};
}
totem::RingId ring(const std::string& number) {
  return {std::stoul(number), NodeId(1), 77};
}
std::vector<totem::Member> nodes(const std::string& text) {
  std::vector<totem::Member> members;
  for (const char each : text)
    if (each == '\'')
      members.back().since = 6;
    else
      members.push_back({NodeId(static_cast<unsigned>(each - '0')), 5});
  return members;
}
std::vector<std::string> split(const std::string& text) {
  std::vector<std::string> parts;
  std::istringstream in(text);
  for (std::string part; std::getline(in, part, ',');) parts.push_back(part);
  return parts;
}
std::vector<Peer> peers(const std::string& names) {
  std::vector<Peer> all;
  for (const std::string& name : split(names)) all.push_back(peer(name));
  return all;
}

class Trace {
 public:
  Trace& play(const std::string& trace) {
    std::istringstream lines(trace);
    for (std::string line; std::getline(lines, line);) {
      std::istringstream words(line);
      std::string names, rest;
      if (!(words >> names)) continue;
      std::getline(words, rest);
      for (const std::string& name : split(names)) one(name, std::istringstream(rest));
    }
    return *this;
  }
  std::set<std::string> broken(bool quiescent = true) {
    std::set<std::string> clauses;
    for (const Violation& each : programs.finish(quiescent)) clauses.insert(each.clause);
    return clauses;
  }

  Programs programs;

 private:
  void one(const std::string& name, std::istringstream words) {
    const Program who = program(name);
    std::string verb, a, b, c, d;
    words >> verb >> a >> b >> c;
    const auto place = [&] { return totem::Place{views_[name], totem::Seq{std::stoul(b)}, 0}; };
    if (verb == "starts") programs.started(who);
    if (verb == "joins") programs.joining(who, a);
    if (verb == "leaves") programs.leaving(who, a);
    if (verb == "refused") programs.refused(who, a);
    if (verb == "ends") programs.ended(who, ProgramEnd::closed);
    if (verb == "sends")
      programs.sent(who, a, totem::Guarantee::agreed, std::hash<std::string>{}(b), 1);
    if (verb == "V") programs.viewed(who, views_[name] = ring(a), nodes(b));
    if (verb == "T") programs.transitional(who, ring(a), ring(b), nodes(c));
    if (verb == "gets") {
      words >> d;
      const std::uint32_t length = d.back() == '!' ? 2 : 1;
      if (length == 2) d.pop_back();
      programs.received(who, place(), peer(c), a, totem::Guarantee::agreed,
                        std::hash<std::string>{}(d), length);
    }
    if (verb != "in") return;
    std::string joined, left;
    for (std::string change; words >> change;)
      (change[0] == '+' ? joined : left) += change.substr(1) + ",";
    programs.changed(who, place(), a, peers(c), peers(joined), peers(left));
  }

  std::map<std::string, totem::RingId> views_;
};

std::set<std::string> broken(const std::string& trace) {
  return Trace().play(trace).broken();
}

// Three programs on three nodes are in one group.
const std::string joined = R"(
  1a,2a,3a starts
  1a,2a,3a V 10 123
  1a,2a,3a joins g
  1a in g 1 1a +1a
  1a,2a in g 2 1a,2a +2a
  1a,2a,3a in g 3 1a,2a,3a +3a
)";

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
  )"),
              ElementsAre("9 pause"));
}

TEST(Clause9Ended, AfterTheEnd) {
  EXPECT_THAT(broken(joined + "1a sends g m1\n1a ends\n1a gets g 4 1a m1\n2a,3a gets g 4 1a m1\n"),
              ElementsAre("9 ended"));
}

TEST(Programs, MemoryFollowsWhatIsOnItsWay) {
  Trace trace;
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

}  // namespace
}  // namespace gyre::check
