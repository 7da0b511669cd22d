// Votes in the one order: counted by what the lists say when a ring opens, and changed at one place
// on all members.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "membership/barrier.hh"
#include "membership/quorum_wire.hh"
#include "tests/membership/quorum_nodes.hh"
#include "tests/membership/trace.hh"

namespace gyre::membership {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using What = wire::Votes::What;

using test::section;

// Nodes 1, 2 and 3, of which five are expected.
class VotesOfThree : public testing::Test {
 protected:
  explicit VotesOfThree(const QuorumSettings& settings = section(5))
      : a(1, {}, settings), b(2, {}, settings), c(3, {}, settings) {
    ring.open(4);
    ring.take();
  }
  wire::Encoded message(What what, std::uint32_t number = 0, std::uint32_t subject = 0,
                        std::uint32_t request = 0) {
    return wire::votes({.what = what,
                        .number = number,
                        .subject = subject,
                        .request = request,
                        .ring = a.at.ring});
  }
  // The ring is over, and all it had is known to be everywhere up to `stable`.
  void end(std::initializer_list<Node*> nodes, std::uint64_t next, totem::Seq stable) {
    std::vector<totem::Member> members;
    for (const Node* node : nodes) members.push_back({node->self, 0});
    for (Node* node : nodes) node->transitional(next, members, stable);
    for (Node* node : nodes) node->trace.take();
  }
  const Verdict& verdict(const Node& node) { return node.membership.quorum().verdict(); }

