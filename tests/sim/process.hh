// One start of a machine's daemon, with its card and the programs around it.
#pragma once

#include <memory>
#include <vector>

#include "tests/check/flat_map.hh"
#include "tests/sim/machine.hh"
#include "transport/stamped.hh"

namespace gyre::sim {

// The clear header of a join: whose, and which one.
struct JoinNumber {
  std::uint64_t boot = 0, counter = 0;
  bool operator==(const JoinNumber&) const = default;
};
struct JoinNumberHash {
  std::size_t operator()(const JoinNumber& join) const noexcept {
    return check::mixed(join.boot ^ join.counter);
  }
};

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
  check::FlatMap<JoinNumber, JoinNumberHash> joins;  // that came, by their clear headers
  check::Index joins_heard = 0;
  Time reserved_at = never;
  std::uint64_t reserving = 0;
  std::unique_ptr<node::Node> node;
};

}  // namespace gyre::sim
