#include "rm/schedule/propagate.hh"

#include <algorithm>
#include <deque>

#include "rm/schedule/action.hh"
#include "rm/schedule/assign.hh"

namespace gyre::rm::schedule {

namespace {

struct Flags {
  bool optional, runnable;
};
enum Filter : unsigned { of_optional = 1, of_runnable = 2 };

std::string_view begun(std::string_view task) {
  if (task == "running") return "start";
  if (task == "stopped") return "stop";
  if (task == "promoted") return "promote";
  if (task == "demoted") return "demote";
  return task;
}

// What an instance does of its clone's task: a group has an end of its own.
std::string_view part_of(std::string_view task, const Resource& instance) {
  return instance.is(Kind::primitive) ? begun(task) : task;
}

class Propagation {
 public:
  explicit Propagation(Cluster& cluster) : cluster_(cluster), queued_(1 << 12) {}

  void run() {
    for (Action& action : cluster_.actions) enqueue(action);
    while (!queue_.empty()) {
      Action* next = queue_.front();
      queue_.pop_front();
      queued_[at(*next)] = false;
      update(*next);
    }
  }

 private:
  static std::size_t at(const Action& action) { return static_cast<std::size_t>(action.id); }

  void enqueue(Action& action) {
    if (queued_.size() <= at(action)) queued_.resize(2 * at(action));
    if (queued_[at(action)]) return;
    queued_[at(action)] = true;
    queue_.push_back(&action);
  }

  // An action changed: who waits for it looks again, and whatever it is part of.
  void changed(Action& action) {
    enqueue(action);
    for (const Edge& edge : action.after) enqueue(*edge.action);
    for (Resource* r = action.resource ? action.resource->parent : nullptr; r; r = r->parent)
      for (Action* of_parent : r->actions)
        if (begun(of_parent->task) == begun(action.task)) {
          enqueue(*of_parent);
          for (const Edge& edge : of_parent->after) enqueue(*edge.action);
        }
  }

  void require(Action& action, std::string_view why, const Action& because) {
    if (!action.optional) return;
    action.optional = false;
    explain(action, why, because);
    changed(action);
  }
  void forbid(Action& action, std::string_view why, const Action& because) {
    if (!action.runnable) return;
    action.runnable = false;
    explain(action, why, because);
    changed(action);
    block_followers(action);
  }
  void forbid_migration(Action& action) {
    if (!action.migrates) return;
    action.migrates = false;
    changed(action);
  }
  static void explain(Action& action, std::string_view why, const Action& because) {
    const bool own = because.resource && because.resource == action.resource;
    if (own || (!action.reason.empty() && why != "unrunnable")) return;
    action.reason = why;
    if (!action.reason.empty()) action.reason += ' ';
    if (because.resource) action.reason += because.resource->id;
    if (why == "colocation with") return;
    if (because.resource) action.reason += ' ';
    action.reason += because.task.empty() ? because.key : because.task;
  }

  // Whoever must be where the action's resource starts, or any instance of its clone, cannot start
  // either. With a group it is no matter whether that starts.
  void block_followers(Action& action) {
    const bool start = action.task == "start";
    if (!action.resource || (!start && action.task != "promote")) return;
    Resource& top = *action.resource->topmost();
    if (top.is(Kind::group)) return;
    for (const Resource* instance : top.children) {
      const Action* part = find_action(*instance, action.task, nullptr);
      if (part && part->runnable) return;
    }
    for (const Colocation* c : top.colocated_here) {
      if (!c->score.is_infinity() || (c->primary_role == Role::promoted) == start) continue;
      const bool only_promotion = c->dependent_role == Role::promoted;
      block(*c->dependent, only_promotion ? "promote" : "start", action);
    }
  }

  void block(Resource& resource, std::string_view task, Action& because) {
    for (Resource* child : resource.children) block(*child, task, because);
    for (Action* action : resource.actions)
      if (action->task == task && action->runnable && resource.is(Kind::primitive))
        forbid(*action, "colocation with", because);
  }

  // As an ordering sees them: whether a clone's action has to happen may be another matter on
  // another node, whether it can happen is not.
  Flags ordered_flags_of(Action& action, const Node* node) {
    const bool clone = action.resource && action.resource->is(Kind::clone);
    Flags flags = flags_of(action, nullptr);
    if (node && clone) flags.optional = flags_of(action, node).optional;
    return flags;
  }

  // The flags of an action; a collection's are those of its members, on a node if one is given.
  Flags flags_of(Action& action, const Node* node) {
    Resource* resource = action.resource;
    if (!resource || resource->is(Kind::primitive)) return {action.optional, action.runnable};
    return resource->is(Kind::clone) ? of_clone(action, *resource, node)
                                     : of_group(action, *resource, node);
  }

