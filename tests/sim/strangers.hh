// Nodes on the wire that do not belong: of another cluster, of another version of the wire, with
// frames of another size, or with an id that is in use. They hear what is sent to everyone, and
// everyone hears them.
#pragma once

#include <memory>
#include <vector>

#include "tests/sim/run.hh"

namespace gyre::sim {

class Strangers {
 public:
  // All but those with an id that is in use are there from the start.
  explicit Strangers(Run& run);
  ~Strangers();

  // A node with the id of `machine`, elsewhere. It ends as soon as it hears whose id it has, as
  // gyred does.
  void add_namesake(MachineIndex machine);
  void leave();  // all of them, for ever

  void arrive(Flight&& flight);
  Time next() const;
  void turn();

 private:
  class Stranger;

  Run& run_;
  Dice dice_;
  std::vector<std::unique_ptr<Stranger>> places_;  // on the network, behind the machines
};

}  // namespace gyre::sim
