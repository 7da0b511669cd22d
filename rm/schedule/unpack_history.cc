// What is: from the operations that each node has recorded, in their order, to the resources'
// roles, places and failures.
#include <algorithm>
#include <charconv>

#include "rm/schedule/history.hh"
#include "rm/schedule/remote.hh"
#include "rm/schedule/unpack.hh"

namespace gyre::rm::schedule {

namespace {

bool at(const std::vector<Node*>& nodes, const Node& node) {
  return std::ranges::find(nodes, &node) != nodes.end();
}

bool anonymous(const Resource& clone) {
  return clone.is(Kind::clone) && !clone.unique;
}

std::string_view without_instance(std::string_view id) {
  const auto colon = id.rfind(':');
  return colon == id.npos ? id : id.substr(0, colon);
}

// The primitive of that name in an instance (which may be a group).
Resource* in_instance(Resource& instance, std::string_view base) {
  if (instance.is(Kind::primitive))
    return without_instance(instance.id) == base ? &instance : nullptr;
  for (Resource* child : instance.children)
    if (without_instance(child->id) == base) return child;
  return nullptr;
}

Resource* orphan_instance(Cluster& cluster, Resource& clone, std::string_view base) {
  Resource* instance = add_instance(cluster, clone);
  instance->orphan = true;
  for (Resource* child : instance->children) child->orphan = true;
  return in_instance(*instance, base);
}

// Which instance a record of an anonymous clone speaks of: the one that is on this node, else one
// that is nowhere, else one more.
Resource* find_instance(Cluster& cluster, Resource& clone, std::string_view base,
                        const Node& node) {
  Resource* found = nullptr;
  Resource* inactive = nullptr;
  bool skip_inactive = false;
  for (Resource* instance : clone.children) {
    if (found) break;
    if (!instance->running_on.empty()) {
      if (instance->running_on.front() != &node) continue;
      found = in_instance(*instance, base);
      if (!found || found->running_on.empty()) continue;
      skip_inactive = true;
      found = nullptr;
    } else if (!skip_inactive && !inactive && !instance->blocked) {
      inactive = in_instance(*instance, base);
      if (inactive && inactive->pending_node && inactive->pending_node != &node) inactive = nullptr;
    }
  }
  if (!found && !skip_inactive) found = inactive;
  const int members = static_cast<int>(cluster.nodes.size());
  if (found && !found->needs_fencing && clone.clone_max < members && node.unclean) found = nullptr;
  return found ? found : orphan_instance(cluster, clone, base);
}

// One that is not configured any more.
Resource& orphan(Cluster& cluster, pugi::xml_node record) {
  Resource* resource = add_orphan(cluster, record);
  resource->orphan = true;
  if (!cluster.options.stop_orphans)
    resource->managed = false;
  else
    for (Weight& weight : resource->weights)
      weight.score = Score::minus_infinity(), weight.present = true;
  if (resource->is_remote) add_removed_remote_node(cluster, *resource);
  return *resource;
}

// Null: none has that name, or what has it now is a collection, which does not run itself.
Resource* find_recorded(Cluster& cluster, std::string_view id, const Node& node) {
  Resource* resource = cluster.resource(id);
  Resource* top = nullptr;
  if (resource) {
    if (!resource->is(Kind::primitive)) return nullptr;
    top = resource->topmost();
  } else {
    Resource* first = cluster.resource(std::string(without_instance(id)) + ":0");
    if (!first || !first->topmost()->is(Kind::clone) || first->topmost()->unique) return nullptr;
    resource = first;
    top = first->topmost();
  }
  if (anonymous(*top)) resource = find_instance(cluster, *top, without_instance(id), node);
  if (resource && resource->id != id) resource->history_name = id;
  return resource;
}

void know(Resource& resource, const Node& node) {
  for (Resource* r = &resource; r; r = r->parent) {
    r->known_on[node.index] = true;
    if (r->unique) break;
  }
}

void fence_if_lost(Cluster& cluster, Resource& resource, Node& node) {
  if (resource.role <= Role::stopped || node.online || node.maintenance || !resource.managed)
    return;
  if (is_guest(node)) {
    resource.failed = resource.must_stop = true;
  } else if (!cluster.options.fencing) {
    return;
  } else if (node.remote && node.connection && !node.connection->failed) {
    // Not if its connection can be established again from elsewhere.
    node.seen = false;
  }
  want_fencing(node, resource.id + " is thought to be active there");
}

// A connection failed: its node is fenced, and then connected to again.
void reset_remote(Cluster& cluster, Resource& connection) {
  connection.failed = connection.must_stop = true;
  Node* node = cluster.node_by_id(connection.id);
  if (cluster.options.fencing && node && node->remote && !node->was_fenced)
    want_fencing(*node, "remote connection is unrecoverable");
  if (connection.reconnects_later) connection.next_role = Role::stopped;
}

void act_on_failure(Cluster& cluster, Resource& resource, Node& node, OnFail on_fail) {
  const bool active = resource.role > Role::stopped;
  switch (on_fail) {
    case OnFail::ignore:
      break;
    case OnFail::fence:
      want_fencing(node, resource.id + " failed there");
      break;
    case OnFail::standby:
      node.standby = node.standby_on_fail = true;
      break;
    case OnFail::block:
      resource.managed = false;
      resource.blocked = true;
      break;
    case OnFail::ban:
      add_location(cluster, resource, &node, Score::minus_infinity(), "__action_migration_auto__");
      break;
    case OnFail::stop:
      resource.next_role = Role::stopped;
      break;
    case OnFail::restart:
      if (active) resource.failed = resource.must_stop = true;
      break;
    case OnFail::demote:
      resource.failed = true;
      resource.demote_wanted = &node;
      break;
    case OnFail::restart_container:
      resource.failed = resource.must_stop = true;
      if (resource.container) resource.container->stop_wanted.push_back(&node);
      break;
    case OnFail::reset_remote:
      reset_remote(cluster, resource);
      break;
  }
}

void settle(Cluster& cluster, Resource& resource, Node& node, OnFail on_fail) {
  if (resource.role != Role::unknown) know(resource, node);
  fence_if_lost(cluster, resource, node);
  if (node.unclean) on_fail = OnFail::ignore;  // it starts anew once the node is fenced
  act_on_failure(cluster, resource, node, on_fail);
  if (resource.role > Role::stopped) {
    add_running(cluster, resource, node);
    if (on_fail == OnFail::demote || on_fail == OnFail::block)
      resource.failed = true;
    else if (on_fail != OnFail::ignore)
      resource.failed = resource.must_stop = true;
  } else if (resource.history_name.find(':') != std::string::npos) {
    resource.history_name.clear();
  }
  if (resource.role == Role::stopped && resource.migration_source == &node &&
      resource.migration_target)
    resource.role = Role::started;
}

// Resources are too many for a cache that whole documents pass through. This one's lines are asked
// for all at once, and come while its record is read.
void fetch_ahead(const Resource& resource) {
  constexpr std::size_t line = 64;
  for (std::size_t at = 0; at < sizeof resource; at += line)
    __builtin_prefetch(reinterpret_cast<const char*>(&resource) + at);
}

bool is_of_other_agent(pugi::xml_node record, const Resource& resource) {
  return attribute(record, "type") != resource.type ||
         attribute(record, "class") != resource.standard ||
         attribute(record, "provider") != resource.provider;
}

}  // namespace

void unpack_resource_history(Cluster& cluster, Node& node, pugi::xml_node record) {
  Resource* resource = find_recorded(cluster, attribute(record, "id"), node);
  if (resource) fetch_ahead(*resource);
  const auto operations = sorted_operations(record);
  if (!resource) {
    if (operations.empty()) return;
    resource = &orphan(cluster, record);
  }
  resource->history.push_back({&node, record, is_of_other_agent(record, *resource)});
  const Role before = resource->role;
  resource->role = Role::unknown;
  History history{cluster, *resource, node, operations};
  for (const auto& operation : operations) history.apply(operation);
  remember_recurring(history);
  settle(cluster, *resource, node, history.on_fail);
  const Role target = resource->target_role;
  if (target != Role::unknown &&
      (resource->next_role == Role::unknown || target < resource->next_role))
    resource->next_role = target;
  if (before > resource->role) resource->role = before;
}

void add_running(Cluster& cluster, Resource& resource, Node& node) {
  if (at(resource.running_on, node)) return;
  resource.running_on.push_back(&node);
  if (resource.is(Kind::primitive)) {
    node.running.push_back(&resource);
    if (node.maintenance) resource.managed = false;
  }
  if (!resource.managed) {
    add_location(cluster, resource, &node, Score::infinity(), "not_managed_default");
    for (Resource* p = resource.parent; p && node.online; p = p->parent)
      if (!at(p->running_on, node)) p->running_on.push_back(&node);
    return;
  }
  if (resource.is(Kind::primitive) && resource.running_on.size() > 1) {
    if (resource.multiple_active == MultipleActive::stop_only)
      for (Weight& weight : resource.weights) weight = {Score::minus_infinity(), true};
    if (resource.multiple_active == MultipleActive::block) {
      resource.managed = false;
      resource.blocked = true;
      Resource* group = resource.parent;
      if (group && group->is(Kind::group) && group->multiple_active == MultipleActive::block)
        for (Resource* child : group->children) child->managed = false, child->blocked = true;
    }
  }
  if (resource.parent) add_running(cluster, *resource.parent, node);
}

namespace {

struct NodeRecord {
  Node* node;  // null: none of that name is known yet
  pugi::xml_node state;
  bool done = false;
};

// `first`: what cannot be judged yet is left for later.
bool unpack_node(Cluster& cluster, NodeRecord& record, bool first) {
  Node* node = record.node;
  const bool counts = node->online || cluster.options.fencing;
  if (first && !(node->remote ? remote_state_known(*node) : counts)) return false;
  if (node->remote) judge_remote_node(*node);
  record.done = true;
  for (auto xml : record.state.child("lrm").child("lrm_resources").children("lrm_resource"))
    unpack_resource_history(cluster, *node, xml);
  return true;
}

// A guest's connection that is not configured any more names its container in its record.
void find_containers_of_removed(Cluster& cluster) {
  for (Resource& resource : cluster.resources) {
    const auto container = attribute(resource.xml, "container");
    if (resource.orphan && !container.empty()) resource.container = cluster.resource(container);
  }
}

void demote_without_quorum(Cluster& cluster) {
  if (cluster.quorate || cluster.options.no_quorum != NoQuorum::demote) return;
  for (Resource& resource : cluster.resources)
    if (resource.is(Kind::primitive) && resource.topmost()->promotable &&
        resource.role > Role::stopped && resource.next_role != Role::stopped)
      resource.next_role = Role::unpromoted;
}

}  // namespace

// First the members that are up, then remote nodes, as soon as their connections are known to be
// up, then all others. Members that are not up count with fencing alone, and then like the others.
void unpack_history(Cluster& cluster) {
  std::vector<NodeRecord> records;
  for (auto state : cluster.cib.child("status").children("node_state"))
    records.push_back({nullptr, state});
  const auto unpack = [&](bool first) {
    bool any = false;
    for (NodeRecord& record : records) {
      if (!record.node) record.node = cluster.node_by_id(attribute(record.state, "id"));
      if (record.node && !record.done) any |= unpack_node(cluster, record, first);
    }
    return any;
  };
  while (unpack(true)) continue;
  find_containers_of_removed(cluster);
  if (cluster.options.fencing) unpack(false);
  for (Node& node : cluster.nodes) {
    if (!node.remote) continue;
    if (node.shutdown && node.connection) node.connection->next_role = Role::stopped;
    if (std::ranges::none_of(records, [&](const auto& r) { return r.node == &node && r.done; }))
      judge_remote_node(node);
  }
  demote_without_quorum(cluster);
}

}  // namespace gyre::rm::schedule
