#include "rm/cib/edit.hh"

#include <algorithm>
#include <array>

#include "rm/cib/difference.hh"
#include "rm/cib/pairs.hh"
#include "rm/cib/requests.hh"
#include "rm/cib/steps.hh"

namespace gyre::rm {

namespace {

constexpr std::array of_configuration = {
    "nodes",       "resources", "constraints",      "crm_config", "rsc_defaults",
    "op_defaults", "acls",      "fencing-topology", "tags",       "alerts"};

}  // namespace

bool is_section(std::string_view name) {
  return name == "cib" || name == "all" || name == "configuration" || name == "status" ||
         std::ranges::count(of_configuration, name) > 0;
}

pugi::xml_node section(const Document& document, std::string_view name) {
  if (name == "cib" || name == "all") return document.cib();
  const bool inner = std::ranges::count(of_configuration, name) > 0;
  const auto parent = inner ? document.configuration() : document.cib();
  return find_child(parent, {std::string(name), {}});
}

pugi::xml_node make_section(Document& document, std::string_view name) {
  if (const auto found = section(document, name)) return found;
  const bool inner = std::ranges::count(of_configuration, name) > 0;
  auto parent = inner ? make_section(document, "configuration") : document.cib();
  return parent.append_child(std::string(name).c_str());
}

pugi::xml_node find_same(pugi::xml_node scope, pugi::xml_node wanted) {
  const Step same = step(wanted);
  if (step(scope) == same) return scope;
  return scope.find_node([&](pugi::xml_node node) { return step(node) == same; });
}

void merge(pugi::xml_node to, pugi::xml_node wanted) {
  for (const auto attribute : wanted.attributes()) {
    const std::string name = attribute.name();
    auto there = to.attribute(name.c_str());
    if (!there) there = to.append_attribute(name.c_str());
    there = counted_on(attribute.value(), there.value(), name).c_str();
  }
  for (const auto child : wanted) {
    const Step same = step(child);
    auto there = pugi::xml_node();
    if (child.type() == pugi::node_element)
      for (const auto other : to.children(same.name.c_str()))
        if (!there && (same.id.empty() || same.id == other.attribute("id").value())) there = other;
    if (there)
      merge(there, child);
    else
      to.append_copy(child);
  }
}

pugi::xml_node find_like(pugi::xml_node scope, pugi::xml_node wanted) {
  return scope.find_node([&](pugi::xml_node node) {
    return std::string_view(node.name()) == wanted.name() &&
           std::ranges::all_of(wanted.attributes(), [&](pugi::xml_attribute attribute) {
             const auto there = node.attribute(attribute.name());
             return there && std::string_view(there.value()) == attribute.value();
           });
  });
}

pugi::xml_node replace(pugi::xml_node old, pugi::xml_node with) {
  auto parent = old.parent();
  const auto added = parent.insert_copy_after(with, old);
  parent.remove_child(old);
  return added;
}

void settle_version(Document& document, const Document& before) {
  const auto changed = difference(before, document);
  if (!changed.configuration.empty())
    raise_epoch(document);
  else if (!changed.status.empty() || !changed.header.empty() || changed.from != changed.to)
    raise_updates(document);
}

}  // namespace gyre::rm
