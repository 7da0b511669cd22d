// What goes wrong while a run lasts.
#pragma once

#include "tests/sim/world.hh"

namespace gyre::sim {

class Faults {
 public:
  Faults(World& world, const Swarm& swarm);

  Time next() const { return std::min(next_, ambush_at_); }
  void strike();  // at next(), which may come sooner while time goes on
  std::uint64_t count() const { return count_; }

 private:
  Fault draw();
  void lie_in_wait(std::string_view state);
  bool inflict(Fault fault);
  Machine* random_machine(bool up);
  void partition(bool half);
  bool put_back();
  std::size_t random_wire();
  void strike_wire(MachineIndex one, MachineIndex other);
  bool damage_file();

  World& world_;
  const Swarm& swarm_;
  Dice dice_;
  Time next_{}, ambush_at_ = never;
  std::uint64_t count_ = 0;
};

}  // namespace gyre::sim
