#include "rm/configure/resource_change.hh"

#include <fmt/format.h>

#include "rm/cib/values.hh"
#include "rm/configure/ids.hh"
#include "rm/configure/language.hh"
#include "rm/configure/references.hh"

namespace gyre::rm::configure {

namespace {

bool is_clone(pugi::xml_node node) {
  return is(node, "clone") || is(node, "master");
}

void drop_from_members(pugi::xml_node whole, const std::string& name) {
  for (const auto member : whole.children()) {
    if (!is_resource(member)) continue;
    for (auto set = member.child("meta_attributes"); set;) {
      auto next = set.next_sibling("meta_attributes");
      if (auto said = set.find_child_by_attribute("nvpair", "name", name.c_str())) {
        set.remove_child(said);
        if (!set.first_child()) set.parent().remove_child(set);
      }
      set = next;
    }
  }
}

}  // namespace

pugi::xml_node find_resource(pugi::xml_node configuration, std::string_view id) {
  const auto found = find_object(configuration, id);
  if (!found || !is_resource(found)) throw Mistake(0, fmt::format("Resource not found: {}", id));
  return found;
}

pugi::xml_node whole_of(pugi::xml_node resource) {
  return is_clone(resource.parent()) ? resource.parent() : resource;
}

bool is_promotable(pugi::xml_node resource) {
  if (is(resource, "master")) return true;
  for (const auto set : resource.children("meta_attributes")) {
    const auto said = set.find_child_by_attribute("nvpair", "name", "promotable");
    if (is_clone(resource) && parse_boolean(get(said, "value")).value_or(false)) return true;
  }
  return false;
}

void set_option(pugi::xml_node configuration, pugi::xml_node whole, const std::string& name,
                const std::string& value) {
  Ids ids(configuration);
  if (!whole.child("meta_attributes")) {
    // Where the shell of Pacemaker puts it.
    const bool first = is(whole, "group") || is(whole, "clone");
    auto made =
        first ? whole.prepend_child("meta_attributes") : whole.append_child("meta_attributes");
    set(made, "id", ids.fresh(fmt::format("{}-meta_attributes", get(whole, "id"))));
  }
  for (auto options : whole.children("meta_attributes")) {
    auto said = options.find_child_by_attribute("nvpair", "name", name.c_str());
    if (!said) {
      said = options.append_child("nvpair");
      set(said, "id", ids.fresh(fmt::format("{}-{}", get(options, "id"), name)));
      set(said, "name", name);
    }
    set(said, "value", value);
  }
  if (is_clone(whole)) drop_from_members(whole, name);
}

}  // namespace gyre::rm::configure
