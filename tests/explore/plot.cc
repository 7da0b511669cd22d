#include "tests/explore/plot.hh"

#include <cstdio>

namespace gyre::test {
namespace {

using namespace std::chrono_literals;
using totem::Guarantee;

void start_all(World& world) {
  for (std::size_t node = 0; node < world.simulation().size(); ++node) world.start(node);
}

void form(World& world) {
  start_all(world);
  world.run_until([&] { return world.simulation().whole(); });
  world.run(200us);
}

void play_start(World& world) {
  world.begin();
  start_all(world);
  world.submit(0, "a");
  world.submit(1, "b", Guarantee::safe);
  world.submit(2, "c");
}

void play_merge(World& world) {
  world.simulation().split({0, 1});
  start_all(world);
  world.run(5ms);
  world.simulation().heal();
  world.begin();
  world.submit(0, "a", Guarantee::safe);
  world.submit(1, "b");
  world.submit(2, "c");
  world.submit(3, "d", Guarantee::safe);
}

// The token is at node 3 when node 2 crashes: the messages are out, and not yet known to be
// everywhere.
void play_crash(World& world) {
  form(world);
  world.begin();
  world.submit(0, "a", Guarantee::safe);
  world.submit(1, "b");
  world.submit(1, "c", Guarantee::safe);
  world.submit(2, "d");
  world.run(220us);
  world.crash(1);
}

void play_leave(World& world) {
  form(world);
  world.begin();
  world.submit(0, "a");
  world.submit(2, "b", Guarantee::safe);
  world.submit(2, "c");
  world.leave(2);
  world.run(120us);
  world.submit(1, "d");
  world.run_until([&] { return !world.simulation().up(2); }, 50ms);
}

// Node 2 crashes when nobody has its "lost" and all have what came behind it, its own and others':
// who delivers that depends on who acknowledged which recovery (the obligation set).
void play_hole(World& world) {
  form(world);
  const auto delivered = [&](std::size_t count) {
    world.run_until([&] { return world.simulation().delivered(1).size() == count; });
  };
  world.silence(1);
  world.submit(1, "lost");
  delivered(1);
  world.silence(std::nullopt);
  world.submit(1, "a");
  world.submit(2, "b", Guarantee::safe);
  world.submit(3, "c");
  delivered(2);
  world.run(140us);  // short of the rotation after which it would send it again
  world.crash(1);
  world.begin();
}

// Node 2 is back just when the others exchange the messages of the ring that it broke.
void play_restart(World& world) {
  form(world);
  world.begin();
  world.submit(0, "a");
  world.submit(1, "b", Guarantee::safe);
  world.run(120us);
  world.crash(1);
  world.run_until(
      [&] {
        Simulation& simulation = world.simulation();
        return simulation.up(0) && simulation.ring(0).state() == totem::State::recovery;
      },
      100ms);
  world.start(1);
}

constexpr Plot all[] = {
    {"start", 3, play_start}, {"merge", 4, play_merge},     {"crash", 3, play_crash},
    {"leave", 3, play_leave}, {"restart", 3, play_restart}, {"hole", 4, play_hole},
};

}  // namespace

std::span<const Plot> plots() {
  return all;
}

Outcome play(const Plot& plot, const std::vector<Fault>& faults, bool tracing) {
  World world(plot.nodes, faults);
  world.simulation().tracing = tracing;
  plot.play(world);
  Outcome outcome;
  outcome.wrong = world.end();
  outcome.points = world.points();
  outcome.fired_at = world.fired_at();
  outcome.fired = world.fired() >= faults.size();
  outcome.took = world.took();
  if (tracing)
    for (const auto& line : world.simulation().trace()) std::puts(line.c_str());
  return outcome;
}

}  // namespace gyre::test
