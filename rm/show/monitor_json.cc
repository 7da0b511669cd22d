// What is, for programs. Names are those of Pacemaker's XML.
#include <nlohmann/json.hpp>

#include "rm/show/facts.hh"
#include "rm/show/monitor.hh"
#include "rm/show/node_text.hh"
#include "rm/show/resource_text.hh"
#include "rm/show/selection.hh"
#include "rm/show/words.hh"

namespace gyre::rm::show {

using nlohmann::ordered_json;
using schedule::Cluster;
using schedule::Kind;
using schedule::Node;
using schedule::Resource;

namespace {

class Monitor {
 public:
  Monitor(const Cluster& cluster, const MonitorOptions& options)
      : cluster_(cluster), options_(options), selection_(cluster, options) {}

  std::string text() {
    ordered_json json;
    if (wants(section::summary)) json["summary"] = summary();
    if (wants(section::nodes)) json["nodes"] = list(selection_.nodes(), &Monitor::node);
    if (wants(section::resources)) json["resources"] = resources();
    if (wants(section::operations | section::failcounts)) json["history"] = history();
    if (wants(section::failures)) json["failures"] = list_failures();
    if (wants(section::tickets)) json["tickets"] = tickets();
    if (wants(section::bans)) json["bans"] = list_bans();
    if (const auto notice = monitor_notice(cluster_, options_); !notice.empty())
      json["notice"] = notice;
    return json.dump(2, ' ', false, ordered_json::error_handler_t::replace) + '\n';
  }

 private:
  bool wants(unsigned sections) const { return (options_.sections & sections) != 0; }

  template <typename Each>
  ordered_json list(const std::vector<const Each*>& of,
                    ordered_json (Monitor::*write)(const Each&) const) const {
    ordered_json json = ordered_json::array();
    for (const Each* each : of) json.push_back((this->*write)(*each));
    return json;
  }

  ordered_json summary() const {
    const auto& options = cluster_.options;
    const auto said = [&](const char* name) { return cluster_.cib.attribute(name).value(); };
    const Node* dc = coordinator(cluster_);
    const ResourceCounts counts = count_resources(cluster_);
    ordered_json json = {{"stack", options.all.value_or("cluster-infrastructure", "unknown")},
                         {"dc", nullptr},
                         {"with_quorum", cluster_.quorate},
                         {"last_change",
                          {{"time", said("cib-last-written")},
                           {"user", said("update-user")},
                           {"client", said("update-client")},
                           {"origin", said("update-origin")}}},
                         {"nodes", cluster_.nodes.size()},
                         {"resource_instances", counts.all},
                         {"disabled", counts.disabled},
                         {"blocked", counts.blocked},
                         {"stonith_enabled", options.fencing},
                         {"maintenance_mode", options.maintenance},
                         {"stop_all_resources", options.stop_all}};
    if (dc) json["dc"] = dc->name;
    if (wants(section::times)) json["last_update"] = options_.instant(options_.updated);
    return json;
  }

  ordered_json node(const Node& node) const {
    ordered_json json = {{"name", node.name},
                         {"id", node.id},
                         {"online", node.online},
                         {"standby", node.standby},
                         {"standby_onfail", node.standby_on_fail},
                         {"maintenance", node.maintenance},
                         {"pending", node.pending},
                         {"unclean", node.unclean},
                         {"shutdown", node.shutdown},
                         {"health", health_of(cluster_, node)},
                         {"remote", node.remote},
                         {"resources_running", node.running.size()}};
    if (!node.fence_reason.empty()) json["fence_reason"] = node.fence_reason;
    if (wants(section::attributes))
      for (const auto& [name, value, expected] : shown_attributes(cluster_, node))
        json["attributes"][std::string(name)] = value;
    return json;
  }

  ordered_json resources() const {
    ordered_json json = ordered_json::array();
    for (const Resource* top : cluster_.top)
      if (!gone(*top) && selection_.has(*top)) json.push_back(resource(*top));
    return json;
  }

