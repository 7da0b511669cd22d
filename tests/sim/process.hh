// One start of a machine's daemon, with its card and the programs around it.
#pragma once

#include <memory>
#include <set>
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

  std::unique_ptr<Transport> open_cards(Machine& machine);
  std::unique_ptr<Transport> protect(Machine& machine, std::unique_ptr<Transport> cards,
                                     std::uint64_t boot);
  // Of a frame that goes out: another card had it already, or will be given it.
  bool is_copy(std::span<const std::byte> frame);

  check::Process id;
  FramePool pool;
  std::vector<Device*> devices;        // by wire
  Redundant* links = nullptr;          // around several of them
  HeaderTransport* headers = nullptr;  // around all of that, if there are any
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

 private:
  std::uint64_t boot_sent_ = 0;
  std::set<std::uint64_t> sent_[lane_count];  // the last ones, by number, of several links
};

}  // namespace gyre::sim
