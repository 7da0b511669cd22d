// The model of the ordered group keeps what the ring promises, and a group that does not is seen.
#include "tests/rm/control/group_model.hh"

#include <gtest/gtest.h>

#include <set>

namespace gyre::rm::model {
namespace {

// What the checker says of a minute in which nodes come and go, and part.
std::set<std::string> clauses_broken(std::uint64_t seed, Node broken) {
  sim::Dice dice(seed);
  Timeline timeline;
  GroupModel group(timeline, dice.split(), {.nodes = 4, .broken = broken},
                   {.arrives = [](Node, const Arrival&) {}});
  const auto run = [&](Duration time) {
    for (const Time until = timeline.now() + time; timeline.step(until);) continue;
  };
  std::vector<bool> on(5, true);
  for (Node node = 1; node <= 4; ++node) group.power(node, true), group.join(node);
  for (int i = 0; i < 3000; ++i) {
    run(dice.exponential(20ms));
    const Node node = static_cast<Node>(dice.between(1, 4));
    const auto chosen = dice.below(200);
    if (chosen == 0) group.power(node, on[node] = !on[node]);
    if (chosen == 1) group.set_side(node, static_cast<unsigned>(dice.below(2)));
    if (chosen == 2) group.leave(node);
    if (chosen == 3) group.leave(node), group.join(node);
    if (chosen > 3) group.send(node, std::to_string(i));
  }
  for (Node node = 1; node <= 4; ++node) group.set_side(node, 0);
  run(10s);
  std::set<std::string> clauses;
  for (const auto& [clause, text] : group.finish(true)) clauses.insert(clause);
  return clauses;
}

TEST(Group, KeepsWhatTheRingPromises) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed)
    EXPECT_EQ(clauses_broken(seed, 0), std::set<std::string>()) << "seed " << seed;
}

TEST(Group, IsSeenToDeliverOutOfOrder) {
  for (std::uint64_t seed = 1; seed <= 5; ++seed)
    EXPECT_TRUE(clauses_broken(seed, 2).contains("6.1")) << "seed " << seed;
}

}  // namespace
}  // namespace gyre::rm::model
