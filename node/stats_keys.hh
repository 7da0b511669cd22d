// The map of what was counted: under Corosync's names where the meaning is the same, and all of it
// under stats.gyre.
#pragma once

#include "node/cmap.hh"
#include "node/status.hh"

namespace gyre::node {

void fill_stats(Cmap& map, const Snapshot& snapshot);

}  // namespace gyre::node
