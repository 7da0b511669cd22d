#include "rm/schedule/notify_meta.hh"

#include <algorithm>
#include <array>

#include "rm/schedule/action.hh"

namespace gyre::rm::schedule {

namespace {

// An instance and the node that is said with it.
struct Entry {
  std::string_view resource, node = {};
};
using List = std::vector<Entry>;

struct Lists {
  List active, inactive, promoted, unpromoted, start, stop, promote, demote;

  void look(const Resource& resource) {
    for (const Resource* child : resource.children) look(*child);
    if (!resource.is(Kind::primitive)) return;
    const Node* node = resource.running_on.empty() ? nullptr : resource.running_on.front();
    if (resource.role <= Role::stopped || !node) {
      inactive.push_back({resource.id});
    } else {
      active.push_back({resource.id, node->name});
      if (resource.role == Role::promoted)
        promoted.push_back({resource.id, node->name});
      else if (resource.topmost()->promotable)
        unpromoted.push_back({resource.id, node->name});
    }
    changes(resource, "start", nullptr, start);
    changes(resource, "stop", node, stop);
    changes(resource, "promote", nullptr, promote);
    changes(resource, "demote", node, demote);
  }

 private:
  // Where it is if it is somewhere, else where the action is.
  static void changes(const Resource& resource, std::string_view task, const Node* node,
                      List& into) {
    for (const Action* each : resource.actions) {
      if (each->task != task || !happens(*each) || !each->node) continue;
      into.push_back({resource.id, (node ? node : each->node)->name});
      return;
    }
  }
};

Lists lists_of(const Resource& clone) {
  Lists lists;
  lists.look(clone);
  return lists;
}

std::string_view joined(Cluster& cluster, const List& list, std::string_view Entry::*part) {
  std::string text;
  for (const Entry& entry : list) {
    if (!text.empty()) text += ' ';
    text += entry.*part;
  }
  return cluster.keep(text.empty() ? " " : std::move(text));
}

struct Names {
  std::string_view resource, node;
};

void add_list(Cluster& cluster, Meta& meta, List list, Names names) {
  std::ranges::sort(list, {}, &Entry::resource);
  meta.emplace_back(names.resource, joined(cluster, list, &Entry::resource));
  if (!names.node.empty()) meta.emplace_back(names.node, joined(cluster, list, &Entry::node));
}

constexpr Names stop_names{"CRM_meta_notify_stop_resource", "CRM_meta_notify_stop_uname"};

}  // namespace

Meta meta_of_round(Cluster& cluster, std::string_view kind, std::string_view change,
                   std::string_view task) {
  return {{"CRM_meta_notify_type", kind.ends_with("pre") ? "pre" : "post"},
          {"CRM_meta_notify_operation", task},
          {"CRM_meta_notify_key_type", cluster.keep(std::string(kind))},
          {"CRM_meta_notify_key_operation", change}};
}

Meta meta_of_stop(const Action& stop) {
  return {{stop_names.resource, stop.resource->id}, {stop_names.node, stop.node->name}};
}

Meta meta_of_all(Cluster& cluster, const Resource& clone) {
  const Lists lists = lists_of(clone);
  List all, available;
  for (const Node& node : cluster.nodes) {
    all.push_back({{}, node.name});
    if (clone.weights[node.index].present) available.push_back({{}, node.name});
  }
  Meta meta{{"CRM_meta_notify_all_uname", joined(cluster, all, &Entry::node)},
            {"CRM_meta_notify_available_uname", joined(cluster, available, &Entry::node)}};
  const auto add = [&](const List& list, std::string_view resource, std::string_view node) {
    add_list(cluster, meta, list, {resource, node});
  };
  add(lists.active, "CRM_meta_notify_active_resource", "CRM_meta_notify_active_uname");
  add(lists.inactive, "CRM_meta_notify_inactive_resource", "");
  add(lists.start, "CRM_meta_notify_start_resource", "CRM_meta_notify_start_uname");
  add(lists.stop, stop_names.resource, stop_names.node);
  add(lists.promote, "CRM_meta_notify_promote_resource", "CRM_meta_notify_promote_uname");
  add(lists.demote, "CRM_meta_notify_demote_resource", "CRM_meta_notify_demote_uname");
  // The roles are named as agents know them, old and new.
  add(lists.promoted, "CRM_meta_notify_promoted_resource", "CRM_meta_notify_promoted_uname");
  add(lists.promoted, "CRM_meta_notify_master_resource", "CRM_meta_notify_master_uname");
  add(lists.unpromoted, "CRM_meta_notify_unpromoted_resource", "CRM_meta_notify_unpromoted_uname");
  add(lists.unpromoted, "CRM_meta_notify_slave_resource", "CRM_meta_notify_slave_uname");
  return meta;
}

void add_meta(Action& action, const Meta& meta) {
  for (const auto& each : meta)
    if (std::ranges::find(action.meta, each.first, &Meta::value_type::first) == action.meta.end())
      action.meta.push_back(each);
}

void add_meta_to_changes(Resource& resource, const Meta& meta) {
  for (Resource* child : resource.children) add_meta_to_changes(*child, meta);
  if (!resource.is(Kind::primitive)) return;
  for (Action* each : resource.actions)
    for (const char* task : {"start", "stop", "promote", "demote"})
      if (each->task == task && happens(*each)) add_meta(*each, meta);
}

}  // namespace gyre::rm::schedule
