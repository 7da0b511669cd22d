#include "tests/sim/process.hh"

#include <algorithm>

#include "transport/stamped.hh"

namespace gyre::sim {

namespace {

node::NodeLimits limits_of(const Settings& settings) {
  node::NodeLimits limits;
  limits.clients = std::max<std::size_t>(settings.programs, 1);
  limits.port.stall_max = settings.stall_max;
  limits.groups = settings.groups;
  return limits;
}

// For as many cards, of which each may be the one that holds frames longest.
std::size_t frames_needed(const totem::Parameters& ring, DeviceTraits card,
                          const Settings& settings) {
  const std::size_t links = settings.links;
  card.completes_after = settings.completes_after();
  const Limits limits = Device::limits_of(card);
  return node::Node::frames_needed(ring, limits) + 64 * links +
         (card.suite == Suite::open ? 0 : Sealed::frames_needed(limits)) +
         (links > 1 ? Redundant::frames_needed(links) : 0);
}

}  // namespace

std::unique_ptr<Transport> Machine::Process::open_cards(Machine& machine) {
  const Settings& settings = machine.run_.settings;
  std::vector<Redundant::Link> cards;
  for (std::size_t wire = 0; wire < settings.links; ++wire) {
    auto card = std::make_unique<Device>(
        machine.run_.network, machine.index_, machine.card(wire), pool, machine.run_.now,
        [&machine](NodeId to, const FrameRef& frame) { return machine.transmit(to, frame); }, wire);
    devices.push_back(card.get());
    cards.push_back({.device = std::move(card), .number = static_cast<std::uint8_t>(wire)});
  }
  if (cards.size() == 1) return std::move(cards.front().device);
  if (std::ranges::adjacent_find(settings.kinds, std::ranges::not_equal_to{},
                                 &LinkKind::multicast) != settings.kinds.end())
    machine.reached("links of two kinds");
  auto joined = std::make_unique<Redundant>(
      std::move(cards),
      Redundant::Setup{
          .self = id.node,
          .cluster = cluster_tag(settings.cluster),
          .suite = settings.device.suite,
          .mode = settings.link_mode,
          .draw = [dice = Dice(machine.dice_.next())]() mutable { return dice.next(); },
          .pause_max = settings.ring.token_loss,
          .pace = settings.pace,
          .learns = settings.ring.open,
          .neighbours = settings.machines},
      pool);
  links = joined.get();
  return joined;
}

// A token goes once more over another link where the one that took it turns out to be at fault.
bool Machine::Process::is_copy(std::span<const std::byte> frame) {
  constexpr std::size_t kept = 1024;
  Header header;
  if (!links ||
      read_header(frame, cluster_tag("sim"), header, devices[0]->suite()) != Refusal::none)
    return false;
  if (std::exchange(boot_sent_, header.boot) != header.boot)
    for (auto& lane : sent_) lane.clear();
  auto& lane = sent_[static_cast<std::size_t>(header.lane)];
  const bool is_new = lane.insert(header.counter).second;
  if (lane.size() > kept) lane.erase(lane.begin());
  return !is_new;
}

// As gyred does, but by dice.
std::unique_ptr<Transport> Machine::Process::protect(Machine& machine,
                                                     std::unique_ptr<Transport> cards,
                                                     std::uint64_t boot) {
  const Settings& settings = machine.run_.settings;
  if (!settings.device.stamped) return cards;
  const std::uint64_t cluster = cluster_tag(settings.cluster);
  if (!machine.run_.seals) {
    auto stamped = std::make_unique<Stamped>(
        std::move(cards), StampIdentity{.self = id.node, .cluster = cluster, .boot = boot}, pool);
    headers = stamped.get();
    return stamped;
  }
  auto around = std::make_unique<VisibleSeal>(
      std::move(cards),
      Sealed::Setup{.self = id.node,
                    .cluster = cluster,
                    .key = machine.run_.seals->key(machine.key_),
                    .suite = settings.device.suite,
                    .draw = [dice = Dice(boot)]() mutable { return dice.next(); },
                    .pause_max = settings.ring.token_loss,
                    .pace = settings.ring.join,
                    .senders = settings.machines},
      pool);
  headers = sealed = around.get();
  Dice dice(~boot);
  for (const Lane lane : {Lane::data, Lane::token})
    if (dice.chance(0.2)) around->skip(lane, (std::uint64_t{1} << era_shift) - dice.below(3000));
  around->remember();
  if (links)
    links->keys([owner = around.get()] {
      return ProbeSeal::Keys{.current = &owner->key(), .other = owner->other_key()};
    });
  return around;
}

Machine::Process::Process(Machine& machine, std::uint64_t ring_seq, std::uint64_t boot)
    : id{machine.id(), machine.dice_.next()},
      pool(frames_needed(machine.ring(), machine.card(), machine.run_.settings),
           Device::headroom + header_size, machine.run_.settings.device.payload_max, 0),
      slots(machine.run_.settings.programs) {
  const Settings& settings = machine.run_.settings;
  ear = std::make_unique<Ear>(
      protect(machine, open_cards(machine), boot),
      [&machine](Lane lane, const Arrival& arrival) { machine.received(lane, arrival); });
  std::vector<node::ListedPeer> listed;
  for (MachineIndex other = 0; other < settings.machines && !settings.ring.open; ++other)
    if (other != machine.index_) {
      listed.push_back({Device::id(other), {}});
      for (std::size_t wire = 0; wire < settings.links; ++wire)
        listed.back().addresses[wire] = Device::address(other);
    }
  const totem::Identity identity{.self = id.node,
                                 .incarnation = id.incarnation,
                                 .ring_seq = ring_seq,
                                 .seed = machine.dice_.next()};
  node = std::make_unique<node::Node>(node::Node::Setup{.transport = *ear,
                                                        .pool = pool,
                                                        .errands = machine,
                                                        .log = log,
                                                        .recorder = &machine,
                                                        .parameters = machine.ring(),
                                                        .identity = identity,
                                                        .listed = listed,
                                                        .sealed = sealed,
                                                        .limits = limits_of(settings),
                                                        .quorum = machine.quorum(),
                                                        .kept = machine.kept_});
}

}  // namespace gyre::sim
