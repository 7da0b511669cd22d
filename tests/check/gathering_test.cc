// Joins written by hand: a good course is accepted, each bad one rejected.
#include "tests/check/gathering.hh"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/check/joins_by_hand.hh"

namespace gyre::check {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;

// What reaches node 1, and what it says, a tenth of a second later each time; its consensus timer
// is of ten seconds.
class GatheringOfThree : public JoinsByHand {
 protected:
  static constexpr Process one{NodeId(1), 1};

  void hear(unsigned from, const Words& words) {
    now += 100ms;
    gathering.received(one, join(from, words).bytes(), false, now);
  }
  void say(const Words& words, std::uint64_t gather = 1) {
    now += 100ms;
    gathering.sent(one, gather, join(1, words).bytes(), now);
  }
  void commit() { gathering.sent(one, 1, commit_token(1).bytes(), now); }
  std::vector<std::string> clauses() const {
    std::vector<std::string> found;
    for (const Violation& each : gathering.violations()) found.push_back(each.clause);
    return found;
  }

  const Ids all{1, 2, 3}, two{1, 2};
  Gathering gathering{10s, 0};
};

TEST_F(GatheringOfThree, AllGoTogether) {
  say({all, {1}});
  hear(2, {all, all});
  hear(3, {all, all});
  say({all, all});
  now += 10s;
  hear(2, {all, all, {}, true});
  say({all, all, {}, true});
  hear(3, {all, all, {}, true});
  say({all, all, {}, true});
  EXPECT_THAT(clauses(), IsEmpty());
}

TEST_F(GatheringOfThree, OneThatGivesItUp) {
  say({all, {1}});
  hear(2, {{2, 3}, all, {1}});
  say({all, all});
  EXPECT_THAT(clauses(), ElementsAre("10 apart"));
}

TEST_F(GatheringOfThree, OneThatHasClosedWithoutIt) {
  say({all, {1}});
  hear(2, {two, all});
  hear(2, {two, {2, 3}, {}, true});  // now its last word counts
  say({all, all});
  EXPECT_THAT(clauses(), ElementsAre("10 apart"));
}

TEST_F(GatheringOfThree, WhoAgreesNeedNotBeAskedOnceMore) {
  say({all, {1}});
  hear(2, {all, {2, 3}, {}, true});
  say({all, all});
  EXPECT_THAT(clauses(), IsEmpty());
}

// It began this gather with a late frame of one that has left.
TEST_F(GatheringOfThree, WhatALastWordOvertookIsOld) {
  hear(2, {all, all});
  const FrameRef late = join(2, {{2, 3}, all, {1}});
  hear(2, {.proposed = {2}, .with = {2}, .leaving = true});
  say({all, {1}});
  now += 100ms;
  gathering.received(one, late.bytes(), false, now);
  say({all, all});
  EXPECT_THAT(clauses(), IsEmpty());
  hear(2, {{2, 3}, all, {1}});
  say({all, all});
  EXPECT_THAT(clauses(), ElementsAre("10 apart"));
}

TEST_F(GatheringOfThree, WhatCameBeforeTheGatherDoesNotCount) {
  hear(2, {{2, 3}, {2, 3}, {1}});
  say({all, {1}}, 2);
  say({all, all}, 2);
  EXPECT_THAT(clauses(), IsEmpty());
}

TEST_F(GatheringOfThree, TwoThatDoNotGoWithEachOther) {
  say({all, {1}});
  hear(2, {two, two});
  hear(3, {{1, 3}, {1, 3}});
  say({all, all});  // they may hear each other yet
  EXPECT_THAT(clauses(), IsEmpty());
  now += 10s;
  say({all, all, {}, true});
  EXPECT_THAT(clauses(), ElementsAre("10 clique", "10 clique"));
}

TEST_F(GatheringOfThree, WhatItHeardBeforeItClosesStaysTrue) {
  say({all, {1}});
  hear(2, {all, all});
  hear(2, {two, {2}});  // it began anew
  now += 10s;
  say({all, all, {}, true});
  EXPECT_THAT(clauses(), IsEmpty());
}

TEST_F(GatheringOfThree, InCommitItSaysWhatItSaid) {
  say({all, {1}});
  commit();
  hear(2, {{2, 3}, {2, 3}, {1}});
  say({all, all});
  EXPECT_THAT(clauses(), IsEmpty());
}

TEST_F(GatheringOfThree, ItStartsAlone) {
  gathering.started(one, 10s, now);
  gathering.installed(one, 1, now + 7s);
  gathering.installed(one, 1, now + 7s);
  EXPECT_THAT(clauses(), ElementsAre("10 alone"));
}

TEST_F(GatheringOfThree, ItStartsAloneInTimeOrSinceItWasTold) {
  gathering.started(one, 10s, now);
  gathering.installed(one, 1, now + 9s);
  gathering.fail(one);
  gathering.started(one, 10s, now);
  hear(2, {{2}, {2}, {1}});
  gathering.installed(one, 1, now);
  EXPECT_THAT(clauses(), IsEmpty());
}

TEST_F(GatheringOfThree, ItGathersForEver) {
  say({all, {1}});
  now += 70s;
  say({all, all});
  EXPECT_THAT(clauses(), IsEmpty());
  gathering.woken(one, now);
  now += 70s;
  say({all, all});
  EXPECT_THAT(clauses(), IsEmpty());
  now += 10s;
  say({all, all});
  EXPECT_THAT(clauses(), ElementsAre("10 endless"));
}

}  // namespace
}  // namespace gyre::check
