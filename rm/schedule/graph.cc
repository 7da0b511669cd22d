// From all actions to those that are really to be done, and what each of them waits for.
#include <algorithm>
#include <functional>

#include "rm/schedule/circles.hh"
#include "rm/schedule/in_flight.hh"
#include "rm/schedule/plan.hh"
#include "rm/schedule/remote.hh"

namespace gyre::rm::schedule {

namespace {

bool by_the_cluster(const Action& action) {
  return action.pseudo || action.task == "stonith" || action.task == "clear_failcount";
}

bool is_done(const Action& action) {
  if (!action.runnable || (action.optional && !action.print_always)) return false;
  const Resource* resource = action.resource;
  const bool asks = action.task == "monitor" || action.task == "cancel";
  if (resource && !resource->managed && !action.pseudo && !asks && resource->is(Kind::primitive))
    return false;
  if (by_the_cluster(action)) return true;
  return action.node && !action.node->away && (action.node->online || will_be_up(*action.node)) &&
         (!action.node->pending || action.task == "cancel");
}

// A guest goes with its container: what is in it need not go before.
bool is_inside(const Resource& resource, const Resource& container) {
  return container.guest && std::ranges::any_of(resource.running_on, [&](const Node* node) {
           return node->connection == container.guest;
         });
}

bool waits_for(const Action& then, const Edge& edge) {
  const Action& first = *edge.action;
  if (edge.flags == Order::none || !is_done(first)) return false;
  if ((edge.flags & Order::implies_migratable) && !first.runnable) return false;
  if (edge.flags == Order::anti_colocation &&
      (first.optional || (first.node && then.node && first.node != then.node)))
    return false;
  if ((edge.flags & Order::unless_first_migrates) && first.migrates) return false;
  if (edge.flags == Order::optional && first.task == "stop" && first.migrates) return false;
  if (first.resource && then.resource && first.resource != then.resource &&
      first.resource->failed && !first.resource->managed && first.task == "stop" &&
      then.resource->is(Kind::clone))
    return false;
  if (first.resource && then.resource && first.resource != then.resource &&
      !(edge.flags & Order::preserve) && is_inside(*first.resource, *then.resource))
    return false;
  return true;
}

// Resource by resource, a group before its members and a clone behind its instances, then what
// belongs to none; of each the latest first.
class Places {
 public:
  explicit Places(Cluster& cluster) : placed_(cluster.actions.size() + 1) {
    for (Resource* top : cluster.top) add(*top);
    for (auto action = cluster.actions.rbegin(); action != cluster.actions.rend(); ++action)
      add(*action);
  }
  const std::vector<Action*>& order() const { return order_; }

 private:
  void add(Resource& resource) {
    if (!resource.is(Kind::clone)) add_own(resource);
    std::vector<Resource*> children = resource.children;
    std::ranges::sort(children, {}, &Resource::index);
    for (Resource* child : children) add(*child);
    if (resource.is(Kind::clone)) add_own(resource);
  }
  void add_own(const Resource& resource) {
    std::vector<Action*> actions = resource.actions;
    std::ranges::sort(actions, std::greater<>(), &Action::id);
    for (Action* action : actions) add(*action);
  }
  void add(Action& action) {
    const auto id = static_cast<std::size_t>(action.id);
    if (placed_[id]) return;
    placed_[id] = true;
    order_.push_back(&action);
  }

  std::vector<bool> placed_;
  std::vector<Action*> order_;
};

}  // namespace

std::vector<Step> graph(Cluster& cluster) {
  std::vector<Step> steps;
  const Places places(cluster);
  for (Action* place : places.order()) {
    Action& action = *place;
    if (!is_done(action)) continue;
    Step& step = steps.emplace_back(Step{&action, {}});
    for (const Edge& edge : action.before) {
      if (!waits_for(action, edge)) continue;
      if (std::ranges::find(step.inputs, edge.action) == step.inputs.end())
        step.inputs.push_back(edge.action);
    }
    std::ranges::sort(step.inputs, {}, &Action::id);
  }
  const bool away = std::ranges::any_of(cluster.nodes, &Node::away);
  if (!cluster.in_flight.empty() || away) steps = without_waiting(cluster, std::move(steps));
  return without_circles(cluster, std::move(steps));
}

}  // namespace gyre::rm::schedule
