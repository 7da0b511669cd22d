// crm_mon's text as Pacemaker 1.1.6 wrote it.
#include <fmt/format.h>

#include <algorithm>

#include "rm/show/clone_text.hh"
#include "rm/show/facts.hh"
#include "rm/show/flags.hh"
#include "rm/show/monitor.hh"
#include "rm/show/resource_text.hh"
#include "rm/show/selection.hh"
#include "rm/show/words.hh"

namespace gyre::rm::show {

using schedule::Cluster;
using schedule::Kind;
using schedule::Node;
using schedule::Resource;
using schedule::Role;

namespace {

const char* role_text(const Resource& resource) {
  const Role role = shown_role(resource, resource.role);
  return role == Role::promoted ? "Master" : role == Role::unpromoted ? "Slave" : name_of(role);
}

const char* node_state(const Node& node) {
  if (node.unclean)
    return node.online    ? "UNCLEAN (online)"
           : node.pending ? "UNCLEAN (pending)"
                          : "UNCLEAN (offline)";
  if (node.pending) return "pending";
  if (node.standby_on_fail && node.online) return "standby (on-fail)";
  if (node.standby) return node.online ? "standby" : "OFFLINE (standby)";
  if (node.maintenance) return node.online ? "maintenance" : "OFFLINE (maintenance)";
  return node.online ? "online" : "OFFLINE";
}

const char* exit_text_1_1(int code) {
  namespace rc = schedule::rc;
  return code == rc::error                        ? "unknown error"
         : code == rc::promoted                   ? "master"
         : code == rc::failed_promoted            ? "master (failed)"
         : code < 0 || code > rc::failed_promoted ? "unknown exec error"
                                                  : exit_text(code);
}

class Monitor {
 public:
  Monitor(const Cluster& cluster, const MonitorOptions& options)
      : cluster_(cluster), options_(options), selection_(cluster, options) {}

  std::string text() {
    if (wants(section::summary)) header();
    if (wants(section::nodes)) nodes();
    if (wants(section::resources)) resources();
    if (wants(section::attributes)) attributes();
    if (wants(section::operations | section::failcounts)) history();
    if (wants(section::tickets)) tickets();
    if (wants(section::failures)) list_failures();
    return std::move(text_);
  }

 private:
  bool wants(unsigned sections) const { return (options_.sections & sections) != 0; }

  template <typename... Values>
  void line(fmt::format_string<Values...> words, Values&&... values) {
    text_ += fmt::format(words, std::forward<Values>(values)...) + '\n';
  }

  void header() {
    const auto& options = cluster_.options.all;
    line("============");
    if (wants(section::times)) {
      line("Last updated: {}", options_.clock(options_.updated));
      std::string change;
      for (const auto& [before, name] : {std::pair{" ", "cib-last-written"},
                                         {" by ", "update-user"},
                                         {" via ", "update-client"},
                                         {" on ", "update-origin"}})
        if (const auto value = cluster_.cib.attribute(name)) change.append(before) += value.value();
      line("Last change:{}", change.empty() ? " " : change);
    }
    if (wants(section::stack))
      line("Stack: {}", options.value_or("cluster-infrastructure", "unknown"));
    if (wants(section::dc)) {
      if (const Node* dc = coordinator(cluster_)) {
        line("Current DC: {} - partition {} quorum", node_label(*dc, true),
             cluster_.quorate ? "with" : "WITHOUT");
        line("Version: {}", options.value_or("dc-version", "unknown"));
      } else {
        line("Current DC: NONE");
      }
    }
    if (wants(section::counts)) {
      line("{} Nodes configured, {} expected votes", cluster_.nodes.size(),
           options.value_or("expected-quorum-votes", "unknown"));
      line("{} Resources configured.", cluster_.top.size());
    }
    line("============");
    line("");
  }

  // In the document's order.
  std::vector<const Node*> chosen_nodes() const {
    std::vector<const Node*> found;
    for (auto xml : cluster_.cib.child("configuration").child("nodes").children("node"))
      for (const Node* node : selection_.nodes())
        if (node->id == xml.attribute("id").value()) found.push_back(node);
    for (const Node* node : selection_.nodes())
      if (std::ranges::find(found, node) == found.end()) found.push_back(node);
    return found;
  }

  void nodes() {
    const auto chosen = chosen_nodes();
    std::string online, offline;
    for (const Node* node : chosen) {
      const std::string state = node_state(*node);
      if (options_.by_node) {
        line("Node {}: {}", node->name, state);
        for (const Resource* resource : node->running)
          if (selection_.has(*resource)) primitive("\t", *resource, false);
      } else if (state == "online") {
        online.append(" ") += node->name;
      } else if (state == "OFFLINE") {
        offline.append(" ") += node->name;
      } else {
        line("Node {}: {}", node->name, state);
      }
    }
    if (!online.empty()) line("Online: [{} ]", online);
    if (!offline.empty()) line("OFFLINE: [{} ]", offline);
  }

  void resources() {
    std::vector<const Resource*> listed;
    for (const Resource* top : cluster_.top) {
      if (gone(*top) || hidden(*top) || !selection_.has(*top)) continue;
      if (options_.inactive ? !(options_.by_node && all_active(*top))
                            : !options_.by_node && active(*top))
        listed.push_back(top);
    }
    if (options_.inactive)
      line("{}", options_.by_node ? "\nInactive resources:" : "\nFull list of resources:");
    if (!listed.empty()) line("");
    for (const Resource* top : listed) resource(" ", *top);
  }

