#include "rm/schedule/in_flight.hh"

#include <algorithm>
#include <unordered_set>

namespace gyre::rm::schedule {

namespace {

bool holds(const InFlight& operation, const Action& action) {
  if (operation.interval_ms > 0) return false;  // it comes back by itself, whatever else is done
  const bool of_node = action.node && action.node->name == operation.node;
  if (operation.resource.empty()) return action.task == operation.task && of_node;
  const Resource* resource = action.resource;
  return resource && resource->is(Kind::primitive) &&
         (resource->id == operation.resource || resource->history_name == operation.resource);
}

}  // namespace

std::vector<Step> without_waiting(const Cluster& cluster, std::vector<Step> steps) {
  std::unordered_set<const Action*> waiting;
  std::vector<const Action*> fresh;
  const auto hold = [&](const Action& action) {
    if (waiting.insert(&action).second) fresh.push_back(&action);
  };
  for (const Step& step : steps)
    for (const InFlight& operation : cluster.in_flight)
      if (holds(operation, *step.action)) hold(*step.action);
  std::unordered_map<const Action*, std::vector<const Action*>> followers;
  for (const Step& step : steps)
    for (const Action* input : step.inputs) followers[input].push_back(step.action);
  while (!fresh.empty()) {
    const Action* next = fresh.back();
    fresh.pop_back();
    for (const Action* follower : followers[next]) hold(*follower);
  }
  std::erase_if(steps, [&](const Step& step) { return waiting.contains(step.action); });
  return steps;
}

}  // namespace gyre::rm::schedule
