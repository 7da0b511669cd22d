#include <algorithm>
#include <cstdlib>

#include "rm/cib/iso8601.hh"
#include "rm/schedule/remote.hh"
#include "rm/show/facts.hh"
#include "rm/show/monitor.hh"
#include "rm/show/node_order.hh"
#include "rm/show/node_text.hh"
#include "rm/show/resource_text.hh"
#include "rm/show/resource_xml.hh"
#include "rm/show/selection.hh"
#include "rm/show/words.hh"
#include "rm/show/xml_writer.hh"

namespace gyre::rm::show {

using schedule::Cluster;
using schedule::Node;
using schedule::NoQuorum;
using schedule::OperationRecord;
using schedule::Resource;

namespace {

const char* name_of_policy(NoQuorum policy) {
  switch (policy) {
    case NoQuorum::freeze:
      return "freeze";
    case NoQuorum::stop:
      return "stop";
    case NoQuorum::demote:
      return "demote";
    case NoQuorum::ignore:
      return "ignore";
    case NoQuorum::suicide:
      return "suicide";
  }
  return "";
}

// Of XML within XML.
std::string escaped(std::string_view text) {
  std::string result;
  for (const char c : text) {
    const char* entity = c == '&'   ? "&amp;"
                         : c == '<' ? "&lt;"
                         : c == '>' ? "&gt;"
                         : c == '"' ? "&quot;"
                                    : nullptr;
    entity ? result += entity : result += c;
  }
  return result;
}

using Attribute = XmlWriter::Attribute;

class MonitorXml {
 public:
  MonitorXml(const Cluster& cluster, const MonitorOptions& options, XmlWriter& out)
      : cluster_(cluster), options_(options), selection_(cluster, options), out_(out) {}

  void write() {
    constexpr auto heads = section::stack | section::dc | section::times | section::counts;
    if (!coordinator(cluster_) || wants(heads | section::options)) summary();
    if (wants(section::nodes)) nodes();
    if (wants(section::resources)) resources();
    if (wants(section::attributes)) attributes();
    if (wants(section::operations | section::failcounts)) history();
    if (wants(section::failures)) list_failures();
    if (wants(section::tickets)) tickets();
    if (wants(section::bans)) negative();
  }

 private:
  bool wants(unsigned sections) const { return (options_.sections & sections) != 0; }

  void summary() {
    const auto& of = cluster_.options;
    const auto option = [&](const char* name, const char* otherwise = "") {
      return of.all.value_or(name, otherwise);
    };
    out_.begin("summary");
    if (wants(section::stack))
      out_.element("stack", {{"type", option("cluster-infrastructure", "unknown")}});
    if (wants(section::dc) || !coordinator(cluster_)) dc(option("dc-version"));
    if (wants(section::times)) {
      const auto said = [&](const char* name) { return cluster_.cib.attribute(name).value(); };
      out_.element("last_update", {{"time", options_.clock(options_.updated)}});
      out_.element("last_change", {{"time", said("cib-last-written")},
                                   {"user", said("update-user")},
                                   {"client", said("update-client")},
                                   {"origin", said("update-origin")}});
    }
    if (wants(section::counts)) {
      const ResourceCounts counts = count_resources(cluster_);
      out_.element("nodes_configured", {{"number", cluster_.nodes.size()}});
      out_.element(
          "resources_configured",
          {{"number", counts.all}, {"disabled", counts.disabled}, {"blocked", counts.blocked}});
    }
    const auto ms = [&](const char* name, const char* otherwise) {
      return parse_interval_ms(option(name, otherwise)).value_or(0);
    };
    if (wants(section::options))
      out_.element("cluster_options",
                   {{"stonith-enabled", of.fencing},
                    {"symmetric-cluster", of.symmetric},
                    {"no-quorum-policy", name_of_policy(quorum_policy(cluster_))},
                    {"maintenance-mode", of.maintenance},
                    {"stop-all-resources", of.stop_all},
                    {"stonith-timeout-ms", ms("stonith-timeout", "60s")},
                    {"priority-fencing-delay-ms", ms("priority-fencing-delay", "0")}});
    out_.end();
  }

