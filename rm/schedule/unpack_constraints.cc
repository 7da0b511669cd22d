#include <algorithm>

#include "rm/schedule/constraints.hh"
#include "rm/schedule/unpack.hh"

namespace gyre::rm::schedule {

namespace {

void expand(Cluster& cluster, std::string_view name, int depth, std::vector<Resource*>& into) {
  if (Resource* resource = cluster.resource(name)) {
    if (std::ranges::find(into, resource) == into.end()) into.push_back(resource);
    return;
  }
  for (Resource& resource : cluster.resources)
    if (attribute(resource.xml, "template") == name && !resource.in_clone())
      into.push_back(&resource);
  const auto tag = cluster.tags.find(name);
  if (tag == cluster.tags.end() || depth > 8) return;
  for (const auto member : tag->second) expand(cluster, member, depth + 1, into);
}

}  // namespace

std::vector<Resource*> resources_named(Cluster& cluster, std::string_view name) {
  std::vector<Resource*> found;
  if (!name.empty()) expand(cluster, name, 0, found);
  return found;
}

std::vector<Resource*> resources_of_set(Cluster& cluster, pugi::xml_node set) {
  std::vector<Resource*> found;
  for (auto reference : set.children("resource_ref"))
    expand(cluster, attribute(reference, "id"), 0, found);
  return found;
}

void unpack_constraints(Cluster& cluster) {
  for (auto xml : cluster.cib.child("configuration").child("constraints").children()) {
    const std::string_view name = xml.name();
    if (name == "rsc_location") read_location(cluster, xml);
    if (name == "rsc_colocation") read_colocation(cluster, xml);
    if (name == "rsc_order") read_order(cluster, xml);
    if (name == "rsc_ticket") read_ticket(cluster, xml);
  }
}

}  // namespace gyre::rm::schedule
