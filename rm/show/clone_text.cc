// A clone is shown by where its instances are; one that something is the matter with, by itself.
#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

#include "rm/show/clone_text.hh"
#include "rm/show/flags.hh"
#include "rm/show/node_order.hh"

namespace gyre::rm::show {

using schedule::Cluster;
using schedule::Kind;
using schedule::Node;
using schedule::Resource;
using schedule::Role;

namespace {

// What is asked of all primitives of an instance.
template <typename Test>
bool any(const Resource& resource, Test test) {
  if (resource.is(Kind::primitive)) return test(resource);
  return std::any_of(resource.children.begin(), resource.children.end(),
                     [&](const Resource* child) { return any(*child, test); });
}
bool idle(const Resource& primitive) {
  return !active(primitive);
}
bool strange(const Resource& primitive) {
  return primitive.orphan || primitive.failed || primitive.blocked || unmanaged(primitive) ||
         primitive.failure_ignored || !primitive.pending_task.empty();
}

// The instances of a clone, as they are listed.
struct Instances {
  std::vector<const Resource*> alone;  // each with a line of its own
  std::vector<const Node*> promoted, started;
};

Instances sort_instances(const Resource& clone, const ResourceStyle& style) {
  Instances of;
  for (const Resource* instance : clone.children) {
    const bool runs = active(*instance);
    if (!runs && !style.inactive && !clone.unique) continue;
    if (clone.unique || style.detail || (runs && peculiar(*instance))) {
      of.alone.push_back(instance);
      continue;
    }
    if (!runs) continue;
    const Node* node = instance->running_on.front();
    if (instance->running_on.size() != 1 || !node->online)
      of.alone.push_back(instance);
    else
      (role_of(*instance) == Role::promoted ? of.promoted : of.started).push_back(node);
  }
  return of;
}

void node_list(Outline& out, std::string_view name, std::vector<const Node*> nodes) {
  if (nodes.empty()) return;
  sort_by_name(nodes);
  std::string text;
  for (const Node* node : nodes) text.append(node->name) += ' ';
  out.item(fmt::format("{}: [ {}]", name, text));
}

// Where no instance is, if not all of them are listed as running.
void stopped_list(Outline& out, const Cluster& cluster, const Resource& clone,
                  const Instances& instances) {
  const std::size_t listed = instances.promoted.size() + instances.started.size();
  if (static_cast<int>(listed) >= clone.clone_max) return;
  // Where nothing may run unless a constraint says so and none was read, what was probed counts.
  const bool may_run = std::ranges::any_of(clone.weights, &schedule::Weight::present);
  std::vector<const Node*> nodes;
  for (const Node& node : cluster.nodes)
    if ((may_run ? clone.weights[node.index].present : clone.known_on[node.index]) &&
        std::ranges::find(clone.running_on, &node) == clone.running_on.end())
      nodes.push_back(&node);
  node_list(out, clone.target_role == Role::stopped ? "Stopped (disabled)" : "Stopped", nodes);
}

}  // namespace

bool peculiar(const Resource& instance) {
  return any(instance, idle) || any(instance, strange);
}

Role role_of(const Resource& resource) {
  if (resource.is(Kind::primitive)) return resource.role;
  Role most = Role::unknown;
  for (const Resource* child : resource.children) most = std::max(most, role_of(*child));
  return most;
}

const char* inner_id(const Resource& clone) {
  const pugi::xml_node inner = clone.xml.find_child([](pugi::xml_node child) {
    const std::string_view name = child.name();
    return name == "primitive" || name == "group";
  });
  return inner.attribute("id").value();
}

void clone(Outline& out, const Cluster& cluster, const Resource& clone,
           const ResourceStyle& style) {
  Flags flags;
  flags.add(clone.promotable, "promotable");
  flags.add(clone.unique, "unique");
  flags.add(unmanaged(clone), "unmanaged");
  flags.add(disabled(clone), "disabled");
  out.begin(fmt::format("Clone Set: {} [{}]{}", clone.id, inner_id(clone), flags.text()));
  const Instances instances = sort_instances(clone, style);
  for (const Resource* instance : instances.alone) resource(out, cluster, *instance, style);
  node_list(out, "Promoted", instances.promoted);
  node_list(out,
            !clone.promotable                       ? "Started"
            : clone.target_role == Role::unpromoted ? "Unpromoted (target-role)"
                                                    : "Unpromoted",
            instances.started);
  if (!clone.unique && !style.detail && style.inactive)
    stopped_list(out, cluster, clone, instances);
  out.end();
}

}  // namespace gyre::rm::show
