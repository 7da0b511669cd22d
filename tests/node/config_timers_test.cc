#include "tests/node/config_test.hh"

namespace gyre::node {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;

totem::Parameters timers(const std::string& totem = {}) {
  return parse(interface_form(totem)).timers;
}

TEST(Timers, DefaultsAreThoseOf317) {
  const totem::Parameters found = timers();
  EXPECT_EQ(found.token_loss, milliseconds(3000));
  EXPECT_EQ(found.token_retransmit, milliseconds(714));
  EXPECT_EQ(found.hold, milliseconds(561));
  EXPECT_EQ(found.join, milliseconds(50));
  EXPECT_EQ(found.send_join, milliseconds(0));
  EXPECT_EQ(found.consensus, milliseconds(3600));
  EXPECT_EQ(found.merge_detect, milliseconds(200));
  EXPECT_EQ(found.seqno_unchanged, 30u);
  EXPECT_EQ(found.fail_to_receive, 2500u);
  EXPECT_EQ(found.global_window, 0u);
  EXPECT_EQ(found.personal_window, 0u);
}

TEST(Timers, EachIsRead) {
  const totem::Parameters found = timers(
      "token: 1000\ntoken_retransmit: 100\nhold: 90\njoin: 60\nsend_join: 80\n"
      "consensus: 5000\nmerge: 300\nseqno_unchanged_const: 10\nfail_recv_const: 20\n"
      "window_size: 300\nmax_messages: 20");
  EXPECT_EQ(found.token_loss, milliseconds(1000));
  EXPECT_EQ(found.token_retransmit, milliseconds(100));
  EXPECT_EQ(found.hold, milliseconds(90));
  EXPECT_EQ(found.join, milliseconds(60));
  EXPECT_EQ(found.send_join, milliseconds(80));
  EXPECT_EQ(found.consensus, milliseconds(5000));
  EXPECT_EQ(found.merge_detect, milliseconds(300));
  EXPECT_EQ(found.seqno_unchanged, 10u);
  EXPECT_EQ(found.fail_to_receive, 20u);
  EXPECT_EQ(found.global_window, 300u);
  EXPECT_EQ(found.personal_window, 20u);
}

struct Derived {
  const char* totem;
  int token, retransmit, hold, consensus;
};

class DerivedTimers : public testing::TestWithParam<Derived> {};

TEST_P(DerivedTimers, FollowToken) {
  const totem::Parameters found = timers(GetParam().totem);
  EXPECT_EQ(found.token_loss, milliseconds(GetParam().token));
  EXPECT_EQ(found.token_retransmit, milliseconds(GetParam().retransmit));
  EXPECT_EQ(found.hold, milliseconds(GetParam().hold));
  EXPECT_EQ(found.consensus, milliseconds(GetParam().consensus));
}

INSTANTIATE_TEST_SUITE_P(
    All, DerivedTimers,
    testing::Values(Derived{"token: 1000", 1000, 238, 180, 1200},
                    Derived{"token: 10000\ntoken_retransmits_before_loss_const: 10", 10000, 980,
                            774, 12000},
                    Derived{"token_retransmit: 500", 3000, 500, 390, 3600},
                    Derived{"token: 126", 126, 30, 14, 151},
                    Derived{"token: 3001\nconsensus: 3601", 3001, 714, 561, 3601},
                    Derived{"token_coefficient: 650", 3000, 714, 561, 3600}));

struct Nodes {
  int count;
  const char* totem;
  int token;
};

class TokenOfANodelist : public testing::TestWithParam<Nodes> {};

TEST_P(TokenOfANodelist, GrowsWithEachNodeBeyondTwo) {
  const Config config = parse(nodelist_form(GetParam().count, GetParam().totem));
  EXPECT_EQ(config.timers.token_loss, milliseconds(GetParam().token));
  EXPECT_EQ(config.timers.consensus, milliseconds(GetParam().token * 6 / 5));
}

INSTANTIATE_TEST_SUITE_P(All, TokenOfANodelist,
                         testing::Values(Nodes{1, "", 3000}, Nodes{2, "", 3000}, Nodes{3, "", 3650},
                                         Nodes{5, "", 4950}, Nodes{3, "token: 1000", 1650},
                                         Nodes{4, "token_coefficient: 0", 3000},
                                         Nodes{4, "token_coefficient: 100", 3200}));

TEST(Timers, MembersOfAnInterfaceDoNotSlowTheToken) {
  EXPECT_EQ(parse(interface_form("transport: udpu",
                                 "member {\nmemberaddr: 10.0.0.1\n}\nmember {\n"
                                 "memberaddr: 10.0.0.2\n}\nmember {\n"
                                 "memberaddr: 10.0.0.3\n}"))
                .timers.token_loss,
            milliseconds(3000));
}

struct Contradiction {
  const char *totem, *error;
};

class ContradictingTimers : public testing::TestWithParam<Contradiction> {};

TEST_P(ContradictingTimers, AreRefused) {
  EXPECT_THAT(error_of(interface_form(GetParam().totem)), HasSubstr(GetParam().error));
}

INSTANTIATE_TEST_SUITE_P(
    All, ContradictingTimers,
    testing::Values(
        Contradiction{"token: 29", "integer in range (30..4294967295)"},
        Contradiction{"token_retransmit: 29", "integer in range (30.."},
        Contradiction{"hold: 13", "integer in range (14.."},
        Contradiction{"join: 29", "integer in range (30.."},
        Contradiction{"consensus: 29", "integer in range (30.."},
        Contradiction{"merge: 29", "integer in range (30.."},
        Contradiction{"window_size: 0", "integer in range (1..16384)"},
        Contradiction{"max_messages: 0", "integer in range (1..16384)"},
        Contradiction{"token_retransmits_before_loss_const: 0", "integer in range (1.."},
        Contradiction{"token: 125", "f:1: the token would be sent again after 29 ms"},
        Contradiction{"token_retransmits_before_loss_const: 4294967295", "f:4: the token would"},
        Contradiction{"token_retransmit: 3000", "f:4: token_retransmit (3000 ms) must be below"},
        Contradiction{"hold: 3000", "f:4: hold (3000 ms) must be 14 ms or more and below token"},
        Contradiction{"consensus: 3599", "f:4: consensus (3599 ms) must be at least 1.2 * token"},
        Contradiction{"join: 3601", "f:4: join (3601 ms) must not be above consensus (3600 ms)"},
        Contradiction{"send_join: 3600", "f:4: send_join (3600 ms) must be below consensus"}));

TEST(Timers, ConsensusIsHeldAgainstTheTokenOfTheNodelist) {
  EXPECT_THAT(error_of(nodelist_form(3, "token: 1000\nconsensus: 1200")),
              HasSubstr("f:5: consensus (1200 ms) must be at least 1.2 * token = 1980 ms"));
}

}  // namespace
}  // namespace gyre::node
