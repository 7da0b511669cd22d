#include "rm/show/status_text.hh"

#include <fmt/format.h>

#include <vector>

#include "rm/show/facts.hh"
#include "rm/show/node_text.hh"
#include "rm/show/resource_text.hh"

namespace gyre::rm::show {

using schedule::Cluster;
using schedule::Resource;

std::string status_notes(const Cluster& cluster) {
  std::string text;
  if (cluster.options.maintenance)
    text +=
        "\n              *** Resource management is DISABLED ***\n"
        "  The cluster will not attempt to start, stop or recover services\n\n";
  const ResourceCounts counts = count_resources(cluster);
  if (counts.disabled + counts.blocked > 0)
    text += fmt::format(
        "{} of {} resource instances DISABLED and {} BLOCKED from further action due to "
        "failure\n\n",
        counts.disabled, counts.all, counts.blocked);
  return text;
}

void resources(Outline& out, const Cluster& cluster) {
  out.begin("Full List of Resources");
  bool any = false;
  for (const Resource* top : cluster.top) {
    if (gone(*top) || hidden(*top)) continue;
    resource(out, cluster, *top);
    any = true;
  }
  if (!any) out.item("No resources");
  out.end();
}

void status(Outline& out, std::string_view title, const Cluster& cluster) {
  out.begin(title);
  if (!cluster.nodes.empty()) {
    std::vector<const schedule::Node*> nodes;
    for (const schedule::Node& node : cluster.nodes) nodes.push_back(&node);
    out.begin("Node List");
    node_list(out, cluster, std::move(nodes));
    out.end();
    out.gap();
  }
  resources(out, cluster);
  out.end();
}

}  // namespace gyre::rm::show
