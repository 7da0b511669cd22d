#include "rm/configure/references.hh"

#include <fmt/format.h>

#include <algorithm>

#include "rm/configure/language.hh"

namespace gyre::rm::configure {

namespace {

constexpr const char* ends[] = {"rsc", "with-rsc", "first", "then"};

bool names_at_an_end(pugi::xml_node constraint, std::string_view name) {
  return std::ranges::any_of(ends, [&](const char* end) { return get(constraint, end) == name; });
}

std::string called(pugi::xml_node constraint) {
  const Kind* const kind = kind_of(constraint);
  return fmt::format("{}:{}", kind == nullptr ? constraint.name() : kind->keyword,
                     get(constraint, "id"));
}

std::vector<pugi::xml_node> children_of(pugi::xml_node parent) {
  return {parent.begin(), parent.end()};
}

// A resource once in each set.
void drop_doubles(pugi::xml_node set) {
  std::vector<std::string> seen;
  for (auto reference : children_of(set)) {
    if (std::ranges::find(seen, get(reference, "id")) != seen.end())
      set.remove_child(reference);
    else
      seen.emplace_back(get(reference, "id"));
  }
}

struct End {
  std::string id, as;
};

// Two resources that are left of sets, in a row: no set is needed for them. A set's later members
// are placed with its earlier ones, but an earlier set with a later one.
void simplify(pugi::xml_node constraint) {
  const bool order = is(constraint, "rsc_order");
  if (!order && !is(constraint, "rsc_colocation")) return;
  std::vector<End> left;
  std::size_t sets = 0;
  for (const auto set : constraint.children("resource_set")) {
    const bool alone = std::ranges::distance(set.children("resource_ref")) == 1;
    ++sets;
    if (set.attribute("require-all") || (set.attribute("sequential") && !alone)) return;
    for (const auto reference : set.children("resource_ref"))
      left.push_back(
          {std::string(get(reference, "id")), std::string(get(set, order ? "action" : "role"))});
  }
  if (left.size() != 2) return;
  while (constraint.remove_child("resource_set")) {
  }
  if (!order && sets == 1) std::swap(left[0], left[1]);
  const auto put = [constraint](const char* end, const std::string& as_name, const End& from) {
    set(constraint, end, from.id);
    if (!from.as.empty()) set(constraint, as_name.c_str(), from.as);
  };
  put(order ? "first" : "rsc", order ? "first-action" : "rsc-role", left[0]);
  put(order ? "then" : "with-rsc", order ? "then-action" : "with-rsc-role", left[1]);
}

bool move_ends(pugi::xml_node constraint, std::string_view from, const std::string& to) {
  bool any = false;
  for (const char* const end : ends)
    if (get(constraint, end) == from) {
      set(constraint, end, to);
      any = true;
    }
  for (auto set : constraint.children("resource_set"))
    for (auto reference : set.children("resource_ref"))
      if (get(reference, "id") == from) {
        configure::set(reference, "id", to);
        any = true;
      }
  for (auto set : constraint.children("resource_set")) drop_doubles(set);
  if (any) simplify(constraint);
  return any;
}

// To itself.
bool is_circle(pugi::xml_node constraint) {
  const auto same = [constraint](const char* one, const char* other) {
    return constraint.attribute(one) && get(constraint, one) == get(constraint, other);
  };
  return same("rsc", "with-rsc") || same("first", "then");
}

std::size_t drop_from_sets(pugi::xml_node constraint, std::string_view name) {
  std::size_t left = 0;
  for (auto set : children_of(constraint)) {
    if (!is(set, "resource_set")) continue;
    for (auto reference : children_of(set))
      if (get(reference, "id") == name) set.remove_child(reference);
    left += static_cast<std::size_t>(std::ranges::distance(set.children("resource_ref")));
    if (!set.first_child()) constraint.remove_child(set);
  }
  return left;
}

void drop_from_constraint(pugi::xml_node constraint, std::string_view name, Notes& notes) {
  bool goes = names_at_an_end(constraint, name);
  if (constraint.child("resource_set")) {
    const auto had = constraint.find_node([name](pugi::xml_node node) {
      return is(node, "resource_ref") && get(node, "id") == name;
    });
    if (!had) return;
    const std::size_t left = drop_from_sets(constraint, name);
    const bool pairs = is(constraint, "rsc_order") || is(constraint, "rsc_colocation");
    goes = left < (pairs ? 2 : 1);
    if (!goes) simplify(constraint);
    if (!goes) notes.push_back(fmt::format("constraint {} updated", called(constraint)));
  }
  if (!goes) return;
  notes.push_back(fmt::format("hanging {} deleted", called(constraint)));
  constraint.parent().remove_child(constraint);
}

void drop_from_tags(pugi::xml_node tags, std::string_view name, Notes& notes) {
  for (auto tag : children_of(tags)) {
    for (auto reference : children_of(tag))
      if (get(reference, "id") == name) tag.remove_child(reference);
    if (tag.first_child()) continue;
    notes.push_back(fmt::format("hanging {} deleted", called(tag)));
    tags.remove_child(tag);
  }
}

void drop_from_levels(pugi::xml_node topology, std::string_view name) {
  for (auto level : children_of(topology)) {
    std::string left;
    std::string_view devices = get(level, "devices");
    while (!devices.empty()) {
      const auto one = devices.substr(0, devices.find(','));
      devices.remove_prefix(std::min(one.size() + 1, devices.size()));
      if (one != name) left += (left.empty() ? "" : ",") + std::string(one);
    }
    if (left.empty())
      topology.remove_child(level);
    else
      set(level, "devices", left);
  }
  if (topology && !topology.first_child()) topology.parent().remove_child(topology);
}

std::string renamed_devices(std::string_view devices, std::string_view old,
                            const std::string& name) {
  std::string renamed;
  while (!devices.empty()) {
    const auto one = devices.substr(0, devices.find(','));
    devices.remove_prefix(std::min(one.size() + 1, devices.size()));
    renamed += (renamed.empty() ? "" : ",") + (one == old ? name : std::string(one));
  }
  return renamed;
}

}  // namespace

pugi::xml_node find_object(pugi::xml_node configuration, std::string_view name) {
  return configuration.find_node([name](pugi::xml_node node) {
    return kind_of(node) != nullptr && !is(node, "node") && name_of(node) == name;
  });
}

pugi::xml_node find_node(pugi::xml_node configuration, std::string_view name) {
  for (const auto node : configuration.child("nodes").children("node"))
    if (get(node, "uname") == name) return node;
  return {};
}

void rename_references(pugi::xml_node configuration, std::string_view old,
                       const std::string& name) {
  for (auto constraint : configuration.child("constraints").children())
    move_ends(constraint, old, name);
  for (auto tag : configuration.child("tags").children())
    for (auto reference : tag.children("obj_ref"))
      if (get(reference, "id") == old) set(reference, "id", name);
  for (auto level : configuration.child("fencing-topology").children())
    set(level, "devices", renamed_devices(get(level, "devices"), old, name));
  for (auto node : objects(configuration))
    if (node.attribute("template") && get(node, "template") == old) set(node, "template", name);
}

void move_constraints(pugi::xml_node configuration, std::string_view from, const std::string& to,
                      Notes& notes) {
  for (auto constraint : children_of(configuration.child("constraints"))) {
    if (!move_ends(constraint, from, to)) continue;
    notes.push_back(fmt::format("modified {} from {} to {}", called(constraint), from, to));
    if (!is_circle(constraint)) continue;
    notes.push_back(fmt::format("hanging {} deleted", called(constraint)));
    constraint.parent().remove_child(constraint);
  }
}

void drop_references(pugi::xml_node configuration, std::string_view name, Notes& notes) {
  for (auto constraint : children_of(configuration.child("constraints")))
    drop_from_constraint(constraint, name, notes);
  if (auto tags = configuration.child("tags")) drop_from_tags(tags, name, notes);
  if (auto topology = configuration.child("fencing-topology")) drop_from_levels(topology, name);
}

}  // namespace gyre::rm::configure
