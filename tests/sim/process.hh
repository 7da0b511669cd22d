// One start of a machine's daemon, with its card and the programs around it.
#pragma once

#include <memory>
#include <vector>

#include "tests/sim/machine.hh"
#include "transport/replay.hh"
#include "transport/stamped.hh"

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

  check::Process id;
  FramePool pool;
  Device* device = nullptr;
  Stamped* stamped = nullptr;  // if it is, around the device
  std::unique_ptr<Transport> transport;
  node::Log log{256};
  std::vector<Slot> slots;
  ReplayFilter filter;  // refuses what that of `stamped` does
  Time reserved_at = never;
  std::uint64_t reserving = 0;
  std::unique_ptr<node::Node> node;
};

}  // namespace gyre::sim
