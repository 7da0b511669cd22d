#include "rm/schedule/action.hh"

#include <algorithm>

#include "rm/schedule/remote.hh"
#include "rm/schedule/unpack.hh"

namespace gyre::rm::schedule {

namespace {

Action& begin(Cluster& cluster, std::string key) {
  Action& made = cluster.actions.emplace_back();
  made.id = static_cast<int>(cluster.actions.size());
  made.key = std::move(key);
  return made;
}

bool brings_up(std::string_view task) {
  return task == "start" || task == "promote";
}

bool frozen(const Resource& resource) {
  const Role now = resource.role == Role::started ? Role::unpromoted : resource.role;
  return resource.running_on.empty() || resource.next_role > now;
}

// What stands in the way of an action, if anything.
void judge(Cluster& cluster, Action& action) {
  Resource& resource = *action.resource;
  const auto refuse = [&](std::string why) {
    action.runnable = false;
    if (action.reason.empty()) action.reason = std::move(why);
  };
  if (!action.node) return refuse("");
  const Node& node = *action.node;
  if (!node.online && !will_be_up(node)) {
    action.runnable = false;
    if (resource.managed && action.task == "stop" && !node.unclean)
      want_fencing(*action.node, "resource actions are unrunnable");
    return;
  }
  if (node.pending || node.away) {
    action.runnable = false;
    return;
  }
  action.runnable = true;
  if (!brings_up(action.task) || (!resource.needs_fencing && !resource.needs_quorum)) return;
  if (cluster.quorate) return;
  const auto policy = cluster.options.no_quorum;
  const bool demotes = policy == NoQuorum::demote &&
                       (!resource.topmost()->promotable || resource.role <= Role::stopped);
  if (policy == NoQuorum::stop || demotes) return refuse("no quorum");
  if (cluster.options.no_quorum == NoQuorum::freeze && frozen(resource))
    return refuse("quorum freeze");
}

}  // namespace

std::string key_of(std::string_view resource, std::string_view task, std::int64_t interval_ms) {
  std::string key(resource);
  key += '_';
  key += task;
  key += '_';
  key += std::to_string(interval_ms);
  return key;
}

Action* find_action(const Resource& resource, std::string_view task, const Node* node,
                    std::int64_t interval_ms) noexcept {
  for (Action* action : resource.actions) {
    if (action->task != task || action->interval_ms != interval_ms) continue;
    if (!node || action->node == node) return action;
  }
  return nullptr;
}

Action& action(Cluster& cluster, Resource& resource, std::string_view task,
               std::int64_t interval_ms, Node* node, bool optional) {
  Action* found = nullptr;
  for (Action* each : resource.actions)
    if (each->task == task && each->interval_ms == interval_ms && each->node == node) found = each;
  if (!found) {
    found = &begin(cluster, key_of(resource.id, task, interval_ms));
    found->task = task;
    found->interval_ms = interval_ms;
    found->resource = &resource;
    found->node = node;
    found->optional = optional;
    resource.actions.push_back(found);
    found->operation = find_operation(resource, task, interval_ms);
  }
  if (!optional) found->optional = false;
  if (!resource.managed && interval_ms == 0 && resource.is(Kind::primitive) && task != "notify")
    found->optional = true;
  judge(cluster, *found);
  return *found;
}

Action& pseudo_action(Cluster& cluster, std::string key, Resource* resource) {
  Action& made = begin(cluster, std::move(key));
  made.pseudo = true;
  made.resource = resource;
  if (resource) resource->actions.push_back(&made);
  return made;
}

bool order(Action& first, Action& then, std::uint32_t flags) {
  if (&first == &then) return false;
  for (Edge& edge : then.before)
    if (edge.action == &first && (edge.flags & flags) == flags) return false;
  then.before.push_back({&first, flags});
  first.after.push_back({&then, flags});
  return true;
}

Action& fence_action(Cluster& cluster, Node& node, bool optional, std::string_view reason,
                     std::string_view how) {
  const bool fresh = !node.fencing;
  if (fresh) {
    if (how.empty()) how = cluster.options.fence_action;
    node.fencing = &begin(cluster, "stonith-" + std::string(node.name) + "-" + std::string(how));
    node.fencing->task = "stonith";
    node.fencing->node = &node;
    node.fencing->optional = optional;
    node.fencing->runnable = true;
  }
  if (!optional) node.fencing->optional = false;
  if (node.fencing->reason.empty()) node.fencing->reason = reason;
  return *node.fencing;
}

}  // namespace gyre::rm::schedule
