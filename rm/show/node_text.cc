#include "rm/show/node_text.hh"

#include <fmt/format.h>

#include <algorithm>

#include "rm/schedule/remote.hh"
#include "rm/show/facts.hh"
#include "rm/show/node_order.hh"

namespace gyre::rm::show {

using schedule::Cluster;
using schedule::Node;

namespace {

// The worst that an attribute says, where someone looks at them.
std::string health_note(const Cluster& cluster, const Node& node) {
  const char* word = health_of(cluster, node);
  return word == std::string_view("red")      ? " (health is RED)"
         : word == std::string_view("yellow") ? " (health is YELLOW)"
                                              : "";
}

// Empty: it stands with its like, up or down.
std::string peculiarity(const Cluster& cluster, const Node& node) {
  const char* active = node.running.empty() ? "" : "with active resources";
  if (node.unclean)
    return node.online    ? "UNCLEAN (online)"
           : node.pending ? "UNCLEAN (pending)"
                          : "UNCLEAN (offline)";
  if (node.pending) return "pending";
  if (node.standby_on_fail && node.online) return "standby (on-fail)";
  if (node.standby)
    return !node.online ? "OFFLINE (standby)"
           : *active    ? fmt::format("standby ({})", active)
                        : "standby";
  if (node.maintenance) return node.online ? "maintenance" : "OFFLINE (maintenance)";
  if (!node.online) return {};
  const std::string health = health_note(cluster, node);
  return health.empty() ? health : "online" + health;
}

// A guest that is down is just a resource that is stopped.
void list(Outline& out, const std::vector<const Node*>& sorted, const std::string& kind,
          bool online) {
  std::string names;
  for (const Node* node : sorted)
    if (node->online == online && kind_of(*node) == kind) names.append(node->name) += ' ';
  if (names.empty() || (!online && kind == "Guest")) return;
  out.item(kind + (online ? "Online" : "OFFLINE"), fmt::format("[ {}]", names));
}

}  // namespace

const char* health_of(const Cluster& cluster, const Node& node) {
  bool yellow = false;
  if (cluster.options.all.value_or("node-health-strategy", "none") == "none") return "green";
  for (const auto& [name, value] : node.attributes) {
    if (!name.starts_with("#health")) continue;
    if (value == "red" || parse_score(value).value_or(Score()).is_minus_infinity()) return "red";
    yellow |= value == "yellow";
  }
  return yellow ? "yellow" : "green";
}

const char* kind_of(const Node& node) {
  return !node.remote ? "" : schedule::is_guest(node) ? "Guest" : "Remote";
}

std::string node_line(const Cluster& cluster, const Node& node, bool detail) {
  std::string state = peculiarity(cluster, node);
  if (state.empty()) state = node.online ? "online" : "OFFLINE";
  const auto features = node.attributes.find("#feature-set");
  if (detail && node.online && !node.remote)
    state += fmt::format(", feature set {}", features.value_or("<3.15.1"));
  return fmt::format("{}Node {}: {}", kind_of(node), node_label(node, detail), state);
}

void node_list(Outline& out, const Cluster& cluster, std::vector<const Node*> nodes, bool detail) {
  sort_by_name(nodes);
  std::vector<const Node*> plain;
  for (const Node* node : nodes)
    if (detail || !peculiarity(cluster, *node).empty())
      out.item(node_line(cluster, *node, detail));
    else
      plain.push_back(node);
  for (const char* kind : {"", "Remote", "Guest"})
    for (const bool online : {true, false}) list(out, plain, kind, online);
}

}  // namespace gyre::rm::show
