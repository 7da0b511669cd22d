// Who the other nodes are, where they are, and what of the links is for the log.
#include <algorithm>

#include "node/node.hh"

namespace gyre::node {

std::optional<NodeIndex> Node::add_peer(NodeId id) {
  const auto index = peers_.add(id);
  if (index) transport_.introduce(*index, id);
  return index;
}

// A member has one address on each link, and another one only if it is the same start of it that
// moved. False: it is in use, and not there.
bool Node::learn_address(const Arrival& arrival, NodeIndex from) {
  auto& addresses = addresses_[at(from)];
  Address& known = addresses[static_cast<std::size_t>(arrival.link)];
  if (known == arrival.source) return true;
  const bool same_start = arrival.boot != 0 && arrival.boot == known_[at(from)].boot;
  const bool is_known =
      std::ranges::any_of(addresses, [](const Address& a) { return a != Address{}; });
  if (is_known && !same_start && ring_.has_member(from)) {
    ++counters_.dropped_namesake;
    return false;
  }
  known = arrival.source;
  transport_.set_peer(from, arrival.link, arrival.source);
  return true;
}

// In the words of Corosync, which are searched for.
void Node::report_links() {
  std::array<LinkEvent, 16> events;
  const std::size_t count = transport_.link_events(events);
  for (const LinkEvent& event : std::span(events).first(count)) {
    const auto link = static_cast<std::size_t>(event.link);
    if (event.kind == LinkEvent::Kind::up) {
      log_.write(now_, LogLevel::info, "Automatically recovered ring {}", link);
    } else if (event.kind == LinkEvent::Kind::down && link < own_addresses_.size()) {
      log_.write(now_, LogLevel::warning, "Marking ringid {} interface {} FAULTY", link,
                 std::string_view(own_addresses_[link]));
      log_.write(now_, LogLevel::info, "ring {}: {}", link, event.reason);
    }
  }
}

}  // namespace gyre::node
