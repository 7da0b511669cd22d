// quorum{}: what it means, what contradicts itself, and what it says of itself.
#include "node/config_lines.hh"
#include "tests/node/config_test.hh"

namespace gyre::node {
namespace {

using membership::QuorumSettings;
using membership::TieBreaker;
using std::chrono::milliseconds;
using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

constexpr const char* votequorum = "provider: corosync_votequorum\n";

// quorum{} is in line 11, its first option in line 13.
std::string open_form(const std::string& options) {
  return interface_form("", "", std::string("quorum {\n") + votequorum + options + "\n}\n");
}

// With `nodes` nodes quorum{} is in line 8 + 3 * nodes, its first option two lines below.
std::string listed(int nodes, const std::string& options) {
  return nodelist_form(nodes, "", std::string("quorum {\n") + votequorum + options + "\n}\n");
}

QuorumSettings quorum_of(const std::string& text) {
  return parse(text).quorum;
}

TEST(QuorumConfig, IsRead) {
  const Config config = parse(listed(3, ""));
  EXPECT_TRUE(config.quorum.section);
  EXPECT_EQ(config.quorum.expected_votes, 3u);
  EXPECT_FALSE(config.quorum.wait_for_all);
  EXPECT_EQ(config.quorum.last_man_standing_window, milliseconds(10'000));
  EXPECT_THAT(config.notices, testing::IsEmpty());
}

TEST(QuorumConfig, NoSectionCountsNodes) {
  EXPECT_FALSE(quorum_of(interface_form()).section);
  const Config config = parse(interface_form("", "", "quorum {\ntwo_node: 1\n}\n"));
  EXPECT_FALSE(config.quorum.section);
  EXPECT_THAT(config.notices,
              ElementsAre("f:11: section quorum has no effect here: it names no provider"));
}

TEST(QuorumConfig, EveryOptionIsRead) {
  const QuorumSettings quorum = quorum_of(open_form(
      "expected_votes: 8\nvotes: 1\nwait_for_all: 1\nlast_man_standing: 1\n"
      "last_man_standing_window: 20000\nauto_tie_breaker: 1\nauto_tie_breaker_node: 1 3 5\n"
      "allow_downscale: 1"));
  EXPECT_EQ(quorum.expected_votes, 8u);
  EXPECT_EQ(quorum.votes, 1u);
  EXPECT_TRUE(quorum.wait_for_all && quorum.last_man_standing && quorum.allow_downscale);
  EXPECT_TRUE(quorum.expected_votes_tracking);
  EXPECT_EQ(quorum.last_man_standing_window, milliseconds(20'000));
  EXPECT_EQ(quorum.tie_breaker, TieBreaker::listed);
  EXPECT_THAT(std::span(quorum.tie_breakers).first(4),
              ElementsAre(NodeId{1}, NodeId{3}, NodeId{5}, NodeId::none));
  EXPECT_EQ(quorum_of(open_form("expected_votes: 4\nvotes: 3\nexpected_votes_tracking: 1")).votes,
            3u);
  EXPECT_EQ(quorum_of(listed(4, "auto_tie_breaker: 1")).tie_breaker, TieBreaker::lowest);
  EXPECT_EQ(quorum_of(listed(4, "auto_tie_breaker: 1\nauto_tie_breaker_node: highest")).tie_breaker,
            TieBreaker::highest);
}

TEST(QuorumConfig, TwoNodeImpliesWaitForAllUnlessWritten) {
  EXPECT_TRUE(quorum_of(listed(2, "two_node: 1")).wait_for_all);
  EXPECT_FALSE(quorum_of(listed(2, "two_node: 1\nwait_for_all: 0")).wait_for_all);
  EXPECT_TRUE(quorum_of(open_form("two_node: 1\nexpected_votes: 2")).two_node);
}

TEST(QuorumConfig, ListedNodesHaveVotes) {
  const std::string text = nodelist_form(2, "",
                                         "nodelist {\nnode {\nring0_addr: 10.0.0.9\n"
                                         "quorum_votes: 5\n}\n}\n");
  const Config counted = parse(text + "quorum {\nprovider: corosync_votequorum\nvotes: 2\n}\n");
  EXPECT_EQ(counted.quorum.expected_votes, 7u);
  EXPECT_EQ(counted.nodes[2].quorum_votes, 5u);
  EXPECT_THAT(counted.notices, Contains(HasSubstr("quorum.votes has no effect here")));
  EXPECT_THAT(parse(text).notices,
              ElementsAre("f:17: nodelist.node.quorum_votes has no effect here: there is no "
                          "quorum{}"));
}

TEST(QuorumConfig, ADeviceHasOneVoteLessThanThereAreNodes) {
  const QuorumSettings usual = quorum_of(listed(3, "device {\nmodel: net\nmaster_wins: 1\n}"));
  EXPECT_EQ(usual.device_votes, 2u);
  EXPECT_EQ(usual.expected_votes, 5u);
  EXPECT_TRUE(usual.device_master_wins);
  const QuorumSettings one =
      quorum_of(listed(4, "device {\nmodel: net\nvotes: 1\ntimeout: 500\n}"));
  EXPECT_EQ(one.expected_votes, 5u);
  EXPECT_EQ(one.device_timeout, milliseconds(500));
}

TEST(QuorumConfig, DownscaleEndsAtWhatIsWrittenAndBeginsWithAll) {
  const QuorumSettings quorum = quorum_of(listed(5, "expected_votes: 3\nallow_downscale: 1"));
  EXPECT_EQ(quorum.expected_votes, 5u);
  EXPECT_EQ(quorum.downscale_min, 3u);
}

TEST(QuorumConfig, NamesWhatItAddsAndWhatIsInVain) {
  EXPECT_THAT(parse(listed(3, "last_man_standing: 1")).notices,
              Contains("f:19: quorum.last_man_standing switches wait_for_all on"));
  EXPECT_THAT(parse(listed(3, "auto_tie_breaker: 1")).notices,
              Contains(HasSubstr("f:19: quorum.auto_tie_breaker has no effect here: 3 votes")));
  EXPECT_THAT(parse(listed(3, "auto_tie_breaker_node: lowest")).notices,
              Contains(HasSubstr("auto_tie_breaker is off")));
  EXPECT_THAT(parse(listed(3, "two_nodes: 1\nleaving_timeout: 5\ncancel_wait_for_all: 1")).notices,
              AllOf(Contains(HasSubstr("f:19: quorum.two_nodes is not known")),
                    Contains(HasSubstr("f:20: quorum.leaving_timeout has no effect here")),
                    Contains(HasSubstr("f:21: quorum.cancel_wait_for_all has no effect here"))));
  EXPECT_THAT(
      parse(listed(3, "device {\nnet {\nhost: a\n}\nsync_timeout: 1\n}")).notices,
      AllOf(
          Contains(HasSubstr("f:19: section quorum.device has no effect here: it names no model")),
          Contains(HasSubstr("section quorum.device.net has no effect here")),
          Contains(HasSubstr("quorum.device.sync_timeout has no effect here"))));
}

struct Refusal {
  std::string text;
  int line;
  const char* reason;
};

class QuorumRefusal : public testing::TestWithParam<Refusal> {};

TEST_P(QuorumRefusal, NamesLineAndReason) {
  const Refusal& refusal = GetParam();
  EXPECT_THAT(error_of(refusal.text),
              AllOf(StartsWith(place("f", refusal.line) + ": "), HasSubstr(refusal.reason)));
}

INSTANTIATE_TEST_SUITE_P(
    All, QuorumRefusal,
    testing::Values(
        Refusal{interface_form("", "", "quorum {\nprovider: mine\n}\n"), 12,
                "corosync_votequorum|"},
        Refusal{interface_form("", "", "quorum {\nprovider: corosync_ykd\n}\n"), 12,
                "provider: corosync_ykd is not in this version"},
        Refusal{open_form(""), 11, "expected_votes or a nodelist{}"},
        Refusal{open_form("expected_votes: 0"), 13, "0 expected votes"},
        Refusal{open_form("expected_votes: 4294967295"), 13, "at most 1073741824"},
        Refusal{listed(3, "expected_votes: 2"), 19,
                "expected_votes is 2, but there are 3 votes: two sides could both be quorate"},
        Refusal{
            listed(3, "two_node: 1"), 19,
            "two_node is for two nodes with one vote each, but 3 votes are expected of 3 nodes"},
        Refusal{open_form("two_node: 1\nexpected_votes: 3"), 13, "but 3 votes are expected"},
        Refusal{listed(2, "two_node: 1\nauto_tie_breaker: 1"), 17,
                "auto_tie_breaker contradicts two_node (line 16)"},
        Refusal{listed(2, "last_man_standing: 1\ntwo_node: 1"), 16,
                "last_man_standing contradicts two_node (line 17)"},
        Refusal{listed(2, "allow_downscale: 1\ntwo_node: 1"), 16, "contradicts two_node (line 17)"},
        Refusal{listed(3, "last_man_standing: 1\nwait_for_all: 0"), 20,
                "wait_for_all: 0 contradicts last_man_standing (line 19)"},
        Refusal{listed(3, "wait_for_all: 0\nallow_downscale: 1"), 19,
                "wait_for_all: 0 contradicts allow_downscale (line 20)"},
        Refusal{listed(1, "last_man_standing: 1"), 13, "needs two nodes or more"},
        Refusal{open_form("expected_votes: 4\nvotes: 2\nlast_man_standing: 1"), 14,
                "last_man_standing (line 15) needs one vote of each node"},
        Refusal{listed(4, "auto_tie_breaker: 1\nauto_tie_breaker_node: first"), 23,
                "lowest, highest or a list of node ids, but \"first\" was given"},
        Refusal{listed(4, "auto_tie_breaker: 1\nauto_tie_breaker_node: 1,2"), 23, "\"1,2\""},
        Refusal{listed(4, "auto_tie_breaker: 1\nauto_tie_breaker_node: 0"), 23, "\"0\""},
        Refusal{listed(4, "auto_tie_breaker: 1\nauto_tie_breaker_node:"), 23, "\"\""},
        Refusal{nodelist_form(0, "",
                              "nodelist {\nnode {\nring0_addr: a\nnodeid: 4\n}\nnode {\n"
                              "ring0_addr: b\nnodeid: 5\n}\n}\nquorum {\n"
                              "provider: corosync_votequorum\nauto_tie_breaker: 1\n"
                              "auto_tie_breaker_node: 4 6\n}\n"),
                21, "no node has the id 6"},
        Refusal{listed(2, "two_node: 1\ndevice {\nmodel: net\n}"), 17,
                "device contradicts two_node (line 16)"},
        Refusal{listed(2, "last_man_standing: 1\ndevice {\nmodel: net\n}"), 17,
                "contradicts last_man_standing"},
        Refusal{listed(2, "auto_tie_breaker: 1\ndevice {\nmodel: net\n}"), 17,
                "contradicts auto_tie_breaker"},
        Refusal{listed(2, "allow_downscale: 1\ndevice {\nmodel: net\n}"), 17,
                "contradicts allow_downscale"},
        Refusal{listed(2, "device {\nmodel: net\nvotes: 0\n}"), 18, "0 votes of a device"},
        Refusal{listed(2, "device {\nmodel: disk\n}"), 17, "one of (net)"},
        Refusal{open_form("expected_votes: 3\ndevice {\nmodel: net\n}"), 14, "needs votes"}));

}  // namespace
}  // namespace gyre::node
