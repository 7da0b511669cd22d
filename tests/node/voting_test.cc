// Votes on whole nodes: what clocks and operators bring about is said in the one order.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "node/lease.hh"
#include "tests/node/bed.hh"

namespace gyre::node {
namespace {

using membership::QuorumChange;
using membership::QuorumSettings;
using membership::Verdict;
using std::chrono::milliseconds;
using std::chrono::seconds;
using test::Cluster;
using testing::Contains;
using testing::HasSubstr;
using What = membership::wire::Votes::What;

constexpr FakeOptions kind{
    .short_sends = false, .completes_after = 0, .resolves_after = Duration{}};

QuorumSettings section(std::uint32_t expected) {
  QuorumSettings settings;
  settings.section = true;
  settings.expected_votes = expected;
  return settings;
}

class Voters {
 public:
  Voters(std::size_t count, const QuorumSettings& settings,
         const totem::Parameters& parameters = test::TestNode::quick())
      : cluster(count, kind, {.parameters = parameters, .quorum = settings}) {
    cluster.start();
  }
  bool together() {
    return cluster.run_until([&] { return cluster.whole(); });
  }
  const Verdict& verdict(std::size_t node = 0) {
    return cluster.nodes[node]->node().quorum().verdict();
  }
  // All who live come to it.
  template <typename Rule>
  bool until(Rule rule) {
    return cluster.run_until([&] {
      for (std::size_t i = 0; i < cluster.nodes.size(); ++i)
        if (cluster.nodes[i] && !rule(verdict(i))) return false;
      return true;
    });
  }
  void end(std::size_t node) { cluster.nodes[node].reset(); }
  bool ask(std::size_t node, What what, std::uint32_t number, std::uint32_t subject = 0,
           std::uint64_t request = 0) {
    return cluster.nodes[node]->node().ask_votes(
        {.what = what, .number = number, .subject = subject, .request = request, .ring = {}});
  }

