#include "rm/schedule/remote.hh"

#include "rm/schedule/action.hh"
#include "rm/schedule/unpack.hh"

namespace gyre::rm::schedule {

namespace {

// How a remote node can be reached during this plan.
enum class Reach {
  stays,    // as now
  returns,  // its connection starts, and nothing is known of what it was
  moves,    // its connection was lost and starts elsewhere
  leaves,   // its connection is stopped
  lost      // by no way
};

Reach reach(const Node& node) {
  const Resource& connection = *node.connection;
  const Node* host = connection.running_on.empty() ? nullptr : connection.running_on.front();
  if (connection.next_role == Role::stopped || !connection.assigned_to) {
    if (host && host->unclean) return Reach::lost;
    if (!connection.failed) return Reach::leaves;
    const bool tries_later = connection.next_role == Role::stopped && connection.reconnects_later &&
                             node.was_fenced && !node.shutdown;
    return tries_later ? Reach::returns : Reach::lost;
  }
  if (!host) return Reach::returns;
  if (host->unclean || !host->online) return Reach::moves;
  if (connection.running_on.size() > 1 && connection.migration_source &&
      connection.migration_target)
    return Reach::returns;
  return Reach::stays;
}

struct RemoteOrder {
  Cluster& cluster;
  Action& action;
  Resource& connection;

  void after_start(Resource& of, std::uint32_t flags) const {
    cluster.orderings.push_back({.first = &of,
                                 .first_task = "start",
                                 .then = action.resource,
                                 .then_action = &action,
                                 .flags = Order::preserve | Order::runnable_left | flags});
  }
  void before_stop(std::uint32_t flags) const {
    cluster.orderings.push_back({.first = action.resource,
                                 .first_action = &action,
                                 .then = &connection,
                                 .then_task = "stop",
                                 .flags = Order::preserve | flags});
  }

  void stop(Reach reach) const {
    if (reach == Reach::stays)
      before_stop(Order::then_implies_first);
    else if (reach == Reach::lost)
      want_fencing(*action.node, "resources are active but connection is unrecoverable");
    else if (connection.next_role == Role::stopped)
      before_stop(Order::then_implies_first);
    else
      after_start(connection, Order::none);
  }

  void ask(Reach reach) const {
    if (action.interval_ms > 0) return after_start(connection, Order::first_implies_then);
    if (action.task == "monitor" && reach == Reach::lost)
      want_fencing(*action.node, "resources are in unknown state and connection is unrecoverable");
    if (!connection.running_on.empty() && reach == Reach::leaves)
      before_stop(Order::runnable_left);
    else
      after_start(connection, Order::none);
  }

  void on_remote() const {
    const Reach how = reach(*action.node);
    if (action.task == "start" || action.task == "promote")
      after_start(connection, how == Reach::lost ? Order::first_implies_then : Order::none);
    else if (action.task == "stop" || action.task.starts_with("migrate_"))
      stop(how);
    else if (action.task == "demote") {
      if (how == Reach::moves || how == Reach::returns) after_start(connection, Order::none);
    } else {
      ask(how);
    }
  }

  void on_guest() const {
    Resource& container = *connection.container;
    if (container.failed) want_fencing(*action.node, "container failed");
    if (action.task == "start" || action.task == "promote") {
      after_start(container, Order::first_implies_then);
      after_start(connection, Order::none);
    } else if (action.task == "stop" || action.task == "demote") {
      if (!container.failed) before_stop(Order::none);
    } else {
      after_start(connection, action.interval_ms > 0 ? Order::first_implies_then : Order::none);
    }
  }

  // What moves to a remote node is not stopped before it is certain that the node can be reached.
  void keep_until_reached() const {
    if (action.task != "start") return;
    for (Action* stop : action.resource->actions)
      if (stop->task == "stop" && stop->node != action.node)
        cluster.orderings.push_back({.first = &connection,
                                     .first_task = "start",
                                     .then = action.resource,
                                     .then_action = stop,
                                     .flags = Order::optional});
  }
};

void order_remote_action(Cluster& cluster, Action& action) {
  Resource* resource = action.resource;
  if (!resource) return;
  if (resource->is_remote && action.task == "clear_failcount") {
    cluster.orderings.push_back({.first = resource,
                                 .first_action = &action,
                                 .then = resource,
                                 .then_task = "start",
                                 .flags = Order::optional});
    return;
  }
  if (!action.node || !action.node->connection) return;
  const RemoteOrder order{cluster, action, *action.node->connection};
  order.keep_until_reached();
  if (is_guest(*action.node))
    order.on_guest();
  else
    order.on_remote();
}

}  // namespace

void order_remote_actions(Cluster& cluster) {
  for (std::size_t i = 0; i < cluster.actions.size(); ++i)
    order_remote_action(cluster, cluster.actions[i]);
}

}  // namespace gyre::rm::schedule
