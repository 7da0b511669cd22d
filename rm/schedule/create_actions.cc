// What each resource has to do to get from what it is to what it shall be.
#include <algorithm>

#include "rm/schedule/action.hh"
#include "rm/schedule/assign.hh"
#include "rm/schedule/constraints.hh"
#include "rm/schedule/create.hh"
#include "rm/schedule/notify.hh"
#include "rm/schedule/stages.hh"
#include "rm/schedule/unfence.hh"
#include "rm/schedule/unpack.hh"

namespace gyre::rm::schedule {

namespace {

using enum Role;

// The next role on the way from one to another.
Role step(Role from, Role to) {
  switch (from) {
    case unknown:
      return stopped;
    case stopped:
      return to == promoted ? unpromoted : to;
    case started:
      return to == unknown ? stopped : to;
    case unpromoted:
      return to == promoted ? promoted : to == unpromoted ? unpromoted : stopped;
    case promoted:
      return to == promoted ? promoted : unpromoted;
  }
  return stopped;
}

struct Creation {
  Cluster& cluster;
  Resource& resource;
  Node* current = nullptr;  // where it is
  Node* chosen = nullptr;   // where it shall be

  void start(bool optional) const {
    Action& start = start_action(cluster, resource, chosen, true);
    if ((start.runnable && !optional) || resource.definition_changed) start.optional = false;
    if (resource.definition_changed && start.reason.empty())
      start.reason = "resource definition change";
    unfence_before(cluster, resource, start, Order::first_implies_then);
  }

  void stop(bool optional) const {
    for (Node* node : resource.running_on) {
      if (resource.stop_unexpected && resource.assigned_to == node) continue;
      bool here_optional = optional;
      if (resource.migration_target) {
        if (resource.migration_target == node && resource.assigned_to == node) continue;
        here_optional = false;
      }
      Action& stop = stop_action(cluster, resource, node, here_optional);
      if (!resource.managed) stop.runnable = false;
      unfence_after_stop(cluster, resource, stop);
      if (!resource.assigned_to && stop.reason.empty()) stop.reason = "node availability";
      if (cluster.options.remove_after_stop) forget(cluster, resource, *node, optional);
    }
  }

  void promote(bool optional) const {
    for (const Action* each : resource.actions)
      if (each->task == "start" && !each->runnable) {
        action(cluster, resource, "promote", 0, chosen, optional).runnable = false;
        return;
      }
    action(cluster, resource, "promote", 0, chosen, optional);
  }

  void demote(bool optional) const {
    for (Node* node : resource.running_on) action(cluster, resource, "demote", 0, node, optional);
  }