  Cluster cluster;
};

TEST(Voting, AViewOfAllIsQuorateAtOnceAndTellsPrograms) {
  Voters voters(3, section(3));
  ASSERT_TRUE(voters.together());
  EXPECT_TRUE(voters.verdict().quorate);
  EXPECT_EQ(voters.verdict(0), voters.verdict(2));
}

TEST(Voting, WhoHasJustStartedCountsAfterTheConsensusTime) {
  Voters voters(3, section(4));
  const Time began = voters.cluster.now;
  ASSERT_TRUE(voters.together());
  EXPECT_FALSE(voters.verdict().quorate);
  EXPECT_EQ(voters.verdict().withheld_votes, 3u);
  test::Program program = voters.cluster.nodes[1]->connect(voters.cluster.now);
  ASSERT_TRUE(voters.until([](const Verdict& verdict) { return verdict.quorate; }));
  EXPECT_GE(voters.cluster.now - began, test::TestNode::quick().consensus);
  std::vector<std::string> told = program.events();
  EXPECT_EQ(told.front(), "view 1 2 3");
  EXPECT_EQ(told.back(), "quorate");
}

TEST(Voting, TheWindowOfLastManStandingIsOverForAll) {
  QuorumSettings settings = section(3);
  settings.last_man_standing = true;
  settings.last_man_standing_window = milliseconds(300);
  Voters voters(3, settings);
  ASSERT_TRUE(voters.together());
  voters.end(2);
  ASSERT_TRUE(voters.together());
  const Time stood = voters.cluster.now;
  EXPECT_EQ(voters.verdict().expected_votes, 3u);
  ASSERT_TRUE(voters.until([](const Verdict& verdict) { return verdict.expected_votes == 2; }))
      << reason_text(voters.verdict());
  EXPECT_GE(voters.cluster.now - stood, milliseconds(299));
}

constexpr std::uint32_t polled_in_favour = membership::wire::Votes::device_registered |
                                           membership::wire::Votes::device_alive |
                                           membership::wire::Votes::device_votes;

TEST(Voting, ADeviceThatIsNotPolledAgainIsGone) {
  QuorumSettings settings = section(3);
  settings.device_votes = 1;
  settings.device_timeout = milliseconds(200);
  Voters voters(2, settings);
  ASSERT_TRUE(voters.together());
  ASSERT_TRUE(voters.until([](const Verdict& verdict) { return verdict.quorate; }));
  voters.end(1);
  ASSERT_TRUE(voters.together());
  EXPECT_FALSE(voters.verdict().quorate);
  const auto poll = [&] { return voters.ask(0, What::device, 0, polled_in_favour); };
  ASSERT_TRUE(poll());
  ASSERT_TRUE(voters.until([](const Verdict& verdict) { return verdict.quorate; }));
  voters.cluster.run(milliseconds(150));
  ASSERT_TRUE(poll());
  voters.cluster.run(milliseconds(150));
  EXPECT_TRUE(voters.verdict().quorate);
  const Time polled = voters.cluster.now - milliseconds(150);
  ASSERT_TRUE(voters.until([](const Verdict& verdict) { return !verdict.quorate; }));
  EXPECT_GE(voters.cluster.now - polled, milliseconds(199));
}

// Node 2 stops asking, and node 1 goes on; then nobody asks.
TEST(Voting, ADeviceIsGoneWhereNobodyHasItsVote) {
  QuorumSettings settings = section(4);
  settings.device_votes = 1;
  settings.expected_votes = 5;
  settings.device_timeout = milliseconds(200);
  Voters voters(2, settings);
  ASSERT_TRUE(voters.together());
  const auto quorate = [](const Verdict& verdict) { return verdict.quorate; };
  ASSERT_TRUE(voters.until([](const Verdict& verdict) { return verdict.total_votes == 2; }));
  for (const std::size_t node : {0, 1})
    ASSERT_TRUE(voters.ask(node, What::device, 0, polled_in_favour));
  ASSERT_TRUE(voters.until(quorate));
  voters.cluster.run(milliseconds(150));
  ASSERT_TRUE(voters.ask(0, What::device, 0, polled_in_favour));
  const Time polled = voters.cluster.now;
  const auto device = [&] { return voters.cluster.nodes[0]->node().quorum().device_of(NodeId{2}); };
  ASSERT_TRUE(voters.cluster.run_until([&] { return !device().alive; }));
  EXPECT_TRUE(voters.verdict().quorate);
  EXPECT_GT(voters.cluster.nodes[1]->node().lease_until(), voters.cluster.now);
  ASSERT_TRUE(voters.until([&](const Verdict& verdict) { return !quorate(verdict); }));
  EXPECT_GE(voters.cluster.now - polled, milliseconds(199));
  EXPECT_LE(voters.cluster.now - polled, milliseconds(260));
}

// A device votes for one ring: what it said of another is not said of the next.
TEST(Voting, WhatIsSaidOfARingThatIsOverIsAnsweredSo) {
  QuorumSettings settings = section(3);
  settings.device_votes = 1;
  Voters voters(2, settings);
  ASSERT_TRUE(voters.together());
  const totem::RingId ring = voters.cluster.nodes[0]->node().view_ring();
  voters.end(1);
  ASSERT_TRUE(voters.together());
  ASSERT_NE(voters.cluster.nodes[0]->node().view_ring(), ring);
  voters.cluster.nodes[0]->node().ask_votes(
      {.what = What::device, .subject = polled_in_favour, .request = 9, .ring = ring});
  auto& answers = voters.cluster.nodes[0]->votes_answers;
  ASSERT_TRUE(voters.cluster.run_until([&] { return !answers.empty(); }));
  EXPECT_EQ(answers[0], std::pair(std::uint64_t{9}, QuorumChange::too_late));
  EXPECT_FALSE(voters.cluster.nodes[0]->node().quorum().device_of(NodeId{1}).registered);
}

TEST(Voting, AnOperatorIsAnsweredOnceAllHaveIt) {
  Voters voters(3, section(5));
  ASSERT_TRUE(voters.together());
  ASSERT_TRUE(voters.until([](const Verdict& verdict) { return verdict.total_votes == 3; }));
  ASSERT_TRUE(voters.ask(1, What::expected, 1, 0, 70));
  ASSERT_TRUE(voters.ask(1, What::expected, 3, 0, 71));
  ASSERT_TRUE(voters.until([](const Verdict& verdict) { return verdict.expected_votes == 3; }));
  voters.cluster.run(milliseconds(50));
  using Answer = std::pair<std::uint64_t, QuorumChange>;
  EXPECT_EQ(voters.cluster.nodes[1]->votes_answers,
            (std::vector<Answer>{{70, QuorumChange::below_total}, {71, QuorumChange::done}}));
  EXPECT_TRUE(voters.cluster.nodes[0]->votes_answers.empty());
}

// The ring ends before the request has its place; it is said again in the next.
TEST(Voting, ARequestOutlivesARing) {
  Voters voters(3, section(3));
  ASSERT_TRUE(voters.together());
  voters.end(2);
  voters.cluster.run(milliseconds(20));  // the token is lost, and nobody knows
  ASSERT_TRUE(voters.ask(0, What::votes, 4, 2, 9));
  ASSERT_TRUE(voters.until([](const Verdict& verdict) { return verdict.total_votes == 5; }));
  ASSERT_TRUE(
      voters.cluster.run_until([&] { return !voters.cluster.nodes[0]->votes_answers.empty(); }));
  EXPECT_EQ(voters.cluster.nodes[0]->votes_answers.back().second, QuorumChange::done);
}

TEST(Voting, AsManyRequestsWaitAsThereIsRoomFor) {
  Voters voters(1, section(1));
  std::uint64_t taken = 0;
  while (taken < 1000 && voters.ask(0, What::cancel_wait_for_all, 0, 0, taken + 1)) ++taken;
  EXPECT_EQ(taken, 64u);
  ASSERT_TRUE(voters.together());
  ASSERT_TRUE(voters.cluster.run_until(
      [&] { return voters.cluster.nodes[0]->votes_answers.size() == taken; }));
  EXPECT_TRUE(voters.ask(0, What::cancel_wait_for_all, 0, 0, 1));
}

// The other side is quorate no sooner than it has waited for the consensus time.
TEST(Voting, ALeaseIsOverBeforeOthersGoOnWithoutTheNode) {
  Voters voters(3, section(3));
  ASSERT_TRUE(voters.together());
  const auto lease = [&](std::size_t node) {
    return voters.cluster.nodes[node]->node().lease_until();
  };
  ASSERT_TRUE(voters.cluster.run_until([&] { return lease(2) > voters.cluster.now; }));
  test::Program program = voters.cluster.nodes[2]->connect(voters.cluster.now);
  const auto told = [&] { return program.lease_until(); };
  ASSERT_TRUE(voters.cluster.run_until([&] { return told() > voters.cluster.now; }));
  voters.cluster.nodes[2]->paused = true;
  const Time until = told();
  EXPECT_GE(until, voters.cluster.now + test::TestNode::quick().token_loss / 2);
  EXPECT_LE(until, voters.cluster.now + test::TestNode::quick().consensus);
  const std::uint64_t view = voters.cluster.nodes[0]->views();
  ASSERT_TRUE(voters.cluster.run_until([&] { return voters.cluster.nodes[0]->views() > view; }));
  EXPECT_TRUE(voters.verdict(0).quorate);
  EXPECT_LT(until, voters.cluster.now);
}

// It was restarted with another configuration than the others still have.
TEST(Voting, WhoWouldWaitLongerThanTheOthersActsNoLongerThanTheyWait) {
  Voters voters(3, section(3));
  ASSERT_TRUE(voters.together());
  voters.cluster.crash(2);
  voters.cluster.restarts[2].parameters.consensus = seconds(2);
  voters.cluster.restart(2);
  ASSERT_TRUE(voters.together());
  const auto until = [&] { return voters.cluster.nodes[2]->node().lease_until(); };
  ASSERT_TRUE(voters.cluster.run_until([&] { return until() > voters.cluster.now; }));
  EXPECT_THAT(voters.cluster.nodes[2]->log(),
              Contains(HasSubstr("node 1 waits 120 ms for whom it lost, this node 2000 ms")));
  voters.cluster.nodes[2]->paused = true;
  const std::uint64_t view = voters.cluster.nodes[0]->views();
  ASSERT_TRUE(voters.cluster.run_until([&] { return voters.cluster.nodes[0]->views() > view; }));
  EXPECT_TRUE(voters.verdict(0).quorate);
  EXPECT_LT(until(), voters.cluster.now);
}

// One that is cut off still acts by what it was told before the two others were restarted with a
// shorter time.
TEST(Voting, AShorterTimeCountsOnceNobodyActsByTheLongerOne) {
  totem::Parameters slow = test::TestNode::quick();
  slow.consensus = seconds(2);
  Voters voters(3, section(3), slow);
  ASSERT_TRUE(voters.together());
  const auto until = [&] { return voters.cluster.nodes[2]->node().lease_until(); };
  ASSERT_TRUE(voters.cluster.run_until([&] { return until() > voters.cluster.now; }));
  voters.cluster.nodes[2]->paused = true;
  for (const std::size_t node : {0, 1}) {
    voters.cluster.crash(node);
    voters.cluster.restarts[node].parameters = test::TestNode::quick();
    voters.cluster.restart(node);
  }
  const test::TestNode& restarted = *voters.cluster.nodes[0];
  ASSERT_TRUE(voters.cluster.run_until([&] { return restarted.views() > 0; }));
  EXPECT_EQ(restarted.options().kept.consensus, slow.consensus) << "it may have to start again";
  ASSERT_TRUE(voters.cluster.run_until([&] { return voters.verdict(0).quorate; }));
  EXPECT_LT(until(), voters.cluster.now);
  ASSERT_TRUE(voters.cluster.run_until(
      [&] { return restarted.options().kept.consensus == test::TestNode::quick().consensus; }));
}

std::vector<totem::Member> members(std::initializer_list<std::uint32_t> ids) {
  std::vector<totem::Member> list;
  for (const std::uint32_t node : ids) list.push_back({NodeId{node}, 0});
  return list;
}
Time at(int ms) {
  return Time(milliseconds(ms));
}
bool nobody(NodeId) {
  return false;
}

TEST(Parting, WaitsForWhoeverWasLeftBehindAndDidNotLeave) {
  const auto three = [](NodeId node) { return node == NodeId{3}; };
  Parting parting(milliseconds(100));
  parting.installed(members({1, 2, 3}), at(0), nobody);
  EXPECT_EQ(parting.until(), Time::min());
  parting.opened();
  parting.installed(members({1, 2}), at(50), three);
  EXPECT_EQ(parting.until(), Time::min());
  parting.installed(members({1, 2, 4}), at(60), nobody);
  EXPECT_EQ(parting.until(), at(150)) << "by the ring that was opened";
  parting.installed(members({1, 2, 3}), at(70), nobody);
  EXPECT_EQ(parting.until(), Time::min()) << "it is back";
  parting.opened();
  parting.installed(members({1, 2}), at(80), nobody);
  EXPECT_EQ(parting.until(), at(180));
}

// Whom we lost acts by the shortest time of a view that we may not know, and which counts all who
// were in that ring with us: so in particular whoever comes along. Not one that started again.
TEST(Parting, WaitsNoLongerThanOneWhoComesAlong) {
  Parting parting(milliseconds(100));
  parting.installed(members({1, 2, 3, 4}), at(0), nobody);
  parting.heard(NodeId{2}, milliseconds(5));
  parting.opened();
  parting.transitional(members({1, 2}));
  parting.opened();  // its list is a long one, and goes on
  parting.installed(members({1, 2, 3}), at(50), nobody);
  EXPECT_EQ(parting.until(), at(150));
  parting.heard(NodeId{3}, milliseconds(10));
  EXPECT_EQ(parting.until(), at(150)) << "it started again, with a time of its own";
  parting.heard(NodeId{9}, milliseconds(10));
  EXPECT_EQ(parting.until(), at(150)) << "it was not in that ring";
  parting.heard(NodeId{2}, milliseconds(60));
  EXPECT_EQ(parting.until(), at(110));
  parting.transitional(members({1}));
  parting.installed(members({1, 3}), at(90), nobody);
  EXPECT_EQ(parting.until(), at(110)) << "what was said stays true";
  parting.opened();
  parting.transitional(members({1}));
  parting.installed(members({1}), at(200), nobody);
  EXPECT_EQ(parting.until(), at(300)) << "of that ring nothing is known yet";
}

// Whom they lost could act for the consensus time after their last visit, which is over when they
// have waited for its token, and then for it.
TEST(Voting, ARingOpensWhenWhoIsMissingIsGoneForLongEnough) {
  Voters voters(3, section(3));
  ASSERT_TRUE(voters.together());
  voters.cluster.run(milliseconds(200));
  voters.cluster.crash(2);
  const Time lost = voters.cluster.now;
  const std::uint64_t view = voters.cluster.nodes[0]->views();
  ASSERT_TRUE(voters.cluster.run_until([&] { return voters.cluster.nodes[0]->views() > view; }));
  const totem::Parameters ring = test::TestNode::quick();
  EXPECT_GE(voters.cluster.now - lost, ring.consensus);
  EXPECT_LT(voters.cluster.now - lost, ring.token_loss + ring.consensus + ring.consensus / 2);
}

// The others are two: one of them could act no longer than the other waits.
TEST(Voting, WhoWaitsLongerOpensARingWithTheOthers) {
  Voters voters(3, section(3));
  ASSERT_TRUE(voters.together());
  voters.cluster.crash(2);
  voters.cluster.restarts[2].parameters.consensus = seconds(8);
  voters.cluster.restart(2);
  ASSERT_TRUE(voters.together());
  voters.cluster.crash(0);
  const Time lost = voters.cluster.now;
  const std::uint64_t view = voters.cluster.nodes[2]->views();
  ASSERT_TRUE(voters.cluster.run_until([&] { return voters.cluster.nodes[2]->views() > view; }));
  EXPECT_LT(voters.cluster.now - lost, seconds(4));
}

TEST(Voting, WhoLeavesGivesUpItsLeaseAtOnce) {
  Voters voters(3, section(3));
  ASSERT_TRUE(voters.together());
  test::Program program = voters.cluster.nodes[1]->connect(voters.cluster.now);
  ASSERT_TRUE(voters.cluster.run_until([&] { return program.lease_until() > voters.cluster.now; }));
  voters.cluster.nodes[1]->node().leave(voters.cluster.now);
  EXPECT_EQ(program.lease_until(), Time{});
}

TEST(Voting, WhoIsNotQuorateHasNoLease) {
  Voters voters(3, section(7));
  ASSERT_TRUE(voters.together());
  test::Program program = voters.cluster.nodes[0]->connect(voters.cluster.now);
  voters.cluster.run(milliseconds(500));
  EXPECT_EQ(voters.cluster.nodes[0]->node().lease_until(), Time::min());
  EXPECT_EQ(program.lease_until(), Time{});
}

// Time brings it no vote, and it overwrites nothing: after another restart it would not know that
// it forgot.
TEST(Voting, WhoForgotWaitsForAnotherToTellIt) {
  QuorumSettings settings = section(3);
  settings.expected_votes_tracking = true;
  Voters voters(3, settings);
  ASSERT_TRUE(voters.together());
  EXPECT_EQ(voters.cluster.nodes[0]->options().kept.highest, 3u);
  for (const std::size_t node : {0, 1, 2}) voters.cluster.crash(node);
  for (const std::size_t node : {1, 2}) {
    voters.cluster.restarts[node].quorum.forgot = true;
    voters.cluster.restarts[node].kept = {};
    voters.cluster.restart(node);
  }
  voters.cluster.run(3 * test::TestNode::quick().consensus);
  EXPECT_FALSE(voters.verdict(1).quorate);
  EXPECT_EQ(voters.verdict(1).withheld_votes, 2u);
  EXPECT_EQ(voters.cluster.nodes[1]->times_kept, 0u);
  voters.cluster.restart(0);
  ASSERT_TRUE(voters.until([](const Verdict& verdict) { return verdict.quorate; }));
  ASSERT_TRUE(voters.cluster.run_until([&] { return voters.cluster.nodes[1]->times_kept > 0; }));
}

// The two others could die, start again, and be quorate at once: all votes are there.
TEST(Voting, WhoHasNoVoteHasNoLease) {
  Voters voters(3, section(3));
  ASSERT_TRUE(voters.together());
  test::Program program = voters.cluster.nodes[2]->connect(voters.cluster.now);
  const auto leased = [&] { return program.lease_until() > voters.cluster.now; };
  ASSERT_TRUE(voters.cluster.run_until(leased));
  ASSERT_TRUE(voters.ask(0, What::votes, 0, 3, 1));
  ASSERT_TRUE(voters.until([](const Verdict& verdict) { return verdict.total_votes == 2; }));
  EXPECT_TRUE(voters.verdict(2).quorate);
  EXPECT_FALSE(voters.cluster.run_until(leased));
  EXPECT_GT(voters.cluster.nodes[0]->node().lease_until(), voters.cluster.now);
}

TEST(Voting, ADepartureIsSaidBeforeItMakesTheClusterSmaller) {
  QuorumSettings settings = section(4);
  settings.allow_downscale = true;
  settings.downscale_min = 1;
  Voters voters(4, settings);
  ASSERT_TRUE(voters.together());
  voters.cluster.nodes[3]->node().leave(voters.cluster.now);
  ASSERT_TRUE(voters.cluster.run_until([&] { return voters.cluster.nodes[3]->node().left(); }));
  EXPECT_LT(voters.verdict().expected_votes, 4u) << "told within the ring that it leaves";
  voters.end(3);
  ASSERT_TRUE(voters.together());
  EXPECT_EQ(voters.verdict().expected_votes, 3u);
  EXPECT_TRUE(voters.verdict().quorate);
}

}  // namespace
}  // namespace gyre::node
