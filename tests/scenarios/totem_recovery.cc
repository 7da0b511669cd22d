// Recovery: classes B1 and B3 to B8, B10.

#include <algorithm>

#include "tests/scenarios/totem_bed.hh"

namespace gyre::test {
namespace {

bool is_data_of(const Sight& sight, const totem::RingId& ring) {
  return sight.type == Type::data && sight.ring == ring;
}

// How many of those that begin with `start` a node delivered.
std::ptrdiff_t delivered(const Bed& bed, std::size_t node, std::string_view start) {
  const auto& all = bed.delivered(node);
  return std::count_if(all.begin(), all.end(),
                       [&](const std::string& text) { return text.starts_with(start); });
}

// Holes at the end of a ring whose sender is gone: others crashed on them, lost what stood behind
// them, or never took a message again (a3d98f16). Here the survivors skip what the lost node sent
// behind the hole, deliver what they sent themselves, and go on.
TEST(Scenario, B1_HolesAtTheEndOfARingWhoseSenderIsGone) {
  Bed bed(4);
  bed.form();
  const auto old_ring = bed.ring(0).ring();
  std::uint64_t hole = 0;
  bool behind = false;
  bed.lose = [&](const Sight& sight) {
    if (sight.type == Type::commit_token && sight.ring != old_ring && sight.hop >= 3) {
      const auto entry = sight.commit().entries[0];
      behind |= number(entry.aru) == hole - 1 && number(entry.high) >= hole + 2;
    }
    if (!is_data_of(sight, old_ring)) return false;
    if (hole == 0 && sight.from == 3) hole = sight.seq;
    return sight.seq == hole;
  };
  bed.say(3, 3, 1300);
  ASSERT_TRUE(bed.run_until([&] { return hole > 0; }, 20ms));
  bed.run(100us);
  bed.say(1, 2, 1300);
  ASSERT_TRUE(bed.run_until([&] { return bed.counters(1).data_sent >= 3; }, 5ms));
  bed.run(60us);
  bed.crash(3);
  ASSERT_TRUE(bed.converges());
  EXPECT_TRUE(behind) << bed.story();
  for (std::size_t node = 0; node < 3; ++node) {
    EXPECT_EQ(delivered(bed, node, "4:"), 0) << bed.story();
    EXPECT_EQ(delivered(bed, node, "2:"), 2) << bed.story();
  }
  bed.say(0, 50, 1300);
  bed.end();
  EXPECT_EQ(delivered(bed, 2, "1:"), 50);
}

// The same holes, but one of the survivors has what is missing: nothing may be skipped.
TEST(Scenario, B1_AHoleThatOneSurvivorFills) {
  Bed bed(4);
  bed.form();
  const auto old_ring = bed.ring(0).ring();
  bed.lose = [&](const Sight& sight) {
    return is_data_of(sight, old_ring) && sight.to != 2 && sight.seq % 3 == 0;
  };
  bed.say(3, 9, 1300);
  ASSERT_TRUE(bed.run_until([&] { return delivered(bed, 2, "4:") == 9; }, 20ms));
  ASSERT_LT(delivered(bed, 0, "4:"), 5);
  bed.crash(3);
  ASSERT_TRUE(bed.converges());
  EXPECT_GT(bed.counters(2).recovered_sent, 2u);
  for (std::size_t node = 0; node < 3; ++node) EXPECT_EQ(delivered(bed, node, "4:"), 9);
  bed.end();
}

// A flag that said "still resending" was never taken back, or was set with nothing to resend, and
// recovery did not end (b4367e60). Here each member takes itself out of a count, and the token has
// to go round a few times only, whether nobody, one or everybody has something.
TEST(Scenario, B3_RecoveryEndsWithNothingToExchangeAndWithMuch) {
  for (const bool much : {false, true}) {
    Bed bed(5);
    bed.form();
    const auto old_ring = bed.ring(0).ring();
    std::uint64_t hops = 0;
    std::uint32_t most = 0, least = 99;
    bed.lose = [&](const Sight& sight) {
      if (sight.type == Type::token && sight.ring != old_ring) {
        const auto token = sight.token();
        most = std::max(most, token.recovering);
        least = std::min(least, token.recovering);
        if (bed.state(sight.from) == State::recovery) hops = token.token_seq;
      }
      return much && is_data_of(sight, old_ring) && sight.to != 4;
    };
    if (much) bed.say(4, 20, 1300);
    bed.run(3ms);
    bed.crash(4);
    ASSERT_TRUE(bed.converges());
    EXPECT_EQ(most, 3u);  // of four, the first has taken itself out before it passed the token on
    EXPECT_EQ(least, 0u);
    EXPECT_GE(hops, 8u);
    EXPECT_LE(hops, 20u);
    EXPECT_EQ(bed.times(Reason::token_lost_in_recovery), 0u);
    bed.end();
  }
}

// Recovered messages were never freed, and all nodes sent them again for ever (7d5e5889). Here they
// are gone with the first rotations: no request is left, and no frame is held.
TEST(Scenario, B4_RetransmissionsStopAfterRecovery) {
  Bed bed(3);
  bed.form();
  bed.run(20ms);
  const auto held = bed.frames_held(1);
  const auto old_ring = bed.ring(0).ring();
  bed.lose = [&](const Sight& sight) {
    if (sight.to == 1 && sight.recovered) return bed.random() % 3 == 0;
    return is_data_of(sight, old_ring) && sight.to == 1;
  };
  bed.say(0, 60, 1300);
  ASSERT_TRUE(bed.run_until([&] { return delivered(bed, 2, "1:") == 60; }, 30ms));
  bed.cut(1, 2);
  ASSERT_TRUE(bed.run_until([&] { return bed.times(Reason::token_lost) > 0; }, 60ms));
  bed.heal();
  ASSERT_TRUE(bed.converges());
  EXPECT_GE(bed.sum(&totem::Counters::recovered_sent), 60u);
  EXPECT_GT(bed.counters(1).retransmits_requested, 5u);
  bed.run(10ms);
  const auto asked = bed.sum(&totem::Counters::retransmits_requested);
  const auto sent = bed.sum(&totem::Counters::retransmits_sent);
  bed.run(50ms);
  EXPECT_EQ(bed.sum(&totem::Counters::retransmits_requested), asked);
  EXPECT_EQ(bed.sum(&totem::Counters::retransmits_sent), sent);
  EXPECT_LE(bed.frames_held(1), held + 2);
  EXPECT_EQ(delivered(bed, 1, "1:"), 60);
  bed.end();
}

// The same with a request that nobody can serve any more: who sees that everyone had it drops it.
TEST(Scenario, B4_ARequestForWhatEveryoneHadIsDropped) {
  Bed bed(3);
  bed.form();
  bed.say(0, 30, 1300);
  ASSERT_TRUE(bed.run_until([&] { return bed.drained(); }, 30ms));
  bed.run(2ms);
  std::uint64_t asked = 0, last = 0;
  bed.lose = [&](const Sight& sight) {
    if (sight.type != Type::token) return false;
    auto token = sight.token();
    last = token.rtr_count;
    if (asked > 0 || sight.to != 1) return false;
    asked = token.token_seq;
    token.rtr[token.rtr_count++] = totem::Seq{5};
    bed.inject(sight.from, 1,
               to_bytes([&](FrameRef& frame) { totem::wire::write_token(frame, token); }), 5us);
    return true;
  };
  const auto holds = bed.counters(0).holds;
  bed.run(20ms);
  EXPECT_GT(asked, 0u);
  EXPECT_EQ(last, 0u);
  EXPECT_GT(bed.counters(0).holds, holds);
  bed.end();
}

// The first messages of a new ring overtook those recovered from the old one, and a whole cluster
// was fenced (40263892). Here all of the old ring comes first, also at a node that is behind.
TEST(Scenario, B5_NoMessageOfTheNewRingOvertakesTheOldOnes) {
  Bed bed(3);
  bed.form();
  const auto old_ring = bed.ring(0).ring();
  bed.lose = [&](const Sight& sight) { return is_data_of(sight, old_ring) && sight.to == 1; };
  bed.slow(2, 1);
  bed.say(0, 40, 1300);
  ASSERT_TRUE(bed.run_until([&] { return delivered(bed, 0, "1:") == 40; }, 30ms));
  const auto behind = delivered(bed, 2, "1:");
  bed.cut(0, 1);
  bed.cut(0, 2);
  EXPECT_LT(behind, 40);
  ASSERT_TRUE(bed.run_until([&] { return bed.times(Reason::token_lost) > 0; }, 60ms));
  bed.heal();
  ASSERT_TRUE(bed.converges());
  EXPECT_GT(bed.sum(&totem::Counters::recovered_sent), 0u);
  for (std::size_t node = 0; node < 3; ++node) {
    std::uint64_t view = 0;
    std::size_t old_messages = 0, barriers = 0;
    for (const auto& event : bed.events()) {
      if (event.node != node) continue;
      if (event.configuration) {
        if (event.regular) view = event.ring;
        continue;
      }
      EXPECT_EQ(event.ring, view) << "node " << node + 1 << ": " << event.payload;
      old_messages += event.payload.starts_with("1:") && event.ring == old_ring.seq;
      barriers += event.barrier && event.ring > old_ring.seq;
    }
    EXPECT_EQ(old_messages, 40u);
    EXPECT_GE(barriers, 3u);
  }
  bed.end();
}

// A message of the old ring, wrapped, was longer than a frame may be, or had a wrong length
// (ee8b8993). Here the room for the wrapping is left from the start.
TEST(Scenario, B6_AFullFrameIsRecoveredInOneFrame) {
  Bed bed(3);
  const std::size_t frame_max = Simulation::quick().frame_max;
  bed.form();
  const auto old_ring = bed.ring(0).ring();
  std::size_t full = 0, longest = 0;
  bed.lose = [&](const Sight& sight) {
    longest = std::max(longest, sight.bytes.size());
    full += sight.recovered && sight.bytes.size() == frame_max;
    return is_data_of(sight, old_ring) && sight.to == 1;
  };
  const auto most = frame_max - 2 * totem::wire::Data::size - totem::wire::Item::size;
  for (std::size_t size = most - 3; size <= most; ++size) bed.say(0, 2, size);
  bed.say(0, 1, 5000);
  ASSERT_TRUE(bed.run_until([&] { return bed.delivered(2).size() == 9; }, 30ms));
  bed.cut(0, 1);
  ASSERT_TRUE(bed.run_until([&] { return bed.times(Reason::token_lost) > 0; }, 60ms));
  bed.heal();
  ASSERT_TRUE(bed.converges());
  EXPECT_GE(full, 4u);
  EXPECT_EQ(longest, frame_max);
  EXPECT_EQ(bed.delivered(1).size(), 9u);
  EXPECT_EQ(bed.delivered(1), bed.delivered(2));
  bed.end();
}

// Two changes in a row, of which a node saw one only: whom it came along with was worked out from
// an id of a ring before (8671945c). Here each says in the commit token which ring it comes from.
TEST(Scenario, B7_TwoChangesOfWhichOneNodeSawOne) {
  Bed bed(3);
  bed.form();
  const auto first = bed.ring(0).ring();
  totem::RingId second;
  bool apart = false;
  bed.lose = [&](const Sight& sight) {
    if (sight.type == Type::commit_token && sight.hop >= 3 && second.seq > 0 &&
        sight.ring.seq > second.seq) {
      const auto token = sight.commit();
      apart |= token.entries[0].old_ring == second && token.entries[1].old_ring == first;
    }
    if (sight.ring == first && sight.type == Type::token) return true;
    // Once the first has installed the ring, nothing of it reaches the others.
    return second.seq > 0 && sight.ring == second;
  };
  bed.at_transition = [&](std::size_t, const totem::Transition& transition) {
    if (transition.reason == Reason::recovered && second.seq == 0) second = transition.ring;
  };
  ASSERT_TRUE(bed.run_until([&] { return second.seq > 0; }, 60ms)) << bed.story();
  bed.say(0, 3, 100);
  bed.run(5ms);
  ASSERT_NE(bed.ring(0).ring(), bed.ring(1).ring());
  ASSERT_TRUE(bed.converges());
  EXPECT_TRUE(apart) << bed.story();
  const auto last = bed.ring(0).ring().seq;
  for (const auto& event : bed.events()) {
    if (!event.configuration || event.regular || event.ring != last) continue;
    const std::vector<std::uint32_t> alone{1}, both{2, 3};
    EXPECT_EQ(event.members, event.node == 0 ? alone : both) << bed.story();
  }
  bed.end();
}

// Recovery was given up, and what came of it afterwards met a node in gather or commit, which did
// not know where to put it (444d8704). Here it is foreign, and belongs nowhere.
TEST(Scenario, B8_FramesOfARecoveryThatWasGivenUp) {
  Bed bed(3);
  bed.form();
  const auto old_ring = bed.ring(0).ring();
  totem::RingId failed;
  std::vector<std::pair<std::size_t, Bed::Frame>> kept;
  std::size_t met[5]{}, again = 0;
  bed.lose = [&](const Sight& sight) {
    if (is_data_of(sight, old_ring)) return sight.to == 1;
    if (sight.type == Type::commit_token && failed.seq == 0) failed = sight.ring;
    if (failed.seq == 0 || sight.ring != failed) return false;
    kept.emplace_back(sight.to, sight.copy());
    return sight.type == Type::token && sight.seq > 4;
  };
  bed.say(0, 30, 1300);
  ASSERT_TRUE(bed.run_until([&] { return delivered(bed, 2, "1:") == 30; }, 30ms));
  bed.cut(0, 1);
  ASSERT_TRUE(bed.run_until([&] { return bed.times(Reason::token_lost) > 0; }, 60ms));
  bed.heal();
  bed.at_transition = [&](std::size_t node, const totem::Transition&) {
    if (bed.times(Reason::token_lost_in_recovery) == 0) return;
    ++met[static_cast<std::size_t>(bed.state(node))];
    for (const auto& [to, bytes] : kept)
      if (to == node && ++again) bed.inject((node + 1) % 3, node, bytes, 2us);
  };
  ASSERT_TRUE(bed.run_until([&] { return bed.times(Reason::token_lost_in_recovery) > 0; }, 100ms))
      << bed.story();
  ASSERT_TRUE(bed.converges());
  EXPECT_GT(bed.ring(0).ring().seq, failed.seq);
  for (const auto state : {State::gather, State::commit, State::recovery, State::operational})
    EXPECT_GE(met[static_cast<std::size_t>(state)], 1u);
  EXPECT_GT(again, 100u);
  EXPECT_GT(bed.sum(&totem::Counters::data_foreign), 20u);
  EXPECT_GT(bed.sum(&totem::Counters::tokens_foreign), 4u);
  EXPECT_EQ(delivered(bed, 1, "1:"), 30);
  bed.end();
}

// A message of the old ring came when the node had already told what it has of it: the others would
// never hear of it.
TEST(Scenario, B8_AMessageOfTheOldRingAfterTheCommitToken) {
  for (const auto when : {State::commit, State::recovery}) {
    SCOPED_TRACE(text(when));
    Bed bed(4);
    bed.form();
    Bed::Frame late;
    bed.lose = [&](const Sight& sight) {
      if (sight.type != Type::data || sight.from != 3) return false;
      late = sight.copy();
      return true;
    };
    bed.say(3, 1, 100);
    ASSERT_TRUE(bed.run_until([&] { return !late.empty(); }, 10ms));
    bed.crash(3);
    bed.delay = [](const Sight& sight) {  // so that the states last
      return sight.type == Type::commit_token || sight.type == Type::token ? 50us : 0us;
    };
    bool reached = false;
    bed.at_transition = [&](std::size_t node, const totem::Transition& transition) {
      if (node != 1 || transition.to != when || reached) return;
      reached = true;
      bed.inject(3, 1, late, 10us);
    };
    ASSERT_TRUE(bed.converges());
    EXPECT_TRUE(reached);
    EXPECT_GE(bed.counters(1).data_foreign, 1u);
    for (std::size_t node = 0; node < 3; ++node) EXPECT_EQ(bed.delivered(node).size(), 0u);
    bed.end();
  }
}

// What one node had sent in a recovery that was given up counted as exchanged in the next, although
// not all had got it and its sender was gone.
TEST(Scenario, B8_WhatWasExchangedInARecoveryThatWasGivenUp) {
  Bed bed(4);
  bed.form();
  const auto old_ring = bed.ring(0).ring();
  std::size_t sent = 0;
  bed.lose = [&](const Sight& sight) {
    if (sight.recovered && sight.from == 0) {
      sent += sight.to == 1;
      return sight.to == 2;
    }
    return is_data_of(sight, old_ring) && (sight.from == 3 || sight.to == 2);
  };
  bed.say(3, 1, 1300);  // the hole
  ASSERT_TRUE(bed.run_until([&] { return bed.counters(3).data_sent == 2; }, 10ms));
  bed.say(1, 1, 1300);
  ASSERT_TRUE(bed.run_until([&] { return bed.counters(1).data_sent == 2; }, 10ms));
  bed.run(60us);
  bed.crash(3);
  ASSERT_TRUE(bed.run_until([&] { return sent > 0; }, 100ms)) << bed.story();
  bed.crash(0);
  bed.run(50us);
  ASSERT_EQ(bed.state(1), State::recovery);
  ASSERT_TRUE(bed.converges());
  EXPECT_GE(bed.counters(1).recovered_sent, 1u);
  EXPECT_EQ(delivered(bed, 1, "2:"), 1);
  EXPECT_EQ(delivered(bed, 2, "2:"), 1) << bed.story();
  bed.end();
}

// One passed the token of a recovery on, and with it the promise to deliver what another has sent
// behind a hole. That one is gone in the next, and who comes along must keep the promise, too.
TEST(Scenario, B8_APromiseOfARecoveryThatWasGivenUp) {
  Bed bed(4);
  bed.form();
  const auto old_ring = bed.ring(0).ring();
  std::uint64_t hole = 0;
  totem::RingId promised;
  bed.lose = [&](const Sight& sight) {
    if (is_data_of(sight, old_ring)) {
      if (hole == 0 && sight.from == 3) hole = sight.seq;
      return sight.seq == hole;
    }
    if (sight.type != Type::token || sight.ring == old_ring) return false;
    if (promised.seq == 0 && sight.from == 0 && sight.token().recovering == 0)
      promised = sight.ring;
    return sight.ring == promised;
  };
  bed.say(3, 1, 1300);
  ASSERT_TRUE(bed.run_until([&] { return hole > 0; }, 20ms));
  bed.run(100us);
  bed.say(2, 1, 1300);
  ASSERT_TRUE(bed.run_until([&] { return bed.counters(2).data_sent == 2; }, 5ms));
  bed.run(60us);
  bed.crash(3);
  ASSERT_TRUE(bed.run_until([&] { return promised.seq > 0; }, 100ms)) << bed.story();
  bed.crash(2);
  ASSERT_TRUE(bed.converges());
  for (const std::size_t node : {0, 1}) EXPECT_EQ(delivered(bed, node, "3:"), 1) << bed.story();
  bed.end();
}

// A message that others recover beside us, of a ring that we were not in, has the seq of one that
// we lack of ours, and comes from one who was in it.
TEST(Scenario, B8_AMessageOfAnotherRingWithTheSameSeq) {
  Bed bed(3);
  bed.form();
  const auto ours = bed.ring(0).ring();
  std::uint64_t hole = 0;
  std::size_t met = 0;
  bed.lose = [&](const Sight& sight) {
    if (is_data_of(sight, ours) && sight.to == 0) {
      if (hole == 0 && sight.from == 1) hole = sight.seq;
      return sight.seq == hole;
    }
    if (sight.type != Type::data || hole == 0) return false;
    if (!sight.recovered) return sight.to == 2 && sight.ring != ours && sight.seq >= hole;
    const auto inner = totem::wire::read_data(sight.bytes.subspan(totem::wire::Data::size));
    met += sight.to == 0 && inner->ring != ours && number(inner->seq) == hole;
    return false;
  };
  bed.say(1, 1, 1300);
  ASSERT_TRUE(bed.run_until([&] { return bed.delivered(2).size() == 1; }, 10ms));
  bed.say(2, 1, 1300);
  ASSERT_TRUE(bed.run_until([&] { return bed.counters(2).data_sent == 2; }, 5ms));
  bed.run(60us);
  bed.pause(0, 60ms);
  const auto theirs = [&] {
    return bed.state(1) == State::operational && bed.ring(1).ring() != ours;
  };
  ASSERT_TRUE(bed.run_until(theirs, 60ms));
  bed.say(1, 10, 1300);
  ASSERT_TRUE(bed.converges());
  EXPECT_GT(met, 0u) << bed.story();
  EXPECT_EQ(delivered(bed, 0, "2:"), 0);
  bed.end();
}

// A join in the middle of a burst moved a node from recovery to gather while it was still working
// on the messages before (48ffa889). Here a frame is stored, and the next one meets the new state.
TEST(Scenario, B10_AJoinInTheMiddleOfABurst) {
  Bed bed(3);
  bed.form();
  const auto old_ring = bed.ring(0).ring();
  Bed::Frame join, data, token;
  bed.lose = [&](const Sight& sight) {
    if (is_data_of(sight, old_ring)) return sight.to == 1;
    if (sight.type == Type::join && sight.from == 0) join = sight.copy();
    if (sight.recovered && sight.to == 1) data = sight.copy();
    if (sight.type == Type::token && sight.ring != old_ring && sight.to == 1) {
      token = sight.copy();
      return true;
    }
    return sight.recovered && sight.to == 1;
  };
  bed.say(2, 10, 1300);
  ASSERT_TRUE(bed.run_until([&] { return delivered(bed, 0, "3:") == 10; }, 30ms));
  bed.cut(1, 2);
  ASSERT_TRUE(bed.run_until([&] { return bed.times(Reason::token_lost) > 0; }, 60ms));
  bed.heal();
  ASSERT_TRUE(bed.run_until([&] { return !token.empty() && !data.empty(); }, 60ms));
  bed.run(50us);
  ASSERT_EQ(bed.state(1), State::recovery);
  totem::wire::Join next;
  ASSERT_TRUE(totem::wire::read_join(join, next));
  ++next.join_seq;
  ++next.ring_seq;  // as of a member that is in the ring to be, and has fallen back
  join = to_bytes([&](FrameRef& frame) { totem::wire::write_join(frame, next); });
  const auto foreign = bed.counters(1).data_foreign + bed.counters(1).tokens_foreign;
  for (const auto& bytes : {data, join, data, token}) bed.inject(0, 1, bytes, 5us);
  bed.run(6us);
  EXPECT_EQ(bed.times(1, Reason::join_in_commit), 1u) << bed.story();
  EXPECT_EQ(bed.counters(1).data_foreign + bed.counters(1).tokens_foreign, foreign + 2);
  EXPECT_EQ(bed.state(1), State::gather);
  bed.lose = nullptr;
  bed.end();
  EXPECT_EQ(delivered(bed, 1, "3:"), 10);
}

}  // namespace
}  // namespace gyre::test
