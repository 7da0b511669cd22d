#include "rm/show/plan_json.hh"

#include <nlohmann/json.hpp>

#include "rm/show/transition_text.hh"

namespace gyre::rm::show {

namespace {

using nlohmann::ordered_json;
using schedule::Action;
using schedule::Cluster;
using schedule::Kind;
using schedule::Node;
using schedule::Resource;

ordered_json node_json(const Node& node) {
  ordered_json json = {{"name", node.name},
                       {"id", node.id},
                       {"online", node.online},
                       {"unclean", node.unclean},
                       {"pending", node.pending},
                       {"standby", node.standby},
                       {"maintenance", node.maintenance}};
  if (!node.fence_reason.empty()) json["fence_reason"] = node.fence_reason;
  return json;
}

ordered_json resource_json(const Resource& resource) {
  const char* kind = resource.is(Kind::primitive) ? "primitive"
                     : resource.is(Kind::group)   ? "group"
                                                  : "clone";
  ordered_json json = {{"id", resource.id}, {"kind", kind}};
  if (resource.parent) json["parent"] = resource.parent->id;
  if (!resource.is(Kind::primitive)) return json;
  json["role"] = name_of(resource.role);
  json["next_role"] = name_of(resource.next_role);
  json["running_on"] = ordered_json::array();
  for (const Node* node : resource.running_on) json["running_on"].push_back(node->name);
  json["assigned_to"] = nullptr;
  if (resource.assigned_to) json["assigned_to"] = resource.assigned_to->name;
  for (const auto& [name, yes] : {std::pair{"orphan", resource.orphan},
                                  {"failed", resource.failed},
                                  {"blocked", resource.blocked},
                                  {"unmanaged", !resource.managed}})
    if (yes) json[name] = true;
  return json;
}

ordered_json change_json(const Change& change) {
  ordered_json json = {{"action", change.action}, {"subject", change.subject}};
  if (!change.detail.empty()) json["detail"] = change.detail;
  if (change.node) json["node"] = change.node->name;
  if (!change.reason.empty()) json["reason"] = change.reason;
  if (change.blocked) json["blocked"] = true;
  return json;
}

ordered_json step_json(const schedule::Step& step) {
  const Action& action = *step.action;
  ordered_json json = {{"id", action.id}, {"task", action.task}, {"key", action.key}};
  if (action.pseudo) json["pseudo"] = true;
  if (action.resource) json["resource"] = action.resource->id;
  if (action.node) json["node"] = action.node->name;
  if (action.interval_ms != 0) json["interval_ms"] = action.interval_ms;
  if (!action.reason.empty()) json["reason"] = action.reason;
  json["after"] = ordered_json::array();
  for (const Action* input : step.inputs) json["after"].push_back(input->id);
  return json;
}

}  // namespace

std::string plan_json(const Cluster& cluster, const std::vector<schedule::Step>& steps) {
  ordered_json json = {{"quorum", cluster.quorate}};
  for (const char* list : {"nodes", "resources", "changes", "actions"})
    json[list] = ordered_json::array();
  for (const Node& node : cluster.nodes) json["nodes"].push_back(node_json(node));
  for (const Resource& resource : cluster.resources)
    json["resources"].push_back(resource_json(resource));
  for (const Change& change : changes(cluster)) json["changes"].push_back(change_json(change));
  for (const schedule::Step& step : steps) json["actions"].push_back(step_json(step));
  return json.dump(2, ' ', false, ordered_json::error_handler_t::replace) + '\n';
}

}  // namespace gyre::rm::show
