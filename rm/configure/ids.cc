#include "rm/configure/ids.hh"

#include <fmt/format.h>

#include "rm/configure/words.hh"

namespace gyre::rm::configure {

namespace {

// Of an element in one with this id; empty: such an element has none.
std::string base_of(pugi::xml_node node, std::string_view prefix) {
  if (is(node, "nvpair")) return fmt::format("{}-{}", prefix, get(node, "name"));
  if (is(node, "op"))
    return fmt::format("{}-{}-{}", prefix, get(node, "name"), get(node, "interval"));
  if (is(node, "date_expression")) return fmt::format("{}-expression", prefix);
  if (is(node, "fencing-level")) return "fencing";
  for (const auto name : {"instance_attributes", "meta_attributes", "utilization", "rule",
                          "expression", "rsc_expression", "op_expression", "duration", "date_spec"})
    if (is(node, name)) return fmt::format("{}-{}", prefix, name);
  return {};
}

// But for those that name another element.
template <typename Function>
void for_each_id(pugi::xml_node object, Function function) {
  struct Walker : pugi::xml_tree_walker {
    explicit Walker(Function f) : function(f) {}
    bool for_each(pugi::xml_node& node) override {
      const bool names_another = is(node, "resource_ref") || is(node, "obj_ref") ||
                                 is(node, "member") || is(node, "role") || is(node, "role_ref") ||
                                 is(node, "node");
      if (node.attribute("id") && !names_another) function(node);
      return true;
    }
    Function function;
  } walker(function);
  if (object.attribute("id") && !is(object, "node")) function(object);
  object.traverse(walker);
}

}  // namespace

Ids::Ids(pugi::xml_node configuration) {
  take(configuration);
}

void Ids::take(pugi::xml_node object) {
  for_each_id(object, [this](pugi::xml_node node) { taken_.emplace(get(node, "id"), node); });
}

void Ids::release(pugi::xml_node object) {
  for_each_id(object, [this](pugi::xml_node node) { taken_.erase(std::string(get(node, "id"))); });
}

pugi::xml_node Ids::find(std::string_view id) const {
  const auto found = taken_.find(std::string(id));
  return found == taken_.end() ? pugi::xml_node() : found->second;
}

std::string Ids::fresh(std::string base) {
  for (char& c : base) {
    const bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                       c == '_' || c == '-' || c == '.' || (c & 0x80) != 0;
    if (!plain) c = '_';
  }
  if (taken_.emplace(base, pugi::xml_node()).second) return base;
  for (std::size_t& next = next_[base];;)
    if (auto id = fmt::format("{}-{}", base, next++); taken_.emplace(id, pugi::xml_node()).second)
      return id;
}

void Ids::complete(pugi::xml_node object) {
  within(object, get(object, is(object, "node") ? "uname" : "id"));
}

void Ids::within(pugi::xml_node parent, std::string_view prefix) {
  std::size_t sets = 0;
  for (auto child : parent.children()) {
    if (is(child, "resource_set") && !child.attribute("id"))
      set(child, "id", fresh(fmt::format("{}-{}", prefix, sets)));
    if (is(child, "resource_set")) ++sets;
    if (!child.attribute("id") && !child.attribute("id-ref"))
      if (const auto base = base_of(child, prefix); !base.empty()) set(child, "id", fresh(base));
    const auto id = get(child, "id");
    within(child, id.empty() ? prefix : id);
  }
}

}  // namespace gyre::rm::configure
