// One start of a machine's daemon, with its card and the programs around it.
#pragma once

#include <memory>
#include <vector>

#include "tests/sim/ear.hh"
#include "tests/sim/machine.hh"
#include "tests/sim/visible_seal.hh"

namespace gyre::sim {

// All that a crash takes along. Members go in the reverse of this order.
struct Machine::Process {
  struct Slot {
    std::unique_ptr<Program> program;
    Time starts_at{};
    bool port_free = true;
    std::uint32_t generation = 1;
  };

  Process(Machine& machine, std::uint64_t ring_seq, std::uint64_t boot);

  std::unique_ptr<Transport> protect(Machine& machine, std::unique_ptr<Device> card,
                                     std::uint64_t boot);

  check::Process id;
  FramePool pool;
  Device* device = nullptr;
  HeaderTransport* headers = nullptr;  // around the device, if there are any
  VisibleSeal* sealed = nullptr;       // the same, if it seals
  std::unique_ptr<Ear> ear;            // around all of them
  node::Log log{256};
  std::vector<Slot> slots;
  Time reserved_at = never;
  std::uint64_t reserving = 0;
  struct {
    Time read_at = never;
    std::uint64_t ticket = 0;
    std::size_t number = 0;
  } key;                            // that is being read
  std::size_t rotations_asked = 0;  // and not answered yet
  std::unique_ptr<node::Node> node;
};

}  // namespace gyre::sim
