#include "rm/show/selection.hh"

#include <algorithm>
#include <string>

#include "rm/show/node_order.hh"
#include "rm/show/resource_text.hh"

namespace gyre::rm::show {

using schedule::Cluster;
using schedule::Node;
using schedule::Resource;

namespace {

// The name itself, and what has it for a tag.
std::set<std::string_view> tagged(const Cluster& cluster, std::string_view name) {
  std::set<std::string_view> found{name};
  if (const auto tag = cluster.tags.find(name); tag != cluster.tags.end())
    found.insert(tag->second.begin(), tag->second.end());
  return found;
}

}  // namespace

Selection::Selection(const Cluster& cluster, const MonitorOptions& options) {
  const auto names = tagged(cluster, options.node);
  for (const Node& node : cluster.nodes)
    if (options.node.empty() || names.contains(node.name) || names.contains(node.id))
      nodes_.push_back(&node);
  sort_by_name(nodes_);
  if (!options.resource.empty()) resources_ = tagged(cluster, options.resource);
}

bool Selection::has(const Node& node) const {
  return std::ranges::find(nodes_, &node) != nodes_.end();
}

bool Selection::named(const Resource& resource) const {
  return resources_->contains(resource.id) || resources_->contains(shown_name(resource));
}

bool Selection::has(const Resource& resource) const {
  if (!resources_) return true;
  for (const Resource* r = &resource; r; r = r->parent)
    if (named(*r)) return true;
  return std::ranges::any_of(resource.children, [&](const Resource* child) { return has(*child); });
}

}  // namespace gyre::rm::show
