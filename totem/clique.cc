#include "totem/clique.hh"

namespace gyre::totem {
namespace {

constexpr int steps_max = 20'000;

struct Search {
  const Graph& graph;
  std::span<const NodeIndex> order;
  Members best{};
  std::size_t best_size = 0;
  int steps = 0;

  // `clique` is complete up to `from`; `open` are the nodes that all of it hears.
  void extend(const Members& clique, std::size_t size, const Members& open, std::size_t from) {
    if (size > best_size) {
      best = clique;
      best_size = size;
    }
    if (size + open.size() <= best_size) return;
    for (std::size_t i = from; i < order.size() && steps < steps_max; ++i) {
      const NodeIndex node = order[i];
      if (!open.has(node)) continue;
      ++steps;
      Members next = clique;
      next.add(node);
      extend(next, size + 1, open & graph.neighbours[at(node)], i + 1);
    }
  }
};

}  // namespace

Members largest_clique(const Graph& graph, NodeIndex self,
                       std::span<const NodeIndex> order) noexcept {
  Search search{.graph = graph, .order = order};
  Members alone;
  alone.add(self);
  search.extend(alone, 1, graph.neighbours[at(self)], 0);
  return search.best;
}

}  // namespace gyre::totem
