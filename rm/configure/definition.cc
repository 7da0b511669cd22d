#include "rm/configure/definition.hh"

#include <algorithm>
#include <iterator>

#include "rm/cib/values.hh"
#include "rm/configure/language.hh"
#include "rm/configure/objects.hh"

namespace gyre::rm::configure {

namespace {

void reduce_members(pugi::xml_node container) {
  for (auto child = container.first_child(); child;) {
    const auto next = child.next_sibling();
    if (is_resource(child)) {
      auto member = container.append_child("member");
      set(member, "id", get(child, "id"));
      container.remove_child(child);
    }
    child = next;
  }
}

// Said or not, it is the same.
bool is_default(pugi::xml_node node, pugi::xml_attribute attribute) {
  const std::string_view name = attribute.name(), value = attribute.value();
  if (is(node, "rule")) return name == "boolean-op" && value == "and";
  if (is(node, "resource_set"))
    return (name == "sequential" || name == "require-all") && parse_boolean(value).value_or(false);
  return false;
}

bool is_empty_set(pugi::xml_node node) {
  for (const auto name : {"instance_attributes", "meta_attributes", "utilization", "operations"})
    if (is(node, name)) return !node.first_child() && !node.attribute("id-ref");
  return false;
}

void reduce(pugi::xml_node node, const Surroundings& around) {
  for (auto child = node.first_child(); child;) {
    const auto next = child.next_sibling();
    const bool is_named_reference = is(child, "resource_ref") || is(child, "obj_ref") ||
                                    is(child, "member") || is(child, "operations");
    if (!is_named_reference && !around.is_named(get(child, "id"))) child.remove_attribute("id");
    if (is_empty_set(child) && !child.attribute("id"))
      node.remove_child(child);
    else
      reduce(child, around);
    child = next;
  }
  for (auto attribute = node.first_attribute(); attribute;) {
    const auto next = attribute.next_attribute();
    if (is_default(node, attribute)) node.remove_attribute(attribute);
    attribute = next;
  }
  if (is(node, "op") && !node.attribute("interval")) set(node, "interval", "0");
}

// A score of an order says only whether it is more than a preference.
void reduce_order(pugi::xml_node order) {
  const auto score = parse_score(get(order, "score"));
  if (!score) return;
  order.remove_attribute("score");
  if (!order.attribute("kind")) set(order, "kind", *score == Score() ? "Optional" : "Mandatory");
}

}  // namespace

pugi::xml_node definition(pugi::xml_node object, const Surroundings& around, pugi::xml_node into) {
  if (is(object, "meta_attributes")) into = into.append_child(object.parent().name());
  auto made = into.append_copy(object);
  reduce_members(made);
  reduce(made, around);
  if (is(made, "rsc_order")) reduce_order(made);
  if (is(made, "fencing-topology")) reduce_fencing(made, around);
  if (is(made, "node") && get(made, "id") == get(made, "uname")) made.remove_attribute("id");
  return made;
}

bool same(pugi::xml_node a, pugi::xml_node b) {
  if (a.type() != b.type() || std::string_view(a.name()) != b.name()) return false;
  if (std::ranges::distance(a.attributes()) != std::ranges::distance(b.attributes())) return false;
  for (const auto attribute : a.attributes()) {
    const auto other = b.attribute(attribute.name());
    if (!other || std::string_view(other.value()) != attribute.value()) return false;
  }
  auto x = a.first_child(), y = b.first_child();
  for (; x && y; x = x.next_sibling(), y = y.next_sibling())
    if (!same(x, y)) return false;
  return !x && !y;
}

}  // namespace gyre::rm::configure
