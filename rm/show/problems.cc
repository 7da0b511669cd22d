#include "rm/show/problems.hh"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <tuple>

#include "rm/cib/kinds.hh"
#include "rm/schedule/history.hh"
#include "rm/schedule/remote.hh"
#include "rm/schedule/unpack.hh"
#include "rm/show/node_order.hh"
#include "rm/show/own_reason.hh"
#include "rm/show/transition_text.hh"

namespace gyre::rm::show {

namespace {

using schedule::attribute;
using schedule::Cluster;
using schedule::Kind;
using schedule::Location;
using schedule::Node;
using schedule::Resource;
using Severity = Finding::Severity;

std::string listed(std::vector<const Node*> nodes) {
  sort_by_name(nodes);
  std::string text;
  for (const Node* node : nodes) text += (text.empty() ? "" : " and ") + shown(node->name);
  return text;
}

// What an agent or its executor means by a result.
std::string result_text(pugi::xml_node record) {
  constexpr const char* codes[] = {"it is active",         "error",         "wrong parameters",
                                   "not implemented",      "not permitted", "not installed",
                                   "not configured",       "not running",   "promoted",
                                   "failed while promoted"};
  const int status = record.attribute("op-status").as_int();
  const int code = record.attribute("rc-code").as_int(schedule::rc::unknown);
  std::string text = status == static_cast<int>(schedule::Status::timeout) ? "timed out"
                     : code >= 0 && code < static_cast<int>(std::size(codes))
                         ? fmt::format("{} ({})", code, codes[code])
                         : std::to_string(code);
  if (const auto why = attribute(record, "exit-reason"); !why.empty()) text += ": " + shown(why);
  return text;
}

class Problems {
 public:
  Problems(const Document& document, const Cluster& cluster)
      : findings_(document), cluster_(cluster) {}

  std::vector<Finding> all() {
    setting_problems(cluster_, findings_);
    look_at_quorum();
    for (const auto state : cluster_.cib.child("status").children("node_state"))
      look_at_state(state);
    for (const Node& node : cluster_.nodes) look_at(node);
    for (const auto& failure : cluster_.failures)
      if (!failure.degraded) tell(failure);
    for (const Resource& resource : cluster_.resources) look_at(resource);
    for (const Change& change : changes(cluster_)) look_at(change);
    return findings_.take();
  }

 private:
  void note(pugi::xml_node where, std::string what, std::string advice) {
    findings_.add(Severity::note, where, std::move(what), std::move(advice));
  }
  void warn(pugi::xml_node where, std::string what, std::string advice) {
    findings_.add(Severity::warning, where, std::move(what), std::move(advice));
  }

  void look_at_quorum() {
    if (!cluster_.quorate && cluster_.cib.attribute("have-quorum"))
      note(cluster_.cib,
           "the nodes have no quorum: what is done without one, no-quorum-policy says",
           "start more nodes");
    const auto& options = cluster_.options;
    if (options.fencing && !options.startup_fencing)
      note(cluster_.cib.child("configuration").child("crm_config"),
           "a node that never was seen is taken to be off (startup-fencing)",
           "set startup-fencing to true, or what it runs may be started elsewhere, too");
  }

  void look_at_state(pugi::xml_node state) {
    const auto id = attribute(state, "id");
    const auto is_it = [&](const Node& node) { return node.id == id; };
    if (id.empty() || std::ranges::any_of(cluster_.nodes, is_it)) return;
    warn(state,
         fmt::format("{} has a state, but is configured no more", shown(attribute(state, "uname"))),
         "configure it again, or delete its state");
  }

  // Where something is said of a node: what its status says comes first.
  pugi::xml_node element_of(const Node& node) const {
    const auto find = [&](const char* section, const char* kind) {
      auto parent = cluster_.cib.child(section);
      if (std::string_view(section) == "configuration") parent = parent.child("nodes");
      return parent.find_child([&](pugi::xml_node child) {
        return std::string_view(child.name()) == kind && attribute(child, "id") == node.id;
      });
    };
    if (const auto state = find("status", "node_state")) return state;
    if (const auto configured = find("configuration", "node")) return configured;
    return node.connection ? element_of(*node.connection) : cluster_.cib;
  }
  // The connection of a guest stands nowhere itself.
  pugi::xml_node element_of(const Resource& resource) const {
    const auto xml =
        resource.container && !resource.orphan ? resource.container->xml : resource.xml;
    return xml.root() == cluster_.cib.root() ? xml : cluster_.cib;
  }

