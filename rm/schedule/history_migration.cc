// A migration is migrate_to on its source, migrate_from on its target, stop on its source; it may
// be found half done, half failed, or with one node's part of the record gone.
#include <algorithm>

#include "rm/schedule/history.hh"
#include "rm/schedule/unpack.hh"

namespace gyre::rm::schedule {

namespace {

std::vector<OperationRecord> recorded_on(Cluster& cluster, const Resource& resource,
                                         std::string_view node_name) {
  const Node* node = cluster.node_by_name(node_name);
  if (!node) return {};
  const auto state = cluster.cib.child("status").find_child(
      [&](pugi::xml_node s) { return attribute(s, "id") == node->id; });
  for (auto record : state.child("lrm").child("lrm_resources").children("lrm_resource"))
    if (attribute(record, "id") == resource.id) return sorted_operations(record);
  return {};
}

bool newer(const OperationRecord& a, const OperationRecord& b, bool same_node) {
  if (same_node && a.call_id >= 0 && b.call_id >= 0) return a.call_id > b.call_id;
  if (a.last_change != b.last_change) return a.last_change > b.last_change;
  return a.xml.attribute("order").as_llong() > b.xml.attribute("order").as_llong();
}

bool changes_state(const OperationRecord& r) {
  return r.task == "stop" || r.task == "start" || r.task == "migrate_to" ||
         r.task == "migrate_from";
}

// The first operation there that makes an earlier migration's outcome stale.
const OperationRecord* change_after(const std::vector<OperationRecord>& there,
                                    const OperationRecord& than, bool same_node) {
  for (const auto& r : there)
    if (changes_state(r) && r.xml != than.xml && r.status == Status::done &&
        newer(r, than, same_node))
      return &r;
  return nullptr;
}

bool found_stopped_after(const std::vector<OperationRecord>& there, const OperationRecord& than,
                         bool same_node) {
  return std::ranges::any_of(there, [&](const OperationRecord& r) {
    return r.task == "monitor" && r.exit == rc::not_running && newer(r, than, same_node);
  });
}

const OperationRecord* find(const std::vector<OperationRecord>& there, std::string_view task,
                            const char* peer, std::string_view name) {
  for (const auto& r : there)
    if (r.task == task && attribute(r.xml, peer) == name) return &r;
  return nullptr;
}

bool unknown_there(const std::vector<OperationRecord>& there) {
  return std::ranges::none_of(there,
                              [](const OperationRecord& r) { return r.exit != rc::unknown; });
}

}  // namespace

void History::migrated_away(const OperationRecord& r) {
  const auto source = attribute(r.xml, "migrate_source");
  const auto target = attribute(r.xml, "migrate_target");
  if (source.empty() || target.empty() || source != node.name) return;
  const auto* here = change_after(operations, r, true);
  if (here && here->task != "stop") return;
  const auto there = recorded_on(cluster, resource, target);
  const auto* arrival = find(there, "migrate_from", "migrate_source", source);
  const auto& last = arrival ? *arrival : r;
  Node* target_node = cluster.node_by_name(target);
  const bool target_up = target_node && target_node->online;
  // Nor did anything arrive at a node that is up and has no record of it.
  const bool over_there = change_after(there, last, arrival != nullptr) ||
                          found_stopped_after(there, last, arrival != nullptr) ||
                          (target_up && unknown_there(there));
  resource.role = here ? Role::stopped : Role::started;
  if (arrival && arrival->exit == rc::ok && arrival->status == Status::done) {
    if (here) return;
    resource.role = Role::stopped;
    resource.dangling_on.push_back(&node);
  } else if (over_there) {
    return;
  } else if (arrival && arrival->status != Status::pending) {
    if (target_up) add_running(cluster, resource, *target_node);
  } else if (target_up) {
    add_running(cluster, resource, *target_node);
    if (node.online) {  // or nobody brings it to an end
      resource.migration_source = &node;
      resource.migration_target = target_node;
    }
    if (here) resource.role = Role::stopped;
  } else if (!here) {
    resource.failed = resource.must_stop = true;
    resource.allow_migrate = false;
  }
}

void History::migration_failed(const OperationRecord& r) {
  const bool leaving = r.task == "migrate_to";
  const auto source = attribute(r.xml, "migrate_source");
  const auto target = attribute(r.xml, "migrate_target");
  const auto peer = leaving ? target : source;
  resource.role = Role::started;
  const auto there = recorded_on(cluster, resource, peer);
  const auto* other = leaving ? find(there, "migrate_from", "migrate_source", source)
                              : find(there, "migrate_to", "migrate_target", target);
  const auto& last = other ? *other : r;
  const bool over_there = change_after(there, last, other != nullptr) ||
                          found_stopped_after(there, last, other != nullptr);
  Node* node_there = cluster.node_by_name(peer);
  if (!unknown_there(there) && !over_there) {
    if (node_there && node_there->online) add_running(cluster, resource, *node_there);
  } else if (leaving && !change_after(operations, r, true)) {
    resource.dangling_on.push_back(&node);
  }
}

}  // namespace gyre::rm::schedule
