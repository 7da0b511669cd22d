// What the records say that does not fit the configuration any more: forgotten failures, operations
// that are not configured, resources that are gone, parameters that changed.
#include <algorithm>

#include "rm/cib/attribute_sets.hh"
#include "rm/cib/digest.hh"
#include "rm/cib/iso8601.hh"
#include "rm/schedule/action.hh"
#include "rm/schedule/create.hh"
#include "rm/schedule/history.hh"
#include "rm/schedule/unfence.hh"
#include "rm/schedule/unpack.hh"

namespace gyre::rm::schedule {

namespace {

bool runs_on(const Resource& resource, const Node& node) {
  return std::ranges::find(resource.running_on, &node) != resource.running_on.end();
}

// Of a node that can run nothing no record is looked into, unless that is for its maintenance.
bool looked_into(const Node& node) {
  return available(node) || (node.maintenance && node.online && !node.unclean);
}

Action& forget_failure(Cluster& cluster, Resource& resource, Node& node, std::string_view why) {
  Action& clear = action(cluster, resource, "clear_failcount", 0, &node, false);
  clear.optional = false;
  clear.runnable = node.online && !node.unclean && !node.pending;
  if (clear.reason.empty()) clear.reason = why;
  return clear;
}

void forget_failures(Cluster& cluster) {
  for (const auto& [resource, node, reason] : cluster.forgotten)
    forget_failure(cluster, *resource, *node, reason);
}

void forget_failures_of_orphan(Cluster& cluster, Resource& resource) {
  for (Node& node : cluster.nodes) {
    if (!node.online || fail_count(cluster, resource, node).count == 0) continue;
    Action& clear = forget_failure(cluster, resource, node, "it is orphaned");
    cluster.orderings.push_back(
        {.first_action = &clear, .then = &resource, .then_task = "stop", .flags = Order::optional});
  }
}

void forget_failures_of_changed(Cluster& cluster, Resource& resource, Node& node) {
  if (fail_count(cluster, resource, node).count > 0)
    forget_failure(cluster, resource, node, "action definition changed");
}

// What stops has nothing more to be cancelled, but it is not known yet whether it stops.
void end(Cluster& cluster, Resource& resource, const Recurring& recurring, std::string_view why) {
  Action& ends =
      cancel(cluster, resource, *recurring.node, recurring.task, recurring.interval_ms, why);
  cluster.orderings.push_back({.first = &resource,
                               .first_task = "stop",
                               .then = &resource,
                               .then_action = &ends,
                               .flags = Order::optional});
}

void check_recurring(Cluster& cluster, Resource& resource) {
  for (const Recurring& recurring : resource.recurring) {
    Node& node = *recurring.node;
    if (!looked_into(node) || !runs_on(resource, node)) continue;
    if (resource.maintenance || node.maintenance) {
      end(cluster, resource, recurring, "maintenance mode");
    } else if (!find_operation(resource, recurring.task, recurring.interval_ms)) {
      if (cluster.options.stop_orphan_actions) end(cluster, resource, recurring, "orphan");
      forget_failures_of_changed(cluster, resource, node);
    }
  }
}

Attributes own_parameters(Cluster& cluster, const Node& node, const Operation& operation) {
  const RuleInput input{.now = cluster.now, .node = &node.attributes, .ids = cluster.ids.get()};
  Attributes found;
  gather(operation.xml, "instance_attributes", input, found);
  return found;
}

// What the digest of a recurring operation holds besides: its timeout.
std::string digested_timeout(Cluster& cluster, const Resource& resource, std::string_view task,
                             std::int64_t interval_ms, const Operation* operation) {
  if (interval_ms <= 0) return {};
  const auto written = operation_option(cluster, resource, operation, task, interval_ms, "timeout");
  const auto ms = written.empty() ? std::nullopt : parse_interval_ms(written);
  return std::to_string(ms.value_or(20'000));
}

bool judged(const OperationRecord& r) {
  return r.interval_ms > 0 || r.task == "monitor" || r.task == "start" || r.task == "promote" ||
         r.task == "migrate_from";
}

void reload(Cluster& cluster, Resource& resource, Node& node) {
  if (!resource.managed) return;
  if (resource.failed || resource.start_pending) {
    stop_action(cluster, resource, &node, false);
    return;
  }
  Action& reload = action(cluster, resource, "reload-agent", 0, &node, false);
  reload.reason = "resource definition change";
  for (const char* task : {"stop", "demote"})
    cluster.orderings.push_back({.first_action = &reload,
                                 .then = &resource,
                                 .then_task = task,
                                 .flags = Order::optional | Order::then_cancels_first});
}

void check_operation(Cluster& cluster, Resource& resource, Node& node, const OperationRecord& r) {
  const Consequence change = change_since(cluster, resource, node, r);
  if (change == Consequence::none) return;
  unfence_again(cluster, resource, node,
                change == Consequence::restart ? "Device parameters changed"
                                               : "Device parameters changed (reload)");
  if (change == Consequence::restart && r.interval_ms == 0) {
    resource.definition_changed = true;
  } else if (r.interval_ms > 0) {
    if (change == Consequence::restart && !attribute(r.xml, "op-restart-digest").empty())
      resource.definition_changed = true;
    for (Recurring& recurring : resource.recurring)
      if (recurring.record == r.xml) recurring.expired = true;
  } else {
    reload(cluster, resource, node);
  }
  forget_failures_of_changed(cluster, resource, node);
}

void check_parameters(Cluster& cluster, Resource& resource) {
  for (const auto& [node, record, of_other_agent] : resource.history) {
    if (!looked_into(*node) || !runs_on(resource, *node)) continue;
    const auto operations = sorted_operations(record);
    const auto begin = active_from(operations);
    for (std::size_t i = begin; i < operations.size(); ++i) {
      const auto& r = operations[i];
      const bool kept = r.interval_ms == 0 || find_operation(resource, r.task, r.interval_ms);
      if (judged(r) && kept) check_operation(cluster, resource, *node, r);
    }
  }
}

void check_records(Cluster& cluster, Resource& resource) {
  for (const auto& [node, record, of_other_agent] : resource.history) {
    if (!looked_into(*node)) continue;
    if (resource.orphan) {
      if (!resource.in_clone()) forget(cluster, resource, *node, false);
    } else if (of_other_agent) {
      forget(cluster, resource, *node, false);
      if (runs_on(resource, *node)) stop_action(cluster, resource, node, false);
      unfence_again(cluster, resource, *node, "Device definition changed");
    }
  }
  if (!resource.orphan) {
    check_recurring(cluster, resource);
    check_parameters(cluster, resource);
  } else if (!resource.in_clone()) {
    forget_failures_of_orphan(cluster, resource);
  }
}

}  // namespace

// What a start does not tell a probe tells as well.
Consequence change_since(Cluster& cluster, const Resource& resource, const Node& node,
                         const OperationRecord& record) {
  const auto task = record.interval_ms == 0 ? std::string_view("start") : record.task;
  const Operation* operation = find_operation(resource, task, record.interval_ms);
  const auto timeout = digested_timeout(cluster, resource, task, record.interval_ms, operation);
  const auto found = change(record.xml, parameters_on(cluster, resource, node, operation), timeout,
                            cluster.options.sanitized);
  // A reload would run without the parameters that a start has of its own.
  const bool has_own = operation && !own_parameters(cluster, node, *operation).empty();
  return found == Consequence::reload && has_own ? Consequence::restart : found;
}

Attributes parameters_on(Cluster& cluster, const Resource& resource, const Node& node,
                         const Operation* operation) {
  RuleInput input{.now = cluster.now, .node = &node.attributes, .ids = cluster.ids.get()};
  Attributes found;
  for (const Resource* r = &resource; r; r = r->parent)
    gather({r->xml, template_of(cluster, r->xml)}, "instance_attributes", input, found);
  if (operation) gather(operation->xml, "instance_attributes", input, found);
  return found;
}

Digest digest_now(Cluster& cluster, const Resource& resource, const Node& node,
                  std::string_view task, std::int64_t interval_ms) {
  if (interval_ms == 0) task = "start";
  const Operation* operation = find_operation(resource, task, interval_ms);
  return digest(parameters_on(cluster, resource, node, operation),
                digested_timeout(cluster, resource, task, interval_ms, operation));
}

void handle_changes(Cluster& cluster) {
  forget_failures(cluster);
  for (Resource& resource : cluster.resources)
    if (resource.is(Kind::primitive)) check_records(cluster, resource);
}

}  // namespace gyre::rm::schedule