  void dc(std::string_view version) {
    const Node* dc = coordinator(cluster_);
    if (!dc) return out_.element("current_dc", {{"present", false}});
    out_.element("current_dc", {{"present", true},
                                {"version", version},
                                {"name", dc->name},
                                {"id", dc->id},
                                {"with_quorum", cluster_.quorate},
                                {"mixed_version", false}});
  }

  void nodes() {
    out_.begin("nodes");
    for (const Node* node : selection_.nodes()) {
      begin_node(*node);
      if (options_.by_node)
        for (const Resource* resource : node->running)
          if (selection_.has(*resource)) resource_xml(out_, *resource, selection_);
      out_.end();
    }
    out_.end();
  }

  void begin_node(const Node& node) {
    const bool guest = schedule::is_guest(node);
    const bool knows = node.online && !node.remote;
    const auto features = node.attributes.value_or("#feature-set", "<3.15.1");
    out_.begin(
        "node",
        {{"name", node.name},
         {"id", node.id},
         {"online", node.online},
         {"standby", node.standby},
         {"standby_onfail", node.standby_on_fail},
         {"maintenance", node.maintenance},
         {"pending", node.pending},
         {"unclean", node.unclean},
         {"health", health_of(cluster_, node)},
         Attribute("feature_set", features).only_if(knows),
         {"shutdown", node.shutdown},
         {"expected_up", node.expected_up && !node.shutdown},
         {"is_dc", node.is_dc},
         {"resources_running", node.running.size()},
         {"type", node.remote   ? "remote"
                  : node.member ? "member"
                                : "ping"},
         Attribute("id_as_resource", guest ? node.connection->container->id : "").only_if(guest)});
  }

  void resources() {
    if (options_.by_node && !options_.inactive) return;
    bool any = false;
    for (const Resource* top : cluster_.top) {
      if (gone(*top) || !selection_.has(*top)) continue;
      if (options_.by_node && all_active(*top)) continue;
      if (!any) out_.begin("resources");
      any = true;
      resource_xml(out_, *top, selection_);
    }
    if (any) out_.end();
  }

  void attributes() {
    bool any = false;
    for (const Node* node : selection_.nodes()) {
      const auto shown = shown_attributes(cluster_, *node);
      if (!node->online || shown.empty()) continue;
      if (!any) out_.begin("node_attributes");
      any = true;
      out_.begin("node", {{"name", node->name}});
      for (const auto& [name, value, expected] : shown)
        out_.element("attribute",
                     {{"name", name},
                      {"value", value},
                      Attribute("expected", expected.value_or(0)).only_if(!!expected)});
      out_.end();
    }
    if (any) out_.end();
  }

  void history() {
    bool any = false;
    for (const NodeHistory& history : histories(cluster_)) {
      if (!selection_.has(*history.node)) continue;
      if (!any) out_.begin("node_history");
      any = true;
      bool of_node = false;
      for (const ResourceHistory& of : history.resources) {
        if (!of.resource || of.operations.empty() || !selection_.has(*of.resource)) continue;
        if (!of_node) out_.begin("node", {{"name", history.node->name}});
        of_node = true;
        resource_history(of);
      }
      if (of_node) out_.end();
    }
    if (any) out_.end();
  }

  void resource_history(const ResourceHistory& of) {
    out_.begin("resource_history",
               {{"id", shown_name(*of.resource)},
                {"orphan", false},
                {"migration-threshold", of.resource->migration_threshold},
                Attribute("fail-count", of.fail_count).only_if(of.fail_count > 0),
                Attribute("last-failure", options_.clock(of.last_failure))
                    .only_if(of.fail_count > 0 && of.last_failure > 0)});
    if (wants(section::operations))
      for (const OperationRecord& record : of.operations) operation(record);
    out_.end();
  }

