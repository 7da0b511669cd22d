// What is known of several links: the reactor writes it when someone asks, the helper makes JSON of
// it.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "transport/redundant.hh"

namespace gyre::node {

struct LinkStates {
  struct Link {
    bool faulty = false;
    TransportCounters device;
    Redundant::LinkCounters counters;
  };
  using Ways = std::array<LinkHealth::PathStatus, links_max>;  // to one node, by link

  std::size_t count = 0;  // of links; 0: there is one, which nothing is known of
  std::array<Link, links_max> links{};
  std::size_t peers = 0;
  std::array<Ways, nodes_max> ways{};

  void take(const Redundant& links) noexcept;
  // Null: nothing is known of that node.
  const Ways* ways_to(NodeId peer) const noexcept;
};

}  // namespace gyre::node
