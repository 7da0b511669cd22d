// The network between the machines: each directed link has weather of its own, and may be cut. It
// loses, doubles, delays and reorders by dice, and what it carries arrives in virtual time. Where
// machines have several cards it is as many networks, by `wire`.
#pragma once

#include <cstdint>
#include <memory>
#include <queue>
#include <vector>

#include "tests/sim/dice.hh"
#include "transport/transport.hh"

namespace gyre::sim {

using MachineIndex = std::size_t;

struct Weather {
  double loss = 0, duplication = 0;
  double spike = 0;    // probability of a frame that takes up to spike_max
  double reorder = 0;  // probability that a frame may overtake those before it
  Duration delay_min = std::chrono::microseconds(20), delay_max = std::chrono::microseconds(60);
  Duration spike_max{};
  double late = 0;  // probability that a copy comes much later, when its ring may be long gone
  Duration late_max{};
  std::size_t size_max = SIZE_MAX;  // longer frames vanish: a path with a smaller MTU
};

using Bytes = std::shared_ptr<const std::vector<std::byte>>;

struct Flight {
  Time when{};
  MachineIndex from = 0, to = 0;
  std::size_t wire = 0;
  Lane lane{};
  Bytes bytes;
  bool again = false;  // a copy: who filters by number may refuse it
  bool late = false;
  std::uint64_t nth = 0;  // that was sent
};

class Network {
 public:
  Network(std::size_t machines, std::uint64_t seed, std::size_t wires = 1);

  std::size_t machines() const { return machines_; }
  std::size_t wires() const { return wires_; }
  void send(MachineIndex from, MachineIndex to, Lane lane, const Bytes& bytes, Time now,
            std::size_t wire = 0);
  // The next frame that has arrived by `now`; nothing when there is none.
  bool arrive(Time now, Flight& flight);
  Time next() const { return landings_.empty() ? never : landings_.top().when; }

  Weather& weather(MachineIndex from, MachineIndex to, std::size_t wire = 0) {
    return link(from, to, wire).weather;
  }
  void cut(MachineIndex from, MachineIndex to, bool is_cut) {
    for (std::size_t wire = 0; wire < wires_; ++wire) cut_wire(from, to, wire, is_cut);
  }
  void cut_wire(MachineIndex from, MachineIndex to, std::size_t wire, bool is_cut) {
    for (bool& lane : link(from, to, wire).cut) lane = is_cut;
  }
  // Only what is for everyone, or only what is for one node.
  void cut_lane(MachineIndex from, MachineIndex to, Lane lane) {
    for (std::size_t wire = 0; wire < wires_; ++wire)
      link(from, to, wire).cut[static_cast<std::size_t>(lane)] = true;
  }
  bool is_cut(MachineIndex from, MachineIndex to) { return link(from, to, 0).cut[0]; }
  void heal();  // all cuts
  // The nth frame from now on in this lane gets to nobody; 0: none does that.
  void lose(Lane lane, std::uint64_t nth);
  bool has_lost() const { return lost_ != nullptr; }
  // From now on nothing comes late, nor what is on its way already; cards get on with their work.
  void settle() { settled_ = true; }
  bool settled() const { return settled_; }

  std::uint64_t sent() const { return serial_; }

 private:
  struct Link {
    Weather weather;
    bool cut[lane_count]{};
    Time last[lane_count]{};  // arrival of the latest frame: links keep the order, as a rule
  };
  // In their order: by time, and those of one instant as they were sent.
  struct Landing {
    Time when{};
    std::uint64_t serial = 0;
    std::uint32_t flight = 0;
    bool operator<(const Landing& other) const {  // the soonest goes first
      return when != other.when ? when > other.when : serial > other.serial;
    }
  };
  Link& link(MachineIndex from, MachineIndex to, std::size_t wire) {
    return links_[(wire * machines_ + from) * machines_ + to];
  }
  bool is_lost(Lane lane, const Bytes& bytes);
  void carry(Link& link, const Flight& flight, bool again);
  void take_off(const Flight& flight, Time when, bool again, bool late = false);

  const std::size_t machines_, wires_;
  Dice dice_;
  std::vector<Link> links_;
  std::vector<Flight> flights_;             // in no order: only landings are moved about
  std::vector<std::uint32_t> free_places_;  // among them
  std::priority_queue<Landing> landings_;
  std::uint64_t serial_ = 0, frames_ = 0;
  bool settled_ = false;
  Lane losing_{};
  std::uint64_t until_lost_ = 0;
  Bytes counted_, lost_;
};

}  // namespace gyre::sim
