// From the plan to what an operator calls it: a stop and a start are a move, a recovery or a
// restart.
#include <fmt/format.h>

#include <algorithm>

#include "rm/show/resource_text.hh"
#include "rm/show/transition_text.hh"

namespace gyre::rm::show {

namespace {

using schedule::Action;
using schedule::Cluster;
using schedule::Node;
using schedule::Resource;
using schedule::Role;

const Action* find(const Resource& resource, std::string_view task, const Node* node = nullptr) {
  for (const Action* action : resource.actions)
    if (action->task == task && (!node || action->node == node)) return action;
  return nullptr;
}
bool wanted(const Action* action) {
  return action && !action->optional;
}
bool happens(const Action* action) {
  return wanted(action) && action->runnable;
}

bool has_role(Role role) {
  return role == Role::unpromoted || role == Role::promoted;
}

class Changes {
 public:
  explicit Changes(const Cluster& cluster) : cluster_(cluster) {}

  std::vector<Change> all() {
    const auto& actions = cluster_.actions;
    for (auto action = actions.rbegin(); action != actions.rend(); ++action) fencing(*action);
    for (const Resource* top : cluster_.top) resource(*top);
    return std::move(changes_);
  }

 private:
  void fencing(const Action& action) {
    if (action.task != "stonith" || !action.node || !happens(&action)) return;
    const Node& node = *action.node;
    const std::string& reason = node.fence_reason.empty() ? action.reason : node.fence_reason;
    changes_.push_back({fmt::format("Fence ({})", simulate::fence_action(action)),
                        std::string(node.name),
                        {},
                        reason,
                        false,
                        &node});
  }

  void resource(const Resource& of) {
    if (!of.is(schedule::Kind::primitive)) {
      std::vector<const Resource*> children(of.children.begin(), of.children.end());
      std::ranges::sort(children, {}, &Resource::index);
      for (const Resource* child : children) resource(*child);
      return;
    }
    const Node* from = of.running_on.empty() ? nullptr : of.running_on.front();
    const Node* to = of.assigned_to;
    if (of.migration_source && of.migration_target == to && to) from = of.migration_source;
    if (!of.managed || (!from && !to)) return;
    if (of.next_role == Role::stopped || !to)
      stop(of);
    else if (!from || of.role <= Role::stopped)
      start(of, *to);
    else
      change(of, *from, *to);
  }

  void add(const Resource& of, std::string_view what, std::string detail, const Action* why,
           const Node* node) {
    changes_.push_back({std::string(what), of.id, std::move(detail), why ? why->reason : "",
                        why && !why->runnable, node});
  }

  void stop(const Resource& of) {
    for (const Node* node : of.running_on) {
      const Action* action = find(of, "stop", node);
      if (wanted(action)) stopped(of, *node, action, of.assigned_to ? "" : "node availability");
    }
  }

  void stopped(const Resource& of, const Node& node, const Action* why,
               std::string_view otherwise) {
    const Action* stop = find(of, "stop", &node);
    const Role role = shown_role(of, of.role);
    add(of, "Stop",
        has_role(role) ? fmt::format("{} {}", name_of(role), node.name) : std::string(node.name),
        why, &node);
    changes_.back().blocked = stop && !stop->runnable;
    if (changes_.back().reason.empty()) changes_.back().reason = otherwise;
  }

  void start(const Resource& of, const Node& to) {
    const Action* start = find(of, "start", &to);
    if (!start) return;
    if (of.next_role != Role::promoted) return add(of, "Start", std::string(to.name), start, &to);
    const Action* promote = find(of, "promote", &to);
    const Action* why = start->runnable && promote && !promote->runnable ? promote : start;
    add(of, "Promote", fmt::format("Stopped -> Promoted {}", to.name), why, &to);
  }

  void change(const Resource& of, const Node& from, const Node& to) {
    const bool moves = &from != &to;
    const Action* start = find(of, "start", &to);
    const Action* stop = find(of, "stop", &from);
    const bool restarts = wanted(start);
    const std::string detail = roles(of, from, to);
    const auto say = [&](std::string_view what, const Action* why) {
      const Action* other = why == start ? stop : start;
      if (why && why->reason.empty() && other && !other->reason.empty() && restarts) why = other;
      add(of, what, detail, why, &to);
    };
    if (moves && happens(find(of, "migrate_to", &from))) return say("Migrate", start);
    if (happens(find(of, "reload-agent", &to))) return add(of, "Reload", detail, nullptr, &to);
    const Action* promote = find(of, "promote", &to);
    const Action* demote = find(of, "demote", &from);
    if (restarts && !start->runnable)
      return stopped(of, from, stop && !stop->reason.empty() ? stop : start, "");
    if (moves && (restarts || wanted(stop))) return say(of.failed ? "Recover" : "Move", start);
    if (restarts) return say(of.failed ? "Recover" : "Restart", start);
    const bool was = of.role == Role::promoted, will = of.next_role == Role::promoted;
    if (was && will && wanted(promote) && wanted(demote)) return say("Re-promote", demote);
    if (!was && will && wanted(promote)) return say("Promote", promote);
    if (was && !will && wanted(demote)) return say("Demote", demote);
  }

  static std::string roles(const Resource& of, const Node& from, const Node& to) {
    const Role is = shown_role(of, of.role), will = shown_role(of, of.next_role);
    const std::string was = name_of(is), then = name_of(will);
    const bool told = has_role(is) || has_role(will);
    if (&from == &to && is == will)
      return told ? fmt::format("{} {}", was, to.name) : std::string(to.name);
    if (&from == &to) return fmt::format("{} -> {} {}", was, then, to.name);
    if (is != will) return fmt::format("{} {} -> {} {}", was, from.name, then, to.name);
    return told ? fmt::format("{} -> {} {}", from.name, to.name, then)
                : fmt::format("{} -> {}", from.name, to.name);
  }

  const Cluster& cluster_;
  std::vector<Change> changes_;
};

}  // namespace

std::vector<Change> changes(const Cluster& cluster) {
  return Changes(cluster).all();
}

}  // namespace gyre::rm::show
