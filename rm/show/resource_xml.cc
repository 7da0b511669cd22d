#include "rm/show/resource_xml.hh"

#include <algorithm>

#include "rm/show/flags.hh"
#include "rm/show/resource_text.hh"

namespace gyre::rm::show {

using schedule::Kind;
using schedule::Node;
using schedule::Resource;
using schedule::Role;

namespace {

// While something other than a monitor is under way, its name is the role.
bool only_monitors(const Resource& resource) {
  return resource.pending_task == "monitor";
}

void primitive(XmlWriter& out, const Resource& resource) {
  const auto target = resource.meta.find("target-role");
  const char* doing = pending_name(resource);
  out.begin(
      "resource",
      {{"id", shown_name(resource)},
       {"resource_agent", agent_of(resource)},
       {"role",
        doing && !only_monitors(resource) ? doing : name_of(shown_role(resource, resource.role))},
       XmlWriter::Attribute("target_role", target.value_or("")).only_if(!!target),
       {"active", active(resource)},
       {"orphaned", resource.orphan},
       {"blocked", resource.blocked},
       {"managed", !unmanaged(resource)},
       {"failed", resource.failed},
       {"failure_ignored", resource.failure_ignored},
       {"nodes_running_on", resource.running_on.size()},
       XmlWriter::Attribute("pending", "Monitoring").only_if(only_monitors(resource))});
  for (const Node* node : resource.running_on)
    out.element("node", {{"name", node->name}, {"id", node->id}, {"cached", node->online}});
  out.end();
}

void children(XmlWriter& out, const Resource& resource, const Selection& selection) {
  for (const Resource* child : resource.children)
    if (selection.has(*child)) resource_xml(out, *child, selection);
}

void group(XmlWriter& out, const Resource& group, const Selection& selection) {
  out.begin("group", {{"id", group.id},
                      {"number_resources", group.children.size()},
                      {"managed", !unmanaged(group)},
                      {"disabled", disabled(group)}});
  children(out, group, selection);
  out.end();
}

void clone(XmlWriter& out, const Resource& clone, const Selection& selection) {
  auto target = clone.meta.find("target-role");
  if (!target && !clone.children.empty()) target = clone.children.front()->meta.find("target-role");
  out.begin("clone", {{"id", clone.id},
                      {"multi_state", clone.promotable},
                      {"unique", clone.unique},
                      {"managed", !unmanaged(clone)},
                      {"disabled", disabled(clone)},
                      {"failed", clone.failed},
                      {"failure_ignored", clone.failure_ignored},
                      XmlWriter::Attribute("target_role", target.value_or("")).only_if(!!target)});
  children(out, clone, selection);
  out.end();
}

}  // namespace

void resource_xml(XmlWriter& out, const Resource& resource, const Selection& selection) {
  switch (resource.kind) {
    case Kind::primitive:
      return primitive(out, resource);
    case Kind::group:
      return group(out, resource, selection);
    case Kind::clone:
      return clone(out, resource, selection);
  }
}

}  // namespace gyre::rm::show
