// The machines outside of the core, which stay hostile for as long as they are there: down, deaf,
// mute, paused, deaf to large frames only, or coming and going all the time.
#pragma once

#include "tests/sim/world.hh"

namespace gyre::sim {

class Outsiders {
 public:
  // Cuts and pauses as drawn. `is_core` says who is not an outsider.
  Outsiders(World& world, const std::vector<bool>& is_core, const Swarm& swarm);

  Time next() const;
  void strike();  // at next()
  // One of them comes and goes, heard by all of the core and hearing it: it may be a member now and
  // then.
  bool unsteady() const;
  // One hears all but large frames: it is a member until such a one is sent.
  bool narrow() const { return swarm_.narrow > 0 && !outsiders_.empty(); }
  void crash_all();

 private:
  enum class Manner : std::uint8_t {
    down,
    deaf,
    mute,
    paused,
    flapping,
    pausing,
    restarting,
    narrow
  };
  struct Outsider {
    MachineIndex machine = 0;
    Manner manner{};
    Duration period{};
    Time next = never;
    bool away = false;
  };
  void begin(Outsider& outsider);
  void narrow(MachineIndex machine);
  void connect(MachineIndex machine, bool hears, bool is_heard);
  void isolate(MachineIndex machine, bool deaf);
  void come_or_go(Outsider& outsider);

  World& world_;
  const Swarm& swarm_;
  const std::vector<bool> is_core_;
  Dice dice_;
  std::vector<Outsider> outsiders_;
};

}  // namespace gyre::sim
