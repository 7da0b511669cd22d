#include "rm/schedule/model.hh"

#include <algorithm>

namespace gyre::rm::schedule {

Role parse_role(std::string_view text) noexcept {
  const auto is = [&](auto... names) { return (equal_ignoring_case(text, names) || ...); };
  if (is("Stopped")) return Role::stopped;
  if (is("Started")) return Role::started;
  if (is("Unpromoted", "Slave")) return Role::unpromoted;
  if (is("Promoted", "Master")) return Role::promoted;
  return Role::unknown;
}

const char* name_of(Role role) noexcept {
  switch (role) {
    case Role::stopped:
      return "Stopped";
    case Role::started:
      return "Started";
    case Role::unpromoted:
      return "Unpromoted";
    case Role::promoted:
      return "Promoted";
    case Role::unknown:
      break;
  }
  return "Unknown";
}

Node* Cluster::node_by_id(std::string_view id) noexcept {
  const auto found = std::ranges::find(nodes, id, &Node::id);
  return found == nodes.end() ? nullptr : &*found;
}

Node* Cluster::node_by_name(std::string_view name) noexcept {
  const auto found =
      std::ranges::find_if(nodes, [&](const Node& n) { return equal_ignoring_case(n.name, name); });
  return found == nodes.end() ? nullptr : &*found;
}

}  // namespace gyre::rm::schedule
