#include "rm/schedule/in_flight.hh"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "rm/schedule/graph_attributes.hh"

namespace gyre::rm::schedule {

namespace {

bool is_of(const InFlight& operation, const Action& action) {
  const Resource* resource = action.resource;
  return resource && resource->is(Kind::primitive) &&
         name_for_agent(*resource) == operation.resource;
}

bool is_on_its_node(const InFlight& operation, const Action& action) {
  return action.node && action.node->name == operation.node;
}

bool holds(const InFlight& operation, const Action& action) {
  if (operation.interval_ms > 0) return false;  // it comes back by itself, whatever else is done
  if (operation.resource.empty()) return !action.pseudo && is_on_its_node(operation, action);
  // It may be found that something runs there, or is left, or comes.
  if (action.task == "do_shutdown" &&
      (is_on_its_node(operation, action) || operation.task == "migrate_to"))
    return true;
  return is_of(operation, action);
}

// One that recurs, and was begun already.
bool is_it(const InFlight& operation, const Action& action) {
  return operation.interval_ms > 0 && operation.interval_ms == action.interval_ms &&
         operation.task == action.task && is_on_its_node(operation, action) &&
         is_of(operation, action);
}

// Whether an instance is promoted there already nobody can find out.
bool is_unknown_where_away(const Resource& resource) {
  if (!resource.children.empty())
    return std::ranges::any_of(resource.children,
                               [](const Resource* each) { return is_unknown_where_away(*each); });
  return std::ranges::any_of(resource.actions, [](const Action* each) {
    return each->task == "monitor" && each->interval_ms == 0 && !each->optional && each->node &&
           each->node->away;
  });
}

// What has to come first on a node that is away does not come.
bool waits_for_away(const Action& action) {
  if (action.task == "promote" && action.resource && action.resource->is(Kind::primitive) &&
      is_unknown_where_away(*action.resource->topmost()))
    return true;
  return std::ranges::any_of(action.before, [](const Edge& edge) {
    const Action& first = *edge.action;
    return edge.flags != Order::none && first.node && first.node->away && !first.optional;
  });
}

using Followers = std::unordered_map<const Action*, std::vector<const Action*>>;

using Actions = std::unordered_set<const Action*>;

// It is what that does, or what it undoes: where a stop is under way, nothing is up by its start.
bool is_about(const InFlight& operation, const Action& action) {
  return action.task == operation.task || (operation.task == "stop" && action.task == "start") ||
         (operation.task == "demote" && action.task == "promote");
}

// What is under way itself and not planned again, as where nothing more may be done with its
// resource; and what would stay, but for it.
Actions under_way(const Cluster& cluster) {
  Actions found;
  for (const Action& action : cluster.actions)
    for (const InFlight& operation : cluster.in_flight)
      if (operation.interval_ms == 0 && action.interval_ms == 0 && is_about(operation, action) &&
          is_on_its_node(operation, action) && is_of(operation, action))
        found.insert(&action);
  return found;
}

// What comes right after each. What is not in the graph is in between: marks in the order, of which
// nothing is planned, and what is under way.
Followers followers_of(const Cluster& cluster, const std::vector<Step>& steps,
                       const Actions& begun) {
  Actions planned;
  for (const Step& step : steps) planned.insert(step.action);
  const auto passed = [&](const Action& action) {
    return (action.pseudo || begun.contains(&action)) && !planned.contains(&action);
  };
  Followers followers;
  const auto follow = [&](const Action& action, auto&& counts) {
    for (const Edge& edge : action.before)
      if (edge.flags != Order::none && counts(*edge.action))
        followers[edge.action].push_back(&action);
  };
  for (const Step& step : steps) {
    for (const Action* input : step.inputs) followers[input].push_back(step.action);
    follow(*step.action, passed);
  }
  for (const Action& action : cluster.actions)
    if (passed(action)) follow(action, [](const Action&) { return true; });
  return followers;
}

}  // namespace

std::vector<Step> without_waiting(const Cluster& cluster, std::vector<Step> steps) {
  Actions waiting;
  std::vector<const Action*> fresh;
  const auto hold = [&](const Action& action) {
    if (waiting.insert(&action).second) fresh.push_back(&action);
  };
  for (const Step& step : steps) {
    if (waits_for_away(*step.action)) hold(*step.action);
    for (const InFlight& operation : cluster.in_flight)
      if (holds(operation, *step.action)) hold(*step.action);
  }
  const Actions begun_before = under_way(cluster);
  for (const Action* each : begun_before) hold(*each);
  Followers followers = followers_of(cluster, steps, begun_before);
  while (!fresh.empty()) {
    const Action* next = fresh.back();
    fresh.pop_back();
    for (const Action* follower : followers[next]) hold(*follower);
  }
  // Nor does anybody leave whose node has something to do yet that waits.
  const auto leaves_early = [&](const Action& action) {
    return action.task == "do_shutdown" && std::ranges::any_of(waiting, [&](const Action* each) {
             return !each->pseudo && each->node == action.node;
           });
  };
  for (const Step& step : steps)
    if (leaves_early(*step.action)) waiting.insert(step.action);
  // Nobody waits for what recurs; behind something of its own resource, which ends it, it begins
  // anew.
  const auto begun = [&](const Step& step) {
    const auto ends = [&](const Action* input) { return input->resource == step.action->resource; };
    const auto same = [&](const InFlight& each) { return is_it(each, *step.action); };
    return step.action->interval_ms > 0 && std::ranges::none_of(step.inputs, ends) &&
           std::ranges::any_of(cluster.in_flight, same);
  };
  std::erase_if(steps,
                [&](const Step& step) { return waiting.contains(step.action) || begun(step); });
  return steps;
}

}  // namespace gyre::rm::schedule
