// Frames written by hand: good ones are accepted, and for each part of clause 10 some break it.
#include "tests/check/packets.hh"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "totem/wire.hh"

namespace gyre::check {
namespace {

namespace wire = totem::wire;
using testing::ElementsAre;
using testing::IsEmpty;
using totem::RingId;
using totem::Seq;

const RingId ring{10, NodeId(1), 77}, old_ring{9, NodeId(1), 77};
using Numbers = std::vector<std::uint64_t>;

// Three nodes; what they send goes to the checker.
class Clause10 : public testing::Test {
 protected:
  Process process(unsigned node) const { return {NodeId(node), life}; }
  void send(unsigned from, unsigned to, const FrameRef& frame) {
    packets.sent(process(from), NodeId(to), frame.bytes());
  }

  void commit(unsigned from, unsigned to, std::uint32_t hop, const RingId& id = ring,
              std::uint64_t aru = 0) {
    wire::CommitToken token{.ring = id, .hop = hop, .members = 3};
    for (unsigned i = 0; i < 3; ++i) {
      token.entries[i].node = NodeId(i + 1);
      token.entries[i].filled = i < hop;
      token.entries[i].aru = Seq{aru};
      token.entries[i].receive_frames = i == 1 ? 32 : 256;
    }
    FrameRef frame = pool.take();
    wire::write_commit_part(frame, token, 0, 3);
    send(from, to, frame);
  }
  void form(const RingId& id = ring) {
    for (unsigned hop = 1; hop <= 6; ++hop) commit((hop - 1) % 3 + 1, hop % 3 + 1, hop, id);
  }
  void token(unsigned from, unsigned to, std::uint64_t token_seq, std::uint64_t seq,
             std::uint64_t aru, const Numbers& rtr = {}) {
    wire::Token made;
    made.ring = ring;
    made.token_seq = token_seq;
    made.seq = Seq{seq};
    made.aru = Seq{aru};
    for (const std::uint64_t asked : rtr) made.rtr[made.rtr_count++] = Seq{asked};
    FrameRef frame = pool.take();
    wire::write_token(frame, made);
    send(from, to, frame);
  }
  // `from` sends frame `seq`, of `of`, which begins with `flags` and ends with `last`.
  void data(unsigned from, std::uint64_t seq, unsigned of, char last = 'a') {
    FrameRef frame = pool.take();
    frame.resize(wire::Data::size + 1);
    wire::write_data(frame.data(), {.sender = NodeId(of), .ring = ring, .seq = Seq{seq}});
    frame.data()[wire::Data::size] = std::byte(last);
    send(from, 0, frame);
  }
  void data(unsigned from, std::uint64_t seq) { data(from, seq, from); }
  // The same, of the old ring, in frame `seq` of this one.
  void recovered(unsigned from, std::uint64_t seq, std::uint64_t old_seq, unsigned of, char last) {
    FrameRef frame = pool.take();
    frame.resize(2 * wire::Data::size + 1);
    wire::write_data(
        frame.data(),
        {.flags = wire::Data::recovered, .sender = NodeId(from), .ring = ring, .seq = Seq{seq}});
    wire::write_data(frame.data() + wire::Data::size,
                     {.sender = NodeId(of), .ring = old_ring, .seq = Seq{old_seq}});
    frame.data()[2 * wire::Data::size] = std::byte(last);
    send(from, 0, frame);
  }
  void has(unsigned node, std::uint64_t seq) { packets.received_to(process(node), ring, Seq{seq}); }

  std::set<std::string> broken() const {
    std::set<std::string> clauses;
    for (const Violation& violation : packets.violations()) clauses.insert(violation.clause);
    return clauses;
  }

