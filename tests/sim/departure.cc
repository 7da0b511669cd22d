#include "tests/sim/departure.hh"

#include <fmt/format.h>

#include <algorithm>

namespace gyre::sim {

namespace {

constexpr int rotations = 12;  // two of the commit token, and those of recovery, with some to spare

}  // namespace

Departure::Departure(World& world, const Swarm& swarm, const std::vector<MachineIndex>& members)
    : world_(world), swarm_(swarm), dice_(world.run().dice.split()) {
  const MachineIndex one = members[dice_.below(members.size())];
  for (const MachineIndex each : members)
    (each == one || dice_.chance(0.4) ? leaving_ : staying_).push_back(each);
}

// A join is said to everyone, answered, and said once more for each that leaves. Then the ring is
// formed, under a seq that may have to be reserved.
Duration Departure::allowed() const {
  const Settings& settings = world_.settings();
  const Duration hop = swarm_.delay_max + settings.wake_up + 4 * settings.turn_cost +
                       settings.device.completes_after;
  const auto machines = static_cast<int>(leaving_.size() + staying_.size());
  const auto joins = static_cast<int>(leaving_.size()) + 2;
  // With allow_downscale it is said within the ring first, by a message that all must have.
  const bool says = settings.quorum.section && settings.quorum.allow_downscale;
  const Duration sum = settings.ring.join + joins * settings.ring.send_join +
                       (says ? 2 : 1) * rotations * machines * hop + settings.disk_delay;
  const double slowest = 1 + 2 * settings.clock_drift;
  return Duration(static_cast<std::int64_t>(slowest * static_cast<double>(sum.count())));
}

void Departure::cut(bool away) {
  for (const MachineIndex from : leaving_)
    for (MachineIndex to = 0; to < world_.size(); ++to) {
      world_.run().network.cut(from, to, away);
      world_.run().network.cut(to, from, away);
    }
}

bool Departure::done() const {
  std::vector<NodeId> ids;
  for (const MachineIndex each : staying_) ids.push_back(Device::id(each));
  const auto gone = [&](MachineIndex each) { return !world_.machine(each).up(); };
  const auto stays = [&](MachineIndex each) {
    const Machine& machine = world_.machine(each);
    return machine.node().ring().state() == totem::State::operational && machine.members() == ids;
  };
  return std::ranges::all_of(leaving_, gone) && std::ranges::all_of(staying_, stays);
}

std::string Departure::run() {
  const totem::Parameters& ring = world_.settings().ring;
  // Of two who part unheard the first that hears the other is gone before it has told it so.
  // Who says it within the ring first needs a token, which the cut may take.
  const bool unheard =
      leaving_.size() == 1 && dice_.chance(0.7) && !world_.settings().quorum.allow_downscale;
  const Duration away =
      unheard ? dice_.between(Duration{}, 2 * (ring.join + ring.send_join)) : Duration{};
  const Duration time = allowed();
  // Nothing could be told from their timers otherwise.
  if (time >= ring.consensus * 9 / 10 || away >= ring.token_retransmit) return {};
  ++world_.run().reached["a departure"];
  for (const MachineIndex each : leaving_) world_.machine(each).leave();
  cut(away > Duration{});
  world_.run_until(world_.now() + away);
  cut(false);
  if (world_.run_until(world_.now() + time, [this] { return done(); })) return {};
  return fmt::format("{} of {} machines left on request, and it was not done in {:.1f} ms",
                     leaving_.size(), leaving_.size() + staying_.size(),
                     static_cast<double>(time.count()) / 1e6);
}

}  // namespace gyre::sim
