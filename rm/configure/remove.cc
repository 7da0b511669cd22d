// What goes with an object that goes.
#include <fmt/format.h>

#include <algorithm>

#include "rm/configure/edit.hh"
#include "rm/configure/language.hh"

namespace gyre::rm::configure {

namespace {

std::vector<pugi::xml_node> resources_in(pugi::xml_node container) {
  std::vector<pugi::xml_node> found;
  for (const auto child : container.children())
    if (is_resource(child)) found.push_back(child);
  return found;
}

bool is_container(pugi::xml_node node) {
  return is(node, "group") || is(node, "clone") || is(node, "master");
}

}  // namespace

void Edit::remove(std::span<const std::string> names) {
  const auto find_any = [this](const std::string& name) {
    const auto object = find(name);
    return object ? object : find_node(configuration_, name);
  };
  for (const std::string& name : names)
    if (!find_any(name)) throw Mistake(0, fmt::format("at \"{}\": there is no such object", name));
  for (const std::string& name : names) {
    const auto object = find_any(name);
    if (!object) continue;  // it went with another
    if (is(object, "template"))
      for (const auto primitive : objects(configuration_))
        if (get(primitive, "template") == name)
          throw Mistake(
              0, fmt::format("at \"{}\": primitive \"{}\" is made of it; delete that first", name,
                             get(primitive, "id")));
    if (is_container(object)) {
      dissolve(object);
    } else if (is_resource(object)) {
      remove_resource(object);
    } else {
      ids_.release(object);
      drop_references(configuration_, name, notes_);
      object.parent().remove_child(object);
    }
  }
}

// A container of which nothing is left goes as well.
void Edit::remove_resource(pugi::xml_node resource) {
  const std::string name(get(resource, "id"));
  auto parent = resource.parent();
  if (is_container(parent) && resources_in(parent).size() == 1)
    move_constraints(configuration_, get(parent, "id"), name, notes_);
  drop_references(configuration_, name, notes_);
  ids_.release(resource);
  parent.remove_child(resource);
  if (is_container(parent) && resources_in(parent).empty()) remove_resource(parent);
}

// Its members stay, and what constrained it constrains the first of them.
void Edit::dissolve(pugi::xml_node container) {
  if (is_container(container.parent())) dissolve(container.parent());
  const auto members = resources_in(container);
  const std::string name(get(container, "id"));
  if (!members.empty())
    move_constraints(configuration_, name, std::string(get(members.front(), "id")), notes_);
  ids_.release(container);
  for (const auto member : members) {
    section("resources").append_move(member);
    ids_.take(member);
  }
  drop_references(configuration_, name, notes_);
  container.parent().remove_child(container);
}

}  // namespace gyre::rm::configure
