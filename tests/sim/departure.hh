// Some of a ring at rest leave at once, on request, while the network of each may be away for a
// moment: nobody waits until a timer has run out, neither those who leave nor those who stay.
#pragma once

#include <string>
#include <vector>

#include "tests/sim/world.hh"

namespace gyre::sim {

class Departure {
 public:
  Departure(World& world, const Swarm& swarm, const std::vector<MachineIndex>& members);

  // What was wrong; nothing if nothing was.
  std::string run();
  const std::vector<MachineIndex>& staying() const { return staying_; }

 private:
  Duration allowed() const;  // once all hear each other
  bool done() const;
  void cut(bool away);

  World& world_;
  const Swarm& swarm_;
  Dice dice_;
  std::vector<MachineIndex> leaving_, staying_;
};

}  // namespace gyre::sim
