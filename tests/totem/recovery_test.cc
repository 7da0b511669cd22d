// What recovery must bear: much to exchange.
#include <gtest/gtest.h>

#include "tests/totem/simulation.hh"

namespace gyre::test {
namespace {

using namespace std::chrono_literals;

// Three rings merge, each with as many messages to exchange as a ring may have on its way: together
// they are more than a log has slots.
TEST(Recovery, RingsMergeThatHaveMoreToExchangeThanALogHolds) {
  Simulation simulation(6, 1);
  simulation.start_all();
  ASSERT_TRUE(simulation.run_until([&] { return simulation.whole(); }, 500ms));
  simulation.split({0, 1});
  simulation.split({2, 3});
  simulation.run(300ms);
  // The second node of each gets the token, but no data of the first.
  simulation.drop = [&](std::size_t from, std::size_t to, std::span<const std::byte> frame) {
    if (from % 2 != 0 || to != from + 1) return false;
    if (totem::wire::type(frame) != totem::wire::Type::data) return false;
    return !(totem::wire::read_data(frame)->flags & totem::wire::Data::recovered);
  };
  const std::string text(1300, 'x');
  for (int i = 0; i < 400; ++i) {
    simulation.submit(0, text);
    simulation.submit(2, text);
    simulation.submit(4, text);
  }
  simulation.run(15ms);
  simulation.heal();
  const auto parameters = Simulation::quick();
  const Duration bound = 5 * (parameters.token_loss + parameters.consensus);
  EXPECT_TRUE(simulation.run_until([&] { return simulation.whole(); }, bound));
  std::uint64_t recovered = 0;
  for (std::size_t node = 0; node < 6; ++node)
    recovered += simulation.ring(node).counters().recovered_sent;
  EXPECT_GT(recovered, 8 * parameters.receive_frames / 2);
  EXPECT_TRUE(simulation.finish(false).empty());
}

}  // namespace
}  // namespace gyre::test
