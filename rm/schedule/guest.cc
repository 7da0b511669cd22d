// Guests: remote nodes that are resources themselves. Their containers and connections go together,
// and they are fenced by the restart of the container.
#include <algorithm>

#include "rm/schedule/constraints.hh"
#include "rm/schedule/remote.hh"

namespace gyre::rm::schedule {

namespace {

void ban(Resource& resource, const Node& node) {
  resource.weights[node.index].score = Score::minus_infinity();
}

void ban_from_remote_nodes(Cluster& cluster, Resource& resource) {
  for (const Node& node : cluster.nodes)
    if (node.remote) ban(resource, node);
}

void join(Cluster& cluster, Resource& inner) {
  Resource& container = *inner.container;
  add_ordering(cluster, &container, "start", &inner, "start",
               Order::first_implies_then | Order::runnable_left);
  add_ordering(cluster, &inner, "stop", &container, "stop", Order::then_implies_first);
  add_colocation(cluster, {.id = "resource-with-container",
                           .dependent = &inner,
                           .primary = &container,
                           .score = Score::infinity()});
}

// A resource that is not a connection names a guest as its container: it runs there and nowhere
// else.
void keep_inside(Cluster& cluster, Resource& resource, const Resource& connection) {
  for (const Node& node : cluster.nodes)
    if (node.connection != &connection) ban(resource, node);
}

void bind(Cluster& cluster, Resource& resource) {
  Resource& container = *resource.container;
  if (resource.is_remote) {
    ban_from_remote_nodes(cluster, container);
    add_ordering(cluster, &container, "monitor", &resource, "stop", Order::optional);
    return join(cluster, resource);
  }
  const Resource* connection = container.is_remote ? &container : container.guest;
  if (connection)
    keep_inside(cluster, resource, *connection);
  else
    join(cluster, resource);
}

}  // namespace

void bind_to_containers(Cluster& cluster) {
  for (Resource& resource : cluster.resources) {
    if (resource.container) bind(cluster, resource);
    if (resource.is_remote || resource.is_fence_device) ban_from_remote_nodes(cluster, resource);
  }
}

// What is inside of a guest that is down, or goes down, is down as well; what is inside of another
// container is where that is.
bool tells_by_itself(const Resource& resource, const Node& node) noexcept {
  if (resource.container && !resource.is_remote) return true;
  if (!node.remote) return false;
  if (resource.is_remote || resource.is_fence_device) return true;
  if (!is_guest(node)) return false;
  if (resource.guest) return true;
  const Resource& container = *node.connection->container;
  if (container.role == Role::stopped || container.failed || container.next_role == Role::stopped)
    return true;
  return container.assigned_to && std::ranges::find(container.running_on, container.assigned_to) ==
                                      container.running_on.end();
}

}  // namespace gyre::rm::schedule
