// What holds within every resource, whatever the constraints say: stop before start, promoted after
// started, a group's members one after the other, instances between their clone's begin and end.
#include <algorithm>

#include "rm/schedule/constraints.hh"
#include "rm/schedule/stages.hh"

namespace gyre::rm::schedule {

namespace {

using enum Order::Flag;

struct Within {
  Cluster& cluster;
  void add(Resource& first, std::string_view first_task, Resource& then, std::string_view then_task,
           std::uint32_t flags) const {
    add_ordering(cluster, &first, first_task, &then, then_task, flags);
  }

  void primitive(Resource& r) const {
    if (!r.managed) return;
    add(r, "stop", r, "start", optional | first_implies_then | restart);
    if (r.topmost()->promotable || r.role > Role::unpromoted) {
      add(r, "demote", r, "stop", promoted_implies_first);
      add(r, "start", r, "promote", runnable_left);
      add(r, "demote", r, "promote", optional);
    }
  }

  void member_of_group(Resource& group, Resource& member, Resource* last, bool promotable) const {
    const bool first = last == nullptr;
    const std::uint32_t stop = first ? optional : none;
    const std::uint32_t stopped = first ? first_implies_then : first_implies_then_printed;
    const std::uint32_t start = first_implies_then | runnable_left;
    const std::uint32_t started = start | first_implies_then_printed;
    add(group, "start", member, "start", then_implies_first_printed);
    add(group, "stop", member, "stop", stop | then_implies_first_printed);
    add(member, "stop", group, "stopped", stopped);
    add(member, "start", group, "running", started);
    if (promotable) {
      add(group, "demote", member, "demote", stop | then_implies_first_printed);
      add(member, "demote", group, "demoted", stopped);
      add(member, "promote", group, "promoted", started);
      add(group, "promote", member, "promote", then_implies_first_printed);
    }
    if (first || !group.members_ordered) return;
    add(*last, "start", member, "start", start);
    add(member, "stop", *last, "stop", optional | restart);
    if (!promotable) return;
    add(*last, "promote", member, "promote", start);
    add(member, "demote", *last, "demote", optional);
  }

  void group(Resource& group) const {
    add(group, "start", group, "running", runnable_left);
    add(group, "stopped", group, "start", optional);
    add(group, "stop", group, "stopped", runnable_left);
    const bool promotable = group.topmost()->promotable;
    if (promotable) {
      add(group, "demote", group, "demoted", runnable_left);
      add(group, "promote", group, "promoted", runnable_left);
    }
    Resource* last = nullptr;
    Resource* last_active = nullptr;
    for (Resource* member : group.children) {
      all(*member);
      member_of_group(group, *member, last, promotable);
      if (last && group.members_together)
        add_colocation(cluster, {.id = "group:internal_colocation",
                                 .dependent = member,
                                 .primary = last,
                                 .score = Score::infinity(),
                                 .node_attribute = "#uname",
                                 .influence = member->critical});
      if (!member->running_on.empty()) {
        if (last && last->running_on.empty() && last_active)
          add(*member, "stop", *last_active, "stop", optional);
        last_active = member;
      }
      last = member;
    }
    if (!last) return;
    add(group, "stop", *last, "stop", first_implies_then_printed);
    add(*last, "stop", group, "stopped", first_implies_then_printed);
  }

  void promotable(Resource& clone) const {
    add(clone, "stopped", clone, "promote", optional);
    add(clone, "demoted", clone, "promote", optional);
    add(clone, "demoted", clone, "start", optional);
    add(clone, "demoted", clone, "stop", optional);
    add(clone, "running", clone, "promote", runnable_left);
    add(clone, "demote", clone, "demoted", optional);
    Resource* last = nullptr;
    for (Resource* instance : clone.children) {
      add(clone, "promote", *instance, "promote", then_implies_first_printed);
      add(*instance, "promote", clone, "promoted", optional);
      add(clone, "demote", *instance, "demote", then_implies_first_printed);
      add(*instance, "demote", clone, "demoted", first_implies_then_printed);
      if (clone.ordered && last) {
        add(*last, "promote", *instance, "promote", optional);
        add(*instance, "demote", *last, "demote", optional);
      }
      last = instance;
    }
  }

  void clone(Resource& clone) const {
    add(clone, "stopped", clone, "start", optional);
    add(clone, "start", clone, "running", runnable_left);
    add(clone, "stop", clone, "stopped", runnable_left);
    Resource* last = nullptr;
    for (Resource* instance : clone.children) {
      all(*instance);
      add(clone, "start", *instance, "start", runnable_left | then_implies_first_printed);
      add(*instance, "start", clone, "running", first_implies_then_printed);
      add(clone, "stop", *instance, "stop", then_implies_first_printed);
      add(*instance, "stop", clone, "stopped", first_implies_then_printed);
      if (clone.ordered && last) {
        add(*last, "start", *instance, "start", optional);
        add(*instance, "stop", *last, "stop", optional);
      }
      last = instance;
    }
    if (clone.promotable) promotable(clone);
  }

  void all(Resource& resource) const {
    if (resource.is(Kind::primitive)) return primitive(resource);
    if (resource.is(Kind::group)) return group(resource);
    clone(resource);
  }
};

}  // namespace

void order_within_resources(Cluster& cluster) {
  for (Resource* resource : cluster.top) Within{cluster}.all(*resource);
}

}  // namespace gyre::rm::schedule
