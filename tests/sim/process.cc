#include "tests/sim/process.hh"

#include <algorithm>

namespace gyre::sim {

namespace {

node::NodeLimits limits_of(const Settings& settings) {
  node::NodeLimits limits;
  limits.clients = std::max<std::size_t>(settings.programs, 1);
  limits.port.stall_max = settings.stall_max;
  limits.groups = settings.groups;
  return limits;
}

}  // namespace

Machine::Process::Process(Machine& machine, std::uint64_t ring_seq, std::uint64_t boot)
    : id{machine.id(), machine.dice_.next()},
      pool(node::Node::frames_needed(machine.ring(), Device::limits_of(machine.card())) + 64,
           Device::headroom + header_size, machine.run_.settings.device.payload_max, 0),
      slots(machine.run_.settings.programs) {
  const Settings& settings = machine.run_.settings;
  auto card = std::make_unique<Device>(
      machine.run_.network, machine.index_, machine.card(), pool, machine.run_.now,
      [&machine](NodeId to, const FrameRef& frame) { return machine.transmit(to, frame); },
      [&machine](const Flight& flight) { machine.received(flight); });
  device = card.get();
  if (settings.device.stamped) {
    const StampIdentity stamp{
        .self = id.node, .cluster = cluster_tag(settings.cluster), .boot = boot};
    auto around = std::make_unique<Stamped>(std::move(card), stamp, pool);
    stamped = around.get();
    transport = std::move(around);
  } else {
    transport = std::move(card);
  }
  std::vector<node::ListedPeer> listed;
  for (MachineIndex other = 0; other < settings.machines && !settings.ring.open; ++other)
    if (other != machine.index_) listed.push_back({Device::id(other), Device::address(other)});
  const totem::Identity identity{.self = id.node,
                                 .incarnation = id.incarnation,
                                 .ring_seq = ring_seq,
                                 .seed = machine.dice_.next()};
  node = std::make_unique<node::Node>(node::Node::Setup{.transport = *transport,
                                                        .pool = pool,
                                                        .errands = machine,
                                                        .log = log,
                                                        .recorder = &machine,
                                                        .parameters = machine.ring(),
                                                        .identity = identity,
                                                        .listed = listed,
                                                        .limits = limits_of(settings),
                                                        .quorum = machine.quorum(),
                                                        .kept = machine.kept_});
}

}  // namespace gyre::sim
