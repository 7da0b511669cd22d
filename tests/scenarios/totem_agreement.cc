// What is agreed upon and what comes of it: classes D4 to D7.

#include "tests/scenarios/totem_bed.hh"

namespace gyre::test {
namespace {

// A node outside began to gather when the others had agreed, and undid it.
TEST(Scenario, D6_AnAgreementStandsWhenSomeoneOutsideBegins) {
  Bed bed(4);
  bed.at_transition = [&](std::size_t node, const totem::Transition& transition) {
    if (node == 0 && transition.reason == Reason::consensus && !bed.up(3)) bed.start(3);
  };
  bed.delay = [](const Sight& sight) {
    return sight.type == Type::commit_token ? Duration{200us} : Duration{};
  };
  for (std::size_t node = 0; node < 3; ++node) bed.start(node);
  ASSERT_TRUE(bed.converges());
  EXPECT_EQ(bed.sum(&totem::Counters::commit_tokens_refused), 0u) << bed.story();
  EXPECT_EQ(bed.times(0, Reason::token_lost_in_commit), 0u);
  EXPECT_EQ(bed.counters(0).rings_installed, 2u);
  bed.end();
}

// Two leave, one after the other. What the representative had said in between comes to the other
// when both have agreed and form their ring.
TEST(Scenario, D6_AJoinFromBeforeTheCommitTokenBreaksNothing) {
  Bed bed(4);
  bed.form();
  bed.run(10ms);
  const totem::RingId ring = bed.ring(0).ring();
  std::size_t joins = 0, late = 0;
  bed.delay = [&](const Sight& sight) {
    if (sight.type == Type::commit_token && sight.hop == 3) return Duration{2ms};
    if (sight.type != Type::join) return Duration{};
    if (sight.from == 2) return Duration{300us};
    const bool between = sight.from == 0 && sight.to == 1 && ++joins > 1;
    late += between && bed.state(1) == State::gather;
    return between ? Duration{800us} : Duration{};
  };
  bed.leave(3);
  bed.leave(2);
  ASSERT_TRUE(
      bed.run_until([&] { return bed.whole() && bed.ring(0).ring() != ring && !bed.up(2); }, 8ms))
      << bed.story();
  EXPECT_GT(late, 0u) << bed.story();
  EXPECT_EQ(bed.times(1, Reason::join_in_commit), 0u) << bed.story();
  bed.end();
}

// Who comes late into a gathering took the place of one that was there all the time, although it
// hears not all of them.
TEST(Scenario, D7_WhoComesLateTakesNobodysPlace) {
  Bed bed(5);
  for (std::size_t node = 0; node < 4; ++node) bed.cut(node, 4, false);  // so that none agree
  bed.cut(0, 3);
  for (std::size_t node = 1; node < 5; ++node) bed.start(node);
  bed.run(Simulation::quick().consensus / 2 + 3ms);
  bed.start(0);
  EXPECT_TRUE(bed.run_until(
      [&] { return bed.state(1) == State::operational && bed.state(3) == State::operational; },
      Simulation::quick().consensus / 2 + 2ms))
      << bed.story();
  EXPECT_EQ(bed.ring(1).ring(), bed.ring(3).ring()) << bed.story();
  bed.heal();
  bed.end();
}

// All know the same of who has been there for how long, also who comes later.
TEST(Scenario, D4_WhoCameFirstStaysTheOldest) {
  Bed bed(3);
  bed.start(1);
  bed.start(2);
  ASSERT_TRUE(bed.converges());
  const std::uint64_t first = bed.ring(1).ring().seq;
  bed.start(0);
  ASSERT_TRUE(bed.converges());
  const std::uint64_t second = bed.ring(1).ring().seq;
  std::size_t told = 0;
  for (const auto& event : bed.events()) {
    if (!event.regular || event.ring != second) continue;
    EXPECT_EQ(event.since, (std::vector<std::uint64_t>{second, first, first}));
    ++told;
  }
  EXPECT_EQ(told, 3u);
  bed.end();
}

// Who waits for the commit token in vain says so, and those who have it wait no longer.
TEST(Scenario, D5_WhoGetsNoCommitTokenTellsThoseWhoHaveIt) {
  Bed bed(3);
  auto patient = Simulation::quick();
  patient.token_loss *= 2;
  patient.consensus *= 2;
  bed.configure(0, patient);
  bed.configure(1, patient);
  bool none = true;
  bed.lose = [&](const Sight& sight) {
    return none && sight.type == Type::commit_token && sight.to == 2;
  };
  bed.start_all();
  ASSERT_TRUE(
      bed.run_until([&] { return bed.times(2, Reason::commit_token_missing) > 0; }, bed.bound()));
  none = false;
  ASSERT_TRUE(bed.run_until([&] { return bed.whole(); }, 5ms)) << bed.story();
  EXPECT_EQ(bed.times(0, Reason::join_in_commit), 1u);
  EXPECT_EQ(bed.times(1, Reason::join_in_commit), 1u);
  bed.end();
}

}  // namespace
}  // namespace gyre::test