  FramePool pool{16, 64, 1400, 16};
  Packets packets;
  std::uint64_t life = 1;
};

TEST_F(Clause10, GoodRotations) {
  form();
  token(1, 2, 2, 2, 2);
  data(1, 1);
  data(1, 2);
  data(2, 3);  // before its token, as one that lingers
  has(2, 0);
  token(2, 3, 3, 4, 0);
  data(2, 4);
  has(3, 4);
  token(3, 1, 4, 4, 0);
  has(1, 4);
  token(1, 2, 5, 4, 0);
  token(2, 3, 6, 4, 0, {1, 2});
  has(3, 4);
  token(3, 1, 7, 4, 0, {2});
  data(3, 1, 1);
  has(1, 4);
  token(1, 2, 8, 4, 0);
  data(1, 2);
  has(2, 4);
  token(2, 3, 9, 4, 4);
  token(2, 3, 9, 4, 4);  // again: no sign of 3
  has(3, 4);
  token(3, 1, 10, 4, 4);
  has(1, 4);
  token(1, 3, 11, 4, 4);  // held, and handed to 3, which asked
  token(3, 1, 12, 5, 5);
  data(3, 5);
  EXPECT_THAT(packets.violations(), IsEmpty());
  EXPECT_EQ(packets.frames(), 5U);
}

TEST_F(Clause10, GoodRecovery) {
  form(old_ring);
  commit(1, 2, 1);
  commit(1, 2, 1);
  for (unsigned hop = 2; hop <= 6; ++hop) commit((hop - 1) % 3 + 1, hop % 3 + 1, hop);
  recovered(1, 1, 7, 3, 'x');
  token(1, 2, 2, 1, 1);
  EXPECT_THAT(packets.violations(), IsEmpty());
}

TEST_F(Clause10, FramesOfUnknownRingsArePassedOver) {
  token(2, 3, 7, 4, 4);
  data(3, 100);
  EXPECT_THAT(packets.violations(), IsEmpty());
}

TEST_F(Clause10, BoundedMemory) {
  form();
  for (unsigned seq = 1; seq <= 10'000; ++seq) {
    const unsigned node = (seq - 1) % 3 + 1;
    token(node, node % 3 + 1, seq + 1, seq, seq);
    data(node, seq);
  }
  EXPECT_LT(packets.frames(), 1100U);
  for (std::uint64_t id = 100; id < 100 + 2 * Packets::rings_max; ++id) form({id, NodeId(1), 77});
  EXPECT_EQ(packets.frames(), 0U);
  EXPECT_THAT(packets.violations(), IsEmpty());
}

TEST_F(Clause10, SentInTheTurnThatGaveItsPlace) {
  form();
  data(1, 1);
  packets.turned(process(1), {ring, Seq{1}, 0});
  token(1, 2, 2, 2, 1);
  data(1, 2);
  packets.turned(process(1), {ring, Seq{2}, 0});
  EXPECT_THAT(packets.violations(), IsEmpty());
}

TEST_F(Clause10, KeptBackBehindItsTurn) {
  form();
  data(1, 1);
  packets.turned(process(1), {ring, Seq{2}, 0});
  token(1, 2, 2, 2, 1);
  data(1, 2);
  EXPECT_THAT(broken(), ElementsAre("10 late"));
}

TEST_F(Clause10, TokenOfOneWhoDoesNotHoldIt) {
  form();
  token(1, 2, 2, 0, 0);
  token(3, 1, 3, 0, 0);
  EXPECT_THAT(broken(), ElementsAre("10 token"));
}

TEST_F(Clause10, SecondTokenOfAnOldHolder) {
  form();
  token(1, 2, 2, 0, 0);
  token(2, 3, 3, 0, 0);
  token(1, 2, 3, 0, 0);
  EXPECT_THAT(broken(), ElementsAre("10 token"));
}

TEST_F(Clause10, TokenThatCountsTwo) {
  form();
  token(1, 2, 3, 0, 0);
  EXPECT_THAT(broken(), ElementsAre("10 token"));
}

TEST_F(Clause10, TokenWhoseSeqFalls) {
  form();
  token(1, 2, 2, 1, 1);
  data(1, 1);
  token(2, 3, 3, 0, 0);
  EXPECT_THAT(broken(), ElementsAre("10 token"));
}

TEST_F(Clause10, TokenThatAsksForWhatDoesNotExist) {
  form();
  token(1, 2, 2, 0, 0, {5});
  EXPECT_THAT(broken(), ElementsAre("10 token"));
}

TEST_F(Clause10, TokenOfAStranger) {
  form();
  token(4, 1, 2, 0, 0);
  EXPECT_THAT(broken(), ElementsAre("10 token"));
}

TEST_F(Clause10, TokenAgainButOtherwise) {
  form();
  token(1, 2, 2, 0, 0);
  token(1, 2, 2, 1, 1);
  EXPECT_THAT(broken(), ElementsAre("10 again"));
}

TEST_F(Clause10, FrameAgainButOtherwise) {
  form();
  token(1, 2, 2, 1, 1);
  data(1, 1);
  data(3, 1, 1, 'b');
  EXPECT_THAT(broken(), ElementsAre("10 again"));
}

TEST_F(Clause10, RecoveredFrameOtherwiseThanInItsRing) {
  form();
  token(1, 2, 2, 1, 1);
  data(1, 1, 1, 'x');
  const RingId next{11, NodeId(1), 77};
  form(next);
  FrameRef frame = pool.take();
  frame.resize(2 * wire::Data::size + 1);
  wire::write_data(
      frame.data(),
      {.flags = wire::Data::recovered, .sender = NodeId(1), .ring = next, .seq = Seq{1}});
  wire::write_data(frame.data() + wire::Data::size,
                   {.sender = NodeId(1), .ring = ring, .seq = Seq{1}});
  frame.data()[2 * wire::Data::size] = std::byte('y');
  send(1, 0, frame);
  EXPECT_THAT(broken(), ElementsAre("10 again"));
}

TEST_F(Clause10, CommitTokenAgainButOtherwise) {
  commit(1, 2, 1);
  commit(1, 2, 1, ring, 5);
  EXPECT_THAT(broken(), ElementsAre("10 again"));
}

TEST_F(Clause10, CommitTokenAgainInALaterLife) {
  form();
  life = 2;
  commit(2, 3, 2, ring, 5);
  EXPECT_THAT(broken(), IsEmpty());
  commit(2, 3, 2, ring, 6);  // of this life it has said otherwise
  EXPECT_THAT(broken(), ElementsAre("10 again"));
}

TEST_F(Clause10, SecondRotationAgainInALaterLife) {
  form();
  life = 2;
  commit(2, 3, 5, ring, 5);
  EXPECT_THAT(broken(), ElementsAre("10 again"));
}

TEST_F(Clause10, SeqGivenWithoutTheToken) {
  form();
  token(1, 2, 2, 0, 0);
  data(3, 1);
  EXPECT_THAT(broken(), ElementsAre("10 seq"));
}

TEST_F(Clause10, SeqGivenBeyondWhatTheTokenAnnounced) {
  form();
  token(1, 2, 2, 1, 1);
  data(1, 1);
  data(1, 2);
  EXPECT_THAT(broken(), ElementsAre("10 seq"));
}

TEST_F(Clause10, SeqsWithAGap) {
  form();
  data(1, 1);
  data(1, 3);
  EXPECT_THAT(broken(), ElementsAre("10 seq"));
}

TEST_F(Clause10, AnnouncedFramesNeverSent) {
  form();
  token(1, 2, 2, 1, 1);
  token(2, 3, 3, 1, 0);
  token(3, 1, 4, 1, 0);
  token(1, 2, 5, 1, 0);
  EXPECT_THAT(broken(), ElementsAre("10 seq"));
}

TEST_F(Clause10, FrameOfAnotherThatNeverSentIt) {
  form();
  token(1, 2, 2, 1, 1);
  data(2, 1, 1);
  EXPECT_THAT(broken(), ElementsAre("10 seq"));
}

// It passes the token on, and within the same turn the ring is over for it.
TEST_F(Clause10, StableWhileAMemberForgetsTheRing) {
  form();
  token(1, 2, 2, 1, 1);
  data(1, 1);
  has(2, 0);
  packets.received_to(process(2), ring, std::nullopt);
  token(2, 3, 3, 1, 1);
  token(3, 1, 4, 1, 1);
  token(1, 2, 5, 1, 1);
  EXPECT_THAT(broken(), IsEmpty());
}

TEST_F(Clause10, StableThoughAMemberLacksIt) {
  form();
  token(1, 2, 2, 1, 1);
  data(1, 1);
  has(2, 0);
  token(2, 3, 3, 1, 1);
  token(3, 1, 4, 1, 1);
  token(1, 2, 5, 1, 1);
  EXPECT_THAT(broken(), ElementsAre("10 stable"));
}

TEST_F(Clause10, AsksForWhatIsStable) {
  form();
  token(1, 2, 2, 1, 1);
  data(1, 1);
  token(2, 3, 3, 1, 1);
  token(3, 1, 4, 1, 1);
  token(1, 2, 5, 1, 1);
  token(2, 3, 6, 1, 1, {1});
  EXPECT_THAT(broken(), ElementsAre("10 rtr"));
}

TEST_F(Clause10, ARotationFillsTheSmallestQueue) {
  form();
  token(1, 2, 2, 10, 0);
  for (std::uint64_t seq = 1; seq <= 10; ++seq) data(1, seq);
  token(2, 3, 3, 10, 0);
  token(3, 1, 4, 16, 0);
  for (std::uint64_t seq = 11; seq <= 16; ++seq) data(3, seq);
  token(1, 2, 5, 26, 0);
  EXPECT_THAT(broken(), IsEmpty());
}

TEST_F(Clause10, ARotationOverrunsTheSmallestQueue) {
  form();
  token(1, 2, 2, 0, 0);
  token(2, 3, 3, 20, 0);
  for (std::uint64_t seq = 1; seq <= 20; ++seq) data(2, seq);
  token(3, 1, 4, 20, 0);
  token(1, 2, 5, 25, 0);
  EXPECT_THAT(broken(), ElementsAre("10 window"));
}

TEST_F(Clause10, AsksForWhatMayBeOnItsWay) {
  form();
  token(1, 2, 2, 1, 1);
  data(1, 1);
  token(2, 3, 3, 1, 0, {1});
  EXPECT_THAT(broken(), ElementsAre("10 rtr"));
}

TEST_F(Clause10, AsksAtOnceForWhatIsRecovered) {
  form(old_ring);
  form();
  recovered(1, 1, 7, 3, 'x');
  token(1, 2, 2, 1, 1);
  token(2, 3, 3, 1, 0, {1});
  EXPECT_THAT(packets.violations(), IsEmpty());
}

TEST_F(Clause10, CommitTokenThatLeavesOutAMember) {
  commit(1, 2, 1);
  commit(3, 1, 3);
  EXPECT_THAT(broken(), ElementsAre("10 commit"));
}

TEST_F(Clause10, CommitTokenOutOfTurn) {
  commit(1, 2, 1);
  commit(3, 1, 2);
  EXPECT_THAT(broken(), ElementsAre("10 commit"));
}

TEST_F(Clause10, CommitTokenToTheWrongMember) {
  commit(1, 3, 1);
  EXPECT_THAT(broken(), ElementsAre("10 commit"));
}

TEST_F(Clause10, TokenBeforeTheCommitTokenIsBack) {
  for (unsigned hop = 1; hop <= 5; ++hop) commit((hop - 1) % 3 + 1, hop % 3 + 1, hop);
  token(1, 2, 2, 0, 0);
  EXPECT_THAT(broken(), ElementsAre("10 commit"));
}

TEST_F(Clause10, CommitTokenThatNeverEnds) {
  form();
  commit(1, 2, 7);
  EXPECT_THAT(broken(), ElementsAre("10 commit"));
}

}  // namespace
}  // namespace gyre::check