  Flags of_clone(Action& action, Resource& clone, const Node* node) {
    Flags flags{true, true};
    bool any = false;
    for (Resource* instance : clone.children) {
      Action* part = find_action(*instance, part_of(action.task, *instance),
                                 instance->is(Kind::primitive) ? node : nullptr);
      if (!part) continue;
      const Flags of_part = flags_of(*part, node);
      if (!of_part.optional) {
        flags.optional = false;
        if (action.optional) action.optional = false, changed(action);
      }
      any |= of_part.runnable;
    }
    if (!any) {
      flags.runnable = false;
      if (!node) forbid(action, "", action);
    }
    return flags;
  }

  Flags of_group(Action& action, Resource& group, const Node* node) {
    Flags flags{true, true};
    for (Resource* member : group.children) {
      Action* part = find_action(*member, begun(action.task), node);
      if (!part) {
        if (begun(action.task) != "demote" && begun(action.task) != "stop") flags.runnable = false;
        continue;
      }
      if (!part->optional) {
        flags.optional = false;
        if (action.optional) action.optional = false, changed(action);
      }
      if (!part->runnable && begun(action.task) != action.task) {
        flags.runnable = false;
        if (action.runnable) forbid(action, "", *part);
      }
    }
    return flags;
  }

  void update(Action& then) {
    const bool was_runnable = then.runnable;
    if (then.needs_any) {
      then.runnable_before = 0;
      then.required_runnable_before = std::max(1, then.required_runnable_before);
      then.runnable = false;
    }
    for (std::size_t i = 0; i < then.before.size(); ++i) look(then, i);
    if (then.needs_any && then.runnable != was_runnable)
      for (const Edge& edge : then.after) enqueue(*edge.action);
    if (then.resource && !then.resource->is(Kind::primitive)) flags_of(then, nullptr);
  }

  void look(Action& then, std::size_t i) {
    const std::uint32_t type = then.before[i].flags;
    if (type == Order::none) return;
    Action& first = *then.before[i].action;
    if ((type & Order::same_node) && first.node && then.node && first.node != then.node) {
      then.before[i].flags = Order::none;
      return;
    }
    if ((type & Order::then_cancels_first) && !then.optional && !first.optional) {
      first.optional = true;
      changed(first);
    }
    const Flags of_first = ordered_flags_of(first, then.node);
    const Flags of_then = ordered_flags_of(then, first.node);
    if ((type & Order::probe) && then.resource && !of_first.runnable && first.resource &&
        !first.resource->running_on.empty()) {
      then.before[i].flags = Order::none;
      return;
    }
    apply(first, then, of_first, of_then, type);
  }

  void apply(Action& first, Action& then, Flags of_first, Flags of_then, std::uint32_t type) {
    const auto on_then = [&](unsigned filter, std::uint32_t kind) {
      if (then.resource) update_resource(*then.resource, first, then, of_first, filter, kind);
    };
    if (type & Order::first_implies_then) {
      if (then.resource)
        on_then(of_optional, Order::first_implies_then);
      else if (!of_first.optional)
        require(then, "required", first);
    }
    if (type & Order::restart) on_then(of_optional | of_runnable, Order::restart);
    if (type & Order::then_implies_first) {
      if (first.resource) imply_first(first, then, of_then);
    }
    if (type & Order::promoted_implies_first) on_then(of_optional, Order::promoted_implies_first);
    if (type & Order::one_or_more) {
      if (of_first.runnable && ++then.runnable_before >= then.required_runnable_before)
        then.runnable = true;
    }
    if (type & Order::probe) on_then(of_runnable, Order::runnable_left);
    if (type & Order::runnable_left) {
      if (then.resource)
        on_then(of_runnable, Order::runnable_left);
      else if (!of_first.runnable)
        forbid(then, "unrunnable", first);
    }
    if (type & Order::implies_migratable) on_then(of_optional, Order::implies_migratable);
    if (type & Order::pseudo_left) on_then(of_optional, Order::pseudo_left);
    if (type & Order::asymmetric) on_then(of_runnable, Order::asymmetric);
    if ((type & Order::first_implies_then_printed) && first.runnable && !of_first.optional)
      print(then);
    if ((type & Order::then_implies_first_printed) && !of_then.optional) print(first);
    constexpr auto strict = Order::first_implies_then | Order::then_implies_first | Order::restart;
    if ((type & strict) && first.resource && !first.resource->managed && first.resource->blocked &&
        !first.runnable && first.task == "stop")
      forbid(then, "unmanaged", first);
  }

  void print(Action& action) {
    if (action.print_always) return;
    action.print_always = true;
    changed(action);
  }

