// Who joined, who left and who is the oldest, seen from one node.
#include "membership/view.hh"

#include <gtest/gtest.h>

#include "tests/membership/trace.hh"

namespace gyre::membership {
namespace {

class Views : public testing::Test {
 protected:
  void transitional(std::uint64_t ring, std::vector<totem::Member> members) {
    history.transitional(
        {totem::Configuration::Kind::transitional, ring_id(ring), history.ring(), members});
  }
  void regular(std::uint64_t ring, std::vector<totem::Member> members) {
    history.regular({totem::Configuration::Kind::regular, ring_id(ring), history.ring(), members});
  }
  std::string complete() {
    const View view = history.view();
    EXPECT_EQ(view.number, view.ring.seq);
    const std::string text = std::to_string(view.number) + ": " + text_of(view.members) + " + " +
                             text_of(view.joined) + " - " + text_of(view.left);
    history.complete();
    return text;
  }
  ViewHistory history{NodeId{2}};
};

TEST_F(Views, FirstViewHasOnlyJoined) {
  transitional(4, members_of({2}));
  regular(4, members_of({1, 2}));
  EXPECT_FALSE(history.came_along(NodeId{2}));
  EXPECT_EQ(complete(), "4: 1,2 + 1,2 - ");
}

TEST_F(Views, JoinedAndLeftAreAgainstThePreviousView) {
  regular(4, members_of({1, 2, 3}));
  complete();
  transitional(8, members_of({2, 3}));
  regular(8, members_of({2, 3, 9}));
  EXPECT_EQ(complete(), "8: 2,3,9 + 9 - 1");
}

TEST_F(Views, WhoWasCutOffInBetweenHasLeftAndJoined) {
  regular(4, members_of({1, 2, 3}));
  complete();
  transitional(8, members_of({2, 3}));
  regular(8, members_of({1, 2, 3}));
  EXPECT_EQ(complete(), "8: 1,2,3 + 1 - 1");
}

TEST_F(Views, ConfigurationsWithoutABarrierArePassedOver) {
  regular(4, members_of({1, 2, 3}));
  complete();
  transitional(8, members_of({2, 3}));
  regular(8, members_of({2, 3, 4}));
  transitional(12, members_of({2, 4}));
  regular(12, members_of({1, 2, 3, 4}));
  EXPECT_TRUE(history.came_along(NodeId{2}));
  EXPECT_FALSE(history.came_along(NodeId{4}));
  EXPECT_EQ(complete(), "12: 1,2,3,4 + 1,3,4 - 1,3");
}

TEST_F(Views, WithoutTransitionalConfigurationNobodyElseCameAlong) {
  regular(4, members_of({1, 2}));
  complete();
  regular(8, members_of({1, 2}));
  EXPECT_EQ(complete(), "8: 1,2 + 1 - 1");
  transitional(12, members_of({1, 2}));
  regular(12, members_of({1, 2}));
  EXPECT_EQ(complete(), "12: 1,2 +  - ");
  regular(16, members_of({1, 2}));
  EXPECT_EQ(complete(), "16: 1,2 + 1 - 1") << "that of the ring before does not count";
}

TEST_F(Views, WhoIsNotInTheNewRingDidNotComeAlong) {
  regular(4, members_of({1, 2, 3}));
  complete();
  transitional(8, members_of({1, 2, 3}));
  regular(8, members_of({1, 2}));
  EXPECT_FALSE(history.came_along(NodeId{3}));
  EXPECT_EQ(complete(), "8: 1,2 +  - 3");
}

TEST_F(Views, OldestIsByTheRingItFirstJoinedAnotherInThenByNodeId) {
  regular(4, {{NodeId{1}, 9}, {NodeId{2}, 7}, {NodeId{3}, 7}});
  EXPECT_EQ(history.view().oldest, NodeId{2});
  regular(8, {{NodeId{1}, 3}, {NodeId{2}, 7}, {NodeId{3}, 7}});
  EXPECT_EQ(history.view().oldest, NodeId{1});
}

TEST_F(Views, HoldsAsManyNodesAsThereCanBe) {
  std::vector<totem::Member> all;
  for (std::uint32_t node = 1; node <= nodes_max; ++node) all.push_back({NodeId{node}, 1});
  regular(4, all);
  EXPECT_EQ(history.view().joined.size(), nodes_max);
  history.complete();
  transitional(8, members_of({2}));
  regular(8, members_of({2}));
  EXPECT_EQ(history.view().left.size(), nodes_max - 1);
}

}  // namespace
}  // namespace gyre::membership
