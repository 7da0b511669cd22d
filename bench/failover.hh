// What a program notices of the death of a node: how long nothing is delivered to it, and when the
// view without that node comes. Through libgyre, at a running daemon of a node that stays.
#pragma once

#include <cstddef>
#include <string>

namespace gyre::bench {

struct FailoverSettings {
  std::string run_dir;  // of that daemon
  std::string command;  // of a shell: ends another node
};

struct Failover {  // milliseconds
  std::size_t members_before = 0, members_after = 0;
  double command = 0;  // how long it took
  double view = 0;     // from its beginning on, until the view without that node
  double silent = 0;   // the longest time between two messages, of one each millisecond
  double usual = 0;    // the same before
};
// Throws std::runtime_error where the command fails or does not end, nobody leaves, or nobody else
// is there: then it is not given.
Failover measure_failover(const FailoverSettings& settings);

}  // namespace gyre::bench
