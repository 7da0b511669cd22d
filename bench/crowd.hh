// Many programs at running daemons, through libgyre: what it costs the ring's token that they come
// and go, and how much of a daemon's memory one takes that is silent.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "bench/numbers.hh"

namespace gyre::bench {

struct CrowdSettings {
  std::vector<std::string> run_dirs;  // the programs go to the first
  std::size_t programs = 1000;
  std::size_t blocks = 20;  // of each kind
  double rate = 0;          // programs that come in a second; 0: as fast as they can
};

// From one visit of the token to the next, in nanoseconds, while a program at each daemon says
// something every millisecond, so that the token does not rest.
struct Crowd {
  double quiet = 0;   // nobody else is there
  double one = 0;     // one more that stays, and says as much as those of the next line
  double busy = 0;    // one after the other connects, joins, sends, hears itself, leaves, is gone
  double silent = 0;  // all are there, each in a group of its own
  Spread to_quiet, to_one;  // each block of busy ones to its neighbours
  double programs_per_second = 0;
  double resident_bytes = 0;  // of the daemon, for each that is silent
  double shared_bytes = 0;    // of these what is in shared memory
};
Crowd measure_crowd(const CrowdSettings& settings);

}  // namespace gyre::bench
