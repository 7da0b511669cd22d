// What the machines of one run share: the constants of their cluster, the network, the true time,
// and those who watch.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "membership/quorum.hh"
#include "membership/types.hh"
#include "tests/check/checker.hh"
#include "tests/check/consensus.hh"
#include "tests/check/gathering.hh"
#include "tests/check/packets.hh"
#include "tests/check/programs.hh"
#include "tests/sim/device.hh"
#include "tests/sim/program.hh"
#include "tests/sim/seals.hh"
#include "totem/parameters.hh"
#include "transport/header.hh"
#include "transport/redundant.hh"
#include "transport/shm/handshake.hh"

namespace gyre::sim {

// Drawn by the seed, and alike on all machines.
struct Settings {
  std::size_t machines = 3;
  totem::Parameters ring;
  DeviceTraits device;
  Habits habits;
  std::size_t programs = 2;                             // on each machine
  std::size_t links = 1;                                // of each machine
  std::vector<LinkKind> kinds;                          // of these; empty: all as `device`
  Redundant::Mode link_mode = Redundant::Mode::active;  // of several
  ProbePace pace;
  double clock_drift = 0;  // clocks run this much faster or slower, at most
  Duration turn_cost{}, wake_up{};
  Duration disk_delay{};             // of a reservation
  double disk_stuck = 0;             // probability that it takes seconds
  std::uint64_t first_ring_seq = 0;  // on every disk at the start
  membership::GroupLimits groups{.groups = 16, .members = 256};
  std::size_t requests_size = shm::ring_min, events_size = shm::ring_min;
  Duration stall_max{};           // of a program that reads nothing
  bool programs_between = false;  // they run between a turn of the daemon and its sleep, too
  double late_hang_ups = 0;       // probability that a program's end is reported once more
  std::string_view cluster = "sim";
  std::size_t strangers = 0;                // nodes of another cluster on the same wire
  bool strange_ids = false;                 // other ids than ours
  bool strange_version = false;             // of our cluster, but of another version of the wire
  bool strange_frames = false;              // of our cluster and version, but with shorter frames
  bool namesake = false;                    // one more is given an id that is in use
  std::vector<std::size_t> receive_frames;  // of each machine's card; empty: alike
  membership::QuorumSettings quorum;        // but for the votes
  std::vector<std::uint32_t> votes;         // of each machine; empty: one
  Duration forgery_gap{};                   // mean, of somebody without a key; 0: there is nobody
  std::uint64_t forgery_seed = 0;
  Duration rotation_gap{};         // mean, of an operator who changes the key; 0: nobody
  bool consensus_differs = false;  // at each start the shortest or ring.consensus

  Duration shortest_consensus() const {
    return consensus_differs ? ring.token_loss * 6 / 5 : ring.consensus;
  }

  // What the guarantees of liveness are counted in.
  Duration completes_after() const;  // of the slowest link
  Duration reaction() const { return ring.token_loss + ring.consensus; }
  // By the slowest clock.
  Duration slowly(Duration span) const {
    return Duration(
        static_cast<std::int64_t>((1 + 2 * clock_drift) * static_cast<double>(span.count())));
  }
  // Groups that one program may be in when it is alone. Programs know this many by name, or as many
  // as they ask for.
  std::size_t room() const { return std::min({groups.groups, groups.members, shm::groups_max}); }
};

struct Run {
  Run(const Settings& settings_, std::uint64_t seed)
      : settings(settings_),
        dice(seed),
        cluster(cluster_tag(settings_.cluster)),
        network(settings_.machines + settings_.strangers + settings_.namesake, dice.next(),
                settings_.links),
        due(settings_.machines, never),
        leases(settings_.machines, Time::min()),
        packets(settings_.ring.global_window),
        gathering(settings_.ring.consensus, settings_.clock_drift) {
    if (settings.device.suite != Suite::open)
      seals.emplace(settings.device.suite, settings.cluster);
  }

  const Settings settings;
  Dice dice;
  const std::uint64_t cluster;  // its tag
  Network network;
  Time now{};
  // When each machine next has something to do of itself, as it planned it. While it is paused that
  // holds until the first pause is over.
  std::vector<Time> due;
  Time pause_ends = never;
  // Until when each machine's programs may act as part of the only side that may. Who dies has
  // none: libgyre asks the kernel.
  std::vector<Time> leases;
  check::Checker checker;
  check::Programs programs;
  check::Packets packets;
  check::Consensus consensus;
  check::Gathering gathering;
  std::optional<Seals> seals;                           // if there are any
  std::vector<check::Violation> violations;             // of what machines promise, each by itself
  std::function<void(std::string_view state)> entered;  // told when a machine's ring changes state
  // Told of each message that gets its place on a machine, or is delivered there.
  std::function<void(NodeId by, const totem::Place&)> placed, delivered;
  Program::Heard heard;
  TraceHash hash;
  std::map<std::string, std::uint64_t> reached;  // states and reasons, how often
  std::uint64_t rings = 0, messages = 0;         // installed, each once; delivered
  // What the operator was told of rotations; the newest key of which all went by it.
  std::uint64_t rotations_done = 0, rotations_refused = 0;
  std::size_t key_in_use = 0;
  bool disk_works = false;  // as it should, from now on
  bool tracing = false, tracing_frames = false;
  std::vector<std::string> trace;

  void note(MachineIndex machine, const std::string& text);
};

}  // namespace gyre::sim
