#include "rm/show/resource_text.hh"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

#include "rm/show/node_order.hh"

namespace gyre::rm::show {

using schedule::Cluster;
using schedule::Kind;
using schedule::Node;
using schedule::Resource;
using schedule::Role;

namespace {

const Resource& topmost(const Resource& resource) {
  const Resource* top = &resource;
  while (top->parent) top = top->parent;
  return *top;
}

bool in_unique_clone(const Resource& resource) {
  for (const Resource* r = resource.parent; r; r = r->parent)
    if (r->is(Kind::clone)) return r->unique;
  return true;
}

bool promotable(const Resource& resource) {
  return topmost(resource).promotable;
}

// One of many that are alike is not told apart from them.
std::string shown_name(const Resource& resource) {
  const bool alike = resource.is(Kind::primitive) && !in_unique_clone(resource);
  return alike ? resource.xml.attribute("id").value() : resource.id;
}

// The words in parentheses behind a line, and the colon or the nodes come after them.
class Flags {
 public:
  void add(bool really, std::string_view word) {
    if (!really) return;
    text_ += text_.empty() ? " (" : ", ";
    text_ += word;
  }
  std::string text() const { return text_.empty() ? text_ : text_ + ")"; }

 private:
  std::string text_;
};

bool unmanaged(const Resource& resource) {
  return !resource.managed || resource.maintenance;
}

// While something is under way, its name is what the resource is.
const char* doing(const Resource& resource) {
  const std::string_view task = resource.pending_task;
  return task == "start"                                  ? "Starting"
         : task == "stop"                                 ? "Stopping"
         : task == "migrate_to" || task == "migrate_from" ? "Migrating"
         : task == "promote"                              ? "Promoting"
         : task == "demote"                               ? "Demoting"
                                                          : nullptr;
}

std::string state_of(const Resource& resource) {
  std::string state = resource.orphan ? " ORPHANED" : "";
  const Role role = shown_role(resource, resource.role);
  if (resource.failed && role > Role::unpromoted) return state + " FAILED " + name_of(role);
  if (resource.failed) return state + " FAILED";
  if (const char* now = doing(resource)) return state + ' ' + now;
  return state + ' ' + name_of(role);
}

std::string flags_of(const Resource& resource, const Node* node) {
  Flags flags;
  flags.add(node && !node->online && node->unclean, "UNCLEAN");
  flags.add(resource.pending_task == "monitor", "Monitoring");
  flags.add(resource.target_role == Role::stopped, "disabled");
  flags.add(resource.target_role == Role::unpromoted && promotable(resource),
            "target-role:Unpromoted");
  flags.add(resource.blocked, "blocked");
  flags.add(!resource.blocked && unmanaged(resource), "unmanaged");
  flags.add(resource.failure_ignored, "failure ignored");
  return flags.text();
}

std::string agent_of(const Resource& resource) {
  return resource.provider.empty()
             ? fmt::format("{}:{}", resource.standard, resource.type)
             : fmt::format("{}:{}:{}", resource.standard, resource.provider, resource.type);
}

void primitive(Outline& out, const Resource& resource) {
  const std::string name =
      fmt::format("{}\t({}):\t{}", shown_name(resource), agent_of(resource), state_of(resource));
  const auto& where = resource.running_on;
  if (where.size() < 2) {
    const Node* node = !where.empty() ? where.front() : resource.pending_node;
    return out.item(fmt::format("{}{}{}{}", name, node ? " " : "", node ? node->name : "",
                                flags_of(resource, node)));
  }
  std::string nodes;
  for (const Node* node : where) nodes.append(node->name) += ' ';
  out.item(fmt::format("{}{} [ {}]", name, flags_of(resource, nullptr), nodes));
}

void group(Outline& out, const Cluster& cluster, const Resource& group) {
  Flags flags;
  flags.add(unmanaged(group), "unmanaged");
  flags.add(disabled(group), "disabled");
  out.begin(fmt::format("Resource Group: {}{}", group.id, flags.text()));
  for (const Resource* member : group.children) resource(out, cluster, *member);
  out.end();
}

// What is asked of all primitives of an instance.
template <typename Test>
bool any(const Resource& resource, Test test) {
  if (resource.is(Kind::primitive)) return test(resource);
  return std::any_of(resource.children.begin(), resource.children.end(),
                     [&](const Resource* child) { return any(*child, test); });
}
bool active(const Resource& primitive) {
  return std::ranges::any_of(primitive.running_on, [&](const Node* node) {
    return node->online || node->unclean || !primitive.managed;
  });
}
bool idle(const Resource& primitive) {
  return !active(primitive);
}
bool peculiar(const Resource& primitive) {
  return primitive.orphan || primitive.failed || primitive.blocked || unmanaged(primitive) ||
         primitive.failure_ignored || !primitive.pending_task.empty();
}

Role role_of(const Resource& resource) {
  if (resource.is(Kind::primitive)) return resource.role;
  Role most = Role::unknown;
  for (const Resource* child : resource.children) most = std::max(most, role_of(*child));
  return most;
}

// The instances of a clone, as they are listed.
struct Instances {
  std::vector<const Resource*> alone;  // each with a line of its own
  std::vector<const Node*> promoted, started;
};

Instances sort_instances(const Resource& clone) {
  Instances of;
  for (const Resource* instance : clone.children) {
    const bool runs = any(*instance, active);
    if (clone.unique || (runs && (any(*instance, idle) || any(*instance, peculiar)))) {
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
  std::vector<const Node*> nodes;
  for (const Node& node : cluster.nodes)
    if (std::ranges::find(clone.running_on, &node) == clone.running_on.end())
      nodes.push_back(&node);
  node_list(out, clone.target_role == Role::stopped ? "Stopped (disabled)" : "Stopped", nodes);
}

void clone(Outline& out, const Cluster& cluster, const Resource& clone) {
  Flags flags;
  flags.add(clone.promotable, "promotable");
  flags.add(clone.unique, "unique");
  flags.add(unmanaged(clone), "unmanaged");
  flags.add(disabled(clone), "disabled");
  const pugi::xml_node inner = clone.xml.find_child([](pugi::xml_node child) {
    const std::string_view name = child.name();
    return name == "primitive" || name == "group";
  });
  out.begin(
      fmt::format("Clone Set: {} [{}]{}", clone.id, inner.attribute("id").value(), flags.text()));
  const Instances instances = sort_instances(clone);
  for (const Resource* instance : instances.alone) resource(out, cluster, *instance);
  node_list(out, "Promoted", instances.promoted);
  node_list(out,
            !clone.promotable                       ? "Started"
            : clone.target_role == Role::unpromoted ? "Unpromoted (target-role)"
                                                    : "Unpromoted",
            instances.started);
  if (!clone.unique) stopped_list(out, cluster, clone, instances);
  out.end();
}

}  // namespace

bool disabled(const Resource& resource) {
  return resource.target_role == Role::stopped ||
         (resource.target_role == Role::unpromoted && promotable(resource));
}

Role shown_role(const Resource& resource, Role role) {
  if (role == Role::unknown) return Role::stopped;
  if (role == Role::started && promotable(resource)) return Role::unpromoted;
  if (role == Role::unpromoted && !promotable(resource)) return Role::started;
  return role;
}

void resource(Outline& out, const Cluster& cluster, const Resource& resource) {
  switch (resource.kind) {
    case Kind::primitive:
      return primitive(out, resource);
    case Kind::group:
      return group(out, cluster, resource);
    case Kind::clone:
      return clone(out, cluster, resource);
  }
}

}  // namespace gyre::rm::show