  void update_resource(Resource& resource, Action& first, Action& then, Flags of_first,
                       unsigned filter, std::uint32_t type) {
    if (resource.is(Kind::clone) && then.resource == &resource && interleaved(first, then))
      return interleave(first, then, filter, type);
    update_pair(first, then, of_first, filter, type);
    if (resource.is(Kind::primitive) || then.resource != &resource) return;
    for (Resource* child : resource.children) {
      Action* part = find_action(*child, then.task, then.node);
      if (!part || part == &first) continue;
      if (resource.is(Kind::clone) && !flags_of(*part, nullptr).runnable) continue;
      update_resource(*child, first, *part, of_first, filter, type);
    }
  }

  static bool interleaved(const Action& first, const Action& then) {
    if (!first.resource || first.resource == then.resource) return false;
    if (!first.resource->is(Kind::clone) || !then.resource->is(Kind::clone)) return false;
    const bool down = begun(first.task) == "stop" || begun(first.task) == "demote";
    return down ? first.resource->interleave : then.resource->interleave;
  }

  void interleave(Action& first, Action& then, unsigned filter, std::uint32_t type) {
    const bool now = first.task == "stopped" || first.task == "demoted";
    for (Resource* child : then.resource->children) {
      Resource* pair = compatible_instance(cluster_, *child, *first.resource, Role::unknown, now);
      if (!pair && now) continue;
      if (!pair) {
        if ((type & (Order::runnable_left | Order::first_implies_then)) && child->assigned_to) {
          put_on(*child, nullptr, true);
          for (Action* action : child->actions) changed(*action);
        }
        continue;
      }
      Action* before = find_action(*pair, part_of(first.task, *pair), nullptr);
      Action* part = find_action(*child, then.task, nullptr);
      if (!before || !part) continue;
      if (order(*before, *part, type)) enqueue(*part);
      update_resource(*child, *before, *part, flags_of(*before, nullptr), filter, type);
    }
  }

  void update_pair(Action& first, Action& then, Flags of_first, unsigned filter,
                   std::uint32_t type) {
    if (type & Order::asymmetric) asymmetric(first, then);
    if ((type & Order::promoted_implies_first) && (filter & of_optional) && !then.optional &&
        then.resource && then.resource->role == Role::promoted) {
      require(first, "required", then);
      if (first.migrates && !then.migrates) forbid_migration(first);
    }
    if ((type & Order::implies_migratable) && (filter & of_optional)) {
      if (!then.migrates || !then.runnable) forbid(first, "", then);
      if (!then.optional) require(first, "", then);
    }
    if ((type & Order::pseudo_left) && (filter & of_optional) && !first.runnable) {
      forbid_migration(then);
      if (then.pseudo) then.pseudo = false, changed(then);
    }
    if ((type & Order::runnable_left) && (filter & of_runnable) && then.runnable &&
        !of_first.runnable) {
      forbid(then, "unrunnable", first);
      forbid_migration(then);
    }
    if ((type & Order::first_implies_then) && (filter & of_optional) && then.optional &&
        !of_first.optional && !first.migrates && !stays(first, then))
      require(then, "required", first);
    if (type & Order::restart) restart(first, then, filter);
  }

  void imply_first(Action& first, Action& then, Flags of_then) {
    // Who is followed by a migration need not stop for it.
    const bool migrates =
        then.migrates && then.task == "stop" && then.resource && then.resource->is(Kind::primitive);
    if (of_then.optional || migrates) return;
    require(first, "required", then);
    if (first.migrates && !then.migrates) forbid_migration(first);
  }

  // Of copies that are too many the one that stays need not start again.
  static bool stays(const Action& first, const Action& then) {
    return first.resource && first.resource == then.resource && then.resource->stop_unexpected &&
           first.task == "stop" && then.task == "start";
  }

  void restart(Action& first, Action& then, unsigned filter) {
    const char* why = nullptr;
    if ((filter & of_optional) && !then.optional) why = "restart";
    if ((filter & of_runnable) && !then.runnable && then.resource->managed &&
        first.resource == then.resource)
      why = "stop";
    if (!why) return;
    if (first.runnable) require(first, "", then);
    if (!then.optional) require(first, why, then);
    if (!then.migrates) forbid_migration(first);
    if (!first.optional && !first.runnable) forbid(then, "unrunnable", first);
  }

  void asymmetric(Action& first, Action& then) {
    if (!then.resource || first.runnable) return;
    if (then.optional) {
      const Role role = role_of(*then.resource, true);
      if (role <= Role::stopped && then.task == "stop") return;
      if (role >= Role::started && then.task == "start" && then.resource->running_on.size() == 1)
        return;
    }
    require(then, "unrunnable", first);
    forbid(then, "unrunnable", first);
  }

  Cluster& cluster_;
  std::deque<Action*> queue_;
  std::vector<bool> queued_;
};

}  // namespace

void propagate(Cluster& cluster) {
  Propagation(cluster).run();
}

}  // namespace gyre::rm::schedule
