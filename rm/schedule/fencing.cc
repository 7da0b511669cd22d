// Nodes that must be fenced or may shut down, and what that means for what runs on them.
#include <algorithm>

#include "rm/schedule/action.hh"
#include "rm/schedule/remote.hh"
#include "rm/schedule/stages.hh"
#include "rm/schedule/unpack.hh"

namespace gyre::rm::schedule {

namespace {

bool brings_up(const Action& action) {
  return action.task == "start" || action.task == "promote";
}

void order_starts(Resource& resource, Node& node, Action& fencing) {
  for (Action* action : resource.actions) {
    if (!brings_up(*action)) continue;
    if (resource.needs_fencing)
      order(fencing, *action, Order::optional);
    else if (resource.needs_quorum && action->task == "start" &&
             resource.weights[node.index].present && !resource.known_on[node.index])
      order(fencing, *action, Order::optional | Order::runnable_left);
  }
}

// A fenced node's resources are stopped by that, nobody has to do it.
void imply_stops(Resource& resource, Node& node, Action& fencing) {
  Action* of_parent = find_action(*resource.topmost(), "stop", nullptr);
  for (Action* action : resource.actions) {
    if (action->node != &node || (action->task != "stop" && action->task != "demote")) continue;
    const bool stop = action->task == "stop";
    if (!stop && node.online && !node.unclean && !resource.failed) continue;
    action->pseudo = action->runnable = true;
    if (!resource.needs_fencing) continue;
    order(fencing, *action, Order::preserve | (stop ? Order::none : Order::optional));
    if (stop && of_parent && of_parent != action) order(fencing, *of_parent, Order::preserve);
  }
}

void order_resource(Resource& resource, Node& node, Action& fencing) {
  for (Resource* child : resource.children) order_resource(*child, node, fencing);
  if (!resource.children.empty()) return;
  order_starts(resource, node, fencing);
  imply_stops(resource, node, fencing);
}

// Then nothing is done with it anywhere, until it is known what runs there.
bool runs_where_away(const Resource& resource) {
  return std::ranges::any_of(resource.running_on, &Node::away);
}

Action& shut_down(Cluster& cluster, Node& node) {
  Action& down = pseudo_action(cluster, "do_shutdown-" + std::string(node.name), nullptr);
  down.pseudo = down.optional = false;
  down.task = "do_shutdown";
  down.node = &node;
  node.shut_down = &down;
  for (Resource& resource : cluster.resources)
    for (Action* action : resource.actions) {
      if (action->node != &node || action->task != "stop") continue;
      if (resource.maintenance || node.maintenance) continue;
      if (!resource.managed && !resource.blocked && !runs_where_away(resource)) continue;
      cluster.orderings.push_back({.first_action = action,
                                   .then_action = &down,
                                   .flags = Order::optional | Order::runnable_left});
    }
  return down;
}

// A guest is fenced by the stop of its container, which may be implied by the fencing of its host.
void fence_guest(Cluster& cluster, Node& node) {
  Resource& connection = *node.connection;
  Action* stop = find_action(*connection.container, "stop", nullptr);
  const bool restarts = find_action(*connection.container, "start", nullptr) != nullptr;
  Action& fencing =
      fence_action(cluster, node, false, "guest is unclean", restarts ? "reboot" : "off");
  fencing.pseudo = fencing.runnable = true;
  constexpr auto implied = Order::runnable_left | Order::first_implies_then;
  if (stop && stop->pseudo && stop->node)
    order(fence_action(cluster, *stop->node, false, ""), fencing, implied);
  else if (stop)
    order(*stop, fencing, implied);
  else if (Action* end = find_action(connection, "stop", nullptr))
    order(*end, fencing, Order::optional);
  for (Resource* resource : cluster.top) order_resource(*resource, node, fencing);
}

void complain(Cluster& cluster) {
  if (!cluster.options.fencing)
    cluster.warnings.push_back("YOUR RESOURCES ARE NOW LIKELY COMPROMISED");
  else if (!cluster.quorate)
    cluster.warnings.push_back("Cannot fence unclean nodes until quorum is attained");
}

}  // namespace

void schedule_fencing(Cluster& cluster) {
  std::vector<Action*> fencings, shutdowns;
  Action* of_dc = nullptr;
  bool dc_is_fenced = false, lost = false;
  const bool managed = std::ranges::any_of(cluster.top, &Resource::managed);
  for (Node& node : cluster.nodes) {
    if (is_guest(node)) {
      if (node.needs_reset && can_fence(cluster, &node)) fence_guest(cluster, node);
      continue;
    }
    if (managed && node.unclean && can_fence(cluster, &node)) {
      Action& fencing = fence_action(cluster, node, false, "node is unclean");
      for (Resource* resource : cluster.top) order_resource(*resource, node, fencing);
      if (node.is_dc) {
        of_dc = &fencing;
        dc_is_fenced = true;
      } else {
        if (!cluster.options.concurrent_fencing && !fencings.empty())
          order(*fencings.back(), fencing, Order::optional);
        fencings.push_back(&fencing);
      }
      continue;
    }
    lost |= node.unclean;
    if (!node.online || !node.shutdown || node.remote) continue;
    Action& down = shut_down(cluster, node);
    if (node.is_dc)
      of_dc = &down;
    else
      shutdowns.push_back(&down);
  }
  if (lost) complain(cluster);
  if (!of_dc) return;
  if (!dc_is_fenced)
    for (Action* down : shutdowns) order(*down, *of_dc, Order::optional);
  if (!cluster.options.concurrent_fencing && !fencings.empty()) fencings = {fencings.back()};
  for (Action* fencing : fencings) order(*fencing, *of_dc, Order::optional);
}

}  // namespace gyre::rm::schedule
