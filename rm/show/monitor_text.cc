#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include "rm/show/facts.hh"
#include "rm/show/history_text.hh"
#include "rm/show/monitor.hh"
#include "rm/show/node_text.hh"
#include "rm/show/outline.hh"
#include "rm/show/resource_text.hh"
#include "rm/show/selection.hh"
#include "rm/show/words.hh"

namespace gyre::rm::show {

using schedule::Cluster;
using schedule::Kind;
using schedule::Node;
using schedule::NoQuorum;
using schedule::Resource;

namespace {

std::string plural(int count, const char* what) {
  return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s");
}

const char* quorum_words(NoQuorum policy) {
  switch (policy) {
    case NoQuorum::freeze:
      return "Freeze resources";
    case NoQuorum::stop:
      return "Stop ALL resources";
    case NoQuorum::demote:
      return "Demote promotable resources and stop all other resources";
    case NoQuorum::ignore:
      return "Ignore";
    case NoQuorum::suicide:
      return "Suicide";
  }
  return "";
}

class Monitor {
 public:
  Monitor(const Cluster& cluster, const MonitorOptions& options)
      : cluster_(cluster), options_(options), selection_(cluster, options) {}

  std::string text() {
    if (!coordinator(cluster_) ||
        wants((section::summary & ~unsigned{section::maintenance}) | section::options))
      add([&](Outline& out) { summary(out); });
    if (wants(section::maintenance)) text_ += maintenance();
    if (wants(section::nodes)) add([&](Outline& out) { nodes(out); });
    if (wants(section::resources)) add([&](Outline& out) { resources(out); });
    if (wants(section::attributes)) add([&](Outline& out) { attributes(out); });
    const HistoryText history{cluster_, selection_, options_};
    if (wants(section::operations))
      add([&](Outline& out) { history.operations(out); });
    else if (wants(section::failcounts))
      add([&](Outline& out) { history.fail_counts(out); });
    if (wants(section::failures)) add([&](Outline& out) { history.failures(out); });
    if (wants(section::tickets)) add([&](Outline& out) { tickets(out); });
    if (wants(section::bans)) add([&](Outline& out) { negative(out); });
    return std::move(text_);
  }

 private:
  bool wants(unsigned sections) const { return (options_.sections & sections) != 0; }

  // Sections that are not empty, with an empty line between them.
  template <typename Write>
  void add(Write write) {
    Outline out(Outline::Style::fancy);
    write(out);
    const std::string text = out.take();
    if (!text.empty() && !text_.empty()) text_ += '\n';
    text_ += text;
  }

  void summary(Outline& out) const {
    out.begin("Cluster Summary");
    if (wants(section::stack))
      out.item("Stack", cluster_.options.all.value_or("cluster-infrastructure", "unknown"));
    if (wants(section::dc) || !coordinator(cluster_)) dc(out);
    if (wants(section::times)) times(out);
    if (wants(section::counts)) counts(out);
    if (wants(section::options)) options(out);
    out.end();
  }

  void dc(Outline& out) const {
    const Node* dc = coordinator(cluster_);
    if (!dc) return out.item("Current DC", "NONE");
    out.item("Current DC",
             fmt::format("{} (version {}) - partition {} quorum", node_label(*dc, options_.detail),
                         cluster_.options.all.value_or("dc-version", "unknown"),
                         cluster_.quorate ? "with" : "WITHOUT"));
  }

  void times(Outline& out) const {
    out.item("Last updated", options_.clock(options_.updated));
    std::string change;
    for (const auto& [before, name] : {std::pair{" ", "cib-last-written"},
                                       {" by ", "update-user"},
                                       {" via ", "update-client"},
                                       {" on ", "update-origin"}})
      if (const auto value = cluster_.cib.attribute(name)) change.append(before) += value.value();
    out.item("Last change", change.empty() ? " " : change);
  }

  void counts(Outline& out) const {
    const ResourceCounts counts = count_resources(cluster_);
    std::string off;
    if (counts.disabled > 0) off = fmt::format("{} DISABLED", counts.disabled);
    if (counts.blocked > 0)
      off += fmt::format("{}{} BLOCKED from further action due to failure", off.empty() ? "" : ", ",
                         counts.blocked);
    if (!off.empty()) off = " (" + off + ")";
    out.item(plural(static_cast<int>(cluster_.nodes.size()), "node") + " configured");
    out.item(plural(counts.all, "resource instance") + " configured" + off);
  }

  void options(Outline& out) const {
    const auto& options = cluster_.options;
    out.item(options.fencing ? "STONITH of failed nodes enabled"
                             : "STONITH of failed nodes disabled");
    out.item(options.symmetric ? "Cluster is symmetric" : "Cluster is asymmetric");
    out.item("No quorum policy", quorum_words(quorum_policy(cluster_)));
  }

  // Stands below the summary, with an empty line before it in any case.
  std::string maintenance() const {
    if (cluster_.options.maintenance)
      return "\n              *** Resource management is DISABLED ***\n"
             "  The cluster will not attempt to start, stop or recover services\n";
    if (cluster_.options.stop_all)
      return "\n    *** Resource management is DISABLED ***\n"
             "  The cluster will keep all resources stopped\n";
    return {};
  }

