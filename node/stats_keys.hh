// The map of what was counted: under Corosync's names where the meaning is the same, and all of it
// under stats.gyre.
#pragma once

#include "node/cmap.hh"
#include "node/status.hh"

namespace gyre::node {

class Stats {
 public:
  // What was counted up to `snapshot`, since it was cleared.
  void fill(Cmap& map, const Snapshot& snapshot) const;
  // `what` is totem, ipc or all, or knet or schedmiss, of which nothing is counted. False: it is
  // none of these.
  bool clear(std::string_view what, const Snapshot& snapshot);

 private:
  Snapshot ring_, programs_;  // when each was cleared
};

}  // namespace gyre::node
