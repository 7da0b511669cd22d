#include "tests/sim/network.hh"

#include <algorithm>

namespace gyre::sim {

Network::Network(std::size_t machines, std::uint64_t seed, std::size_t wires)
    : machines_(machines), wires_(wires), dice_(seed), links_(wires * machines * machines) {}

void Network::heal() {
  for (Link& each : links_)
    for (bool& lane : each.cut) lane = false;
}

void Network::send(MachineIndex from, MachineIndex to, Lane lane, const Bytes& bytes, Time now,
                   std::size_t wire) {
  Link& path = link(from, to, wire);
  const Weather& weather = path.weather;
  if (path.cut[static_cast<std::size_t>(lane)] || bytes->size() > weather.size_max) return;
  if ((until_lost_ > 0 || lost_) && is_lost(lane, bytes)) return;
  const Flight flight{.when = now,
                      .from = from,
                      .to = to,
                      .wire = wire,
                      .lane = lane,
                      .bytes = bytes,
                      .nth = ++frames_};
  const int copies = dice_.chance(weather.duplication) ? 2 : 1;
  for (int i = 0; i < copies; ++i)
    if (!dice_.chance(weather.loss)) carry(path, flight, i > 0);
  if (!settled_ && dice_.chance(weather.late))
    take_off(flight, now + dice_.between(Duration{}, weather.late_max), true, true);
}

void Network::lose(Lane lane, std::uint64_t nth) {
  losing_ = lane;
  until_lost_ = nth;
  counted_ = lost_ = nullptr;
}

// A frame to several is one.
bool Network::is_lost(Lane lane, const Bytes& bytes) {
  if (until_lost_ > 0 && lane == losing_ && bytes != counted_) {
    counted_ = bytes;
    if (--until_lost_ == 0) lost_ = bytes;
  }
  return bytes == lost_;
}

void Network::carry(Link& path, const Flight& flight, bool again) {
  const Weather& weather = path.weather;
  Time when = flight.when + dice_.between(weather.delay_min, weather.delay_max);
  if (dice_.chance(weather.spike)) when += dice_.between(Duration{}, weather.spike_max);
  Time& last = path.last[static_cast<std::size_t>(flight.lane)];
  if (!dice_.chance(weather.reorder)) when = last = std::max(last, when);
  take_off(flight, when, again);
}

void Network::take_off(const Flight& flight, Time when, bool again, bool late) {
  if (free_places_.empty()) {
    free_places_.push_back(static_cast<std::uint32_t>(flights_.size()));
    flights_.emplace_back();
  }
  const std::uint32_t place = free_places_.back();
  free_places_.pop_back();
  landings_.push({.when = when, .serial = ++serial_, .flight = place});
  Flight& made = flights_[place] = flight;
  made.when = when;
  made.again = again;
  made.late = late;
}

bool Network::arrive(Time now, Flight& flight) {
  while (next() <= now) {
    const std::uint32_t place = landings_.top().flight;
    landings_.pop();
    free_places_.push_back(place);
    flight = std::move(flights_[place]);
    if (!flight.late || !settled_) return true;
  }
  return false;
}

}  // namespace gyre::sim
