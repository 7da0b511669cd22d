// Numbers that run out, and ring ids that must not come twice: classes A1 and C.

#include <algorithm>

#include "tests/scenarios/totem_bed.hh"

namespace gyre::test {
namespace {

constexpr std::uint64_t four_billion = std::uint64_t{1} << 32;

// The token as it is, with another number.
Bed::Frame renumbered(const Sight& sight, std::uint64_t token_seq) {
  auto token = sight.token();
  token.token_seq = token_seq;
  return to_bytes([&](FrameRef& frame) { totem::wire::write_token(frame, token); });
}

// Elsewhere 32-bit numbers of tokens and messages wrapped, and a ring that had run for weeks took
// its newest token for an old one (ecb97392). Here no number wraps, and none is cut to 32 bits.
TEST(Scenario, A1_RingSeqAndTokenSeqCrossTwoToThe32) {
  Bed bed(3);
  bed.old_file(0, four_billion - 3);
  bed.old_file(1, 7);
  bed.form();
  EXPECT_LT(bed.ring(0).ring().seq, four_billion);
  bool jumped = false;
  std::uint64_t highest = 0;
  bed.lose = [&](const Sight& sight) {
    if (sight.type != Type::token) return false;
    highest = std::max(highest, sight.seq);
    if (jumped || sight.to != 1) return false;
    jumped = true;
    bed.excused = "10 token";  // whose numbers grow by one
    bed.inject(sight.from, 1, renumbered(sight, four_billion - 20), 5us);
    return true;
  };
  bed.workload.messages_per_turn = 0.2;
  bed.run(20ms);
  EXPECT_GT(highest, four_billion + 100);
  EXPECT_EQ(bed.times(Reason::token_lost), 0u) << bed.story();
  for (int i = 0; i < 5; ++i) {
    bed.crash(2);
    bed.start(2);
    ASSERT_TRUE(bed.converges());
  }
  EXPECT_GT(bed.ring(0).ring().seq, four_billion);
  EXPECT_EQ(bed.ring(0).ring(), bed.ring(1).ring());
  bed.workload.messages_per_turn = 0;
  bed.end();
}

// Losing the token again while a ring was being formed mixed up the ids of the old ring and of the
// one that failed, so that commit tokens of dead attempts were taken for new (ef05817c). Here each
// attempt has a seq of its own, old ones are refused, and what the old ring still owes is
// delivered.
TEST(Scenario, C1_TokenLostTwiceInCommitAndRecovery) {
  Bed bed(3);
  bed.form();
  const auto old_ring = bed.ring(0).ring();
  std::vector<std::pair<Sight, Bed::Frame>> kept;
  std::set<std::uint64_t> attempts{old_ring.seq};
  bool silent = false;
  const auto attempt = [&](const totem::RingId& ring) {
    attempts.insert(ring.seq);
    return std::distance(attempts.begin(), attempts.find(ring.seq));
  };
  bed.lose = [&](const Sight& sight) {
    if (sight.ring == old_ring) return sight.type == Type::token ? silent : sight.to == 2;
    if (sight.type == Type::commit_token) {
      kept.emplace_back(sight, sight.copy());
      return attempt(sight.ring) <= 2 && sight.hop >= 2;
    }
    return sight.type == Type::token && attempt(sight.ring) <= 4;
  };
  std::size_t again = 0;
  std::size_t dead = 0;
  bed.at_transition = [&](std::size_t node, const totem::Transition& transition) {
    dead += transition.to == State::commit && transition.ring.seq < *attempts.rbegin();
    for (const auto& [sight, bytes] : kept) {
      if (sight.to != node || sight.ring.seq == *attempts.rbegin()) continue;
      ++again;
      for (const auto after : {3us, 60us, 400us}) bed.inject(sight.from, node, bytes, after);
    }
  };
  bed.say(0, 5, 100);
  ASSERT_TRUE(bed.run_until([&] { return bed.delivered(1).size() == 5; }, 20ms));
  ASSERT_EQ(bed.delivered(2).size(), 0u);
  silent = true;
  ASSERT_TRUE(bed.run_until([&] { return attempts.size() == 6; }, 200ms)) << bed.story();
  ASSERT_TRUE(bed.converges());
  EXPECT_GE(bed.times(Reason::token_lost_in_commit) + bed.times(Reason::commit_token_missing), 2u);
  EXPECT_GE(bed.times(Reason::token_lost_in_recovery), 2u);
  EXPECT_GT(again, 10u);
  EXPECT_EQ(dead, 0u) << bed.story();
  EXPECT_GT(bed.sum(&totem::Counters::commit_tokens_refused), 10u);
  EXPECT_EQ(bed.delivered(2).size(), 5u);
  EXPECT_GT(bed.sum(&totem::Counters::recovered_sent), 0u);
  EXPECT_EQ(bed.ring(0).ring().seq, *attempts.rbegin());
  bed.end();
}

// Four of five nodes started again while the fifth still tried to recover: they counted from the
// same number and made the very id that the fifth was waiting for (d99fba72). Here the starts have
// random numbers of their own, and the fifth takes nothing of a ring that only looks like its own.
TEST(Scenario, C2_FourOfFiveStartAgainWhileTheFifthRecovers) {
  Bed bed(5);
  bed.form();
  const auto old_ring = bed.ring(0).ring();
  totem::RingId wanted;
  bed.lose = [&](const Sight& sight) {
    return sight.type == Type::token && sight.ring == old_ring;
  };
  bed.at_transition = [&](std::size_t node, const totem::Transition& transition) {
    if (node == 4 && transition.to == State::recovery) wanted = transition.ring;
  };
  ASSERT_TRUE(bed.run_until([&] { return wanted.seq > 0; }, 100ms));
  bed.at_transition = nullptr;
  std::vector<Bed::Frame> strange;
  bed.lose = [&](const Sight& sight) {
    if (sight.type == Type::token && strange.size() < 8) strange.push_back(sight.copy());
    return sight.type == Type::join && (sight.from == 4 || sight.to == 4);
  };
  for (std::size_t node = 0; node < 4; ++node) {
    bed.crash(node);
    bed.old_file(node, wanted.seq - 1);
    bed.start(node);
  }
  ASSERT_TRUE(bed.run_until(
      [&] { return bed.state(0) == State::operational && bed.ring(0).ring().seq == wanted.seq; },
      15ms))
      << bed.story();
  ASSERT_EQ(bed.state(4), State::recovery);
  const auto twin = bed.ring(0).ring();
  EXPECT_EQ(twin.representative, wanted.representative);
  EXPECT_NE(twin.incarnation, wanted.incarnation);
  bed.say(0, 20, 100);
  bed.run(1ms);
  ASSERT_EQ(bed.state(4), State::recovery);
  for (const auto& token : strange) bed.inject(3, 4, token, 10us);
  bed.run(1ms);
  EXPECT_GT(bed.counters(4).data_foreign, 0u);
  EXPECT_GE(bed.counters(4).tokens_foreign, 8u);
  bed.run_until([&] { return bed.state(4) == State::gather; }, 40ms);
  const auto foreign = bed.counters(4).tokens_foreign;
  for (const auto& token : strange) bed.inject(3, 4, token, 10us);
  bed.run(100us);
  EXPECT_GE(bed.counters(4).tokens_foreign, foreign + 8);
  bed.lose = nullptr;
  bed.end();
}

// A representative that was back before anyone missed it came with the id from its file and with
// aru 0, and the others were asked for messages that they had long freed (3675dace). Here its old
// ring is one of its own, whatever its number, and only those who were in a ring exchange it.
TEST(Scenario, C3_RepresentativeBackWithItsStoredRingBeforeItIsMissed) {
  Bed bed(3);
  bed.form();
  for (std::size_t node = 0; node < 3; ++node) bed.say(node, 500, 400);
  ASSERT_TRUE(bed.run_until([&] { return bed.drained(); }, 100ms));
  bed.run(5ms);
  const auto old_ring = bed.ring(0).ring();
  bool reached = false;
  bed.lose = [&](const Sight& sight) {
    if (sight.type != Type::commit_token || sight.hop != 3) return false;
    const auto token = sight.commit();
    const auto& first = token.entries[0];
    reached |= first.old_ring.seq == old_ring.seq &&
               first.old_ring.representative == old_ring.representative &&
               first.old_ring != old_ring && number(first.aru) == 0 &&
               token.entries[1].old_ring == old_ring && number(token.entries[1].aru) > 300;
    return false;
  };
  bed.crash(0);
  bed.old_file(0, old_ring.seq);
  bed.start(0);
  const Time before = bed.now();
  ASSERT_TRUE(bed.converges());
  EXPECT_LT(bed.now() - before, Simulation::quick().token_loss);
  EXPECT_TRUE(reached);
  EXPECT_EQ(bed.times(Reason::token_lost), 0u);
  EXPECT_EQ(bed.sum(&totem::Counters::recovered_sent), 0u);
  EXPECT_EQ(bed.delivered(0).size(), 0u);
  bed.say(0, 10, 100);
  bed.end();
}

// The number of the last ring was written without waiting for the disk, and a power cut took the
// cluster back to numbers that had been used (7471c883). Here a seq is used once it is on disk.
TEST(Scenario, C4_ARingSeqIsUsedOnlyOnceItIsOnDisk) {
  Bed bed(3);
  bed.disk_delay = 5ms;
  bed.start_all();
  bed.run(3ms);
  ASSERT_TRUE(bed.all_in(State::gather));  // agreed, and waiting for the disk
  bed.crash(0);                            // in the middle of writing
  bed.start(0);
  ASSERT_TRUE(bed.converges());
  const auto first =
      std::find_if(bed.entered().begin(), bed.entered().end(),
                   [](const Entered& entered) { return entered.transition.to == State::commit; });
  EXPECT_GE(first->when.time_since_epoch(), 5ms);
  const auto before = bed.ring(0).ring();
  for (std::size_t node = 0; node < 3; ++node) bed.crash(node);
  bed.form();
  EXPECT_GT(bed.ring(0).ring().seq, before.seq);
  bed.end();  // W1: rings grow across the power cut
}

// A file that was lost, empty or old made a cluster count from the beginning and meet its own past
// (da46ecfc, 660e2b08). Here the same number comes again, and is another ring.
TEST(Scenario, C4_ALostFileMakesNoIdComeTwice) {
  Bed bed(3);
  std::vector<Bed::Frame> past;
  bed.form();
  const auto before = bed.ring(0).ring();
  bed.lose = [&](const Sight& sight) {
    if (sight.to == 2) past.push_back(sight.copy());
    return false;
  };
  bed.say(0, 30, 100);
  bed.run(2ms);
  bed.lose = nullptr;
  for (std::size_t node = 0; node < 3; ++node) {
    bed.crash(node);
    bed.lose_file(node);
  }
  bed.form();
  const auto after = bed.ring(0).ring();
  EXPECT_EQ(after.seq, before.seq);
  EXPECT_EQ(after.representative, before.representative);
  EXPECT_NE(after, before);
  ASSERT_GT(past.size(), 30u);
  for (const auto& frame : past) bed.inject(0, 2, frame, 10us);
  bed.run(1ms);
  EXPECT_GE(bed.counters(2).data_foreign, 3u);
  EXPECT_GT(bed.counters(2).tokens_foreign, 3u);
  bed.end();
}

}  // namespace
}  // namespace gyre::test
