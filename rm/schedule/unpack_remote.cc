// Which remote nodes there are, and how they are.
#include <algorithm>

#include "rm/cib/attribute_sets.hh"
#include "rm/cib/iso8601.hh"
#include "rm/schedule/remote.hh"
#include "rm/schedule/unpack.hh"

namespace gyre::rm::schedule {

namespace {

bool is_connection(pugi::xml_node xml) {
  return attribute(xml, "class") == "ocf" && attribute(xml, "provider") == "pacemaker" &&
         attribute(xml, "type") == "remote";
}

std::string_view meta(pugi::xml_node xml, std::string_view name) {
  for (auto set : xml.children("meta_attributes"))
    for (auto pair : set.children("nvpair"))
      if (attribute(pair, "name") == name) return attribute(pair, "value");
  return {};
}

void add_node(Cluster& cluster, std::string_view name, const char* kind) {
  Node& node = cluster.nodes.emplace_back();
  node.id = node.name = name;
  node.index = cluster.nodes.size() - 1;
  node.remote = true;
  node.attributes.set("#uname", name);
  node.attributes.set("#id", name);
  node.attributes.set("#is_dc", "false");
  node.attributes.set("#kind", kind);
}

void add_pair(pugi::xml_node set, std::string_view name, std::string_view value) {
  if (value.empty()) return;
  auto pair = set.append_child("nvpair");
  pair.append_attribute("name") = std::string(name).c_str();
  pair.append_attribute("value") = std::string(value).c_str();
}

// The connection that a guest has without being configured.
void make_connection(Cluster& cluster, pugi::xml_node container, std::string_view name) {
  auto xml = cluster.guest_connections.append_child("primitive");
  xml.append_attribute("id") = std::string(name).c_str();
  xml.append_attribute("class") = "ocf";
  xml.append_attribute("provider") = "pacemaker";
  xml.append_attribute("type") = "remote";
  auto options = xml.append_child("meta_attributes");
  add_pair(options, "container", attribute(container, "id"));
  const auto migrate = meta(container, "remote-allow-migrate");
  add_pair(options, "allow-migrate", migrate.empty() ? "true" : migrate);
  add_pair(options, "is-managed", meta(container, "is-managed"));
  auto operations = xml.append_child("operations");
  auto monitor = operations.append_child("op");
  monitor.append_attribute("name") = "monitor";
  monitor.append_attribute("interval") = "30s";
  monitor.append_attribute("timeout") = "30s";
}

void add_remote_node(Cluster& cluster, pugi::xml_node xml) {
  const auto guest = meta(xml, "remote-node");
  const bool remote = is_connection(xml);
  const auto name = remote ? attribute(xml, "id") : guest;
  if (name.empty() || (!remote && cluster.node_by_name(name))) return;
  if (!cluster.node_by_name(name)) add_node(cluster, name, remote ? "remote" : "container");
  if (!remote) make_connection(cluster, xml, name);
}

bool reconnects_later(Cluster& cluster, const Resource& connection) {
  Attributes parameters;
  const RuleInput input{.now = cluster.now, .ids = cluster.ids.get()};
  gather(connection.xml, "instance_attributes", input, parameters);
  return parse_interval_ms(parameters.find("reconnect_interval").value_or("")).value_or(0) > 0;
}

}  // namespace

void add_remote_nodes(Cluster& cluster) {
  for (auto xml : cluster.cib.child("configuration").child("resources").children()) {
    const std::string_view name = xml.name();
    if (name == "primitive") add_remote_node(cluster, xml);
    if (name != "group") continue;
    for (auto member : xml.children("primitive")) add_remote_node(cluster, member);
  }
}

// A group may name one of its own members, and means the others.
static Resource* container_of(Cluster& cluster, const Resource& resource, std::string_view name) {
  Resource* const named = cluster.resource(name);
  for (const Resource* r = named; r; r = r->parent)
    if (r == &resource) return nullptr;
  return named;
}

void connect_remote_nodes(Cluster& cluster) {
  for (Resource& resource : cluster.resources) {
    if (const auto container = resource.meta.find("container"))
      resource.container = container_of(cluster, resource, *container);
    Node* node = resource.is_remote ? cluster.node_by_id(resource.id) : nullptr;
    if (!node || !node->remote) continue;
    node->connection = &resource;
    if (resource.container) resource.container->guest = &resource;
    resource.reconnects_later = reconnects_later(cluster, resource);
    const bool doubtful = !node->seen && !is_guest(*node);
    node->unclean = doubtful && cluster.options.startup_fencing && cluster.options.fencing;
    if (node->seen && !resource.managed) node->maintenance = true;
  }
}

void add_removed_remote_node(Cluster& cluster, Resource& connection) {
  if (!cluster.node_by_id(connection.id)) {
    add_node(cluster, connection.id, "remote");
    for (Resource& resource : cluster.resources) {
      const bool present = resource.orphan || cluster.options.symmetric;
      const Score score = resource.orphan ? Score::minus_infinity() : Score();
      resource.weights.push_back({.score = score, .present = present});
      resource.known_on.push_back(false);
    }
  }
  Node& node = *cluster.node_by_id(connection.id);
  node.connection = &connection;
  node.shutdown = true;
}

bool remote_state_known(const Node& node) noexcept {
  const auto up = [](const Resource* r) { return r && r->role == Role::started; };
  return up(node.connection) && (!is_guest(node) || up(node.connection->container));
}

void judge_remote_node(Node& node) {
  node.online = false;
  if (!node.connection) return;
  Resource& connection = *node.connection;
  const Resource* container = connection.container;
  const Node* host =
      container && !container->running_on.empty() ? container->running_on.front() : nullptr;
  if (connection.role == Role::started) {
    node.online = true;
    if (connection.next_role == Role::stopped) node.shutdown = true;
  }
  if (container && container->failed) {
    node.online = false;
    node.needs_reset = true;
  } else if (connection.failed) {
    node.online = false;
  } else if (connection.role == Role::stopped || (container && container->role == Role::stopped)) {
    node.online = node.needs_reset = false;
  } else if (host && !host->online && host->unclean) {
    node.online = false;
    node.needs_reset = true;
  }
}

void want_reset(Node& node, std::string reason) {
  if (is_guest(node)) {
    Resource& container = *node.connection->container;
    if (container.failed || !container.managed) return;
    node.needs_reset = true;
    container.failed = container.must_stop = true;
    return;
  }
  if (!node.connection || node.connection->managed) node.needs_reset = true;
  if (node.fence_reason.empty()) node.fence_reason = std::move(reason);
  node.unclean = true;
}

void follow_connection(Cluster& cluster, const Resource& connection) {
  Node* node = cluster.node_by_id(connection.id);
  if (!node || !node->remote) return;
  if (connection.assigned_to && connection.next_role != Role::stopped) {
    node->online = true;
    if (!node->seen) node->unclean = false;
  } else {
    node->shutdown = true;
  }
}

}  // namespace gyre::rm::schedule
