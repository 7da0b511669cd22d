// What a seed decides: the constants of the cluster, how bad the weather may get, and how often
// which fault strikes. Every probability is drawn anew per seed, and many are zero, so that each
// seed is a cluster with troubles of its own (swarm testing: Groce and others, ISSTA 2012).
#pragma once

#include <optional>
#include <string>

#include "tests/sim/run.hh"

namespace gyre::sim {

enum class Fault : std::uint8_t {
  crash,
  crash_midway,  // in the midst of a turn
  start,
  leave,
  pause,
  partition,       // into two sides
  partition_half,  // one side does not hear the other, but is heard
  isolate,
  cut_one_way,
  cut_both_ways,  // between two machines only: reachability is not transitive any more
  flap,           // one machine's port goes down and comes back
  heal,
  weather,  // of one directed link
  weather_everywhere,
  black_hole,  // a link that swallows large frames
  damage_file,
  cut_lane,  // of one directed link: only what is for all goes through, or only what is for one
  crash_behind_token,  // before all that it announced has gone out
  put_back,            // a machine's seal, to an earlier image of its memory
  wire,                // of several: gone, or back
};
inline constexpr std::size_t fault_kinds = 20;
std::string_view text(Fault fault);

struct Swarm {
  Settings settings;
  std::array<double, fault_kinds> weights{};
  Duration fault_gap{};  // mean
  Duration pause_max{};
  double loss_max = 0, duplication_max = 0, spike_max = 0, reorder_max = 0;
  double late_max = 0;
  Duration delay_min{}, delay_max{}, spike_delay_max{}, late_delay_max{};
  bool start_at_once = true;
  // While a ring is being formed and just after, when little else would strike: the probability
  // for each machine that comes into commit or recovery that someone is struck within this time.
  double ambush = 0;
  Duration ambush_max{};
  // Frames above so many bytes never reach one of the outsiders, all others do, and the other
  // outsiders are down; 0: they are otherwise.
  std::size_t narrow = 0;

  Weather draw_weather(Dice& dice) const;
  Weather calm() const;  // of the core, once all is well
  Duration hop() const;  // then, from one machine's turn through the next one's
  // Until a ring stands: two of the commit token, and those of recovery, with some to spare.
  static constexpr int rotations = 12;
};

Swarm draw_swarm(std::uint64_t seed, std::optional<std::size_t> machines);
std::string text(const Swarm& swarm);

}  // namespace gyre::sim
