// Joins and commit tokens written by hand: a good course is accepted, each bad one rejected.
#include "tests/check/consensus.hh"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/check/joins_by_hand.hh"

namespace gyre::check {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;

// What reaches node 1 and what it sends; node 2 where a test says so.
class ConsensusOfThree : public JoinsByHand {
 protected:
  static Process process(unsigned node) { return {NodeId(node), 1}; }

  void hear(unsigned from, const Ids& proposed, const Ids& heard, bool paused = false) {
    now += 1s;
    consensus.received(process(1), join(from, {proposed, heard}).bytes(), paused, now);
  }
  void commit(unsigned from, std::uint32_t hop, std::uint64_t gather = 1,
              const totem::RingId& ring = {7, NodeId(1), 77}) {
    now += 1s;
    consensus.sent(process(from), gather, commit_token(hop, ring).bytes(), now);
  }
  std::vector<std::string> clauses() const {
    std::vector<std::string> found;
    for (const Violation& each : consensus.violations()) found.push_back(each.clause);
    return found;
  }

  Consensus consensus;
};

TEST_F(ConsensusOfThree, AllProposeAndHearEachOther) {
  hear(2, {1, 2, 3}, {1, 2});
  hear(3, {1, 2, 3}, {1, 2, 3});
  hear(2, {1, 2, 3}, {2, 3});  // what it heard before stays true
  commit(1, 1);
  commit(2, 2);
  EXPECT_THAT(clauses(), IsEmpty());
}

TEST_F(ConsensusOfThree, OneProposesOthers) {
  hear(2, {1, 2, 3}, {1, 2, 3});
  hear(3, {1, 2, 3}, {1, 2, 3});
  hear(3, {2, 3}, {1, 2, 3});
  commit(1, 1);
  EXPECT_THAT(clauses(), ElementsAre("10 consensus"));
}

TEST_F(ConsensusOfThree, OneWasNotHeardOf) {
  hear(2, {1, 2, 3}, {1, 2, 3});
  commit(1, 1);
  EXPECT_THAT(clauses(), ElementsAre("10 consensus"));
}

TEST_F(ConsensusOfThree, OneDoesNotHearAnother) {
  hear(2, {1, 2, 3}, {1, 2});
  hear(3, {1, 2, 3}, {1, 2, 3});
  commit(1, 1);
  EXPECT_THAT(clauses(), ElementsAre("10 consensus"));
}

TEST_F(ConsensusOfThree, AnOldJoinCountsNot) {
  hear(2, {1, 2, 3}, {1, 2, 3});
  const FrameRef old = join(3, {{1, 2, 3}, {1, 2, 3}});
  hear(3, {2, 3}, {1, 2, 3});
  consensus.received(process(1), old.bytes(), false, now);
  commit(1, 1);
  EXPECT_THAT(clauses(), ElementsAre("10 consensus"));
}

TEST_F(ConsensusOfThree, AnOldJoinOfTheOtherLifeCountsNot) {
  hear(2, {1, 2, 3}, {1, 2, 3});
  const FrameRef old = join(3, {{2, 3}, {1, 2, 3}});
  hear(3, {1, 2, 3}, {1, 2, 3});
  incarnation = 2;
  hear(3, {1, 2, 3}, {1, 2, 3});
  consensus.received(process(1), old.bytes(), false, now);
  commit(1, 1);
  EXPECT_THAT(clauses(), IsEmpty());
}

TEST_F(ConsensusOfThree, WhatAnEarlierLifeHeardCountsNot) {
  hear(2, {1, 2, 3}, {1, 2, 3});
  hear(3, {1, 2, 3}, {1, 2, 3});
  incarnation = 2;
  hear(3, {1, 2, 3}, {1, 3});
  commit(1, 1);
  EXPECT_THAT(clauses(), ElementsAre("10 consensus"));
}

TEST_F(ConsensusOfThree, TheNextLifeMayHaveComeAtOnceAfterTheToken) {
  hear(2, {1, 2, 3}, {1, 2, 3});
  hear(3, {1, 2, 3}, {1, 2, 3});
  incarnation = 2;
  hear(3, {1, 2, 3}, {1, 3});
  now -= 1s;
  commit(1, 1);
  EXPECT_THAT(clauses(), IsEmpty());
}

TEST_F(ConsensusOfThree, WhatQueuedUpDuringAPauseCountsNot) {
  hear(2, {1, 2, 3}, {1, 2, 3});
  hear(3, {1, 2, 3}, {1, 2, 3}, true);
  commit(1, 1);
  EXPECT_THAT(clauses(), ElementsAre("10 consensus"));
}

TEST_F(ConsensusOfThree, WhatCameBeforeTheRingCountsNot) {
  hear(2, {1, 2, 3}, {1, 2, 3});
  hear(3, {1, 2, 3}, {1, 2, 3});
  now += 1s;
  consensus.installed(process(1), now);
  commit(1, 1);
  EXPECT_THAT(clauses(), ElementsAre("10 consensus", "10 consensus"));
}

TEST_F(ConsensusOfThree, ATokenOfTheTurnInWhichARingCameIsOfBefore) {
  hear(2, {1, 2, 3}, {1, 2, 3});
  hear(3, {1, 2, 3}, {1, 2, 3});
  consensus.installed(process(1), now + 1s);
  commit(1, 1);
  EXPECT_THAT(clauses(), IsEmpty());
}

TEST_F(ConsensusOfThree, WhatCameInTheTurnOfTheRingMayHaveComeLater) {
  hear(2, {1, 2, 3}, {1, 2, 3});
  now -= 1s;
  hear(3, {1, 2, 3}, {1, 2, 3});
  consensus.installed(process(1), now);
  commit(1, 1);
  EXPECT_THAT(clauses(), IsEmpty());
}

TEST_F(ConsensusOfThree, WhatComesAtTheSameTimeMayHaveComeLater) {
  hear(2, {1, 2, 3}, {1, 2, 3});
  hear(3, {1, 2, 3}, {1, 2, 3});
  hear(3, {2, 3}, {1, 2, 3});
  now -= 1s;
  commit(1, 1);
  EXPECT_THAT(clauses(), IsEmpty());
}

TEST_F(ConsensusOfThree, OneThatWasGivenUp) {
  const auto give_up = [&] { return join(2, {{1, 2}, {1, 2}, {3}, true}); };
  consensus.sent(process(2), 1, give_up().bytes(), now);
  commit(2, 2, 2);  // in its next gather it may
  EXPECT_THAT(clauses(), IsEmpty());
  consensus.sent(process(3), 1, give_up().bytes(), now);
  commit(3, 3, 1);
  EXPECT_THAT(clauses(), ElementsAre("10 given up"));
}

TEST_F(ConsensusOfThree, WhoHasNotClosedMayStillGoWithAnyone) {
  consensus.sent(process(2), 1, join(2, {{1, 2}, {1, 2}, {3}}).bytes(), now);
  commit(2, 2, 1);
  EXPECT_THAT(clauses(), IsEmpty());
}

TEST_F(ConsensusOfThree, ARingOlderThanTheLast) {
  commit(2, 2, 1, {8, NodeId(1), 77});
  commit(2, 2, 1, {8, NodeId(1), 77});  // said again
  commit(2, 2, 2, {9, NodeId(1), 77});
  EXPECT_THAT(clauses(), IsEmpty());
  commit(2, 5, 3, {8, NodeId(1), 77});
  EXPECT_THAT(clauses(), ElementsAre("10 older"));
}

TEST_F(ConsensusOfThree, AnotherRingWithTheSameSeq) {
  commit(2, 2, 1, {8, NodeId(1), 77});
  commit(2, 2, 2, {8, NodeId(1), 78});
  EXPECT_THAT(clauses(), ElementsAre("10 older"));
}

}  // namespace
}  // namespace gyre::check
