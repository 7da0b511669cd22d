#include "tests/rm/control/group_model.hh"

#include <algorithm>
#include <set>

#include "node/record.hh"

namespace gyre::rm::model {

namespace {

using Kind = totem::Configuration::Kind;

std::vector<NodeId> ids_of(const std::vector<Node>& nodes) {
  std::vector<NodeId> ids;
  for (const Node node : nodes) ids.push_back(NodeId{node});
  return ids;
}

check::Content content_of(const BusMember& sender, std::string_view payload) {
  return {NodeId{sender.node}, totem::Guarantee::safe,
          node::payload_hash(std::as_bytes(std::span(payload))),
          static_cast<std::uint32_t>(payload.size())};
}

totem::RingId id_of(const auto& ring) {
  return {ring.id, NodeId{ring.nodes.front()}, ring.id};
}

totem::Place place_of(const auto& ring, std::size_t number) {
  return {id_of(ring), totem::Seq{number + 1}, 0};
}

}  // namespace

GroupModel::GroupModel(Timeline& timeline, sim::Dice dice, Settings settings, Events events)
    : timeline_(timeline),
      dice_(dice),
      settings_(settings),
      events_(std::move(events)),
      daemons_(settings.nodes) {}

std::size_t GroupModel::index(const Ring& ring, Node node) const {
  return static_cast<std::size_t>(std::ranges::find(ring.nodes, node) - ring.nodes.begin());
}

void GroupModel::power(Node node, bool on) {
  Daemon& daemon = at(node);
  const unsigned side = daemon.side;
  const std::uint64_t processes = daemon.processes, starts = daemon.starts;
  if (daemon.on) checker_.fail(start_of(node));
  daemon = {};
  daemon.on = on;
  daemon.side = side;
  daemon.processes = processes;
  daemon.starts = starts + on;
  topology_changed();
}

void GroupModel::set_side(Node node, unsigned side) {
  at(node).side = side;
  topology_changed();
}

// There is one verdict for a ring, with its number.
bool GroupModel::has_lease(Node node, std::uint64_t verdict) const {
  const auto& ring = at(node).ring;
  return may_act(node) == true && ring->id == verdict;
}

std::optional<bool> GroupModel::may_act(Node node) const {
  const auto& ring = at(node).ring;
  return ring && !ring->broken && ring->quorate;
}

std::optional<std::uint64_t> GroupModel::ring_of(Node node) const {
  const auto& ring = at(node).ring;
  return ring && !ring->broken ? std::optional(ring->id) : std::nullopt;
}

bool GroupModel::is_quorate(const std::vector<Node>& nodes) {
  if (nodes.size() == settings_.nodes)
    for (const Node node : nodes) at(node).seen_all = true;
  const auto seen_all = [&](Node node) { return at(node).seen_all; };
  return (settings_.two_node && std::ranges::any_of(nodes, seen_all)) ||
         nodes.size() * 2 > settings_.nodes;
}

// Whoever can reach other nodes than those of its ring, or not all of them any more, is without a
// ring until those who reach each other have made one.
void GroupModel::topology_changed() {
  ++topology_;
  std::map<unsigned, std::vector<Node>> components;
  for (Node node = 1; node <= settings_.nodes; ++node)
    if (at(node).on) components[at(node).side].push_back(node);
  for (const auto& [side, component] : components) {
    const bool stands = std::ranges::all_of(component, [this, &nodes = component](Node node) {
      const auto& ring = at(node).ring;
      return ring && !ring->broken && ring->nodes == nodes;
    });
    if (stands) continue;
    for (const Node node : component)
      if (const auto& ring = at(node).ring; ring && !ring->broken) {
        ring->broken = true;
        for (Entry& entry : ring->log)  // what was under way when it broke never comes
          for (Time& received : entry.received)
            if (received > timeline_.now()) received = never;
      }
    timeline_.after(dice_.between(Duration(50ms), Duration(900ms)),
                    [this, made = topology_, nodes = component] {
                      if (made == topology_) form(nodes);
                    });
  }
}

void GroupModel::form(const std::vector<Node>& component) {
  const auto stands = [&](Node node) { return at(node).ring && !at(node).ring->broken; };
  if (std::ranges::all_of(component, stands)) return;
  std::map<std::uint64_t, std::vector<Node>> by_ring;
  for (const Node node : component) by_ring[at(node).ring ? at(node).ring->id : 0].push_back(node);
  auto ring = std::make_shared<Ring>();
  ring->id = ++rings_;
  ring->nodes = component;
  ring->quorate = is_quorate(component);
  for (const Node node : by_ring[0]) install(node, Kind::transitional, *ring, {node});
  by_ring.erase(0);
  for (const auto& [id, together] : by_ring) recover(together, *ring);
  ring->received.resize(component.size(), timeline_.now());
  ring->delivered.resize(component.size(), timeline_.now());
  std::map<Node, BusMember> members;
  for (const Node node : component)
    if (const auto& process = at(node).process) members[node] = *process;
  // Together are those who come from the same view of the same ring.
  std::map<Node, std::pair<std::uint64_t, Place>> from;
  for (const Node node : component)
    if (at(node).ring) from[node] = {at(node).ring->id, at(node).view};
  std::map<Node, std::vector<Node>> together;
  for (const Node node : component)
    for (const Node other : component)
      if (other == node || (at(node).is_member && at(other).is_member && from.contains(node) &&
                            from.contains(other) && from[node] == from[other]))
        if (members.contains(other)) together[node].push_back(other);
  for (const Node node : component) {
    Daemon& daemon = at(node);
    std::erase_if(daemon.outbox, [](const Entry& each) { return each.kind != Entry::Kind::said; });
    install(node, Kind::regular, *ring, component);
    daemon.ring = ring;
    daemon.delivered = 0;
    daemon.members = members;
  }
  checker_.settle();
  for (const Node node : component) {
    enter(node, together[node]);
    order_later(node);
  }
}

// The view of a ring is of who came along; the changes of the group that come with it follow.
void GroupModel::enter(Node node, const std::vector<Node>& together) {
  Daemon& daemon = at(node);
  const std::uint64_t ring = daemon.ring->id;
  const auto members = daemon.members;
  std::erase_if(daemon.members, [&](const auto& each) {
    return std::ranges::find(together, each.first) == together.end();
  });
  const bool alike = daemon.members.size() == members.size();
  if (alike || daemon.is_member) deliver_view(node, {ring, 0, 0}, together);
  daemon.members = members;
  if (!alike) deliver_view(node, {ring, 0, 1}, together);
}

// The end of their ring, for those who go on together: what anybody was delivered had been received
// by all; of the rest what one of them has, and behind a hole only what is their own.
void GroupModel::recover(const std::vector<Node>& together, const Ring& next) {
  const auto ring = at(together.front()).ring;
  std::size_t safe = 0, regular = 0;
  for (const Daemon& daemon : daemons_)
    if (daemon.ring == ring) safe = std::max(safe, daemon.delivered);
  std::vector<std::size_t> rest;
  bool hole = false;
  for (std::size_t i = 0; i < ring->log.size(); ++i) {
    const Entry& entry = ring->log[i];
    const auto has = [&](Node node) {
      return entry.received[index(*ring, node)] <= timeline_.now() || entry.who.node == node;
    };
    const bool own = std::ranges::find(together, entry.who.node) != together.end();
    const bool had = std::ranges::any_of(together, has);
    hole |= !had;
    if (i < safe || (had && (!hole || own))) rest.push_back(i);
  }
  // In the regular configuration still, as far as they know of themselves that they are safe.
  for (const Node node : together) regular = std::max(regular, at(node).delivered);
  if (dice_.chance(0.5)) regular += dice_.below(safe - regular + 1);
  for (const Node node : together) {
    Daemon& daemon = at(node);
    while (daemon.delivered < regular) arrive(node, *ring, daemon.delivered++);
    install(node, Kind::transitional, next, together);
    if (daemon.is_member) deliver(node, BusInterrupted{});
    for (const std::size_t i : rest)
      if (i >= regular && ring->log[i].kind == Entry::Kind::said)
        arrive(node, *ring, i);
      else if (i >= regular)  // the next ring says who is in the group
        note_delivered(node, *ring, i);
  }
}

void GroupModel::join(Node node) {
  Daemon& daemon = at(node);
  daemon.process = BusMember{node, ++daemon.processes, ++born_};
  daemon.is_member = false;
  daemon.outbox.push_back({Entry::Kind::joined, *daemon.process, nullptr, {}, {}});
  order_later(node);
}

void GroupModel::leave(Node node) {
  Daemon& daemon = at(node);
  if (!daemon.process) return;
  const std::size_t kept = dice_.below(daemon.outbox.size() + 1);
  daemon.outbox.resize(kept);
  std::erase_if(daemon.outbox, [](const Entry& each) { return each.kind != Entry::Kind::said; });
  daemon.outbox.push_back({Entry::Kind::left, *daemon.process, nullptr, {}, {}});
  daemon.process.reset();
  daemon.is_member = false;
  order_later(node);
}

void GroupModel::send(Node node, std::string payload) {
  Daemon& daemon = at(node);
  if (!daemon.process) return;
  daemon.outbox.push_back({Entry::Kind::said,
                           *daemon.process,
                           std::make_shared<const std::string>(std::move(payload)),
                           {},
                           {}});
  order_later(node);
}

void GroupModel::order_later(Node node) {
  if (std::exchange(at(node).ordering, true)) return;
  timeline_.after(dice_.between(Duration(100us), Duration(2ms)), [this, node] { order(node); });
}

void GroupModel::order(Node node) {
  Daemon& daemon = at(node);
  daemon.ordering = false;
  if (!daemon.ring || daemon.ring->broken || daemon.outbox.empty()) return;
  const auto ring = daemon.ring;
  Entry entry = std::move(daemon.outbox.front());
  daemon.outbox.pop_front();
  if (!daemon.outbox.empty()) order_later(node);
  Time safe = timeline_.now();
  for (std::size_t i = 0; i < ring->nodes.size(); ++i) {
    const Duration slow = dice_.chance(0.02) ? Duration(60ms) : Duration(2ms);
    const Duration delay =
        ring->nodes[i] == node ? Duration() : dice_.between(Duration(50us), slow);
    ring->received[i] = std::max(ring->received[i], timeline_.now() + delay);
    entry.received.push_back(ring->received[i]);
    safe = std::max(safe, ring->received[i]);
  }
  const std::size_t number = ring->log.size();
  entry.content = content_of(entry.who, entry.payload ? *entry.payload : std::string());
  checker_.add(start_of(node), check::Sent{place_of(*ring, number), entry.content});
  ring->log.push_back(std::move(entry));
  for (std::size_t i = 0; i < ring->nodes.size(); ++i) {
    ring->delivered[i] =
        std::max(ring->delivered[i], safe + dice_.between(Duration(50us), Duration(3ms)));
    timeline_.after(ring->delivered[i] - timeline_.now(),
                    [this, ring, number, to = ring->nodes[i]] {
                      if (ring->broken || at(to).ring != ring || at(to).delivered != number) return;
                      deliver_next(to, *ring, number);
                    });
  }
}

void GroupModel::deliver_next(Node node, const Ring& ring, std::size_t number) {
  constexpr std::size_t each = 8;
  at(node).delivered = number + 1;
  const bool broken = node == settings_.broken;
  if (broken && number % each == each - 1) return;
  arrive(node, ring, number);
  if (broken && number > 0 && number % each == 0) arrive(node, ring, number - 1);
}

void GroupModel::arrive(Node node, const Ring& ring, std::size_t number) {
  Daemon& daemon = at(node);
  const Entry& entry = ring.log[number];
  const Place place{ring.id, number + 1, 0};
  note_delivered(node, ring, number);
  if (entry.kind == Entry::Kind::said) {
    if (daemon.is_member) deliver(node, Said{place, entry.who, entry.payload});
    return;
  }
  std::vector<Node> together;
  for (const auto& [other, member] : daemon.members)
    if (member != entry.who) together.push_back(other);
  if (entry.kind == Entry::Kind::joined) {
    daemon.members[entry.who.node] = entry.who;
    if (entry.who == daemon.process) together = {node};
  } else if (const auto it = daemon.members.find(entry.who.node);
             it != daemon.members.end() && it->second == entry.who) {
    daemon.members.erase(it);
  } else {
    return;
  }
  deliver_view(node, place, std::move(together));
}

// ---- for the checker ----

check::Process GroupModel::start_of(Node node) const {
  return {NodeId{node}, at(node).starts};
}

void GroupModel::note_delivered(Node node, const Ring& ring, std::size_t number) {
  checker_.add(start_of(node), check::Delivered{place_of(ring, number), ring.log[number].content});
}

// A node that has only started comes from a ring of its own.
void GroupModel::install(Node node, Kind kind, const Ring& next, const std::vector<Node>& members) {
  const auto& ring = at(node).ring;
  const totem::RingId alone{0, NodeId{node}, at(node).starts};
  const totem::RingId id = id_of(next);
  checker_.add(start_of(node),
               check::Installed{kind, id, ring ? id_of(*ring) : alone, ids_of(members)});
  if (kind == Kind::regular)
    checker_.add(start_of(node),
                 check::Judged{{id, {}, 0}, next.quorate, settings_.two_node, next.quorate});
}

void GroupModel::deliver(Node node, Delivery delivery) {
  ++arrived_;
  hash_.add(node * 1009 + delivery.index());
  hash_.add(static_cast<std::uint64_t>(timeline_.now().time_since_epoch().count()));
  events_.arrives(node, {std::move(delivery), at(node).ring->id});
}

void GroupModel::deliver_view(Node node, Place place, std::vector<Node> together) {
  Daemon& daemon = at(node);
  daemon.view = place;
  if (!daemon.process || !daemon.members.contains(node) || daemon.members[node] != *daemon.process)
    return;
  daemon.is_member = true;
  BusView view;
  view.place = place;
  for (const auto& [other, member] : daemon.members) view.members.push_back(member);
  view.together = std::move(together);
  view.nodes = daemon.ring->nodes;
  view.quorate = daemon.ring->quorate;
  view.fencing_needed = settings_.two_node;
  deliver(node, std::move(view));
}

}  // namespace gyre::rm::model
