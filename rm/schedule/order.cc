// From orderings between resources to edges between actions.
#include <algorithm>

#include "rm/schedule/action.hh"
#include "rm/schedule/assign.hh"
#include "rm/schedule/constraints.hh"
#include "rm/schedule/propagate.hh"
#include "rm/schedule/stages.hh"

namespace gyre::rm::schedule {

namespace {

std::vector<Action*> actions_of(Resource& resource, std::string_view task) {
  std::vector<Action*> found;
  for (Action* action : resource.actions)
    if (action->task == task && action->interval_ms == 0) found.push_back(action);
  return found;
}

bool inside(const Resource* resource, const Resource* collection) {
  for (; resource; resource = resource->parent)
    if (resource == collection) return true;
  return false;
}

// Who waits for a whole collection waits for its end.
std::string_view completed(std::string_view task) {
  if (task == "start") return "running";
  if (task == "stop") return "stopped";
  if (task == "promote") return "promoted";
  if (task == "demote") return "demoted";
  return task;
}

std::string_view first_task(const Ordering& ordering) {
  const Resource* then = ordering.then          ? ordering.then
                         : ordering.then_action ? ordering.then_action->resource
                                                : nullptr;
  const Resource& first = *ordering.first;
  const bool whole = !first.is(Kind::primitive) && !(then && inside(then, &first));
  return whole ? completed(ordering.first_task) : ordering.first_task;
}

// The actions that come first. One that no one has asked for yet is made, unless there is nothing
// to do.
std::vector<Action*> firsts(Cluster& cluster, const Ordering& ordering) {
  if (ordering.first_action) return {ordering.first_action};
  if (!ordering.first) return {};
  Resource& first = *ordering.first;
  auto found = actions_of(first, first_task(ordering));
  if (!found.empty() || ordering.first == ordering.then) return found;
  const Role now = role_of(first, true);
  if (now <= Role::stopped && ordering.first_task == "stop") return {};
  if (now == Role::unpromoted && ordering.first_task == "demote") return {};
  if (ordering.flags & Order::optional) return {};
  return {&action(cluster, first, ordering.first_task, 0, nullptr, true)};
}

// A migration has its own place beside what is ordered before a start or a stop; but its collection
// starts after it has left.
void order_migration(Cluster& cluster, const Ordering& ordering) {
  if (!ordering.first || !ordering.then || ordering.first == ordering.then) return;
  if (!ordering.then->allow_migrate || ordering.then->parent == ordering.first) return;
  const auto add = [&](std::string_view first_task, std::string_view then_task,
                       std::uint32_t flags) {
    add_ordering(cluster, ordering.first, first_task, ordering.then, then_task, flags);
  };
  const bool both = ordering.first->allow_migrate;
  const std::uint32_t unless = both ? Order::unless_first_migrates : Order::none;
  const auto is = [&](std::string_view first, std::string_view then) {
    return ordering.first_task == first && ordering.then_task == then;
  };
  const auto before_leaving = [&](std::string_view task, std::uint32_t flags) {
    add(task, "migrate_to", flags);
    if (ordering.then->migration_target) add(task, "migrate_from", flags);
  };
  if (is("start", "start")) {
    if (both) add("migrate_from", "migrate_to", Order::optional);
    add("start", "migrate_to", Order::optional | unless);
  } else if (is("stop", "stop")) {
    before_leaving("stop", Order::optional | unless);
  } else if (is("promote", "start")) {
    add("promote", "migrate_to", Order::optional);
  } else if (is("demote", "stop")) {
    before_leaving("demote", Order::optional);
  }
}

void apply(Cluster& cluster, const Ordering& ordering) {
  const auto before = firsts(cluster, ordering);
  const auto after = ordering.then_action ? std::vector{ordering.then_action}
                     : ordering.then      ? actions_of(*ordering.then, ordering.then_task)
                                          : std::vector<Action*>{};
  for (Action* first : before)
    for (Action* then : after) {
      auto flags = ordering.flags;
      if (first->dangling && first->resource == then->resource)
        flags &= ~std::uint32_t{Order::first_implies_then};
      order(*first, *then, flags);
    }
  if (!before.empty() || ordering.first_action) return;
  if (ordering.first == nullptr && (ordering.flags & Order::first_implies_then))
    for (Action* then : after) then->runnable = false;
}

}  // namespace

void apply_orderings(Cluster& cluster) {
  const std::size_t written = cluster.orderings.size();
  for (std::size_t i = 0; i < written; ++i)
    order_migration(cluster, Ordering(cluster.orderings[i]));
  for (std::size_t i = 0; i < cluster.orderings.size(); ++i) apply(cluster, cluster.orderings[i]);
  order_probes(cluster);
  propagate(cluster);
}

}  // namespace gyre::rm::schedule
