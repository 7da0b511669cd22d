// The count of votes, option by option, and the words it is told in.
#include <gtest/gtest.h>

#include "tests/membership/quorum_nodes.hh"

namespace gyre::membership {
namespace {

using test::id;
using test::Nodes;
using test::section;
using Reason = Verdict::Reason;
using Fencing = Verdict::Fencing;

TEST(Quorum, AMajorityIsQuorate) {
  Nodes nodes(section(5));
  const Verdict few = nodes.view({1, 2});
  EXPECT_FALSE(few.quorate);
  EXPECT_EQ(reason_text(few), "not quorate: 2 of 5 expected votes, 3 needed");
  EXPECT_EQ(flags_text(few), "");
  const Verdict most = nodes.view({1, 2, 3});
  EXPECT_TRUE(most.quorate);
  EXPECT_EQ(reason_text(most), "quorate: 3 of 5 expected votes, 3 needed");
  EXPECT_EQ(flags_text(most), "Quorate ");
  EXPECT_EQ(most.expected_votes, 5u);
  EXPECT_EQ(most.highest_expected, 5u);
  EXPECT_EQ(most.total_votes, 3u);
  EXPECT_EQ(most.quorum, 3u);
}

TEST(Quorum, NothingIsQuorateBeforeTheFirstView) {
  const Quorum quorum(section(1), id(1));
  EXPECT_EQ(reason_text(quorum.verdict()), "not quorate: no ring yet");
}

TEST(Quorum, VotesNeedNotBeAlikeAndDoNotOverflow) {
  QuorumSettings settings = section(7);
  settings.votes = 4;
  Quorum heavy(settings, id(1));
  const QuorumMember alone[] = {{id(1), heavy.status()}};
  heavy.view({1, id(1), 7}, alone);
  EXPECT_TRUE(heavy.verdict().quorate);
  heavy.retire(true);
  QuorumMember two[] = {{id(1), heavy.status()}, {id(2), heavy.status()}};
  two[1].status.votes = 0xffff'ffff;
  heavy.view({2, id(1), 7}, two);
  EXPECT_EQ(heavy.verdict().total_votes, 0xffff'ffffu);
  EXPECT_TRUE(heavy.verdict().quorate);
}

TEST(Quorum, MoreVotesThanExpectedRaiseTheQuorumAndSaySo) {
  Nodes nodes(section(3));
  const Verdict grown = nodes.view({1, 2, 3, 4, 5});
  EXPECT_EQ(grown.expected_votes, 5u);
  EXPECT_EQ(grown.fencing, Fencing::more_votes);
  EXPECT_FALSE(nodes.view({1, 2}).quorate);
}

TEST(Quorum, WaitForAllWaitsForAllOrJoinsWhoIsQuorate) {
  QuorumSettings settings = section(3);
  settings.wait_for_all = true;
  Nodes nodes(settings);
  const Verdict waiting = nodes.view({1, 2});
  EXPECT_EQ(reason_text(waiting),
            "not quorate: Waiting for all cluster members. Current votes: 2 expected_votes: 3");
  EXPECT_EQ(flags_text(waiting), "WaitForAll ");
  EXPECT_TRUE(nodes.view({1, 2, 3}).quorate);
  nodes.crash(3);
  EXPECT_TRUE(nodes.view({1, 2}).quorate);
  nodes.crash(2);
  EXPECT_FALSE(nodes.view({1}).quorate);
  EXPECT_EQ(nodes.view({1, 2}).reason, Reason::waiting);  // a quorum was lost: all are needed anew
  EXPECT_TRUE(nodes.view({1, 2, 3}).quorate);
}

TEST(Quorum, AnOperatorMayCancelTheWaiting) {
  QuorumSettings settings = section(3);
  settings.wait_for_all = true;
  Nodes nodes(settings);
  nodes.view({1});
  nodes[1].cancel_wait_for_all();
  EXPECT_FALSE(nodes[1].verdict().quorate);
  nodes.view({1, 2});
  for (const std::uint32_t node : {1, 2}) nodes[node].cancel_wait_for_all();
  EXPECT_TRUE(nodes[1].verdict().quorate);
  EXPECT_EQ(nodes[1].verdict().fencing, Fencing::not_needed);
  EXPECT_TRUE(nodes.view({1, 2}).quorate);
}

TEST(Quorum, TwoNodeIsEnoughWithOneAndSaysThatFencingIsNeeded) {
  QuorumSettings settings = section(2);
  settings.two_node = settings.wait_for_all = true;
  Nodes nodes(settings);
  EXPECT_EQ(nodes.view({1}).reason, Reason::waiting);
  EXPECT_EQ(flags_text(nodes.view({1, 2})), "2Node Quorate WaitForAll ");
  const Verdict alone = nodes.view({1});
  EXPECT_EQ(alone.quorum, 1u);
  EXPECT_EQ(reason_text(alone),
            "quorate: two_node: one of the two nodes is enough. Fencing is needed: two_node lets "
            "each of two separated nodes be quorate");
  const Verdict three = nodes.view({1, 2, 3});  // the option ends with a third node
  EXPECT_EQ(flags_text(three), "Quorate WaitForAll ");
  EXPECT_FALSE(nodes.view({1}).quorate);
}

TEST(Quorum, LastManStandingShrinksAfterItsWindow) {
  QuorumSettings settings = section(8);
  settings.last_man_standing = true;
  Nodes nodes(settings);
  nodes.view({1, 2, 3, 4, 5, 6, 7, 8});
  const Verdict five = nodes.view({1, 2, 3, 4, 5});
  EXPECT_EQ(five.expected_votes, 8u);
  EXPECT_TRUE(nodes[1].window_open());
  nodes.pass_window();
  EXPECT_FALSE(nodes[1].window_open());
  EXPECT_EQ(nodes[1].verdict().expected_votes, 5u);
  EXPECT_EQ(nodes[1].verdict().quorum, 3u);
  EXPECT_EQ(nodes[1].verdict().highest_expected, 8u);
  const Verdict three = nodes.view({1, 2, 3});
  EXPECT_EQ(reason_text(three),
            "quorate: 3 of 5 votes, 3 needed, by those that had the quorum before; 8 were expected "
            "once");
  nodes.pass_window();
  EXPECT_TRUE(nodes.view({1, 2}).quorate);
  nodes.pass_window();
  EXPECT_EQ(nodes[1].verdict().quorum, 2u);
  const Verdict last = nodes.view({1});
  EXPECT_EQ(last.reason, Reason::waiting);
  EXPECT_EQ(last.expected_votes, 8u);  // what shrank is forgotten with the quorum
}

TEST(Quorum, LastManStandingWithATieBreakerGoesDownToOne) {
  QuorumSettings settings = section(3);
  settings.last_man_standing = true;
  settings.tie_breaker = TieBreaker::highest;
  Nodes nodes(settings);
  nodes.view({1, 2, 3});
  nodes.view({2, 3});
  nodes.pass_window();
  const Verdict one = nodes.view({3});
  EXPECT_EQ(reason_text(one),
            "quorate: 1 of 2 expected votes, half of them, with the tie-breaker, node 3");
  EXPECT_EQ(flags_text(one), "Quorate WaitForAll LastManStanding AutoTieBreaker ");
  EXPECT_FALSE(nodes.view({2}).quorate);
  nodes.pass_window();
  EXPECT_EQ(nodes.view({3, 1}).expected_votes, 2u);
}

TEST(Quorum, ATieKeepsAQuorumAndNeverMakesOne) {
  QuorumSettings settings = section(4);
  settings.tie_breaker = TieBreaker::listed;
  settings.tie_breakers = {id(9), id(3), id(1)};
  Nodes nodes(settings);
  EXPECT_EQ(nodes.view({1, 3}).reason, Reason::tie_lost);
  nodes.view({1, 2, 3, 4});
  const Verdict lost = nodes.view({1, 2});
  EXPECT_EQ(reason_text(lost),
            "not quorate: 2 of 4 expected votes: half of them, but not half of a quorum with its "
            "tie-breaker, node 3");
  EXPECT_TRUE(nodes.view({3, 4}).quorate);
}

// Two nodes were paused while four others had the majority, and meet one that has just started.
TEST(Quorum, ATieNeedsHalfOfTheVotesFromOneQuorum) {
  QuorumSettings settings = section(6);
  settings.tie_breaker = TieBreaker::lowest;
  Nodes nodes(settings);
  EXPECT_TRUE(nodes.view({1, 2, 3, 4}).quorate);
  EXPECT_TRUE(nodes.view({3, 4, 5, 6}).quorate);
  nodes.crash(6);
  EXPECT_TRUE(nodes.view({3, 4, 5}).quorate);
  EXPECT_FALSE(nodes.view({1, 2, 6}).quorate);
}

TEST(Quorum, AllowDownscaleCountsOrderlyDeparturesOnly) {
  QuorumSettings settings = section(3);
  settings.allow_downscale = true;
  settings.downscale_min = 3;
  settings.highest_seen = 6;
  Nodes nodes(settings);
  EXPECT_FALSE(nodes.view({1, 2, 3}).quorate);  // six were seen before
  nodes.view({1, 2, 3, 4, 5, 6});
  nodes.leave({1, 2, 3, 4, 5, 6}, 6);
  EXPECT_EQ(nodes[1].verdict().expected_votes, 5u);
  nodes.view({1, 2, 3, 4, 5});
  nodes.leave({1, 2, 3, 4, 5}, 5);
  nodes.leave({1, 2, 3, 4}, 4);
  nodes.view({1, 2, 3});
  EXPECT_EQ(nodes[1].verdict().expected_votes, 3u);
  EXPECT_EQ(flags_text(nodes[1].verdict()), "Quorate WaitForAll AllowDownscale ");
  EXPECT_TRUE(nodes.view({1, 2}).quorate);
  EXPECT_EQ(nodes[1].verdict().expected_votes, 3u);  // who crashes still counts
}

TEST(Quorum, TrackedVotesCountAfterARestart) {
  QuorumSettings settings = section(3);
  settings.highest_seen = 5;
  EXPECT_EQ(Quorum(settings, id(1)).verdict().expected_votes, 3u);
  settings.expected_votes_tracking = true;
  EXPECT_EQ(Quorum(settings, id(1)).verdict().expected_votes, 5u);
}

constexpr QuorumDevice votes{.registered = true, .alive = true, .votes = true};

TEST(Quorum, ADeviceVotesForOneRingAndForATime) {
  QuorumSettings settings = section(4);
  settings.device_votes = 1;
  settings.expected_votes = 3;
  Nodes nodes(settings);
  EXPECT_FALSE(nodes.view({1}).quorate);
  nodes[1].device(id(1), votes);
  EXPECT_EQ(nodes[1].verdict().total_votes, 2u);
  EXPECT_EQ(flags_text(nodes[1].verdict()), "Quorate Qdevice ");
  nodes[1].device(id(1), {.registered = true, .alive = true});
  EXPECT_FALSE(nodes[1].verdict().quorate) << "it answers, and votes for another side";
  nodes[1].device(id(1), votes);
  EXPECT_TRUE(nodes[1].verdict().quorate);
  nodes.view({1, 7});
  EXPECT_FALSE(nodes.view({1}).quorate);
  nodes[1].device(id(7), votes);
  EXPECT_FALSE(nodes[1].verdict().quorate) << "nobody here said so";
  EXPECT_EQ(nodes[1].device_polls(), 0u);
}

TEST(Quorum, ADeviceVotesAsLongAsOneMemberHasItsVote) {
  QuorumSettings settings = section(4);
  settings.device_votes = 1;
  settings.expected_votes = 5;
  Nodes nodes(settings);
  nodes.view({1, 2});
  for (const std::uint32_t node : {1, 2}) nodes[1].device(id(node), votes);
  EXPECT_EQ(nodes[1].verdict().total_votes, 3u) << "the device's vote counts once";
  nodes[1].device_gone(id(1), 1);
  EXPECT_TRUE(nodes[1].verdict().quorate);
  nodes[1].device(id(2), votes);
  nodes[1].device_gone(id(2), 1);
  EXPECT_TRUE(nodes[1].verdict().quorate) << "it was there again since";
  nodes[1].device_gone(id(2), 2);
  EXPECT_FALSE(nodes[1].verdict().quorate);
  EXPECT_TRUE(nodes[1].device_of(id(2)).registered);
  EXPECT_FALSE(nodes[1].device_of(id(2)).alive);
}

TEST(Quorum, WithMasterWinsTheDeviceDecidesOrAllNodesTogether) {
  QuorumSettings settings = section(6);
  settings.device_votes = 1;
  settings.device_master_wins = true;
  Nodes nodes(settings);
  EXPECT_FALSE(nodes.view({1, 2, 3, 4}).quorate);
  EXPECT_TRUE(nodes.view({1, 2, 3, 4, 5}).quorate);
  nodes.view({5});
  nodes[5].device(id(5), votes);
  EXPECT_FALSE(nodes[5].verdict().quorate) << "its program does not want it so";
  QuorumDevice master = votes;
  master.master_wins = true;
  nodes[5].device(id(5), master);
  EXPECT_EQ(reason_text(nodes[5].verdict()),
            "quorate: the quorum device chose this side (master_wins)");
}

TEST(Quorum, AnOperatorMaySetWhatIsExpectedAndIsWarned) {
  Nodes nodes(section(5));
  nodes.view({1, 2});
  EXPECT_EQ(nodes[1].set_expected(1), QuorumChange::below_total);
  for (const std::uint32_t node : {1, 2})
    EXPECT_EQ(nodes[node].set_expected(2), QuorumChange::done);
  EXPECT_TRUE(nodes[1].verdict().quorate);
  EXPECT_EQ(nodes[1].verdict().fencing, Fencing::by_hand);
  EXPECT_EQ(nodes[1].set_expected(4), QuorumChange::would_block);
  EXPECT_EQ(nodes.view({1, 2, 3}).expected_votes, 3u);
  EXPECT_TRUE(nodes.view({1, 2}).quorate);
  EXPECT_EQ(nodes.view({1, 2, 3, 4, 5}).fencing, Fencing::not_needed);  // all are here and know
}

TEST(Quorum, AnOperatorMaySetANodesVotes) {
  Nodes nodes(section(3));
  nodes.view({1, 2});
  EXPECT_EQ(nodes[1].set_votes(id(3), 2), QuorumChange::unknown_node);
  EXPECT_EQ(nodes[1].set_votes(id(2), 0), QuorumChange::would_block);
  for (const std::uint32_t node : {1, 2})
    EXPECT_EQ(nodes[node].set_votes(id(2), 3), QuorumChange::done);
  EXPECT_EQ(nodes[1].verdict().total_votes, 4u);
  EXPECT_EQ(nodes[1].verdict().fencing, Fencing::by_hand);
  EXPECT_EQ(nodes[2].status().votes, 3u);
  EXPECT_TRUE(nodes.view({2}).quorate);
}

// Shrunk to three votes, then raised by hand to five of eight: who is not here expects eight.
TEST(Quorum, FewerThanOnceExpectedIsByHand) {
  QuorumSettings settings = section(8);
  settings.last_man_standing = true;
  Nodes nodes(settings);
  nodes.view({1, 2, 3, 4, 5, 6, 7, 8});
  nodes.view({1, 2, 3, 4, 5});
  nodes.pass_window();
  nodes.view({1, 2, 3});
  nodes.pass_window();
  EXPECT_EQ(nodes[1].verdict().expected_votes, 3u);
  EXPECT_EQ(nodes[1].set_expected(5), QuorumChange::done);
  EXPECT_EQ(nodes[1].verdict().fencing, Fencing::by_hand);
}

// Five stand; then three of them open a ring, and it breaks.
TEST(Quorum, AViewThatOthersMayNotHaveHadLeavesTheOneBeforeInForce) {
  QuorumSettings settings = section(5);
  settings.last_man_standing = true;
  Nodes nodes(settings);
  nodes.view({1, 2, 3, 4, 5});
  nodes.view({1, 2, 3});
  nodes.pass_window();
  nodes.break_ring();
  EXPECT_FALSE(nodes.view({1, 2}).quorate);  // two of three, but not of five
  nodes.break_ring();
  EXPECT_TRUE(nodes.view({1, 2, 3}).quorate);
}

TEST(Quorum, ARingThatBreaksWhileItOpensCostsNoQuorum) {
  QuorumSettings settings = section(5);
  settings.last_man_standing = true;
  Nodes nodes(settings);
  nodes.view({1, 2, 3, 4, 5});
  for (int again = 0; again < 3; ++again) {
    EXPECT_TRUE(nodes.view({1, 2, 3, 4}).quorate);
    nodes.break_ring();
  }
  EXPECT_TRUE(nodes.view({1, 2, 3}).quorate);
}

TEST(Quorum, WhoCannotRememberAllThatItTriedClaimsNothing) {
  QuorumSettings settings = section(5);
  settings.last_man_standing = true;
  Nodes nodes(settings);
  nodes.view({1, 2, 3, 4, 5});
  for (std::size_t tried = 0; tried <= QuorumStatus::attempts_max; ++tried) {
    EXPECT_TRUE(nodes.view({1, 2, 3, 4}).quorate);
    nodes.break_ring();
  }
  EXPECT_EQ(nodes.view({1, 2, 3, 4}).reason, Reason::waiting);
}

TEST(Quorum, WithoutASectionItIsTheMajorityOfAllNodesEverSeen) {
  QuorumSettings settings;
  Nodes fresh(settings);
  EXPECT_FALSE(fresh.view({1}).quorate);
  EXPECT_EQ(reason_text(fresh.view({1, 2})),
            "quorate: 2 of 2 expected votes, 2 needed. Fencing is needed: without a quorum "
            "section, sides that never met may both be quorate");
  for (const std::uint32_t node : {1, 2}) fresh[node].nodes_seen(4);
  EXPECT_FALSE(fresh[1].verdict().quorate);
  settings.highest_seen = 5;
  Nodes known(settings);
  EXPECT_FALSE(known.view({1, 2}).quorate);
  EXPECT_TRUE(known.view({1, 2, 3}).quorate);
}

}  // namespace
}  // namespace gyre::membership
