// What of a commit token is believed, whatever copies of it come late.

#include <gtest/gtest.h>

#include <map>

#include "tests/totem/simulation.hh"

namespace gyre::test {
namespace {

using namespace std::chrono_literals;
using totem::State;
namespace wire = totem::wire;

// A node lost its file and started again, and what once went to its life before comes once more:
// the join that agreed with it, and both rotations of the commit token. The ring stands; but with
// the life before, whose messages this one has not.
TEST(Commit, OfAnEarlierLifeMakesNobodyAMember) {
  Simulation simulation(2, 4);
  std::vector<std::byte> join;
  std::map<std::uint32_t, std::vector<std::byte>> commits;  // by hop
  simulation.drop = [&](std::size_t, std::size_t to, std::span<const std::byte> frame) {
    if (to == 0) return false;
    if (wire::type(frame) == wire::Type::join) join.assign(frame.begin(), frame.end());
    if (const auto part = wire::read_commit_part(frame))
      commits[part->hop].assign(frame.begin(), frame.end());
    return false;
  };
  simulation.start_all();
  ASSERT_TRUE(simulation.run_until([&] { return simulation.whole(); }, 100ms));
  const totem::RingId ring = simulation.ring(0).ring();
  simulation.drop = nullptr;
  simulation.crash(1);
  simulation.lose_file(1);
  simulation.cut(0, 1);
  simulation.start(1);
  const auto comes = [&](const std::vector<std::byte>& frame) {
    simulation.inject(0, 1, frame, 0ms);
    simulation.run(1ms);
    return simulation.ring(1).state();
  };
  ASSERT_EQ(comes(join), State::gather);
  ASSERT_EQ(comes(commits[1]), State::commit);
  EXPECT_EQ(comes(commits[3]), State::commit);
  EXPECT_EQ(simulation.ring(1).counters().commit_tokens_refused, 1u);
  EXPECT_EQ(simulation.ring(0).ring(), ring);
  simulation.heal();
  ASSERT_TRUE(simulation.run_until([&] { return simulation.whole(); }, 100ms));
  for (const auto& violation : simulation.finish(true))
    ADD_FAILURE() << violation.clause << ": " << violation.text;
}

}  // namespace
}  // namespace gyre::test
