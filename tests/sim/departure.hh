// Some of a ring at rest leave at once, on request, while the network of each may be away for a
// moment, or a frame gets lost: nobody waits until a timer has run out, neither those who leave nor
// those who stay, and what they said before stays behind.
#pragma once

#include <map>
#include <set>
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
  Duration allowed(Duration for_losses) const;  // once all hear each other
  Duration for_a_loss(Lane lane) const;
  bool done() const;
  void cut(bool away);
  void speak();
  std::string leave(Duration away, Duration time);
  std::string unheard() const;

  World& world_;
  const Swarm& swarm_;
  Dice dice_;
  std::vector<MachineIndex> leaving_, staying_;
  std::set<totem::Place> said_;                        // by those who leave
  std::map<NodeId, std::set<totem::Place>> heard_by_;  // by the others
};

}  // namespace gyre::sim