  void look_at(const Node& node) {
    if (!node.unclean && !(node.fencing && !node.fencing->optional)) return;
    const std::string name = shown(node.name);
    const std::string why =
        node.fence_reason.empty() ? "its state is not known" : shown(node.fence_reason);
    if (schedule::is_guest(node))
      note(element_of(node), fmt::format("guest {} is to be restarted: {}", name, why),
           "this is done by a restart of its container");
    else if (node.fencing && !node.fencing->optional && node.fencing->runnable)
      warn(element_of(node), fmt::format("{} is to be fenced: {}", name, why),
           "until a fence device has done so, nothing starts that may be active there");
    else
      warn(element_of(node),
           fmt::format("{} would have to be fenced, and cannot be: {}", name, why), obstacle());
  }

  std::string obstacle() const {
    const auto& options = cluster_.options;
    return !options.fencing ? "configure a fence device, and set stonith-enabled to true"
           : !options.have_fence_device ? "configure a fence device"
           : !cluster_.quorate          ? "it can be once the nodes have quorum"
                                        : "it can be once resources are managed";
  }

  // The last failure has a record of its own beside that of the operation.
  void tell(const schedule::Failure& failure) {
    const auto said = [&](const char* what) { return attribute(failure.record, what); };
    if (!told_.emplace(failure.node, said("operation_key"), said("call-id")).second) return;
    const auto task = attribute(failure.record, "operation");
    const auto interval = attribute(failure.record, "interval");
    const bool probe = task == "monitor" && (interval.empty() || interval == "0");
    note(failure.record,
         fmt::format("{} of {} on {} failed: {}", probe ? "probe" : shown(task),
                     shown(failure.resource->id), shown(failure.node->name),
                     result_text(failure.record)),
         "on-fail of the operation says what comes of it");
  }

  void look_at(const Resource& resource) {
    for (const Location* location : resource.locations) look_at(resource, *location);
    if (!resource.is(Kind::primitive)) return;
    const std::string id = shown(resource.id);
    const std::vector<const Node*> active(resource.running_on.begin(), resource.running_on.end());
    const auto where = element_of(resource);
    if (resource.orphan && !active.empty())
      warn(where,
           fmt::format("{} is active on {}, and {}", id, listed(active),
                       resource.is_instance() ? "is one instance more than clone-max allows"
                                              : "configured no more"),
           resource.managed ? "it is to be stopped; configure it again if it is wanted"
                            : "stop it by hand: the cluster may not");
    if (keeps_failures(resource))
      warn(where,
           fmt::format("failures of {} are never forgotten: failure-timeout does not count", id),
           "leave failure-timeout out, or say something else than on-fail=block");
    if (active.size() > 1 && !resource.migration_source)
      note(where, fmt::format("{} is active on {} at once", id, listed(active)),
           "multiple-active says what comes of it; start it by the cluster alone");
    if (resource.blocked)
      note(where, fmt::format("{} is blocked: nothing is done with it any more", id),
           "see to it by hand, and delete its history");
    const bool wanted = resource.managed && !resource.orphan && !resource.in_clone() &&
                        resource.target_role != schedule::Role::stopped;
    if (wanted && !resource.assigned_to)
      note(where, fmt::format("{} can run on no node", id),
           fmt::format("crm_simulate --explain {} says what keeps it off each", id));
  }

  // Although they should run out.
  bool keeps_failures(const Resource& resource) const {
    return resource.failure_timeout_s > 0 &&
           std::ranges::any_of(cluster_.nodes, [&](const Node& node) {
             return fail_count(cluster_, resource, node, true).count > 0 &&
                    failed_for_good(resource, node);
           });
  }

  void look_at(const Resource& resource, const Location& location) {
    const std::string_view why = own_reason(location);
    if (why.empty()) return;
    std::vector<const Node*> nodes;
    for (const auto& [node, score] : location.nodes)
      if (score.is_minus_infinity()) nodes.push_back(node);
    if (nodes.empty()) return;
    note(element_of(resource),
         fmt::format("{} may not run on {}: {}", shown(resource.id),
                     nodes.size() == cluster_.nodes.size() ? "any node" : listed(nodes), why),
         "it may again once the cause is gone, and its failures are forgotten");
  }

  void look_at(const Change& change) {
    if (!change.blocked) return;
    const auto found = cluster_.by_id.find(change.subject);
    if (found == cluster_.by_id.end()) return;
    note(element_of(*found->second),
         fmt::format("{} of {} ( {} ) cannot be done{}", change.action, shown(change.subject),
                     change.detail, change.reason.empty() ? "" : ": " + change.reason),
         fmt::format("crm_simulate --explain {} says more", shown(change.subject)));
  }

  Findings findings_;
  const Cluster& cluster_;
  std::set<std::tuple<const Node*, std::string_view, std::string_view>> told_;
};

}  // namespace

std::vector<Finding> problems(const Document& document, const Cluster& cluster) {
  return Problems(document, cluster).all();
}

}  // namespace gyre::rm::show
