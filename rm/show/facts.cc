#include "rm/show/facts.hh"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <set>
#include <unordered_map>

#include "rm/cib/attribute_sets.hh"
#include "rm/schedule/remote.hh"
#include "rm/schedule/unpack.hh"
#include "rm/show/resource_text.hh"

namespace gyre::rm::show {

using schedule::Cluster;
using schedule::Kind;
using schedule::Node;
using schedule::Resource;

namespace {

// The name of the attribute by which an agent of hosts to be reached counts those that answer, and
// what that is if all do. Nothing: it is no such agent, or of another attribute.
std::optional<int> expected_of(const Resource& resource, std::string_view name,
                               const Cluster& cluster) {
  if (resource.type != "ping" && resource.type != "pingd") return std::nullopt;
  Attributes parameters;
  gather(resource.xml, "instance_attributes", {.now = cluster.now, .ids = cluster.ids.get()},
         parameters);
  if (parameters.value_or("name", "pingd") != name) return std::nullopt;
  const auto hosts = parameters.value_or("host_list", "");
  const int multiplier = std::atoi(std::string(parameters.value_or("multiplier", "1")).c_str());
  int count = 0;
  for (std::size_t i = 0; i < hosts.size(); ++i)
    count += hosts[i] != ' ' && (i == 0 || hosts[i - 1] == ' ');
  return count * multiplier;
}

// What the cluster keeps for itself.
bool internal(std::string_view attribute) {
  for (const char* prefix : {"#", "shutdown", "terminate", "standby", "fail-count", "last-failure"})
    if (attribute.starts_with(prefix)) return true;
  return false;
}

// That it runs nowhere is no news.
bool worth_showing(const schedule::OperationRecord& record) {
  return record.task != "notify" && !(record.probe() && record.exit == schedule::rc::not_running);
}

}  // namespace

const Node* coordinator(const Cluster& cluster) {
  const auto found = std::ranges::find_if(cluster.nodes, &Node::is_dc);
  return found == cluster.nodes.end() ? nullptr : &*found;
}

schedule::NoQuorum quorum_policy(const Cluster& cluster) {
  const auto& options = cluster.options;
  const bool suicide = options.fencing && options.all.value_or("no-quorum-policy", "") == "suicide";
  return suicide ? schedule::NoQuorum::suicide : options.no_quorum;
}

int shown_exit(const schedule::OperationRecord& record) {
  return std::max(0, record.xml.attribute("rc-code").as_int());
}

bool gone(const Resource& resource) {
  return resource.orphan && resource.running_on.empty();
}

bool hidden(const Resource& resource) {
  return resource.is_remote && resource.container;
}

bool masked(const schedule::Failure& failure) {
  const auto record = failure.record;
  const std::string_view task = record.attribute("operation").value();
  const int exit = record.attribute("rc-code").as_int();
  const bool probe = task == "monitor" && record.attribute("interval").as_llong() == 0;
  return probe && (exit == schedule::rc::not_installed || exit == schedule::rc::arguments ||
                   record.attribute("op-status").as_int() ==
                       static_cast<int>(schedule::Status::not_installed));
}

bool told(const Cluster& cluster, const schedule::Failure& failure) {
  // Where nothing may run unless a constraint says so, no agent is missed.
  const int exit = failure.record.attribute("rc-code").as_int();
  const bool missed = exit != schedule::rc::not_installed || cluster.options.symmetric;
  return failure.node->online && missed;
}

std::vector<schedule::Failure> failures(const Cluster& cluster) {
  std::vector<schedule::Failure> found;
  std::set<std::pair<const Node*, std::string_view>> known;
  for (const schedule::Failure& failure : cluster.failures)
    if (told(cluster, failure) && known.emplace(failure.node, failure.key).second)
      found.push_back(failure);
  return found;
}

ResourceCounts count_resources(const Cluster& cluster) {
  ResourceCounts counts;
  for (const Resource& resource : cluster.resources) {
    if (!resource.is(Kind::primitive) || gone(resource)) continue;
    ++counts.all;
    counts.disabled += disabled(resource);
    counts.blocked += resource.blocked;
  }
  return counts;
}

std::string node_label(const Node& node, bool detail) {
  if (!detail) return std::string(node.name);
  if (schedule::is_guest(node)) {
    const auto& hosts = node.connection->container->running_on;
    return fmt::format("{}@{}", node.name, hosts.empty() ? "" : hosts.front()->name);
  }
  return node.name != node.id ? fmt::format("{} ({})", node.name, node.id) : std::string(node.name);
}

std::vector<NodeHistory> histories(const Cluster& cluster) {
  std::unordered_map<std::string_view, const Node*> nodes;
  for (const Node& node : cluster.nodes) nodes.emplace(node.id, &node);
  std::unordered_map<const void*, const Resource*> recorded;
  for (const Resource& resource : cluster.resources)
    for (const auto& record : resource.history)
      recorded.emplace(record.xml.internal_object(), &resource);
  std::vector<NodeHistory> found;
  for (auto state : cluster.cib.child("status").children("node_state")) {
    const auto node = nodes.find(state.attribute("id").value());
    if (node == nodes.end() || !node->second->online) continue;
    NodeHistory& history = found.emplace_back(NodeHistory{node->second, {}});
    for (auto record : state.child("lrm").child("lrm_resources").children("lrm_resource")) {
      ResourceHistory of;
      of.id = record.attribute("id").value();
      of.operations = schedule::sorted_operations(record);
      std::erase_if(of.operations, [](const auto& each) { return !worth_showing(each); });
      if (const auto at = recorded.find(record.internal_object()); at != recorded.end()) {
        of.resource = at->second;
        const auto count = schedule::fail_count(cluster, *of.resource, *node->second, true);
        of.fail_count = count.count;
        of.last_failure = count.last_failure;
      }
      history.resources.push_back(std::move(of));
    }
  }
  return found;
}

std::vector<ShownAttribute> shown_attributes(const Cluster& cluster, const Node& node) {
  std::vector<ShownAttribute> shown;
  for (const auto& [name, value] : node.attributes) {
    if (internal(name)) continue;
    ShownAttribute& attribute = shown.emplace_back(ShownAttribute{name, value, {}});
    for (const Resource* resource : node.running)
      if (!attribute.expected) attribute.expected = expected_of(*resource, name, cluster);
  }
  return shown;
}

std::vector<Ban> bans(const Cluster& cluster, std::string_view prefix) {
  std::vector<Ban> found;
  // As Pacemaker lists them: the last one first.
  for (auto at = cluster.locations.rbegin(); at != cluster.locations.rend(); ++at) {
    const schedule::Location& location = *at;
    if (location.written.empty() || !location.written.starts_with(prefix)) continue;
    for (const auto& [node, score] : location.nodes)
      if (score < Score())
        found.push_back({location.written, location.resource, node, score,
                         location.role == schedule::Role::promoted});
  }
  return found;
}

}  // namespace gyre::rm::show
