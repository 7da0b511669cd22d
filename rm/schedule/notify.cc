#include "rm/schedule/notify.hh"

#include <algorithm>
#include <array>

#include "rm/schedule/action.hh"
#include "rm/schedule/notify_meta.hh"

namespace gyre::rm::schedule {

namespace {

// The changes that a clone goes through, in their order; below as Pacemaker lists them.
enum class Stage : std::uint8_t { demote, stop, start, promote };
struct Words {
  Stage stage;
  std::string_view task, ended;
};
constexpr std::array<Words, 4> stages{{{Stage::start, "start", "running"},
                                       {Stage::stop, "stop", "stopped"},
                                       {Stage::promote, "promote", "promoted"},
                                       {Stage::demote, "demote", "demoted"}}};
constexpr const Words& stop_words = stages[1];

bool happens(const Resource& resource, std::string_view task) {
  return std::ranges::any_of(
      resource.actions, [&](const Action* each) { return each->task == task && happens(*each); });
}

// Any instance: a clone's start may be no more than a step of others.
bool anyone(const Resource& resource, std::string_view task) {
  if (resource.is(Kind::primitive)) return happens(resource, task);
  return std::ranges::any_of(resource.children,
                             [&](const Resource* child) { return anyone(*child, task); });
}

// A node that is down, or is to be fenced, is told nothing.
bool can_be_told(const Node& node) {
  return node.online && !node.pending && !node.unclean;
}

// One round: `begin` is announced, those who are told answer, and when all have, it has ended.
struct Round {
  Action* begin;
  Action* end;
  Meta said;
};

// Both rounds of one change.
struct Held {
  Stage stage;
  Action* begin;
  Action* end;
};

std::string key_of_notify(const Resource& resource, std::string_view kind,
                          std::string_view change) {
  std::string task(kind);
  return key_of(resource.id, task.append("_notify_").append(change));
}

// Found by its key if it is there, as those of clones are. It is nothing to anybody before a round
// makes it what it is.
Action& announcement(Cluster& cluster, Resource& resource, std::string_view kind,
                     std::string_view change) {
  auto key = key_of_notify(resource, kind, change);
  const auto found = std::ranges::find(resource.actions, key, &Action::key);
  if (found != resource.actions.end()) return **found;
  return pseudo_action(cluster, std::move(key), &resource);
}

class Notifications {
 public:
  Notifications(Cluster& cluster, Resource& clone) : cluster_(cluster), clone_(clone) {}

  void add() {
    std::vector<Held> held;
    Meta lists;
    for (const Words& words : stages) {
      Action* change = find_action(clone_, words.task, nullptr);
      Action* ended = find_action(clone_, words.ended, nullptr);
      if (!change || !ended || !happens(*change)) continue;
      if (lists.empty()) lists = meta_of_all(cluster_, clone_);
      const bool anyone_told = words.stage != Stage::start || anyone(clone_, words.task);
      const Round before = round(clone_, "pre", words.task, words.task, lists);
      order(*before.end, *change, Order::optional);
      if (anyone_told) tell_before(clone_, words, before);
      if (!happens(*ended)) continue;  // not all of it can be done
      const Round after = round(clone_, "post", words.ended, words.task, lists);
      held.push_back({words.stage, before.begin, after.end});
      let_followers_wait(*ended, *after.end);
      order(*before.end, *after.begin, Order::optional);
      order(*ended, *after.begin, Order::optional);
      if (anyone_told) tell_after(clone_, words, after);
    }
    for (const Held& first : held)
      for (const Held& then : held)
        if (first.stage < then.stage) order(*first.end, *then.begin, Order::optional);
    add_meta_to_changes(clone_, lists);
  }

  // That a fenced node's instance is gone is told when the fencing is done, to all who are not to
  // stop on their own account.
  void add_fenced(Resource& resource) {
    for (Resource* child : resource.children) add_fenced(*child);
    if (!resource.is(Kind::primitive)) return;
    for (Action* stop : std::vector(resource.actions)) {
      if (stop->task != "stop" || !stop->pseudo || !happens(*stop)) continue;
      if (!stop->node || !stop->node->fencing) continue;
      const Meta said = meta_of_stop(*stop);
      const Round gone = round(resource, "post", "stonith", "stop", said);
      order(*stop->node->fencing, *gone.begin, Order::optional);
      tell_after(clone_, stop_words, gone);
      add_meta_to_changes(clone_, said);
    }
  }

