// The largest set of nodes that all hear each other.
#pragma once

#include <array>

#include "totem/types.hh"

namespace gyre::totem {

struct Graph {
  std::array<Members, nodes_max> neighbours{};  // symmetric, without loops
};

// The largest clique that contains `self`; of several, the one whose members come first in `order`
// (all candidates, by ascending node id). The search is cut off after a fixed number of steps, and
// then gives the best found: any clique is a correct answer, since agreement is reached on the
// members' word and not on this.
Members largest_clique(const Graph& graph, NodeIndex self,
                       std::span<const NodeIndex> order) noexcept;

}  // namespace gyre::totem
