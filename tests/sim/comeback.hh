// One of a ring at rest dies, and starts again at once.
#pragma once

#include <string>
#include <vector>

#include "tests/sim/world.hh"

namespace gyre::sim {

// It is heard as who it is now, before anyone could miss its old self, and all are one ring again.
// Returns what was wrong; nothing if nothing was.
std::string come_back(World& world, const Swarm& swarm, const std::vector<MachineIndex>& members);

}  // namespace gyre::sim
