// Monitors and other operations that come back: those of the role that a resource shall have run
// where it shall run, those of the role Stopped everywhere else.
#include <algorithm>

#include "rm/schedule/action.hh"
#include "rm/schedule/create.hh"
#include "rm/schedule/history.hh"
#include "rm/schedule/unpack.hh"

namespace gyre::rm::schedule {

namespace {

// The newest record of it counts: an older one may be of a failure that is forgotten.
const Recurring* running(const Resource& resource, const Operation& operation, const Node& node) {
  const Recurring* newest = nullptr;
  for (const Recurring& r : resource.recurring)
    if (r.node == &node && r.task == operation.name && r.interval_ms == operation.interval_ms)
      newest = &r;
  return newest;
}

// Two of one name and interval are told apart by nobody: neither runs.
bool ambiguous(const Resource& resource, const Operation& operation) {
  return std::ranges::count_if(resource.operations, [&](const Operation& each) {
           return each.name == operation.name && each.interval_ms == operation.interval_ms;
         }) > 1;
}

bool other_role(const Resource& resource, const Operation& operation) {
  if (operation.role == Role::unknown) return resource.next_role == Role::promoted;
  return operation.role != resource.next_role;
}

void after(Cluster& cluster, Resource& resource, std::string_view first, Action& then,
           std::uint32_t flags) {
  cluster.orderings.push_back({.first = &resource,
                               .first_task = first,
                               .then = &resource,
                               .then_action = &then,
                               .flags = flags});
}

// What has to be cancelled first where the role changes; a restart ends it by itself.
void cancel_before_change(Cluster& cluster, Resource& resource, const Operation& operation,
                          Node& node) {
  Action& ends = cancel(cluster, resource, node, operation.name, operation.interval_ms, "");
  const std::string_view change = resource.role == Role::promoted        ? "demote"
                                  : resource.next_role == Role::promoted ? "promote"
                                  : resource.next_role == Role::stopped  ? "stop"
                                                                         : "";
  if (change.empty()) return;
  cluster.orderings.push_back({.first_action = &ends,
                               .then = &resource,
                               .then_task = change,
                               .flags = Order::runnable_left});
}

void create_one(Cluster& cluster, Resource& resource, const Operation& operation, Node* node,
                const Action* start) {
  const Recurring* runs = node ? running(resource, operation, *node) : nullptr;
  const bool goes_on = runs && (!start || start->optional);
  if (other_role(resource, operation)) {
    if (goes_on) cancel_before_change(cluster, resource, operation, *node);
    return;
  }
  const bool optional = goes_on && !runs->expired;
  Action& monitor =
      action(cluster, resource, operation.name, operation.interval_ms, node, optional);
  monitor.operation = &operation;
  if (runs && !optional) monitor.optional = false;
  if (!start || !start->runnable || !node || !node->online || node->unclean)
    monitor.runnable = false;
  if (resource.next_role == Role::promoted) monitor.target_rc = rc::promoted;
  if (node && !resource.managed) return;
  after(cluster, resource, "start", monitor, Order::first_implies_then | Order::runnable_left);
  after(cluster, resource, "reload-agent", monitor,
        Order::first_implies_then | Order::runnable_left);
  if (resource.next_role == Role::promoted)
    after(cluster, resource, "promote", monitor, Order::optional | Order::runnable_left);
  else if (resource.role == Role::promoted)
    after(cluster, resource, "demote", monitor, Order::optional | Order::runnable_left);
}

void create_stopped_on(Cluster& cluster, Resource& resource, const Operation& operation,
                       Node& node) {
  const Recurring* runs = running(resource, operation, node);
  Action& monitor =
      action(cluster, resource, operation.name, operation.interval_ms, &node, runs != nullptr);
  monitor.operation = &operation;
  monitor.target_rc = rc::not_running;
  for (Action* each : std::vector(resource.actions)) {
    if (each->node != &node) continue;
    const bool probe = each->task == "monitor" && each->interval_ms == 0;
    if (probe && resource.managed) order(*each, monitor, Order::runnable_left);
    if (each->task != "stop") continue;
    if (!each->runnable) monitor.runnable = false;
    if (resource.managed) order(*each, monitor, Order::first_implies_then | Order::runnable_left);
  }
  if (!node.online || node.unclean) monitor.runnable = false;
}

void create_stopped(Cluster& cluster, Resource& resource, const Operation& operation,
                    Node* chosen) {
  if (resource.in_clone() && !resource.topmost()->unique) return;
  if (chosen && running(resource, operation, *chosen)) {
    Action& ends = cancel(cluster, resource, *chosen, operation.name, operation.interval_ms, "");
    if (resource.next_role == Role::started || resource.next_role == Role::unpromoted)
      cluster.orderings.push_back({.first_action = &ends,
                                   .then = &resource,
                                   .then_task = "start",
                                   .flags = Order::runnable_left});
  }
  for (Node& node : cluster.nodes)
    if (&node != chosen) create_stopped_on(cluster, resource, operation, node);
}

}  // namespace

Action& cancel(Cluster& cluster, Resource& resource, Node& node, std::string_view task,
               std::int64_t interval_ms, std::string_view reason) {
  Action& ends = action(cluster, resource, "cancel", interval_ms, &node, false);
  ends.key = key_of(resource.id, task, interval_ms);
  ends.optional = false;
  ends.cancelled_task = task;
  if (ends.reason.empty()) ends.reason = reason;
  return ends;
}

void create_recurring(Cluster& cluster, Resource& resource, Node* chosen) {
  if (resource.maintenance) return;
  const bool shall_run =
      (resource.next_role != Role::stopped || !resource.managed) && chosen && !chosen->maintenance;
  const Action* start = shall_run && resource.next_role != Role::stopped
                            ? &start_action(cluster, resource, chosen, true)
                            : nullptr;
  for (const Operation& operation : resource.operations) {
    if (operation.interval_ms == 0 || !operation.enabled) continue;
    if (operation.name == "start" || operation.name == "stop") continue;
    if (ambiguous(resource, operation)) continue;
    if (operation.role == Role::stopped)
      create_stopped(cluster, resource, operation, chosen);
    else if (shall_run)
      create_one(cluster, resource, operation, chosen, start);
  }
}

}  // namespace gyre::rm::schedule