  void nodes(Outline& out) const {
    const auto& chosen = selection_.nodes();
    if (chosen.empty()) return;
    out.begin("Node List");
    if (options_.by_node)
      for (const Node* node : chosen) node_with_resources(out, *node);
    else
      node_list(out, cluster_, chosen, options_.detail);
    out.end();
  }

  void node_with_resources(Outline& out, const Node& node) const {
    std::vector<const Resource*> here;
    for (const Resource* resource : node.running)
      if (selection_.has(*resource) && (options_.brief || !unshown(*resource)))
        here.push_back(resource);
    if (options_.brief && here.empty()) return;
    out.begin(node_line(cluster_, node, options_.detail));
    if (wants(section::resources)) {
      const ResourceStyle style{.inactive = false, .detail = options_.detail, .with_nodes = false};
      out.begin("Resources");
      if (options_.brief)
        brief(out, here, style);
      else
        for (const Resource* resource : here) show::resource(out, cluster_, *resource, style);
      out.end();
    }
    out.end();
  }

  // With details, the ways to guests are shown beside them.
  bool unshown(const Resource& resource) const {
    return gone(resource) || (hidden(resource) && !options_.detail);
  }

  // Whether it belongs to the list, beside that of the nodes where resources are listed by node.
  bool listed(const Resource& top) const {
    if (unshown(top) || !selection_.has(top)) return false;
    if (options_.by_node && all_active(top)) return false;
    return options_.inactive || active(top);
  }

  void resources(Outline& out) const {
    if (options_.by_node && !options_.inactive) return;
    out.begin(options_.by_node    ? "Inactive Resources"
              : options_.inactive ? "Full List of Resources"
                                  : "Active Resources");
    const ResourceStyle style{
        .inactive = options_.inactive, .detail = options_.detail, .brief = options_.brief};
    bool any = false;
    if (options_.brief && !options_.by_node) {
      std::vector<const Resource*> primitives;
      for (const Resource* top : cluster_.top)
        if (top->is(Kind::primitive) && selection_.has(*top)) primitives.push_back(top);
      brief(out, primitives, style);
      any = !primitives.empty();
    }
    for (const Resource* top : cluster_.top) {
      const bool counted = options_.brief && !options_.by_node && top->is(Kind::primitive);
      if (!listed(*top) || counted) continue;
      show::resource(out, cluster_, *top, style);
      any = true;
    }
    if (!any)
      out.item(options_.by_node    ? "No inactive resources"
               : options_.inactive ? "No resources"
                                   : "No active resources");
    out.end();
  }

  void attributes(Outline& out) const {
    bool any = false;
    for (const Node* node : selection_.nodes()) {
      const auto shown = shown_attributes(cluster_, *node);
      if (!node->online || shown.empty()) continue;
      if (!any) out.begin("Node Attributes");
      any = true;
      out.begin("Node: " + node_label(*node, options_.detail));
      for (const auto& [name, value, expected] : shown) {
        std::string comment;
        if (expected) {
          const int reached = parse_score(value).value_or(Score()).value();
          if (reached <= 0)
            comment = "\t: Connectivity is lost";
          else if (reached < *expected)
            comment = fmt::format("\t: Connectivity is degraded (Expected={})", *expected);
        }
        out.item(fmt::format("{:<32}\t: {:<10}{}", name, value, comment));
      }
      out.end();
    }
    if (any) out.end();
  }

  void tickets(Outline& out) const {
    if (cluster_.tickets.empty()) return;
    out.begin("Tickets");
    for (const auto& [id, ticket] : cluster_.tickets) {
      std::string text(ticket.granted ? "granted" : "revoked");
      if (ticket.standby) text += " [standby]";
      if (const auto when = ticket.state.find("last-granted"))
        text += fmt::format(" last-granted=\"{}\"",
                            options_.clock(std::strtoll(std::string(*when).c_str(), nullptr, 10)));
      out.item(id, text);
    }
    out.end();
  }

  void negative(Outline& out) const {
    auto shown = bans(cluster_, options_.ban_prefix);
    std::erase_if(shown, [&](const Ban& ban) {
      return !selection_.has(*ban.node) || !selection_.has(*ban.resource);
    });
    if (shown.empty()) return;
    out.begin("Negative Location Constraints");
    for (const Ban& ban : shown)
      out.item(fmt::format("{}\tprevents {} from running {}on {}", ban.id, ban.resource->id,
                           ban.promoted_only ? "in Promoted role " : "",
                           node_label(*ban.node, options_.detail)));
    out.end();
  }

  const Cluster& cluster_;
  const MonitorOptions& options_;
  const Selection selection_;
  std::string text_;
};

}  // namespace

std::string monitor_text(const Cluster& cluster, const MonitorOptions& options) {
  return Monitor(cluster, options).text();
}

}  // namespace gyre::rm::show
