// Agreeing on who is there: classes D1 to D6.

#include <algorithm>
#include <stdexcept>

#include "tests/scenarios/totem_bed.hh"

namespace gyre::test {
namespace {

bool fails(const totem::wire::Join& join, std::size_t node) {
  return std::any_of(join.entries.begin(), join.entries.begin() + join.count, [&](auto& entry) {
    return entry.node == Simulation::id(node) && (entry.marks & totem::wire::Join::failed);
  });
}

// The fail list of a node that had failed itself was merged, until the rest had excluded each other
// and consensus was asked of nobody (0bf800e0). Here a node whom it lists goes without it, and the
// others judge for themselves.
TEST(Scenario, D1_ANodeThatExcludesOthersConvincesNobody) {
  Bed bed(4);
  auto patient = Simulation::quick();
  patient.token_loss = patient.consensus;
  for (std::size_t node = 0; node < 3; ++node) bed.configure(node, patient);
  bed.form();
  bool heard = false;
  const auto gives_up = [](const Sight& sight) {
    return sight.from == 3 && sight.type == Type::join && fails(sight.join(), 0) &&
           fails(sight.join(), 1);
  };
  bed.lose = [&](const Sight& sight) {
    heard |= gives_up(sight) && bed.state(2) == State::gather && !fails(sight.join(), 2);
    return sight.type == Type::token && sight.to == 3;
  };
  bed.delay = [&](const Sight& sight) {  // so that the others expire later
    return sight.from == 3 && sight.type == Type::join && !gives_up(sight) ? 1ms : 0ms;
  };
  bed.cut(0, 3, false);
  bed.cut(1, 3, false);
  ASSERT_TRUE(bed.run_until([&] { return heard; }, 60ms)) << bed.story();
  const Time before = bed.now();
  bed.run(5us);
  const auto goes_on = [&](std::size_t node) { return bed.state(node) == State::operational; };
  ASSERT_TRUE(bed.run_until([&] { return goes_on(0) && goes_on(1) && goes_on(2); }, 60ms));
  EXPECT_LT(bed.now() - before, 3ms) << bed.story();
  ASSERT_TRUE(bed.run_until([&] { return goes_on(3); }, 60ms)) << bed.story();
  for (std::size_t node = 1; node < 3; ++node)
    EXPECT_EQ(bed.ring(node).ring(), bed.ring(0).ring()) << bed.story();
  EXPECT_NE(bed.ring(3).ring(), bed.ring(0).ring());
  bed.lose = nullptr;
  bed.heal();
  bed.end();
}

// A member that hears all and never agrees, because it waits for someone whom only it hears, kept
// the others from going on. Here the third expiry, which is half a consensus time each after the
// first one, is without it.
TEST(Scenario, D1_AMemberThatNeverAgrees) {
  Bed bed(4);
  auto patient = Simulation::quick();
  patient.consensus = 10s;
  bed.configure(2, patient);
  bed.configure(3, patient);
  bed.cut(0, 3);
  bed.cut(1, 3);
  bed.start_all();
  EXPECT_TRUE(bed.run_until([&] { return bed.all_in(State::operational); }, 90ms)) << bed.story();
  EXPECT_GE(bed.now().time_since_epoch(), 2 * Simulation::quick().consensus);
  EXPECT_EQ(bed.ring(0).ring(), bed.ring(1).ring());
  EXPECT_EQ(bed.ring(2).ring(), bed.ring(3).ring());
  bed.heal();
  bed.end();
}

// A join from before the ring was there broke it, the answer broke the next one, and two nodes
// looped for ever (cfbb021e). Here what is older than the ring, or came already, is history.
TEST(Scenario, D2_AStaleJoinDoesNotBreakARing) {
  Bed bed(3);
  std::vector<std::pair<Sight, Bed::Frame>> joins;
  bed.lose = [&](const Sight& sight) {
    if (sight.type == Type::join) joins.emplace_back(sight, sight.copy());
    return false;
  };
  bed.form();
  bed.lose = nullptr;
  const auto ring = bed.ring(0).ring();
  ASSERT_GE(joins.size(), 6u);
  const auto stale = bed.sum(&totem::Counters::joins_stale);
  for (int round = 0; round < 3; ++round)
    for (const auto& [sight, bytes] : joins) bed.inject(sight.from, sight.to, bytes, round * 5ms);
  bed.run(20ms);
  EXPECT_GE(bed.sum(&totem::Counters::joins_stale), stale + 3 * joins.size());
  // One that never came before: it was sent last in gather, and the ring was quicker. Or it is the
  // last word of an earlier life.
  for (const auto& [sight, bytes] : joins) {
    totem::wire::Join join;
    ASSERT_TRUE(totem::wire::read_join(bytes, join));
    ASSERT_LT(join.ring_seq, ring.seq);
    const auto again = [&bed, &join, from = sight.from, to = sight.to] {
      join.join_seq += 100;
      bed.inject(from, to, to_bytes([&](FrameRef& frame) { totem::wire::write_join(frame, join); }),
                 1ms);
    };
    again();
    join.flags |= totem::wire::Join::leaving;
    again();
    ++join.incarnation;  // whose file of ring seqs was lost since (seed 400347)
    join.ring_seq = ring.seq + 3;
    again();
  }
  bed.run(20ms);
  EXPECT_GE(bed.sum(&totem::Counters::joins_stale), stale + 6 * joins.size());
  EXPECT_EQ(bed.sum(&totem::Counters::gathers), 3u) << bed.story();
  EXPECT_EQ(bed.ring(0).ring(), ring);
  bed.end();
}

// The opposite: the join of a member that had started again was taken for old, and the ring waited
// for its token to be missed (d9914003). Here a new start is news, whatever its numbers.
TEST(Scenario, D2_TheJoinOfARestartedMemberIsHeardAtOnce) {
  Bed bed(3);
  bed.form();
  bed.run(20ms);
  const auto ring = bed.ring(0).ring();
  bool lower = false;
  bed.lose = [&](const Sight& sight) {
    if (sight.type == Type::join && sight.from == 2)
      lower |= sight.join().ring_seq < ring.seq && sight.seq == 1;
    return false;
  };
  bed.crash(2);
  bed.lose_file(2);
  bed.start(2);
  const Time before = bed.now();
  ASSERT_TRUE(bed.converges());
  EXPECT_TRUE(lower);
  EXPECT_GT(bed.times(Reason::join_received), 0u);
  EXPECT_EQ(bed.times(Reason::token_lost), 0u);
  EXPECT_LT(bed.now() - before, Simulation::quick().token_loss / 2);
  bed.end();
}

// Leavers were not put into the fail list, and where several left at once, those who stayed waited
// for one another's (e45bbcc9). Here a leave excludes its sender, and waits for no timer.
TEST(Scenario, D3_FourOfSixLeaveAtOnce) {
  Bed bed(6);
  bed.form();
  for (std::size_t node = 2; node < 6; ++node) {
    bed.say(node, 5, 1300);
    bed.leave(node);
  }
  const Time before = bed.now();
  ASSERT_TRUE(bed.run_until(
      [&] { return !bed.up(2) && !bed.up(3) && !bed.up(4) && !bed.up(5) && bed.whole(); }, 100ms))
      << bed.story();
  EXPECT_LT(bed.now() - before, 10ms) << bed.story();
  EXPECT_EQ(bed.times(Reason::leave_requested), 4u);
  EXPECT_GE(bed.times(Reason::member_left), 1u);
  EXPECT_EQ(bed.times(Reason::token_lost), 0u);
  EXPECT_EQ(bed.delivered(0).size(), 20u);
  bed.end();
}

// Of two who leave the one that had a message to send first heard the other's word, needed nobody's
// answer, and was gone without a word of its own: the other waited for it in vain.
TEST(Scenario, D3_TheLastTwoLeaveOneShortlyAfterTheOther) {
  Bed bed(2);
  bed.form();
  bed.say(1, 1, 20);
  bed.leave(1);
  bed.leave(0);
  const Time asked = bed.now();
  ASSERT_TRUE(bed.run_until([&] { return !bed.up(0) && !bed.up(1); }, bed.bound()));
  EXPECT_LT(bed.now() - asked, Bed::quick().consensus / 2) << bed.story();
  EXPECT_EQ(bed.times(Reason::leave_requested), 2u);
}

// A leave while a ring was being formed was forgotten, and the new ring began with a member that
// was gone (69ff7705). Here it is heard in gather, commit and recovery alike, and repeated.
TEST(Scenario, D3_ALeaveWhileARingIsFormed) {
  for (const auto wanted : {State::gather, State::commit, State::recovery}) {
    SCOPED_TRACE(text(wanted));
    Bed bed(5);
    bed.form();
    bed.lose = [&](const Sight& sight) {  // the first leave is lost to everyone
      if (sight.type != Type::join || sight.from != 3) return false;
      if (!(sight.join().flags & totem::wire::Join::leaving)) return false;
      return bed.now() < bed.entered().back().when + 500us;
    };
    bed.crash(4);
    ASSERT_TRUE(bed.run_until([&] { return bed.state(3) == wanted; }, 100ms));
    bed.leave(3);
    const Time before = bed.now();
    ASSERT_TRUE(bed.run_until([&] { return !bed.up(3); }, 40ms)) << bed.story();
    ASSERT_TRUE(bed.converges());
    EXPECT_LT(bed.now() - before, Simulation::quick().consensus + 10ms) << bed.story();
    EXPECT_EQ(bed.times(3, Reason::leave_requested), 1u);
    for (const auto& event : bed.events())
      EXPECT_TRUE(event.node > 2 || event.members.size() != 4) << bed.story();
    bed.end();
  }
}

// Members were sorted by a comparison that was no order, and after stop 3, start 3, stop 2, start
// 2, stop 1 no two had the same list (9b3782e4). Here the order is that of the ids, for each number
// of the nodes' own that they came to know each other by.
TEST(Scenario, D4_StopAndStartInEveryOrder) {
  Bed bed(4);
  bed.start(3);
  bed.run(30ms);
  bed.start(0);
  ASSERT_TRUE(bed.converges());
  bed.form();
  for (const std::size_t node : {2, 1, 0, 3, 0, 1, 2}) {
    for (const bool orderly : {true, false}) {
      orderly ? bed.leave(node) : bed.crash(node);
      ASSERT_TRUE(bed.run_until([&] { return !bed.up(node) && bed.whole(); }, bed.bound()))
          << bed.story();
      const std::size_t lowest = node == 0 ? 1 : 0;
      EXPECT_EQ(bed.ring(lowest).ring().representative, Simulation::id(lowest));
      bed.start(node);
      ASSERT_TRUE(bed.converges());
      EXPECT_EQ(bed.ring(0).ring().representative, Simulation::id(0));
    }
  }
  EXPECT_EQ(bed.times(Reason::commit_token_missing), 0u) << bed.story();
  bed.end();
}

// With a consensus timeout too near to the token's, some gave up those who still waited in commit,
// and everybody saw a partition that was none (b3e19b29). Here a shorter one is refused, and with
// an equal one all come together again.
TEST(Scenario, D5_ConsensusAsShortAsTheToken) {
  auto parameters = Simulation::quick();
  parameters.consensus = parameters.token_loss - 1ms;
  EXPECT_THROW(Bed(1, 1, parameters).start(0), std::invalid_argument);
  parameters.consensus = parameters.token_loss;
  Bed bed(4, 1, parameters);
  bed.form();
  const auto old_ring = bed.ring(0).ring();
  totem::RingId failed;
  bed.lose = [&](const Sight& sight) {
    if (sight.type == Type::commit_token && failed.seq == 0) failed = sight.ring;
    if (sight.type == Type::commit_token && sight.ring == failed) return sight.hop >= 2;
    return sight.type == Type::token && sight.ring == old_ring;
  };
  ASSERT_TRUE(bed.run_until([&] { return failed.seq > 0; }, 60ms));
  ASSERT_TRUE(bed.run_until([&] { return bed.all_in(State::operational); }, bed.bound()));
  EXPECT_GE(bed.times(Reason::token_lost_in_commit) + bed.times(Reason::commit_token_missing), 1u);
  for (const auto& event : bed.events())
    EXPECT_TRUE(!event.configuration || !event.regular || event.members.size() == 4) << bed.story();
  bed.end();
}

// Three nodes, each alone, met, and stormed each other with rings of two of them (#351).
TEST(Scenario, D6_ThreeThatWereAloneMeet) {
  Bed bed(3);
  bed.cut(0, 1);
  bed.cut(0, 2);
  bed.cut(1, 2);
  bed.start_all();
  ASSERT_TRUE(bed.run_until([&] { return bed.all_in(State::operational); }, 60ms));
  bed.run(20ms);
  const auto gathers = bed.sum(&totem::Counters::gathers);
  const auto installed = bed.sum(&totem::Counters::rings_installed);
  ASSERT_EQ(installed, 3u);
  bed.heal();
  ASSERT_TRUE(bed.converges());
  EXPECT_LE(bed.sum(&totem::Counters::gathers) - gathers, 6u) << bed.story();
  EXPECT_LE(bed.sum(&totem::Counters::rings_installed) - installed, 5u) << bed.story();
  EXPECT_LE(bed.sum(&totem::Counters::joins_sent), 60u);
  bed.end();
}

// The network healed just when one side was forming its ring, so that the two sides' ideas of who
// is a member did not fit (#6).
TEST(Scenario, D6_TwoSidesMeetWhileOneFormsItsRing) {
  for (const auto when : {Reason::consensus, Reason::commit_token_returned, Reason::recovered}) {
    SCOPED_TRACE(text(when));
    Bed bed(5);
    bed.form();
    bed.workload.messages_per_turn = 0.02;
    bed.split({0, 1});
    bool healed = false;
    bed.at_transition = [&](std::size_t node, const totem::Transition& transition) {
      if (node != 1 || transition.reason != when) return;
      healed = true;
      bed.heal();
    };
    const auto gathers = bed.sum(&totem::Counters::gathers);
    ASSERT_TRUE(bed.run_until([&] { return healed; }, 100ms)) << bed.story();
    bed.at_transition = nullptr;
    ASSERT_TRUE(bed.converges());
    EXPECT_LE(bed.sum(&totem::Counters::gathers) - gathers, 30u) << bed.story();
    bed.workload.messages_per_turn = 0;
    bed.end();
  }
}

}  // namespace
}  // namespace gyre::test
