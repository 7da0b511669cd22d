#include "tests/sim/world.hh"

#include <algorithm>

namespace gyre::sim {

namespace {

constexpr std::uint64_t steps_between_settling = 1024;  // of the checker, which forgets then

}  // namespace

World::World(const Swarm& swarm, std::uint64_t seed)
    : run_(swarm.settings, seed), strangers_(run_), forger_(run_) {
  for (MachineIndex i = 0; i < run_.settings.machines; ++i)
    machines_.push_back(std::make_unique<Machine>(run_, i));
  for (MachineIndex from = 0; from < size(); ++from)
    for (MachineIndex to = 0; to < size(); ++to)
      for (std::size_t wire = 0; wire < run_.network.wires(); ++wire)
        run_.network.weather(from, to, wire) = swarm.draw_weather(run_.dice);
}

Time World::soonest() const {
  Time soonest = std::min(strangers_.next(), forger_.next());
  for (const Time due : run_.due) soonest = std::min(soonest, due);
  return soonest;
}

// What arrives until someone is due, which may be because of it. Returns when that is.
Time World::take_arrivals(Time end) {
  Time next = soonest();
  while (run_.network.next() <= std::min(std::max(next, run_.now), end)) {
    if (advance(run_.network.next())) next = soonest();
    for (Flight flight; run_.network.arrive(run_.now, flight);) {
      const MachineIndex to = flight.to;
      if (to < size() && flight.from < size() && machines_[to]->up()) forger_.overhear(flight);
      if (to < size())
        machines_[to]->arrive(std::move(flight));
      else
        strangers_.arrive(std::move(flight));
      next = std::min(next, to < size() ? run_.due[to] : strangers_.next());
    }
  }
  return next;
}

bool World::step(Time end) {
  const Time next = take_arrivals(end);
  advance(std::min(next, end));
  if (next > end) return false;
  for (MachineIndex i = 0; i < size(); ++i)
    if (run_.due[i] <= run_.now) machines_[i]->turn();
  if (strangers_.next() <= run_.now) strangers_.turn();
  if (forger_.next() <= run_.now) {
    Flight forged = forger_.forge();
    machines_[forged.to]->arrive(std::move(forged));
  }
  if (++steps_ % steps_between_settling == 0) run_.checker.settle();
  return true;
}

// True: a pause was over, and what is due is planned anew.
bool World::advance(Time now) {
  run_.now = std::max(run_.now, now);
  if (run_.now < run_.pause_ends) return false;
  run_.pause_ends = never;
  for (const auto& machine : machines_) machine->plan();
  return true;
}

void World::run_until(Time end) {
  while (step(end)) continue;
}

bool World::run_until(Time end, const std::function<bool()>& done) {
  while (!done())
    if (!step(end)) return false;
  return true;
}

std::vector<check::Violation> World::finish(bool quiescent) {
  std::vector<check::Violation> all = run_.checker.finish(quiescent);
  const auto add = [&all](const std::vector<check::Violation>& found) {
    all.insert(all.end(), found.begin(), found.end());
  };
  add(run_.programs.finish(quiescent));
  add(run_.packets.violations());
  add(run_.consensus.violations());
  add(run_.gathering.violations());
  if (run_.seals) add(run_.seals->violations());
  if (run_.seals && run_.seals->repeated() > 0) ++run_.reached["seal: a number used again"];
  for (const auto& machine : machines_) machine->check_numbers();
  add(run_.violations);
  return all;
}

}  // namespace gyre::sim
