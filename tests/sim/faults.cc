#include "tests/sim/faults.hh"

#include <fmt/format.h>

#include <numeric>

namespace gyre::sim {

Faults::Faults(World& world, const Swarm& swarm)
    : world_(world), swarm_(swarm), dice_(world.run().dice.split()) {
  next_ = world.now() + dice_.exponential(swarm.fault_gap);
  if (swarm.ambush > 0)
    world.run().entered = [this](std::string_view state) { lie_in_wait(state); };
}

void Faults::lie_in_wait(std::string_view state) {
  if (state != "commit" && state != "recovery") return;
  if (dice_.chance(swarm_.ambush))
    ambush_at_ = std::min(ambush_at_, world_.now() + dice_.between(Duration{}, swarm_.ambush_max));
}

void Faults::strike() {
  const bool ambush = ambush_at_ <= next_;
  (ambush ? ambush_at_ : next_) =
      ambush ? never : world_.now() + dice_.exponential(swarm_.fault_gap);
  const Fault fault = ambush ? dice_.one_of({Fault::crash, Fault::crash_midway, Fault::partition,
                                             Fault::isolate, Fault::cut_one_way, Fault::pause})
                             : draw();
  if (!inflict(fault)) return;
  ++count_;
  world_.run().hash.add(static_cast<std::uint64_t>(fault));
  ++world_.run().reached[fmt::format("fault: {}", text(fault))];
  if (world_.run().tracing) world_.run().trace.push_back(fmt::format("    -- {} --", text(fault)));
}

Fault Faults::draw() {
  const auto& weights = swarm_.weights;
  double left = dice_.fraction() * std::accumulate(weights.begin(), weights.end(), 0.0);
  for (std::size_t kind = 0; kind < fault_kinds; ++kind)
    if ((left -= weights[kind]) < 0) return Fault(kind);
  return Fault::heal;
}

Machine* Faults::random_machine(bool up) {
  std::vector<MachineIndex> fitting;
  for (MachineIndex i = 0; i < world_.size(); ++i)
    if (world_.machine(i).up() == up) fitting.push_back(i);
  return fitting.empty() ? nullptr : &world_.machine(fitting[dice_.below(fitting.size())]);
}

bool Faults::inflict(Fault fault) {
  Network& network = world_.run().network;
  const std::size_t count = world_.size();
  const MachineIndex one = dice_.below(count), other = (one + dice_.between(1, count - 1)) % count;
  switch (fault) {
    case Fault::crash:
    case Fault::crash_midway:
    case Fault::crash_behind_token:
    case Fault::leave:
    case Fault::pause: {
      Machine* machine = random_machine(true);
      if (!machine) return false;
      if (fault == Fault::crash) machine->crash();
      if (fault == Fault::crash_midway) machine->crash_after(dice_.between(1, 40));
      if (fault == Fault::crash_behind_token) machine->crash_behind_token(true);
      if (fault == Fault::leave) machine->leave();
      if (fault == Fault::pause)
        machine->pause(world_.now() + dice_.between(Duration{}, swarm_.pause_max),
                       dice_.chance(0.5));
      return true;
    }
    case Fault::start: {
      Machine* machine = random_machine(false);
      if (machine) machine->start();
      return machine;
    }
    case Fault::partition:
    case Fault::partition_half:
      partition(fault == Fault::partition_half);
      return true;
    case Fault::isolate:
      for (MachineIndex to = 0; to < count; ++to) {
        network.cut(one, to, true);
        network.cut(to, one, true);
      }
      return true;
    case Fault::cut_both_ways:
      network.cut(other, one, true);
      [[fallthrough]];
    case Fault::cut_one_way:
      network.cut(one, other, true);
      return true;
    case Fault::flap: {
      const bool down = !network.is_cut(one, other);
      for (MachineIndex to = 0; to < count; ++to) {
        network.cut(one, to, down);
        network.cut(to, one, down);
      }
      return true;
    }
    case Fault::heal:
      network.heal();
      return true;
    case Fault::weather:
      network.weather(one, other, random_wire()) = swarm_.draw_weather(dice_);
      return true;
    case Fault::weather_everywhere:
      for (MachineIndex from = 0; from < count; ++from)
        for (MachineIndex to = 0; to < count; ++to)
          for (std::size_t wire = 0; wire < network.wires(); ++wire)
            network.weather(from, to, wire) = swarm_.draw_weather(dice_);
      return true;
    case Fault::black_hole:
      network.weather(one, other, random_wire()).size_max =
          dice_.between(100, world_.settings().device.payload_max);
      return true;
    case Fault::damage_file:
      return damage_file();
    case Fault::put_back:
      return put_back();
    case Fault::cut_lane:
      network.cut_lane(one, other, Lane(dice_.below(lane_count)));
      return true;
    case Fault::wire:
      strike_wire(one, other);
      return true;
  }
  return false;
}

std::size_t Faults::random_wire() {
  const std::size_t wires = world_.run().network.wires();
  return wires == 1 ? 0 : dice_.below(wires);
}

// A network is gone for all, a card for one, or one way between two.
void Faults::strike_wire(MachineIndex one, MachineIndex other) {
  Network& network = world_.run().network;
  const std::size_t wire = random_wire(), kind = dice_.below(4);
  for (MachineIndex from = 0; from < world_.size(); ++from)
    for (MachineIndex to = 0; to < world_.size(); ++to) {
      const bool hit = kind == 0   ? true
                       : kind == 1 ? from == one || to == one
                                   : from == one && to == other;
      if (kind == 3 || hit) network.cut_wire(from, to, wire, kind != 3);  // or it is whole again
    }
}

void Faults::partition(bool half) {
  Network& network = world_.run().network;
  std::vector<bool> side(world_.size());
  for (std::size_t i = 0; i < side.size(); ++i) side[i] = dice_.chance(0.5);
  for (MachineIndex from = 0; from < side.size(); ++from)
    for (MachineIndex to = 0; to < side.size(); ++to)
      if (side[from] != side[to] && (side[from] || !half)) network.cut(from, to, true);
}

// With or without a pause that it could tell from.
bool Faults::put_back() {
  Machine* machine = random_machine(true);
  if (!machine) return false;
  if (dice_.chance(0.3)) {
    machine->remember();
    return true;
  }
  machine->put_back();
  const Duration token = world_.settings().ring.token_loss;
  if (dice_.chance(0.4))
    machine->pause(world_.now() + dice_.between(token, 3 * token), dice_.chance(0.5));
  return true;
}

bool Faults::damage_file() {
  Machine* machine = random_machine(false);
  if (!machine) return false;
  switch (dice_.below(3)) {
    case 0:
      machine->lose_file();
      break;
    case 1:
      dice_.chance(0.3) ? machine->damage_votes() : machine->damage_file();
      break;
    default:
      machine->restore_old_file();
  }
  return true;
}

}  // namespace gyre::sim
