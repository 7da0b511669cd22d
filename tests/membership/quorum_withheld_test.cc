// Votes that do not count yet: of who has just started, and of who forgot.
#include <gtest/gtest.h>

#include "tests/membership/quorum_nodes.hh"

namespace gyre::membership {
namespace {

using test::id;
using test::Nodes;
using test::section;

TEST(Quorum, WhoHasJustStartedDoesNotCountUnlessAllAreHere) {
  QuorumSettings settings = section(3);
  settings.young = true;
  Nodes nodes(settings);
  const Verdict two = nodes.view({1, 2});
  EXPECT_EQ(two.total_votes, 0u);
  EXPECT_EQ(reason_text(two),
            "not quorate: 0 of 3 expected votes, 2 needed, and 2 of nodes that have only just "
            "started, or forgotten who was there");
  EXPECT_TRUE(nodes.view({1, 2, 3}).quorate);
  EXPECT_TRUE(nodes.view({1, 2}).quorate) << "who was with all is young no more";
  nodes.crash(2);
  EXPECT_FALSE(nodes.view({1, 2}).quorate);
}

TEST(Quorum, AVoteCountsOnceAllWereToldThatItsNodeHasGrownUp) {
  QuorumSettings settings = section(5);
  settings.young = true;
  Nodes nodes(settings);
  nodes.view({1, 2, 3});
  for (const std::uint32_t grown : {1, 2, 3}) {
    EXPECT_FALSE(nodes[1].verdict().quorate);
    EXPECT_TRUE(nodes[1].withheld(id(grown)));
    nodes[grown].grow_up();
    for (const std::uint32_t node : {1, 2, 3}) nodes[node].grown(id(grown));
    EXPECT_EQ(nodes[1].verdict().withheld_votes, 3 - grown);
  }
  EXPECT_TRUE(nodes[1].verdict().quorate);
  nodes[1].grown(id(2));  // said twice, it still has one vote
  EXPECT_EQ(nodes[1].verdict().total_votes, 3u);
}

// Otherwise two of these three, one of whom had not heard of it, would both be its heirs.
TEST(Quorum, WhoGrewUpWithinAViewIsNoHeirOfIt) {
  QuorumSettings settings = section(3);
  settings.allow_downscale = true;
  Nodes nodes(settings);
  nodes.view({1, 2, 3});
  nodes.crash(3);
  settings.young = true;
  nodes.start(3, settings);
  nodes.view({1, 2, 3});
  nodes[3].grow_up();
  for (const std::uint32_t node : {1, 2, 3}) nodes[node].grown(id(3));
  nodes.leave({1, 2, 3}, 3);
  EXPECT_TRUE(nodes[1].verdict().quorate);
  EXPECT_FALSE(nodes.view({2}).quorate);
}

// Two of these heard 1 grow up and 5 leave, 2 did not: else 1 would break the tie for them, and 2
// for itself.
TEST(Quorum, WhoGrewUpWithinAViewBreaksNoTieOfIt) {
  QuorumSettings settings = section(5);
  settings.allow_downscale = true;
  settings.downscale_min = 1;
  settings.tie_breaker = TieBreaker::lowest;
  Nodes nodes(settings);
  nodes.view({1, 2, 3, 5, 6});
  nodes.leave({1, 2, 3, 5, 6}, 5);
  nodes.view({1, 2, 3, 6});
  nodes.leave({1, 2, 3, 6}, 6);
  nodes.view({1, 2, 3});
  nodes.leave({1, 2, 3}, 1);
  EXPECT_EQ(nodes.view({2, 3}).expected_votes, 2u);
  settings.young = true;
  nodes.start(1, settings);
  nodes.start(5, settings);
  EXPECT_EQ(nodes.view({1, 2, 3, 5}).total_votes, 2u);
  nodes[1].grow_up();
  for (const std::uint32_t node : {1, 3}) {
    nodes[node].grown(id(1));
    nodes[node].leaves(id(5));
  }
  nodes.crash(5);
  EXPECT_TRUE(nodes.view({2}).quorate);
  EXPECT_FALSE(nodes.view({1, 3}).quorate);
}

TEST(Quorum, ADeviceMakesNoOneQuorateWhoHasJustStarted) {
  QuorumSettings settings = section(4);
  settings.device_votes = 1;
  settings.device_master_wins = true;
  settings.young = true;
  Nodes nodes(settings);
  nodes.view({1});
  nodes[1].device(id(1), {.registered = true, .alive = true, .votes = true, .master_wins = true});
  EXPECT_FALSE(nodes[1].verdict().quorate);
  nodes[1].grow_up();
  nodes[1].grown(id(1));
  EXPECT_TRUE(nodes[1].verdict().quorate);
}

TEST(Quorum, TimeBringsNoVoteBackToWhoForgot) {
  QuorumSettings settings = section(3);
  settings.expected_votes_tracking = true;
  settings.young = settings.forgot = true;
  Nodes nodes(settings);
  nodes.view({1, 2});
  for (const std::uint32_t grown : {1, 2}) {
    nodes[grown].grow_up();
    for (const std::uint32_t node : {1, 2}) nodes[node].grown(id(grown));
  }
  EXPECT_FALSE(nodes[1].verdict().quorate);
  EXPECT_EQ(nodes[1].verdict().withheld_votes, 2u);
  settings.young = settings.forgot = false;
  nodes.start(3, settings);
  EXPECT_TRUE(nodes.view({1, 2, 3}).quorate);
}

TEST(Quorum, WhoForgotVotesOnceAnotherNodeHasToldIt) {
  QuorumSettings settings = section(3);
  settings.expected_votes_tracking = true;
  Nodes nodes(settings);
  nodes.view({3});
  settings.forgot = true;
  nodes.start(1, settings);
  nodes.start(2, settings);
  EXPECT_EQ(nodes.view({1, 2}).withheld_votes, 2u);
  EXPECT_TRUE(nodes.view({1, 3}).quorate);
  EXPECT_TRUE(nodes.view({1, 2}).quorate);
}

}  // namespace
}  // namespace gyre::membership
