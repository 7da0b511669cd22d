// The map of what was counted: under Corosync's names where the meaning is the same, and all of it
// under stats.gyre.
#pragma once

#include "node/cmap.hh"
#include "node/status.hh"

namespace gyre::node {

class Stats {
 public:
  struct Cleared {
    Snapshot ring, programs;   // when each was
    std::uint64_t pauses = 0;  // up to then
  };

  // What was counted up to `snapshot`, since it was cleared.
  void fill(Cmap& map, const Snapshot& snapshot) const;
  // `what` is totem, ipc, schedmiss or all, or knet, of which nothing is counted. False: it is none
  // of these.
  bool clear(std::string_view what, const Snapshot& snapshot);

 private:
  Cleared cleared_;
};

}  // namespace gyre::node
