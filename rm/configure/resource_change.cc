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

pugi::xml_node constraint(pugi::xml_node configuration, std::string_view resource,
                          const std::string& id) {
  auto constraints = configuration.child("constraints");
  if (!constraints) constraints = configuration.append_child("constraints");
  while (auto before = constraints.find_child_by_attribute("id", id.c_str()))
    constraints.remove_child(before);
  auto made = constraints.append_child("rsc_location");
  set(made, "id", id);
  set(made, "rsc", resource);
  set(made, "role", "Started");
  return made;
}

// `about`: what its ids end in, behind the word.
void say(pugi::xml_node made, const char* word, std::string_view about, const std::string& node,
         const char* score, const std::optional<std::string>& until) {
  if (!until) {
    set(made, "node", node);
    return set(made, "score", score);
  }
  auto rule = made.append_child("rule");
  set(rule, "id", fmt::format("cli-{}-rule-{}", word, about));
  set(rule, "score", score);
  set(rule, "boolean-op", "and");
  auto here = rule.append_child("expression");
  set(here, "id", fmt::format("cli-{}-expr-{}", word, about));
  set(here, "attribute", "#uname");
  set(here, "operation", "eq");
  set(here, "value", node);
  set(here, "type", "string");
  auto end = rule.append_child("date_expression");
  set(end, "id", fmt::format("cli-{}-lifetime-end-{}", word, about));
  set(end, "operation", "lt");
  set(end, "end", *until);
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

void prefer(pugi::xml_node configuration, std::string_view resource, const std::string& node,
            const std::optional<std::string>& until) {
  auto constraints = configuration.child("constraints");
  const auto banned = fmt::format("cli-ban-{}-on-{}", resource, node);
  while (auto before = constraints.find_child_by_attribute("id", banned.c_str()))
    constraints.remove_child(before);
  say(constraint(configuration, resource, fmt::format("cli-prefer-{}", resource)), "prefer",
      resource, node, "INFINITY", until);
}

void ban(pugi::xml_node configuration, std::string_view resource, const std::string& node,
         const std::optional<std::string>& until) {
  const auto about = fmt::format("{}-on-{}", resource, node);
  say(constraint(configuration, resource, "cli-ban-" + about), "ban", about, node, "-INFINITY",
      until);
}

void clear(pugi::xml_node configuration, std::string_view resource) {
  auto constraints = configuration.child("constraints");
  const auto preferred = fmt::format("cli-prefer-{}", resource);
  const auto banned = fmt::format("cli-ban-{}-on-", resource);
  for (auto one = constraints.first_child(); one;) {
    const auto next = one.next_sibling();
    if (get(one, "id") == preferred || get(one, "id").starts_with(banned))
      constraints.remove_child(one);
    one = next;
  }
}

}  // namespace gyre::rm::configure