  void operation(const OperationRecord& record) {
    const auto interval = std::to_string(record.interval_ms) + "ms";
    const auto took = record.xml.attribute("exec-time"),
               waited = record.xml.attribute("queue-time");
    out_.element("operation_history",
                 {{"call", record.call_id},
                  {"task", record.probe() ? std::string_view("probe") : record.task},
                  {"rc", shown_exit(record)},
                  {"rc_text", exit_text(shown_exit(record))},
                  Attribute("interval", interval).only_if(record.interval_ms > 0),
                  Attribute("last-rc-change", options_.clock(record.last_change))
                      .only_if(record.last_change > 0),
                  Attribute("exec-time", took.value() + std::string("ms")).only_if(took),
                  Attribute("queue-time", waited.value() + std::string("ms")).only_if(waited)});
  }

  void list_failures() {
    bool any = false;
    for (const schedule::Failure& failure : failures(cluster_)) {
      if (masked(failure) || !selection_.has(*failure.node) || !selection_.has(*failure.resource))
        continue;
      if (!any) out_.begin("failures");
      any = true;
      write_failure(failure);
    }
    if (any) out_.end();
  }

  void write_failure(const schedule::Failure& failure) {
    const auto record = failure.record;
    const auto said = [&](const char* name) {
      return std::string_view(record.attribute(name).value());
    };
    const int exit = record.attribute("rc-code").as_int();
    const auto changed = record.attribute("last-rc-change").as_llong();
    const std::string reason =
        record.attribute("exit-reason") ? escaped(said("exit-reason")) : "none";
    const bool when = changed > 0;
    out_.element(
        "failure",
        {{record.attribute("operation_key") ? "op_key" : "id", failure.key},
         {"node", failure.node->name},
         {"exitstatus", exit_text(exit)},
         {"exitreason", reason},
         {"exitcode", exit},
         {"call", said("call-id")},
         {"status", outcome_text(record.attribute("op-status").as_int())},
         Attribute("last-rc-change", options_.instant(changed)).only_if(when),
         Attribute("queued", said("queue-time")).only_if(when && record.attribute("queue-time")),
         Attribute("exec", said("exec-time")).only_if(when && record.attribute("exec-time")),
         Attribute("interval", record.attribute("interval").as_llong()).only_if(when),
         Attribute("task", said("operation")).only_if(when)});
  }

  void tickets() {
    if (cluster_.tickets.empty()) return;
    out_.begin("tickets");
    for (const auto& [id, ticket] : cluster_.tickets) {
      const auto when = ticket.state.find("last-granted");
      const auto seconds = std::strtoll(std::string(when.value_or("")).c_str(), nullptr, 10);
      out_.element("ticket", {{"id", id},
                              {"status", ticket.granted ? "granted" : "revoked"},
                              {"standby", ticket.standby},
                              Attribute("last-granted", options_.clock(seconds)).only_if(!!when)});
    }
    out_.end();
  }

  void negative() {
    bool any = false;
    for (const Ban& ban : bans(cluster_, options_.ban_prefix)) {
      if (!selection_.has(*ban.node) || !selection_.has(*ban.resource)) continue;
      if (!any) out_.begin("bans");
      any = true;
      out_.element("ban", {{"id", ban.id},
                           {"resource", ban.resource->id},
                           {"node", ban.node->name},
                           {"weight", ban.score.value()},
                           {"promoted-only", ban.promoted_only},
                           {"master_only", ban.promoted_only}});
    }
    if (any) out_.end();
  }

  const Cluster& cluster_;
  const MonitorOptions& options_;
  const Selection selection_;
  XmlWriter& out_;
};

}  // namespace

std::string monitor_xml(const Cluster& cluster, const MonitorOptions& options,
                        std::string_view command) {
  XmlWriter out;
  out.begin("pacemaker-result", {{"api-version", "2.25"}, {"request", command}});
  MonitorXml(cluster, options, out).write();
  out.element("status", {{"code", 0}, {"message", "OK"}});
  out.end();
  return out.take();
}

std::string monitor_old_xml(const Cluster& cluster, const MonitorOptions& options) {
  XmlWriter out;
  out.begin("crm_mon", {{"version", "2.1.5"}});
  MonitorXml(cluster, options, out).write();
  out.end();
  return out.take();
}

}  // namespace gyre::rm::show