  void transition(Role from, Role to, bool optional) const {
    if (from == promoted && to != promoted) return demote(optional);
    if (to == promoted && from != promoted) return promote(optional);
    if (from > stopped && to <= stopped) return stop(optional);
    if (from <= stopped && to > stopped) return start(optional);
  }
};

int clean_copies(const Resource& resource) {
  return static_cast<int>(std::ranges::count_if(
      resource.running_on, [](const Node* n) { return n->online && !n->unclean; }));
}

// Down to nothing and up again to where it is: optional, unless something forces it.
void create_restart(const Creation& creation, bool needs_stop, bool needs_promote) {
  const Resource& resource = creation.resource;
  Role role = resource.role;
  while (role != stopped && role != unknown) {
    const Role next = step(role, stopped);
    creation.transition(role, next, !needs_stop);
    role = next;
  }
  while (resource.role <= resource.next_role && role != resource.role && !resource.blocked) {
    const Role next = step(role, resource.role);
    const bool required =
        (needs_stop && !resource.stop_unexpected) || (next == promoted && needs_promote);
    creation.transition(role, next, !required);
    role = next;
  }
}

void give_up_migration(Resource& resource) {
  resource.migration_source = resource.migration_target = nullptr;
  resource.allow_migrate = false;
}

// Whether it runs at more places than it should; and what to do of that.
bool settle_copies(Creation& creation) {
  Resource& resource = creation.resource;
  const int all = static_cast<int>(resource.running_on.size());
  const int copies = resource.needs_fencing ? all : clean_copies(resource);
  const bool migrating = resource.migration_source && resource.migration_target;
  if (migrating && all == 2 && creation.chosen == resource.migration_target &&
      resource.allow_migrate) {
    creation.current = resource.migration_source;
    return false;
  }
  if (migrating) give_up_migration(resource);
  if (copies <= 1) return false;
  if (resource.multiple_active == MultipleActive::stop_unexpected) {
    resource.stop_unexpected = true;
    return true;
  }
  give_up_migration(resource);
  return resource.multiple_active == MultipleActive::stop_start;
}

bool may_migrate(const Creation& creation, bool moves) {
  const Resource& r = creation.resource;
  return moves && r.allow_migrate && r.managed && !r.failed && !r.start_pending &&
         r.next_role > stopped && available(*creation.chosen) && creation.current->online &&
         !creation.current->unclean && (!r.in_clone() || r.topmost()->unique);
}

void create_migration(const Creation& creation) {
  Cluster& cluster = creation.cluster;
  Resource& resource = creation.resource;
  Node *current = creation.current, *chosen = creation.chosen;
  Action& stop = stop_action(cluster, resource, current, true);
  Action& start = start_action(cluster, resource, chosen, true);
  Action& from = action(cluster, resource, "migrate_from", 0, chosen, true);
  start.pseudo = true;
  start.migrates = stop.migrates = from.migrates = true;
  from.optional = start.optional;
  const auto add = [&](std::string_view first, std::string_view then, std::uint32_t flags) {
    add_ordering(cluster, &resource, first, &resource, then, flags);
  };
  constexpr auto chain = Order::optional | Order::implies_migratable;
  if (!resource.migration_target) {
    Action& to = action(cluster, resource, "migrate_to", 0, current, true);
    to.migrates = true;
    to.optional = start.optional;
    add("monitor", "migrate_to", Order::optional);
    add("migrate_to", "migrate_from", chain);
  }
  add("migrate_from", "stop", chain);
  add("migrate_from", "start", chain | Order::pseudo_left);
}

void create_primitive(Cluster& cluster, Resource& resource) {
  Creation creation{cluster, resource};
  creation.chosen = resource.assigned_to;
  if (resource.next_role == unknown) resource.next_role = creation.chosen ? started : stopped;
  for (Node* node : resource.dangling_on)
    stop_action(cluster, resource, node, false).dangling = true;
  for (Node* node : resource.stop_wanted) stop_action(cluster, resource, node, false);
  creation.current = current_node(resource);
  if (resource.demote_wanted && resource.role == promoted)
    action(cluster, resource, "demote", 0, resource.demote_wanted, false);
  bool needs_stop = settle_copies(creation), needs_promote = false;
  const bool moves = creation.current && creation.chosen && resource.next_role > stopped &&
                     creation.current != creation.chosen;
  if (resource.start_pending && creation.chosen)
    start_action(cluster, resource, creation.chosen, true).print_always = true;
  if (moves || resource.stop_pending) {
    needs_stop = true;
  } else if (resource.failed) {
    if (resource.must_stop)
      needs_stop = true;
    else if (resource.next_role == promoted)
      needs_promote = true;
  } else if (resource.blocked) {
    needs_stop = true;
  } else if (resource.role > started && creation.current && creation.chosen) {
    if (resource.definition_changed) needs_stop = true;
  }
  create_restart(creation, needs_stop, needs_promote);
  for (Role role = resource.role == unknown ? stopped : resource.role;
       role != resource.next_role;) {
    const Role next = step(role, resource.next_role);
    creation.transition(role, next, false);
    if (next == role) break;
    role = next;
  }
  if (!resource.blocked) create_recurring(cluster, resource, creation.chosen);
  if (may_migrate(creation, moves)) create_migration(creation);
}

struct Busy {
  bool starting = false, stopping = false, promoting = false, demoting = false, active = false;
};

void observe(const Resource& resource, Busy& busy) {
  for (const Resource* child : resource.children) observe(*child, busy);
  if (!resource.children.empty()) return;
  busy.active |= !resource.running_on.empty();
  for (const Action* action : resource.actions) {
    if (action->optional || (!action->pseudo && !action->runnable)) continue;
    busy.stopping |= action->task == "stop";
    busy.starting |= action->task == "start" && action->runnable;
    busy.promoting |= action->task == "promote";
    busy.demoting |= action->task == "demote";
  }
}

Action& collective(Cluster& cluster, Resource& resource, std::string_view task, bool optional,
                   bool runnable) {
  Action& made = action(cluster, resource, task, 0, nullptr, optional);
  made.pseudo = true;
  made.runnable = runnable;
  return made;
}

void create_group(Cluster& cluster, Resource& group) {
  for (const char* task : {"start", "running", "stop", "stopped"})
    collective(cluster, group, task, true, true);
  if (!group.topmost()->promotable) return;
  for (const char* task : {"demote", "demoted", "promote", "promoted"})
    collective(cluster, group, task, true, true);
}

void create_clone(Cluster& cluster, Resource& clone) {
  Busy busy;
  observe(clone, busy);
  // Who follows it may migrate off instances that stop, but not off such as move.
  const bool moves = busy.starting && busy.stopping;
  const auto change = [&](std::string_view task, std::string_view ended, bool happens, bool ends) {
    collective(cluster, clone, task, !happens, true).migrates = task == "stop" && !moves;
    collective(cluster, clone, ended, !happens, ends);
    if (clone.notify) create_announcements(cluster, clone, task, ended);
  };
  change("start", "running", busy.starting, busy.active || busy.starting);
  change("stop", "stopped", busy.stopping, true);
  if (!clone.promotable) return;
  change("promote", "promoted", busy.promoting, true);
  change("demote", "demoted", busy.demoting, true);
}

void create(Cluster& cluster, Resource& resource) {
  for (Resource* child : resource.children) create(cluster, *child);
  if (resource.is(Kind::primitive)) return create_primitive(cluster, resource);
  if (resource.is(Kind::group)) return create_group(cluster, resource);
  create_clone(cluster, resource);
}

}  // namespace

void forget(Cluster& cluster, Resource& resource, Node& node, bool optional) {
  if (resource.failed || !node.online || node.unclean) return;
  action(cluster, resource, "delete", 0, &node, optional);
  const auto add = [&](std::string_view first, std::string_view then, std::uint32_t flags) {
    add_ordering(cluster, &resource, first, &resource, then, flags);
  };
  add("stop", "delete", optional ? Order::first_implies_then : Order::optional);
  add("delete", "start", optional ? Order::first_implies_then : Order::optional);
}

void create_actions(Cluster& cluster) {
  for (Resource* resource : cluster.top) create(cluster, *resource);
}

}  // namespace gyre::rm::schedule
