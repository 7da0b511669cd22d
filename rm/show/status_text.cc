#include "rm/show/status_text.hh"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "rm/schedule/remote.hh"
#include "rm/show/node_order.hh"
#include "rm/show/resource_text.hh"

namespace gyre::rm::show {

namespace {

using schedule::Cluster;
using schedule::Node;
using schedule::Resource;

// The worst that an attribute says, where someone looks at them.
std::string health_note(const Cluster& cluster, const Node& node) {
  if (cluster.options.all.value_or("node-health-strategy", "none") == "none") return {};
  Score worst;
  for (const auto& [name, value] : node.attributes) {
    if (!name.starts_with("#health")) continue;
    const Score said = value == "red"      ? Score::minus_infinity()
                       : value == "yellow" ? Score(-1)
                                           : parse_score(value).value_or(Score());
    worst = std::min(worst, said);
  }
  if (worst == Score()) return {};
  return worst.is_minus_infinity() ? " (health is RED)" : " (health is YELLOW)";
}

// Empty: it stands with its like, up or down.
std::string peculiarity(const Cluster& cluster, const Node& node) {
  const char* active = node.running.empty() ? "" : "with active resources";
  if (node.unclean)
    return node.online    ? "UNCLEAN (online)"
           : node.pending ? "UNCLEAN (pending)"
                          : "UNCLEAN (offline)";
  if (node.pending) return "pending";
  if (node.standby_on_fail && node.online)
    return fmt::format("standby (on-fail{}{})", *active ? ", " : "", active);
  if (node.standby)
    return !node.online ? "OFFLINE (standby)"
           : *active    ? fmt::format("standby ({})", active)
                        : "standby";
  if (node.maintenance) return node.online ? "maintenance" : "OFFLINE (maintenance)";
  if (!node.online) return {};
  const std::string health = health_note(cluster, node);
  return health.empty() ? health : "online" + health;
}

// What the names of lists and lines begin with.
const char* kind_of(const Node& node) {
  return !node.remote ? "" : schedule::is_guest(node) ? "Guest" : "Remote";
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

void nodes(Outline& out, const Cluster& cluster) {
  std::vector<const Node*> sorted, plain;
  for (const Node& node : cluster.nodes) sorted.push_back(&node);
  sort_by_name(sorted);
  for (const Node* node : sorted) {
    if (const std::string what = peculiarity(cluster, *node); !what.empty())
      out.item(fmt::format("{}Node {}: {}", kind_of(*node), node->name, what));
    else
      plain.push_back(node);
  }
  for (const char* kind : {"", "Remote", "Guest"})
    for (const bool online : {true, false}) list(out, plain, kind, online);
}

// Only the history knows it, and it runs nowhere.
bool gone(const Resource& resource) {
  return resource.orphan && resource.running_on.empty();
}
// The way to a guest, which is shown itself.
bool hidden(const Resource& resource) {
  return resource.is_remote && resource.container;
}

}  // namespace

std::string status_notes(const Cluster& cluster) {
  std::string text;
  if (cluster.options.maintenance)
    text +=
        "\n              *** Resource management is DISABLED ***\n"
        "  The cluster will not attempt to start, stop or recover services\n\n";
  int all = 0, off = 0, blocked = 0;
  for (const Resource& resource : cluster.resources) {
    if (!resource.is(schedule::Kind::primitive) || gone(resource)) continue;
    ++all;
    off += disabled(resource);
    blocked += resource.blocked;
  }
  if (off + blocked > 0)
    text += fmt::format(
        "{} of {} resource instances DISABLED and {} BLOCKED from further action due to "
        "failure\n\n",
        off, all, blocked);
  return text;
}

void status(Outline& out, std::string_view title, const Cluster& cluster) {
  out.begin(title);
  if (!cluster.nodes.empty()) {
    out.begin("Node List");
    nodes(out, cluster);
    out.end();
    out.gap();
  }
  out.begin("Full List of Resources");
  bool any = false;
  for (const Resource* top : cluster.top) {
    if (gone(*top) || hidden(*top)) continue;
    resource(out, cluster, *top);
    any = true;
  }
  if (!any) out.item("No resources");
  out.end();
  out.end();
}

}  // namespace gyre::rm::show
