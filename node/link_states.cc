#include "node/link_states.hh"

#include <algorithm>

namespace gyre::node {

void LinkStates::take(const Redundant& from) noexcept {
  const LinkHealth& health = from.health();
  count = from.links();
  peers = std::min(health.neighbours(), nodes_max);
  for (std::size_t link = 0; link < count; ++link) {
    links[link] = {.faulty = health.at_fault(link),
                   .device = from.device(link).counters(),
                   .counters = from.link_counters(link)};
    for (std::size_t peer = 0; peer < peers; ++peer) ways[peer][link] = health.path(peer, link);
  }
}

const LinkStates::Ways* LinkStates::ways_to(NodeId peer) const noexcept {
  const auto known = std::span(ways).first(peers);
  const auto found = std::ranges::find(known, peer, [](const Ways& to) { return to[0].peer; });
  return found == known.end() ? nullptr : &*found;
}

}  // namespace gyre::node
