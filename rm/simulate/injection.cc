#include "rm/simulate/injection.hh"

#include <fmt/format.h>

namespace gyre::rm::simulate {

namespace {

using schedule::Cluster;
using schedule::Node;
using schedule::Resource;

const Node* find_node(const Cluster& cluster, std::string_view name) {
  for (const Node& node : cluster.nodes)
    if (node.name == name) return &node;
  return nullptr;
}

const Resource* find_primitive(const Cluster& cluster, const std::string& id) {
  for (const std::string& name : {id, id + ":0"})
    if (const auto found = cluster.by_id.find(name); found != cluster.by_id.end())
      if (found->second->is(schedule::Kind::primitive)) return found->second;
  return nullptr;
}

void set_state(pugi::xml_node state, const char* in_ccm, const char* crmd, const char* join,
               const char* expected) {
  set(state, "in_ccm", in_ccm);
  set(state, "crmd", crmd);
  set(state, "join", join);
  set(state, "expected", expected);
  set(state, "crm-debug-origin", "crm_simulate");
}

pugi::xml_node property_set(pugi::xml_node cib) {
  pugi::xml_node options = cib.child("configuration").child("crm_config");
  for (pugi::xml_node of : options.children("cluster_property_set"))
    if (std::string_view(of.attribute("id").value()) == "cib-bootstrap-options") return of;
  pugi::xml_node made = options.append_child("cluster_property_set");
  set(made, "id", "cib-bootstrap-options");
  return made;
}

}  // namespace

void Injection::quorum(const std::string& value) {
  lines_.push_back("Setting quorum: " + value);
  set(cib_, "have-quorum", value);
}

void Injection::watchdog(const std::string& value) {
  lines_.push_back("Setting watchdog: " + value);
  pugi::xml_node options = property_set(cib_);
  pugi::xml_node pair = options.find_child_by_attribute("nvpair", "name", "have-watchdog");
  if (!pair) {
    pair = options.append_child("nvpair");
    set(pair, "id", "cib-bootstrap-options-have-watchdog");
    set(pair, "name", "have-watchdog");
  }
  set(pair, "value", value);
}

std::string Injection::id_of(const std::string& name) const {
  const Node* node = find_node(cluster_, name);
  return node ? std::string(node->id) : name;
}

void Injection::node_up(const std::string& name) {
  lines_.push_back(fmt::format("Bringing node {} online", name));
  set_state(node_state(cib_, id_of(name), name), "true", "online", "member", "member");
  count_update(cib_);
}

bool Injection::node_down(const std::string& name) {
  lines_.push_back(fmt::format("Taking node {} offline", name));
  if (!find_node(cluster_, name) && !has_state(cib_, name)) return false;
  pugi::xml_node state = node_state(cib_, id_of(name), name);
  state.remove_child("lrm");
  state.remove_child("transient_attributes");
  set_state(state, "false", "offline", "down", "down");
  count_update(cib_);
  return true;
}

bool Injection::node_fail(const std::string& name) {
  lines_.push_back(fmt::format("Failing node {}", name));
  if (!find_node(cluster_, name) && !has_state(cib_, name)) return false;
  pugi::xml_node state = node_state(cib_, id_of(name), name);
  set(state, "in_ccm", "false");
  set(state, "crm-debug-origin", "crm_simulate");
  count_update(cib_);
  return true;
}

void Injection::ticket(const std::string& id, const char* attribute, bool value) {
  const bool grants = std::string_view(attribute) == "granted";
  lines_.push_back(grants  ? fmt::format("{} ticket {}", value ? "Granting" : "Revoking", id)
                   : value ? fmt::format("Making ticket {} standby", id)
                           : fmt::format("Activating ticket {}", id));
  pugi::xml_node status = cib_.child("status");
  pugi::xml_node tickets = status.child("tickets");
  if (!tickets) tickets = status.append_child("tickets");
  pugi::xml_node state = tickets.find_child_by_attribute("ticket_state", "id", id.c_str());
  if (!state) {
    state = tickets.append_child("ticket_state");
    set(state, "id", id);
  }
  set(state, attribute, value ? "true" : "false");
  count_update(cib_);
}

std::string Injection::operation(const std::string& text) {
  lines_.push_back(fmt::format("Injecting {} into the configuration", text));
  int parts = 0;
  const auto result = parse_operation_result(text, parts);
  if (!result) return fmt::format("Invalid operation spec: {}.  Only found {} fields", text, parts);
  const Resource* resource = find_primitive(cluster_, result->resource);
  if (!resource) return "Invalid resource name: " + result->resource;
  if (!find_node(cluster_, result->node) && !has_state(cib_, result->node))
    return "There is no node " + result->node;
  pugi::xml_node state = node_state(cib_, id_of(result->node), result->node);
  Record of;
  of.task = result->task;
  of.interval_ms = result->interval_ms;
  of.rc = result->rc;
  of.expected_rc = result->task == "monitor" && result->interval_ms == 0 ? 7 : 0;
  of.now = cluster_.now;
  if (of.rc != of.expected_rc) {
    of.exit_reason = "Simulated action result";
    const std::string key =
        fmt::format("{}#{}_{}", result->resource, result->task, result->interval_ms);
    for (const std::string& attribute : count_failure(state, key, cluster_.now))
      lines_.push_back(fmt::format("Injecting attribute {} into /node_state '{}'", attribute,
                                   state.attribute("id").value()));
  }
  record(resource_record(
             state, {result->resource, resource->standard, resource->provider, resource->type}),
         result->resource, of);
  count_update(cib_);
  return {};
}

}  // namespace gyre::rm::simulate