  ordered_json resource(const Resource& resource) const {
    const bool primitive = resource.is(Kind::primitive);
    ordered_json json = {{"id", resource.id},
                         {"kind", primitive                  ? "primitive"
                                  : resource.is(Kind::group) ? "group"
                                                             : "clone"},
                         {"active", active(resource)},
                         {"managed", resource.managed && !resource.maintenance},
                         {"disabled", disabled(resource)}};
    if (primitive) {
      json["agent"] = agent_of(resource);
      json["role"] = name_of(shown_role(resource, resource.role));
      json["failed"] = resource.failed;
      json["blocked"] = resource.blocked;
      json["orphaned"] = resource.orphan;
      if (const char* doing = pending_name(resource)) json["pending"] = doing;
      json["nodes"] = ordered_json::array();
      for (const Node* node : resource.running_on) json["nodes"].push_back(node->name);
      return json;
    }
    if (resource.is(Kind::clone)) {
      json["promotable"] = resource.promotable;
      json["unique"] = resource.unique;
    }
    json["children"] = ordered_json::array();
    for (const Resource* child : resource.children)
      if (selection_.has(*child)) json["children"].push_back(this->resource(*child));
    return json;
  }

  ordered_json history() const {
    ordered_json json = ordered_json::array();
    for (const NodeHistory& history : histories(cluster_)) {
      if (!selection_.has(*history.node)) continue;
      for (const ResourceHistory& of : history.resources) {
        if (!of.resource || of.operations.empty() || !selection_.has(*of.resource)) continue;
        ordered_json entry = {{"node", history.node->name},
                              {"resource", of.id},
                              {"migration_threshold", of.resource->migration_threshold},
                              {"fail_count", of.fail_count}};
        for (const auto& record : of.operations) entry["operations"].push_back(operation(record));
        json.push_back(std::move(entry));
      }
    }
    return json;
  }

  ordered_json operation(const schedule::OperationRecord& record) const {
    ordered_json json = {{"call", record.call_id},
                         {"task", record.task},
                         {"interval_ms", record.interval_ms},
                         {"rc", shown_exit(record)},
                         {"rc_text", exit_text(shown_exit(record))}};
    if (record.last_change > 0) json["last_change"] = options_.instant(record.last_change);
    if (const auto took = record.xml.attribute("exec-time")) json["exec_ms"] = took.as_llong();
    return json;
  }

  ordered_json list_failures() const {
    ordered_json json = ordered_json::array();
    for (const schedule::Failure& failure : failures(cluster_)) {
      if (!selection_.has(*failure.node) || !selection_.has(*failure.resource)) continue;
      const auto record = failure.record;
      const int exit = record.attribute("rc-code").as_int();
      ordered_json entry = {{"operation", failure.key},
                            {"resource", failure.resource->id},
                            {"node", failure.node->name},
                            {"rc", exit},
                            {"rc_text", exit_text(exit)},
                            {"status", outcome_text(record.attribute("op-status").as_int())},
                            {"reason", record.attribute("exit-reason").value()}};
      if (const auto when = record.attribute("last-rc-change").as_llong(); when > 0)
        entry["last_change"] = options_.instant(when);
      json.push_back(std::move(entry));
    }
    return json;
  }

  ordered_json tickets() const {
    ordered_json json = ordered_json::array();
    for (const auto& [id, ticket] : cluster_.tickets)
      json.push_back({{"id", id}, {"granted", ticket.granted}, {"standby", ticket.standby}});
    return json;
  }

  ordered_json list_bans() const {
    ordered_json json = ordered_json::array();
    for (const Ban& ban : bans(cluster_, options_.ban_prefix))
      if (selection_.has(*ban.node) && selection_.has(*ban.resource))
        json.push_back({{"id", ban.id},
                        {"resource", ban.resource->id},
                        {"node", ban.node->name},
                        {"score", ban.score.value()},
                        {"promoted_only", ban.promoted_only}});
    return json;
  }

  const Cluster& cluster_;
  const MonitorOptions& options_;
  const Selection selection_;
};

}  // namespace

std::string monitor_json(const Cluster& cluster, const MonitorOptions& options) {
  return Monitor(cluster, options).text();
}

}  // namespace gyre::rm::show
