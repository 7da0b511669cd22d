#include "tests/sim/network.hh"

#include <algorithm>

namespace gyre::sim {

Network::Network(std::size_t machines, std::uint64_t seed)
    : machines_(machines), dice_(seed), links_(machines * machines) {}

void Network::heal() {
  for (Link& each : links_) each.cut = false;
}

void Network::send(MachineIndex from, MachineIndex to, Lane lane, const Bytes& bytes, Time now) {
  Link& path = link(from, to);
  const Weather& weather = path.weather;
  if (path.cut || bytes->size() > weather.size_max) return;
  const int copies = dice_.chance(weather.duplication) ? 2 : 1;
  for (int i = 0; i < copies; ++i)
    if (!dice_.chance(weather.loss))
      carry(path, {.when = now, .from = from, .to = to, .lane = lane, .bytes = bytes});
}

void Network::carry(Link& path, Flight flight) {
  const Weather& weather = path.weather;
  flight.when += dice_.between(weather.delay_min, weather.delay_max);
  if (dice_.chance(weather.spike)) flight.when += dice_.between(Duration{}, weather.spike_max);
  Time& last = path.last[static_cast<std::size_t>(flight.lane)];
  if (!dice_.chance(weather.reorder)) flight.when = last = std::max(last, flight.when);
  flight.serial = ++serial_;
  flights_.push(std::move(flight));
}

bool Network::arrive(Time now, Flight& flight) {
  if (next() > now) return false;
  flight = flights_.top();
  flights_.pop();
  return true;
}

}  // namespace gyre::sim
