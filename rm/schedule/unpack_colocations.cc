#include <algorithm>
#include <optional>
#include <span>

#include "rm/schedule/constraints.hh"
#include "rm/schedule/unpack.hh"

namespace gyre::rm::schedule {

namespace {

Role role_of(std::string_view text) {
  const Role role = parse_role(text);
  return role == Role::started ? Role::unknown : role;
}

struct Set {
  std::vector<Resource*> members;
  Role role;
  bool sequential;
};

Set read_set(Cluster& cluster, pugi::xml_node xml) {
  return {resources_of_set(cluster, xml), role_of(attribute(xml, "role")),
          parse_boolean(attribute(xml, "sequential")).value_or(true)};
}

// The members of a set with each other.
void colocate_within(Cluster& cluster, const Set& set, pugi::xml_node xml, Colocation base) {
  if (!set.sequential) return;
  const auto own = parse_score(attribute(xml, "score"));
  if (own) base.score = *own;
  base.id = attribute(xml, "id");
  base.dependent_role = base.primary_role = set.role;
  const auto put = [&](Resource* dependent, Resource* primary) {
    base.dependent = dependent;
    base.primary = primary;
    add_colocation(cluster, base);
  };
  const bool listed = attribute(xml, "ordering") == "listed";
  for (std::size_t i = 1; i < set.members.size(); ++i) {
    if (base.score < Score())
      for (std::size_t j = 0; j < i; ++j) put(set.members[i], set.members[j]);
    else if (listed)
      put(set.members[i - 1], set.members[i]);
    else
      put(set.members[i], set.members[i - 1]);
  }
}

// All of one set with the next one: through the ends where it is sequential.
void colocate_sets(Cluster& cluster, const Set& set, const Set& with, Colocation base) {
  if (set.members.empty() || with.members.empty()) return;
  base.dependent_role = set.role;
  base.primary_role = with.role;
  const std::span<Resource* const> dependents(set.members.data(),
                                              set.sequential ? 1 : set.members.size());
  const std::span<Resource* const> primaries =
      with.sequential ? std::span(with.members).last(1) : std::span(with.members);
  for (Resource* dependent : dependents)
    for (Resource* primary : primaries) {
      base.dependent = dependent;
      base.primary = primary;
      add_colocation(cluster, base);
    }
}

void read_sets(Cluster& cluster, pugi::xml_node xml, const Colocation& base) {
  std::optional<Set> last;
  for (auto child : xml.children("resource_set")) {
    child = cluster.ids->resolve(child);
    Set set = read_set(cluster, child);
    colocate_within(cluster, set, child, base);
    if (last) colocate_sets(cluster, *last, set, base);
    last = std::move(set);
  }
}

// What must be apart: whoever comes waits for who goes, on one node.
void keep_apart(Cluster& cluster, Resource& first, Role first_role, Resource& then,
                Role then_role) {
  const auto add = [&](std::string_view loses, std::string_view gains) {
    add_ordering(cluster, &first, loses, &then, gains, Order::anti_colocation);
  };
  const auto gain = [&](std::string_view loses) {
    add(loses, then_role == Role::promoted ? "promote" : "start");
    if (then_role == Role::unpromoted) add(loses, "demote");
  };
  gain(first_role == Role::promoted ? "demote" : "stop");
  if (first_role == Role::unpromoted) gain("promote");
}

}  // namespace

void add_colocation(Cluster& cluster, Colocation colocation) {
  if (colocation.score == Score() || colocation.dependent == colocation.primary) return;
  Colocation& kept = cluster.colocations.emplace_back(colocation);
  kept.dependent->colocations.push_back(&kept);
  kept.primary->colocated_here.push_back(&kept);
  if (!kept.score.is_minus_infinity()) return;
  keep_apart(cluster, *kept.dependent, kept.dependent_role, *kept.primary, kept.primary_role);
  keep_apart(cluster, *kept.primary, kept.primary_role, *kept.dependent, kept.dependent_role);
}

void read_colocation(Cluster& cluster, pugi::xml_node xml) {
  Colocation base{.id = attribute(xml, "id")};
  base.score = parse_score(attribute(xml, "score")).value_or(Score());
  base.node_attribute = attribute(xml, "node-attribute");
  if (base.node_attribute.empty()) base.node_attribute = "#uname";
  const auto influence = parse_boolean(attribute(xml, "influence"));
  base.influence = influence.value_or(true);
  if (xml.child("resource_set")) return read_sets(cluster, xml, base);
  base.dependent_role = role_of(attribute(xml, "rsc-role"));
  base.primary_role = role_of(attribute(xml, "with-rsc-role"));
  for (Resource* dependent : resources_named(cluster, attribute(xml, "rsc")))
    for (Resource* primary : resources_named(cluster, attribute(xml, "with-rsc"))) {
      base.dependent = dependent;
      base.primary = primary;
      if (!influence) base.influence = dependent->critical;
      add_colocation(cluster, base);
    }
}

}  // namespace gyre::rm::schedule
