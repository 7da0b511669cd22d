#include "tests/sim/departure.hh"

#include <fmt/format.h>

#include <algorithm>

namespace gyre::sim {

namespace {

constexpr int rotations_again = 6;  // until what was lost is asked for and stable

}  // namespace

Departure::Departure(World& world, const Swarm& swarm, const std::vector<MachineIndex>& members)
    : world_(world), swarm_(swarm), dice_(world.run().dice.split()) {
  const MachineIndex one = members[dice_.below(members.size())];
  for (const MachineIndex each : members)
    (each == one || dice_.chance(0.4) ? leaving_ : staying_).push_back(each);
}

// What was said last is stable once the held token has come again. A join is said to everyone,
// answered, and said once more for each that leaves. Then the ring is formed, under a seq that may
// have to be reserved.
Duration Departure::allowed(Duration for_losses) const {
  const Settings& settings = world_.settings();
  const auto machines = static_cast<int>(leaving_.size() + staying_.size());
  const auto joins = static_cast<int>(leaving_.size()) + 2;
  // With allow_downscale it is said within the ring first, by a message that all must have.
  const bool says = settings.quorum.section && settings.quorum.allow_downscale;
  return settings.slowly(settings.ring.hold + settings.ring.join + joins * settings.ring.send_join +
                         (says ? 2 : 1) * Swarm::rotations * machines * swarm_.hop() +
                         settings.disk_delay + for_losses);
}

// A join is said again, a message asked for, a token sent once more. Who is alone from then on says
// so by merge_detect only, in its own time.
Duration Departure::for_a_loss(Lane lane) const {
  const totem::Parameters& ring = world_.settings().ring;
  const auto machines = static_cast<int>(leaving_.size() + staying_.size());
  return lane == Lane::token
             ? ring.token_retransmit
             : 2 * (ring.join + ring.send_join) + rotations_again * machines * swarm_.hop() +
                   (staying_.size() == 1 ? ring.merge_detect : Duration{});
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
  const auto stays = [&](MachineIndex each) { return world_.machine(each).in_ring_of(ids); };
  return std::ranges::all_of(leaving_, gone) && std::ranges::all_of(staying_, stays);
}

// Their programs have something to say just before.
void Departure::speak() {
  Run& run = world_.run();
  const auto stays = [this](NodeId node) {
    return std::ranges::any_of(staying_,
                               [&](MachineIndex each) { return Device::id(each) == node; });
  };
  run.placed = [this, stays](NodeId by, const totem::Place& place) {
    if (!stays(by)) said_.insert(place);
  };
  run.delivered = [this, stays](NodeId by, const totem::Place& place) {
    if (stays(by)) heard_by_[by].insert(place);
  };
  for (const MachineIndex each : leaving_)
    world_.machine(each).each_program([&](Program& program) { program.send_now(run.now); });
  world_.run_until(run.now + run.settings.wake_up + 2 * run.settings.turn_cost);
}

std::string Departure::unheard() const {
  for (const MachineIndex each : staying_) {
    const auto heard = heard_by_.find(Device::id(each));
    for (const totem::Place& place : said_)
      if (heard == heard_by_.end() || !heard->second.contains(place))
        return fmt::format("node {} did not get message {} of one that left on request",
                           static_cast<std::uint32_t>(Device::id(each)), number(place.seq));
  }
  return {};
}

std::string Departure::run() {
  const totem::Parameters& ring = world_.settings().ring;
  const bool one = leaving_.size() == 1;
  // Of two who part unheard the first that hears the other is gone before it has told it so.
  // Who says it within the ring first needs a token, which the cut may take.
  const bool away_first = one && dice_.chance(0.5) && !world_.settings().quorum.allow_downscale;
  const Duration away =
      away_first ? dice_.between(Duration{}, 2 * (ring.join + ring.send_join)) : Duration{};
  // What several say at last, and a change of the ring cuts short, is not everywhere for sure.
  const Lane lane = one && dice_.chance(0.5) ? Lane::data : Lane::token;
  const std::uint64_t nth = dice_.between(1, 2 + 4 * (leaving_.size() + staying_.size()));
  // Nothing could be told from their timers otherwise.
  const Duration time = allowed({}), with_loss = allowed(for_a_loss(lane));
  if (time >= world_.settings().shortest_consensus() * 9 / 10 || away >= ring.token_retransmit)
    return {};
  const bool may_lose = !away_first && with_loss < ring.token_loss * 9 / 10;
  const bool loses = may_lose && dice_.chance(0.5);
  ++world_.run().reached["a departure"];
  Network& network = world_.run().network;
  if (loses) network.lose(lane, nth);
  if (!away_first) speak();
  std::string wrong = leave(away, loses ? with_loss : time);
  if (network.has_lost()) ++world_.run().reached["a departure with a loss"];
  network.lose(lane, 0);
  world_.run().placed = world_.run().delivered = {};
  return wrong.empty() ? unheard() : wrong;
}

std::string Departure::leave(Duration away, Duration time) {
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