  Node a, b, c;
  OrderedRing ring{{&a, &b, &c}}, two{{&a, &b}};
};

TEST_F(VotesOfThree, TheViewCarriesTheVerdict) {
  for (const Node* node : {&a, &b, &c}) {
    EXPECT_TRUE(verdict(*node).quorate);
    EXPECT_EQ(verdict(*node).total_votes, 3u);
    EXPECT_EQ(node->membership.quorum().votes_of(NodeId{3}), 1u);
  }
  end({&a, &b}, 8, a.at.seq);
  two.open(8);
  EXPECT_FALSE(verdict(a).quorate);
  EXPECT_EQ(verdict(a), verdict(b));
}

TEST_F(VotesOfThree, AnOperatorsChangeComesToAllAtOnePlaceAndIsAnsweredToWhoAsked) {
  ring.send(b, message(What::expected, 2, 0, 77));
  EXPECT_THAT(a.trace.take(), IsEmpty());
  EXPECT_THAT(b.trace.take(), ElementsAre("answer 77 1")) << "below the votes that are here";
  c.trace.take();
  ring.send(b, message(What::expected, 4, 0, 78));
  EXPECT_THAT(a.trace.take(),
              ElementsAre("verdict 2 @4.5.0 quorate: 3 of 4 expected votes, 3 needed. Fencing is "
                          "needed: votes were changed by hand, and who is not here does not know "
                          "it"));
  EXPECT_EQ(b.trace.take().back(), "answer 78 0");
  c.trace.take();
  ring.send(a, message(What::votes, 5, 3));
  EXPECT_EQ(verdict(c).total_votes, 7u);
  EXPECT_EQ(a.membership.quorum().votes_of(NodeId{3}), 5u);
  ring.send(a, message(What::votes, 5, 9, 79));
  EXPECT_EQ(a.trace.take().back(), "answer 79 3");
}

TEST_F(VotesOfThree, WhatIsSaidOfAnotherRingChangesNothing) {
  const wire::Encoded old = message(What::expected, 9, 0, 5);
  end({&a, &b, &c}, 8, a.at.seq);
  ring.send(a, old);  // still of its ring, but in the transitional configuration
  EXPECT_THAT(a.trace.take(), ElementsAre("answer 5 4"));
  ring.open(8);
  ring.send(a, old);
  EXPECT_EQ(a.trace.take().back(), "answer 5 4");
  EXPECT_EQ(verdict(a).expected_votes, 5u);
}

TEST_F(VotesOfThree, AListThatCannotBeReadHasNoVotes) {
  end({&a, &b, &c}, 8, a.at.seq);
  ring.regular(8);
  ring.barrier(a);
  ring.barrier(b);
  const auto listed = c.membership.barrier();
  std::vector<std::byte> list(listed.begin(), listed.end());
  list.pop_back();
  for (Node* node : {&a, &b, &c}) node->deliver(c.self, list, true);
  EXPECT_EQ(verdict(a).total_votes, 2u);
  EXPECT_EQ(verdict(a), verdict(c));
  EXPECT_FALSE(verdict(c).quorate);
}

class VotesThatShrink : public VotesOfThree {
 protected:
  static QuorumSettings settings() {
    QuorumSettings settings = section(3);
    settings.last_man_standing = true;
    return settings;
  }
  VotesThatShrink() : VotesOfThree(settings()) {}
};

TEST_F(VotesThatShrink, TheWindowIsOverForAllAtOnePlaceAndOnce) {
  end({&a, &b}, 8, a.at.seq);
  two.open(8);
  two.take();
  EXPECT_TRUE(a.membership.quorum().window_open());
  two.send(a, message(What::window_over));
  EXPECT_EQ(two.take().size(), 1u);
  EXPECT_EQ(verdict(b).expected_votes, 2u);
  two.send(b, message(What::window_over));  // its clock was a little slower
  EXPECT_THAT(two.take(), IsEmpty());
}

// The lists of ring 8 stand at its seqs 1 and 2.
TEST_F(VotesThatShrink, AViewCountsOnceItsListsAreKnownToBeEverywhere) {
  end({&a, &b}, 8, a.at.seq);
  two.open(8);
  two.send(a, message(What::window_over));
  two.take();
  end({&a}, 12, totem::Seq{1});
  end({&b}, 11, totem::Seq{2});
  const auto said = [](const Node& node) {
    SeenNodes seen;
    const auto list = node.membership.barrier();
    const std::size_t groups = 24 + 8;  // the ring, and nobody in a group
    return read_status(list.subspan(groups + 8), seen).value();
  };
  OrderedRing alone{{&a}}, other{{&b}};
  alone.regular(12);
  other.regular(11);
  EXPECT_EQ(said(a).claim.ring.seq, 4u);
  EXPECT_EQ(said(a).attempt_count, 1u);
  EXPECT_EQ(said(b).claim.ring.seq, 8u);
  EXPECT_EQ(said(b).attempt_count, 0u);
}

TEST(Votes, ADeviceIsPolledAndGoneForAll) {
  QuorumSettings settings = section(2);
  settings.device_votes = 1;
  settings.expected_votes = 3;
  Node a(1, {}, settings), b(2, {}, settings);
  OrderedRing ring{{&a}};
  ring.open(4);
  const auto say = [&](What what, std::uint32_t number, std::uint32_t subject = 0) {
    ring.send(a,
              wire::votes({.what = what, .number = number, .subject = subject, .ring = a.at.ring}));
    return a.membership.quorum().verdict().quorate;
  };
  constexpr std::uint32_t votes = wire::Votes::device_alive | wire::Votes::device_votes;
  EXPECT_FALSE(say(What::device, 0, wire::Votes::device_alive));
  EXPECT_TRUE(say(What::device, 0, votes));
  EXPECT_TRUE(say(What::device_gone, 1, 1)) << "it was polled again since";
  EXPECT_TRUE(say(What::device_gone, 2, 2)) << "not there";
  EXPECT_FALSE(say(What::device_gone, 2, 1));
}

TEST(Votes, WithoutASectionTheNodesEverSeenAreTheUnionOfWhatAllKnow) {
  KeptVotes one, other;
  for (const std::uint32_t node : {1, 5, 6}) one.seen.add(NodeId{node});
  for (const std::uint32_t node : {2, 6, 7}) other.seen.add(NodeId{node});
  Node a(1, {}, {}, one), b(2, {}, {}, other);
  OrderedRing ring{{&a, &b}};
  ring.open(4);
  EXPECT_EQ(a.membership.quorum().verdict().expected_votes, 5u);
  EXPECT_EQ(a.membership.kept_votes(), b.membership.kept_votes());
  EXPECT_THAT(a.membership.kept_votes().seen.nodes(),
              ElementsAre(NodeId{1}, NodeId{2}, NodeId{5}, NodeId{6}, NodeId{7}));
}

TEST(Votes, AsManyNodesAreSeenAsAClusterCanHave) {
  SeenNodes seen;
  for (std::uint32_t node = 2 * nodes_max; node > 0; --node)
    EXPECT_EQ(seen.add(NodeId{node}), node > nodes_max);
  EXPECT_FALSE(seen.add(NodeId{2 * nodes_max}));
  EXPECT_FALSE(seen.add(NodeId::none));
  EXPECT_EQ(seen.size(), nodes_max);
  EXPECT_TRUE(std::ranges::is_sorted(seen.nodes()));
}

TEST(Votes, OnlyExactStatusesCanBeRead) {
  QuorumStatus status;
  status.votes = 7;
  status.expected = 9;
  status.highest = 11;
  status.consensus = std::chrono::milliseconds(1200);
  status.quorate = status.by_hand = status.leaving = status.young = status.forgot = true;
  status.claim = {ring_id(3), 1, 2, 3, NodeId{4}};
  status.attempt_count = QuorumStatus::attempts_max;
  for (QuorumClaim& attempt : status.attempts) attempt = {ring_id(5), 6, 7, 8, NodeId{9}};
  std::array<std::byte, quorum_section_max> bytes{};
  Writer writer(bytes);
  const NodeId seen[] = {NodeId{1}, NodeId{2}};
  write_status(writer, status, seen);
  const auto all = std::span(bytes).first(writer.size());
  SeenNodes read;
  EXPECT_EQ(read_status(all, read), status);
  EXPECT_EQ(read.size(), 2u);
  for (std::size_t size = 0; size < all.size(); ++size) {
    SeenNodes ignored;
    EXPECT_EQ(read_status(all.first(size), ignored).has_value(),
              size + 4 >= all.size() - 4 && size % 4 == 0);
  }
  bytes[18] = std::byte{255};  // longer than it can be
  EXPECT_FALSE(read_status(all, read));
  bytes[18] = std::byte{0};
  bytes[20] = std::byte{32};  // a flag that nobody knows
  EXPECT_FALSE(read_status(all, read));
  bytes[20] = std::byte{0};
  bytes[60] = std::byte{QuorumStatus::attempts_max + 1};
  EXPECT_FALSE(read_status(all, read));
}

}  // namespace
}  // namespace gyre::membership
