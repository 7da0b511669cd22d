// Asks of every node, once, whether a resource already runs there.
#include <algorithm>

#include "rm/schedule/action.hh"
#include "rm/schedule/assign.hh"
#include "rm/schedule/history.hh"
#include "rm/schedule/remote.hh"
#include "rm/schedule/stages.hh"
#include "rm/schedule/unfence.hh"

namespace gyre::rm::schedule {

namespace {

std::string_view base(const Resource& resource) {
  const std::string_view id = resource.id;
  const auto colon = id.rfind(':');
  return resource.in_clone() && colon != id.npos ? id.substr(0, colon) : id;
}

bool wanted(const Resource& resource, const Node& node) {
  if (resource.orphan || resource.known_on[node.index]) return false;
  if (tells_by_itself(resource, node)) return false;
  const Weight& weight = resource.weights[node.index];
  const Resource& top = *resource.topmost();
  if (resource.exclusive_discovery || top.exclusive_discovery)
    return weight.present && weight.discovery == Discovery::exclusive;
  return !weight.present || weight.discovery != Discovery::never;
}

void probe(Cluster& cluster, Resource& resource, Node& node) {
  if (!wanted(resource, node)) return;
  Action& probe = action(cluster, resource, "monitor", 0, &node, false);
  probe.optional = false;
  unfence_before(cluster, resource, probe, Order::optional);
  const bool here = std::ranges::find(resource.running_on, &node) != resource.running_on.end();
  probe.target_rc = !here ? rc::not_running : resource.role == Role::promoted ? rc::promoted : -1;
  Resource& before = resource.in_clone() ? *resource.topmost() : resource;
  cluster.orderings.push_back(
      {.first_action = &probe, .then = &before, .then_task = "start", .flags = Order::probe});
  cluster.orderings.push_back({.first_action = &probe,
                               .then = &before,
                               .then_task = "reload-agent",
                               .flags = Order::optional});
}

// An old way to say it, which counts for remote nodes alone.
bool discovers(const Node& node) {
  const auto said = node.attributes.find("resource-discovery-enabled").value_or("");
  return !node.remote || parse_boolean(said).value_or(true);
}

// A primitive that any instance of it was looked at for is known there.
bool known(const Resource& clone, std::string_view name, const Node& node) {
  for (const Resource* instance : clone.children) {
    if (instance->children.empty() && instance->known_on[node.index]) return true;
    for (const Resource* child : instance->children)
      if (base(*child) == name && child->known_on[node.index]) return true;
  }
  return false;
}

void probe_anonymous(Cluster& cluster, Resource& clone, Node& node) {
  const auto is_there = [&](bool now) {
    return std::ranges::find_if(clone.children, [&](const Resource* instance) {
      const auto nodes = all_where(*instance, now);
      return std::ranges::find(nodes, &node) != nodes.end();
    });
  };
  auto found = is_there(false);
  if (found == clone.children.end()) found = is_there(true);
  if (found == clone.children.end())
    found = std::ranges::min_element(clone.children, {}, &Resource::index);
  Resource* chosen = *found;
  if (chosen->children.empty()) {
    if (!known(clone, base(*chosen), node)) probe(cluster, *chosen, node);
    return;
  }
  for (Resource* child : chosen->children)
    if (!known(clone, base(*child), node)) probe(cluster, *child, node);
}

void probe_all_of(Cluster& cluster, Resource& resource, Node& node) {
  if (resource.is(Kind::primitive)) return probe(cluster, resource, node);
  if (resource.is(Kind::clone) && !resource.unique) {
    if (!resource.children.empty()) probe_anonymous(cluster, resource, node);
    return;
  }
  for (Resource* child : resource.children) probe_all_of(cluster, *child, node);
}

}  // namespace

void schedule_probes(Cluster& cluster) {
  if (!cluster.options.probes) return;
  for (Node& node : cluster.nodes) {
    if (!node.online || node.unclean || !discovers(node)) continue;
    for (Resource* resource : cluster.top) probe_all_of(cluster, *resource, node);
  }
}

}  // namespace gyre::rm::schedule
