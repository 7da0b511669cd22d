// Before anything waits for a resource's stop, it waits for the probes that tell where there is
// something to stop. And what would be restarted once a probe is done is not stopped before it.
#include <utility>
#include <vector>

#include "rm/schedule/action.hh"
#include "rm/schedule/stages.hh"

namespace gyre::rm::schedule {

namespace {

bool is_probe(const Action& action) {
  return action.resource && action.task == "monitor" && action.interval_ms == 0 && !action.optional;
}

std::vector<Action*> actions_of(const Resource& resource, std::string_view task) {
  std::vector<Action*> found;
  for (Action* action : resource.actions)
    if (action->task == task && action->interval_ms == 0) found.push_back(action);
  return found;
}

void order_before_stops(const Ordering& ordering) {
  Resource* first = ordering.first          ? ordering.first
                    : ordering.first_action ? ordering.first_action->resource
                                            : nullptr;
  Resource* then = ordering.then          ? ordering.then
                   : ordering.then_action ? ordering.then_action->resource
                                          : nullptr;
  if (!first || first == then || (then && first->container == then)) return;
  const auto task = ordering.first_action ? ordering.first_action->task : ordering.first_task;
  if (task != "stop") return;
  std::uint32_t flags = Order::optional;
  if (ordering.flags == Order::anti_colocation) flags = Order::anti_colocation;
  flags |= ordering.flags & (Order::same_node | Order::unless_first_migrates);
  const auto thens = ordering.then_action ? std::vector{ordering.then_action}
                     : then               ? actions_of(*then, ordering.then_task)
                                          : std::vector<Action*>{};
  for (Action* probe : actions_of(*first, "monitor"))
    if (is_probe(*probe))
      for (Action* each : thens) order(*probe, *each, flags);
}

// From one probe along all that its outcome makes necessary.
class AfterProbe {
 public:
  explicit AfterProbe(std::size_t actions) : seen_(actions + 1) {}

  void order_from(Action& probe) {
    ++round_;
    for (std::size_t i = 0; i < probe.after.size(); ++i)
      order_restarts(probe, *probe.after[i].action);
  }

 private:
  void order_restarts(Action& probe, Action& after) {
    if (!after.resource || is_probe(after)) return;
    if (std::exchange(seen_[static_cast<std::size_t>(after.id)], round_) == round_) return;
    const Resource& resource = *after.resource;
    if (resource.is(Kind::primitive) && &resource != probe.resource) {
      const std::string_view undo = after.task == "start"     ? "stop"
                                    : after.task == "promote" ? "demote"
                                                              : "";
      if (!undo.empty())
        for (Action* each : actions_of(resource, undo))
          if (!each->pseudo) order(probe, *each, Order::optional);
    }
    for (std::size_t i = 0; i < after.after.size(); ++i) {
      Action& next = *after.after[i].action;
      if (!(after.after[i].flags & Order::first_implies_then) && !into_child(probe, after, next))
        continue;
      order_restarts(probe, next);
    }
  }

  // From a collection's action to its members'; of an interleaved clone to the one on the same
  // node.
  static bool into_child(const Action& probe, const Action& after, const Action& next) {
    const Resource& resource = *after.resource;
    if (resource.is(Kind::primitive) || probe.resource->parent == &resource) return false;
    if (!next.resource || next.resource->is(Kind::clone) || next.resource->parent != &resource)
      return false;
    const bool interleaved = resource.is(Kind::clone) && resource.interleave;
    return !interleaved || (probe.node && next.node == probe.node);
  }

  std::vector<unsigned> seen_;
  unsigned round_ = 0;
};

}  // namespace

void order_probes(Cluster& cluster) {
  AfterProbe after(cluster.actions.size());
  for (Action& action : cluster.actions)
    if (is_probe(action)) after.order_from(action);
  for (const Ordering& ordering : cluster.orderings) order_before_stops(ordering);
}

}  // namespace gyre::rm::schedule
