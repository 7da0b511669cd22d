#include "rm/show/resource_text.hh"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "rm/show/clone_text.hh"
#include "rm/show/facts.hh"
#include "rm/show/flags.hh"
#include "rm/show/words.hh"

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

std::string state_of(const Resource& resource) {
  std::string state = resource.orphan ? " ORPHANED" : "";
  const Role role = shown_role(resource, resource.role);
  if (resource.failed && role > Role::unpromoted) return state + " FAILED " + name_of(role);
  if (resource.failed) return state + " FAILED";
  if (const char* now = pending_name(resource); now && resource.pending_task != "monitor")
    return state + ' ' + now;
  return state + ' ' + name_of(role);
}

std::string flags_of(const Resource& resource, const Node* node) {
  Flags flags;
  flags.add(node && !node->online && node->unclean, "UNCLEAN");
  flags.add(resource.pending_task == "monitor", "Monitoring");
  flags.add(resource.target_role == Role::stopped, "disabled");
  flags.add(resource.target_role == Role::unpromoted && promotable(resource),
            fmt::format("target-role:{}", resource.meta.value_or("target-role", "Unpromoted")));
  flags.add(resource.blocked, "blocked");
  flags.add(!resource.blocked && unmanaged(resource), "unmanaged");
  flags.add(resource.failure_ignored, "failure ignored");
  return flags.text();
}

bool idle(const Resource* member) {
  return !active(*member);
}

// Why it was not even found to be stopped.
std::string probe_note(const Cluster& cluster, const Resource& resource) {
  if (resource.role > Role::stopped) return {};
  for (const schedule::Failure& failure : cluster.failures)
    if (failure.resource == &resource && told(cluster, failure) && masked(failure))
      return fmt::format(" ({}) ", exit_text(failure.record.attribute("rc-code").as_int()));
  return {};
}

void primitive(Outline& out, const Cluster& cluster, const Resource& resource,
               const ResourceStyle& style) {
  const std::string name = fmt::format("{}\t({}):\t{}{}", shown_name(resource), agent_of(resource),
                                       state_of(resource), probe_note(cluster, resource));
  const auto& where = resource.running_on;
  if (!style.with_nodes) return out.item(name + flags_of(resource, nullptr));
  if (where.size() < 2) {
    const Node* node = !where.empty() ? where.front() : resource.pending_node;
    return out.item(fmt::format("{}{}{}{}", name, node ? " " : "", node ? node->name : "",
                                flags_of(resource, node)));
  }
  std::string nodes;
  for (const Node* node : where) nodes.append(node->name) += ' ';
  out.item(fmt::format("{}{} [ {}]", name, flags_of(resource, nullptr), nodes));
}

void group(Outline& out, const Cluster& cluster, const Resource& group,
           const ResourceStyle& style) {
  const auto inactive = style.inactive ? 0 : std::ranges::count_if(group.children, idle);
  Flags flags;
  flags.add(inactive > 0, fmt::format("{} member{} inactive", inactive, inactive == 1 ? "" : "s"));
  flags.add(unmanaged(group), "unmanaged");
  flags.add(disabled(group), "disabled");
  out.begin(fmt::format("Resource Group: {}{}", group.id, flags.text()));
  if (style.brief)
    brief(out, {group.children.begin(), group.children.end()}, style);
  else
    for (const Resource* member : group.children)
      if (style.inactive || active(*member)) resource(out, cluster, *member, style);
  out.end();
}

}  // namespace

const char* pending_name(const Resource& resource) {
  const std::string_view task = resource.pending_task;
  return task == "start"                                  ? "Starting"
         : task == "stop"                                 ? "Stopping"
         : task == "migrate_to" || task == "migrate_from" ? "Migrating"
         : task == "promote"                              ? "Promoting"
         : task == "demote"                               ? "Demoting"
         : task == "monitor"                              ? "Monitoring"
                                                          : nullptr;
}

std::string agent_of(const Resource& resource) {
  return resource.provider.empty()
             ? fmt::format("{}:{}", resource.standard, resource.type)
             : fmt::format("{}:{}:{}", resource.standard, resource.provider, resource.type);
}

std::string shown_name(const Resource& resource) {
  const bool alike = resource.is(Kind::primitive) && !in_unique_clone(resource);
  return alike ? resource.xml.attribute("id").value() : resource.id;
}

bool active(const Resource& resource) {
  if (!resource.is(Kind::primitive))
    return std::ranges::any_of(resource.children, [](const auto* child) { return active(*child); });
  return std::ranges::any_of(resource.running_on, [&](const Node* node) {
    return node->online || node->unclean || !resource.managed;
  });
}

bool all_active(const Resource& resource) {
  if (resource.is(Kind::primitive)) return active(resource);
  return std::ranges::all_of(resource.children,
                             [](const auto* child) { return all_active(*child); });
}

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

void resource(Outline& out, const Cluster& cluster, const Resource& resource,
              const ResourceStyle& style) {
  switch (resource.kind) {
    case Kind::primitive:
      return primitive(out, cluster, resource, style);
    case Kind::group:
      return group(out, cluster, resource, style);
    case Kind::clone:
      return clone(out, cluster, resource, style);
  }
}

void brief(Outline& out, const std::vector<const Resource*>& primitives,
           const ResourceStyle& style) {
  struct Agent {
    int all = 0;
    std::map<std::string_view, int> active;  // by node
  };
  std::map<std::string, Agent> agents;
  for (const Resource* primitive : primitives) {
    Agent& agent = agents[agent_of(*primitive)];
    ++agent.all;
    if (!active(*primitive)) continue;
    for (const Node* node : primitive->running_on) ++agent.active[node->name];
  }
  for (const auto& [name, agent] : agents) {
    const std::string of = style.inactive ? fmt::format("/{}", agent.all) : "";
    for (const auto& [node, count] : agent.active)
      out.item(
          fmt::format("{}{}\t({}):\tActive {}", count, of, name, style.with_nodes ? node : ""));
    if (agent.active.empty() && style.inactive)
      out.item(fmt::format("0{}\t({}):\tActive", of, name));
  }
}

}  // namespace gyre::rm::show