  void resource(const std::string& before, const Resource& resource) {
    if (resource.is(Kind::primitive)) return primitive(before, resource, true);
    if (resource.is(Kind::clone)) return clone(before, resource);
    line("{}Resource Group: {}", before, resource.id);
    for (const Resource* member : resource.children) this->resource(before + "    ", *member);
  }

  void primitive(const std::string& before, const Resource& resource, bool with_node) {
    const std::string agent =
        resource.provider.empty()
            ? fmt::format("{}:{}", resource.standard, resource.type)
            : fmt::format("{}::{}:{}", resource.standard, resource.provider, resource.type);
    std::string where;
    const auto& on = resource.running_on;
    if (with_node && on.size() == 1) where = on.front()->name;
    if (with_node && on.size() > 1) {
      where = "[";
      for (const Node* node : on) where.append("\t") += node->name;
      where += " ]";
    }
    const std::string role = where.empty() && with_node
                                 ? role_text(resource)
                                 : fmt::format("{} {}", role_text(resource), where);
    line("{}{}\t({}):\t{}{}{}{}", before, shown_name(resource), agent,
         resource.orphan ? " ORPHANED " : "", role, unmanaged(resource) ? " (unmanaged)" : "",
         resource.failed ? " FAILED" : "");
  }

  void clone(const std::string& before, const Resource& clone) {
    line("{}{} Set: {} [{}]{}{}", before, clone.promotable ? "Master/Slave" : "Clone", clone.id,
         inner_id(clone), clone.unique ? " (unique)" : "", unmanaged(clone) ? " (unmanaged)" : "");
    const std::string inside = before + "    ";
    std::string masters, running, stopped;
    for (const Resource* instance : clone.children) {
      const bool runs = active(*instance);
      if (instance->orphan && !runs) continue;
      if (clone.unique || (runs && peculiar(*instance)))
        resource(inside, *instance);
      else if (!runs)
        stopped.append(" ") += instance->id;
      else
        (role_of(*instance) == Role::promoted ? masters : running).append(" ") +=
            instance->running_on.front()->name;
    }
    if (!masters.empty()) line("{}Masters: [{} ]", inside, masters);
    if (!running.empty())
      line("{}{}: [{} ]", inside, clone.promotable ? "Slaves" : "Started", running);
    if (!stopped.empty()) line("{}Stopped: [{} ]", inside, stopped);
  }

  void attributes() {
    line("\nNode Attributes:");
    for (const Node* node : chosen_nodes()) {
      if (!node->online) continue;
      line("* Node {}:", node->name);
      for (const auto& [name, value, expected] : shown_attributes(cluster_, *node))
        line("    + {:<32}\t: {:<10}", name, value);
    }
  }

  void history() {
    const bool operations = wants(section::operations);
    line("{}", operations ? "\nOperations:" : "\nMigration summary:");
    for (const NodeHistory& history : histories(cluster_)) {
      if (!selection_.has(*history.node)) continue;
      line("* Node {}: ", history.node->name);
      for (const ResourceHistory& of : history.resources) {
        if (!of.resource || !selection_.has(*of.resource)) continue;
        if (operations ? of.operations.empty() : of.fail_count == 0) continue;
        line("   {}: migration-threshold={}{}", of.id, of.resource->migration_threshold,
             of.fail_count > 0 ? fmt::format(" fail-count={}", of.fail_count) : "");
        if (operations)
          for (const auto& record : of.operations) operation(record);
      }
    }
  }

  void operation(const schedule::OperationRecord& record) {
    std::string text;
    if (record.interval_ms > 0) text += fmt::format(" interval={}ms", record.interval_ms);
    if (options_.timing) {
      if (record.last_change > 0)
        text += fmt::format(" last-rc-change='{}'", options_.clock(record.last_change));
      for (const char* name : {"exec-time", "queue-time"})
        if (const auto ms = record.xml.attribute(name))
          text += fmt::format(" {}={}ms", name, ms.value());
    }
    const int exit = shown_exit(record);
    line("    + ({}) {}:{} rc={} ({})", record.call_id,
         record.probe() ? std::string_view("probe") : record.task, text, exit, exit_text_1_1(exit));
  }

  void tickets() {
    if (cluster_.tickets.empty()) return;
    line("\nTickets:");
    for (const auto& [id, ticket] : cluster_.tickets)
      line(" {}\t{}{}", id, ticket.granted ? "granted" : "revoked",
           ticket.standby ? " (standby)" : "");
  }

  void list_failures() {
    bool any = false;
    for (const schedule::Failure& failure : failures(cluster_)) {
      if (!selection_.has(*failure.node) || !selection_.has(*failure.resource)) continue;
      if (!any) line("\nFailed actions:");
      any = true;
      const int exit = failure.record.attribute("rc-code").as_int();
      line("    {} (node={}, call={}, rc={}, status={}): {}", failure.key, failure.node->name,
           failure.record.attribute("call-id").value(), exit,
           outcome_text(failure.record.attribute("op-status").as_int()), exit_text_1_1(exit));
    }
  }

  const Cluster& cluster_;
  const MonitorOptions& options_;
  const Selection selection_;
  std::string text_;
};

}  // namespace

std::string monitor_text_1_1(const Cluster& cluster, const MonitorOptions& options) {
  return Monitor(cluster, options).text();
}

}  // namespace gyre::rm::show