 private:
  Round round(Resource& of, const std::string& kind, std::string_view change, std::string_view task,
              const Meta& lists) {
    const auto confirmed = "confirmed-" + kind;
    Action& begin = announcement(cluster_, of, kind, change);
    Action& end = announcement(cluster_, of, confirmed, change);
    begin.task = "notify", end.task = "notified";
    begin.optional = end.optional = false;
    begin.runnable = end.runnable = true;
    order(begin, end, Order::optional);
    begin.meta = meta_of_round(cluster_, kind, change, task);
    end.meta = meta_of_round(cluster_, confirmed, change, task);
    Meta said = begin.meta;
    said.insert(said.end(), lists.begin(), lists.end());
    return {&begin, &end, std::move(said)};
  }

  // Whoever is outside the clone and waits for a change's end.
  void let_followers_wait(Action& ended, Action& known) {
    for (const Edge& edge : ended.after) {
      Action& then = *edge.action;
      if (then.resource && then.resource->topmost() == &clone_) continue;
      for (Edge& waits : then.before)
        if (waits.action == &ended) waits.action = &known;
    }
  }

  void tell_before(Resource& resource, const Words& words, const Round& round) {
    for (Resource* child : resource.children) tell_before(*child, words, round);
    if (!resource.is(Kind::primitive) || !resource.managed) return;
    for (Node* node : told_before(resource, words.stage))
      tell(resource, *node, "pre", words.task, round);
  }

  // What is monitored again is so when it knows.
  void tell_after(Resource& resource, const Words& words, const Round& round) {
    for (Resource* child : resource.children) tell_after(*child, words, round);
    if (!resource.is(Kind::primitive) || !resource.managed) return;
    const auto nodes = told_after(resource, words.stage);
    for (Node* node : nodes) tell(resource, *node, "post", words.task, round);
    if (nodes.empty()) return;
    for (Action* each : resource.actions)
      if (each->interval_ms > 0 && each->task != "cancel")
        order(*round.end, *each, Order::optional);
  }

  static std::vector<Node*> told_before(const Resource& resource, Stage stage) {
    if (stage == Stage::start && changes(resource)) return {};
    return stage == Stage::start || stage == Stage::promote ? later(resource) : now(resource);
  }

  static std::vector<Node*> told_after(const Resource& resource, Stage stage) {
    if (stage == Stage::demote) return now(resource);
    if (stage == Stage::stop && shall_stop(resource)) return {};
    if (stage == Stage::stop) return now(resource);
    return later(resource);
  }

  static bool changes(const Resource& resource) {
    return happens(resource, "start") || shall_stop(resource);
  }
  // Even if it cannot.
  static bool shall_stop(const Resource& resource) {
    return std::ranges::any_of(resource.actions, [](const Action* each) {
      return each->task == "stop" && !each->optional;
    });
  }
  // Where it is active.
  static std::vector<Node*> now(const Resource& resource) {
    std::vector<Node*> nodes;
    for (Node* node : resource.running_on)
      if (can_be_told(*node)) nodes.push_back(node);
    return nodes;
  }
  // Where it will be active.
  static std::vector<Node*> later(const Resource& resource) {
    Node* node = resource.assigned_to;
    if (resource.next_role <= Role::stopped || !node || !can_be_told(*node)) return {};
    return {node};
  }

  void tell(Resource& resource, Node& node, std::string_view kind, std::string_view task,
            const Round& round) {
    Action& told = telling(resource, node, kind, task);
    order(*round.begin, told, Order::optional);
    order(told, *round.end, Order::optional);
    add_meta(told, round.said);
  }

  // One telling may belong to several rounds.
  Action& telling(Resource& resource, Node& node, std::string_view kind, std::string_view task) {
    const auto key = key_of_notify(resource, kind, task);
    for (Action* each : resource.actions)
      if (each->node == &node && each->key == key) return *each;
    Action& made = pseudo_action(cluster_, key, &resource);
    made.task = "notify";
    made.pseudo = made.optional = false;
    made.node = &node;
    return made;
  }

  Cluster& cluster_;
  Resource& clone_;
};

}  // namespace

void create_announcements(Cluster& cluster, Resource& clone, std::string_view task,
                          std::string_view ended) {
  const std::pair<std::string, std::string_view> kinds[] = {{"pre", task}, {"post", ended}};
  for (const auto& [kind, change] : kinds) {
    announcement(cluster, clone, kind, change);
    announcement(cluster, clone, "confirmed-" + kind, change);
  }
}

void add_fencing_notifications(Cluster& cluster) {
  for (Resource* resource : cluster.top)
    if (resource->is(Kind::clone) && resource->notify)
      Notifications(cluster, *resource).add_fenced(*resource);
}

void add_notifications(Cluster& cluster) {
  for (Resource* resource : cluster.top)
    if (resource->is(Kind::clone) && resource->notify) Notifications(cluster, *resource).add();
}

}  // namespace gyre::rm::schedule
