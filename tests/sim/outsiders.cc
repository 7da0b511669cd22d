#include "tests/sim/outsiders.hh"

#include <algorithm>

namespace gyre::sim {

Outsiders::Outsiders(World& world, const std::vector<bool>& is_core, const Swarm& swarm)
    : world_(world), swarm_(swarm), is_core_(is_core), dice_(world.run().dice.split()) {
  for (MachineIndex i = 0; i < is_core.size(); ++i) {
    if (is_core[i]) continue;
    const Duration token = world.settings().ring.token_loss;
    outsiders_.push_back({.machine = i,
                          .manner = Manner(dice_.below(7)),
                          .period = dice_.magnitude(token / 10, token * 5)});
    // Several of that kind may keep a ring from ever recovering (docs/proof.md).
    if (swarm.narrow > 0)
      outsiders_.back().manner = outsiders_.size() == 1 ? Manner::narrow : Manner::down;
    begin(outsiders_.back());
  }
}

void Outsiders::connect(MachineIndex machine, bool hears, bool is_heard) {
  for (MachineIndex i = 0; i < is_core_.size(); ++i) {
    if (!is_core_[i]) continue;
    world_.run().network.cut(i, machine, !hears);
    world_.run().network.cut(machine, i, !is_heard);
  }
}

// For everyone: a ring at rest works on when a deaf one follows a mute one, and may be kept so.
void Outsiders::isolate(MachineIndex machine, bool deaf) {
  connect(machine, !deaf, deaf);
  for (MachineIndex i = 0; i < is_core_.size(); ++i) {
    if (is_core_[i]) continue;
    if (deaf)
      world_.run().network.cut(i, machine, true);
    else
      world_.run().network.cut(machine, i, true);
  }
}

// It and all others hear each other, or it would keep two of them apart besides.
void Outsiders::narrow(MachineIndex machine) {
  ++world_.run().reached["a narrow path"];
  Network& network = world_.run().network;
  for (MachineIndex i = 0; i < is_core_.size(); ++i) {
    network.cut(i, machine, false);
    network.cut(machine, i, false);
    network.weather(i, machine) = network.weather(machine, i) = swarm_.calm();
    network.weather(i, machine).size_max = swarm_.narrow;
    if (!is_core_[i]) network.weather(machine, i).size_max = swarm_.narrow;
  }
}

void Outsiders::begin(Outsider& outsider) {
  Machine& machine = world_.machine(outsider.machine);
  switch (outsider.manner) {
    case Manner::down:
      if (machine.up()) machine.crash();
      return;
    case Manner::deaf:
    case Manner::mute:
      machine.stay_up();  // who wakes or dies later changes something outside
      return isolate(outsider.machine, outsider.manner == Manner::deaf);
    case Manner::paused:
      if (machine.up()) machine.pause(never, true);
      return;
    case Manner::narrow:
      machine.stay_up();  // who wakes or dies later changes something outside
      return narrow(outsider.machine);
    default:
      if (!machine.up()) machine.start();
      connect(outsider.machine, true, true);
      outsider.next = world_.now() + outsider.period;
  }
}

Time Outsiders::next() const {
  Time soonest = never;
  for (const Outsider& each : outsiders_) soonest = std::min(soonest, each.next);
  return soonest;
}

void Outsiders::strike() {
  for (Outsider& each : outsiders_)
    if (each.next <= world_.now()) come_or_go(each);
}

void Outsiders::come_or_go(Outsider& outsider) {
  outsider.away = !outsider.away;
  outsider.next = world_.now() + dice_.between(outsider.period / 2, outsider.period * 3 / 2);
  Machine& machine = world_.machine(outsider.machine);
  if (outsider.manner == Manner::flapping) {
    connect(outsider.machine, !outsider.away, !outsider.away);
  } else if (outsider.manner == Manner::restarting) {
    if (machine.up())
      machine.crash();
    else
      machine.start();
  } else if (machine.up()) {
    machine.pause(outsider.away ? never : world_.now(), true);
  }
}

bool Outsiders::unsteady() const {
  return std::any_of(outsiders_.begin(), outsiders_.end(),
                     [](const Outsider& each) { return each.next != never; });
}

void Outsiders::crash_all() {
  for (Outsider& each : outsiders_) {
    each.next = never;
    if (world_.machine(each.machine).up()) world_.machine(each.machine).crash();
  }
}

}  // namespace gyre::sim
