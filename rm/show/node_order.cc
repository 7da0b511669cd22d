#include "rm/show/node_order.hh"

#include <algorithm>

#include "rm/schedule/names.hh"

namespace gyre::rm::show {

void sort_by_name(std::vector<const schedule::Node*>& nodes) {
  std::ranges::sort(
      nodes, [](const auto* a, const auto* b) { return schedule::name_before(a->name, b->name); });
}

}  // namespace gyre::rm::show
