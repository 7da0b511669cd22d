#include "tests/sim/comeback.hh"

#include <fmt/format.h>

#include <algorithm>

namespace gyre::sim {

namespace {

constexpr int rounds = 5;  // of joins: its own, the answers, that it hears them, some to spare

// Its file names seqs that the others have not reserved, so each may have to wait for its disk.
Duration allowed(const Settings& settings, const Swarm& swarm, std::size_t members) {
  const auto each = static_cast<int>(members);
  return settings.slowly(settings.ring.join + rounds * settings.ring.send_join +
                         Swarm::rotations * each * swarm.hop() + (each + 1) * settings.disk_delay);
}

}  // namespace

std::string come_back(World& world, const Swarm& swarm, const std::vector<MachineIndex>& members) {
  const Settings& settings = world.settings();
  const Duration time = allowed(settings, swarm, members.size());
  // Nothing could be told from the loss of the token otherwise.
  if (members.size() < 2 || time >= settings.ring.token_loss * 8 / 10) return {};
  ++world.run().reached["a comeback"];
  Dice dice = world.run().dice.split();
  Machine& machine = world.machine(members[dice.below(members.size())]);
  machine.crash();
  machine.start();
  std::vector<NodeId> ids;
  for (const MachineIndex each : members) ids.push_back(Device::id(each));
  const auto together = [&](MachineIndex each) {
    const Machine& one = world.machine(each);
    return one.in_ring_of(ids) && one.regular() == machine.regular();
  };
  const auto done = [&] { return std::ranges::all_of(members, together); };
  if (world.run_until(world.now() + time, done)) return {};
  return fmt::format(
      "one of {} machines died and started again at once, and was not back in {:.1f} ms",
      members.size(), static_cast<double>(time.count()) / 1e6);
}

}  // namespace gyre::sim
