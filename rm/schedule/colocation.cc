#include <algorithm>
#include <cmath>
#include <unordered_map>

#include "rm/schedule/assign.hh"
#include "rm/schedule/unpack.hh"

namespace gyre::rm::schedule {

namespace {

std::string_view value_of(const Node& node, std::string_view attribute) {
  if (attribute.empty() || attribute == "#uname") return node.name;
  return node.attributes.find(attribute).value_or("");
}

enum class Affects { nothing, location, role };

Affects affects(const Resource& dependent, const Resource& primary, const Colocation& c) {
  if (primary.provisional) return Affects::nothing;
  const bool promotable = dependent.parent && dependent.topmost()->promotable;
  if (c.dependent_role >= Role::promoted && promotable && !dependent.provisional)
    return Affects::role;
  if (!dependent.provisional) return Affects::nothing;
  const bool with = c.score > Score();
  const auto skip = [&](Role wanted, Role next) {
    return wanted != Role::unknown && (wanted == next) != with;
  };
  if (skip(c.dependent_role, dependent.next_role) || skip(c.primary_role, primary.next_role))
    return Affects::nothing;
  return Affects::location;
}

void weigh(Cluster& cluster, Resource& dependent, const Resource& primary, const Colocation& c) {
  const Node* there = primary.assigned_to;
  if (!there && c.score < Score()) return;
  Weights work = dependent.weights;
  for (const Node& node : cluster.nodes) {
    Weight& weight = work[node.index];
    if (!weight.present) continue;
    if (!there)
      weight.score += -c.score;
    else if (value_of(node, c.node_attribute) == value_of(*there, c.node_attribute))
      weight.score += c.score;
    else if (c.score.is_infinity())
      weight.score += -c.score;
  }
  if (!c.score.finite() || can_run_somewhere(cluster, work)) dependent.weights = std::move(work);
}

// The dependent's wish to be promoted, by whether the primary is where it is.
void prioritize(Resource& dependent, const Resource& primary, const Colocation& c) {
  if (!dependent.assigned_to) return;
  const Node* there = primary.assigned_to;
  const bool role_fits = c.primary_role == Role::unknown || c.primary_role == primary.next_role;
  const auto value = value_of(*dependent.assigned_to, c.node_attribute);
  const bool together = there && value_of(*there, c.node_attribute) == value;
  const auto change = [&](Score by) {
    dependent.priority = (Score(dependent.priority) + by).value();
  };
  if (!there || !together) {
    if (c.score.is_infinity()) dependent.priority = -Score::infinity_value;
    return;
  }
  if (!role_fits) {
    if (c.score.is_infinity() && c.dependent_role == Role::promoted)
      dependent.priority = -Score::infinity_value;
    return;
  }
  change(c.dependent_role == Role::unpromoted ? -c.score : c.score);
}

void only_where(Cluster& cluster, Resource& dependent, const std::vector<Node*>& nodes,
                Score score) {
  for (const Node& node : cluster.nodes) {
    Weight& weight = dependent.weights[node.index];
    if (!weight.present) continue;
    if (std::ranges::find(nodes, &node) == nodes.end())
      weight.score = Score::minus_infinity();
    else
      weight.score += score;
  }
}

// With a role of a promotable clone: wherever an instance has it.
void apply_to_role(Cluster& cluster, Resource& dependent, Resource& clone, const Colocation& c) {
  const bool promotes = c.dependent_role == Role::promoted;
  if (promotes && !dependent.provisional) {
    if (compatible_instance(cluster, dependent, clone, c.primary_role, false))
      dependent.priority = (Score(dependent.priority) + c.score).value();
    else if (c.score.is_infinity())
      dependent.priority = -Score::infinity_value;
    return;
  }
  // Who is to be promoted with the promoted one may start elsewhere.
  if (!dependent.provisional || (promotes && c.primary_role == Role::promoted)) return;
  std::vector<Node*> nodes;
  for (const Resource* instance : clone.children)
    if (role_of(*instance, false) == c.primary_role)
      if (Node* node = where(*instance, false)) nodes.push_back(node);
  if (c.score.is_infinity()) return only_where(cluster, dependent, nodes, c.score);
  for (const Node* node : nodes) dependent.weights[node->index].score += c.score;
}

void apply_to_pair(Cluster& cluster, Resource& dependent, Resource& clone, const Colocation& c) {
  if (Resource* pair = compatible_instance(cluster, dependent, clone, Role::unknown, false))
    apply_colocation(cluster, dependent, *pair, c);
  else if (c.score.is_infinity())
    put_on(dependent, nullptr, true);
}

void apply_to_clone(Cluster& cluster, Resource& dependent, Resource& clone, const Colocation& c) {
  if (clone.provisional) return;
  if (clone.promotable && c.primary_role != Role::unknown)
    return apply_to_role(cluster, dependent, clone, c);
  const bool interleaved = dependent.in_clone() && dependent.topmost()->interleave;
  if (interleaved && c.dependent->is(Kind::clone))
    return apply_to_pair(cluster, dependent, clone, c);
  if (c.score.is_infinity()) {
    std::vector<Node*> nodes;
    for (const Resource* instance : clone.children)
      if (Node* node = where(*instance, false)) nodes.push_back(node);
    return only_where(cluster, dependent, nodes, Score());
  }
  for (Resource* instance : clone.children) apply_colocation(cluster, dependent, *instance, c);
}

// For each node the first that has the attribute's value in common with it.
const std::vector<std::size_t>& firsts_alike(Cluster& cluster, std::string_view attribute) {
  auto& firsts = cluster.firsts_alike[attribute];
  if (!firsts.empty()) return firsts;
  std::unordered_map<std::string_view, std::size_t> by_value;
  for (const Node& node : cluster.nodes)
    firsts.push_back(by_value.emplace(value_of(node, attribute), node.index).first->second);
  return firsts;
}

void add_wishes(Cluster& cluster, Weights& work, const Resource& resource,
                std::string_view attribute, double factor, bool only_positive) {
  const auto& firsts = firsts_alike(cluster, attribute);
  std::vector<Score> best(work.size(), Score::minus_infinity());  // at the first of those alike
  for (const Node& node : cluster.nodes) {
    const Weight& weight = resource.weights[node.index];
    Score& so_far = best[firsts[node.index]];
    if (weight.present && weight.score > so_far && available(node)) so_far = weight.score;
  }
  for (const Node& node : cluster.nodes) {
    Weight& weight = work[node.index];
    if (!weight.present) continue;
    const Score wish = best[firsts[node.index]];
    if (factor < 0 && wish < Score()) continue;
    const double by = factor * wish.value();
    const Score sum = weight.score + Score(std::lround(by));
    if (only_positive && sum < Score() && weight.score > Score()) {
      weight.score = Score(1);  // worth something it was, and stays so in a merge that only adds
      continue;
    }
    if (only_positive && sum < Score() && weight.score == Score()) continue;
    weight.score = sum;
  }
}

}  // namespace

void apply_colocation(Cluster& cluster, Resource& dependent, Resource& primary,
                      const Colocation& c) {
  if (primary.is(Kind::clone)) return apply_to_clone(cluster, dependent, primary, c);
  if (primary.is(Kind::group)) {
    if (primary.provisional || primary.children.empty()) return;
    Resource& member = c.score.is_infinity() ? *primary.children.back() : *primary.children.front();
    return apply_colocation(cluster, dependent, member, c);
  }
  if (dependent.is(Kind::group)) {
    if (!dependent.children.empty())
      apply_colocation(cluster, *dependent.children.front(), primary, c);
    return;
  }
  switch (affects(dependent, primary, c)) {
    case Affects::nothing:
      return;
    case Affects::location:
      return weigh(cluster, dependent, primary, c);
    case Affects::role:
      return prioritize(dependent, primary, c);
  }
}

Weights merged(Cluster& cluster, Resource& resource, const Weights& weights,
               std::string_view attribute, double factor, unsigned flags) {
  if (resource.merging) return weights;
  resource.merging = true;
  Weights work = weights;
  const auto follow = [&](const Colocation& c, Resource& other) {
    work = merged(cluster, other, work, c.node_attribute,
                  c.score.value() / double{Score::infinity_value}, flags | merge_rollback);
  };
  if (resource.is(Kind::group) && !resource.children.empty()) {
    work = merged(cluster, *resource.children.front(), work, attribute, factor, flags);
    for (const Colocation* c : resource.colocated_here)
      if (influences(*c)) follow(*c, *c->dependent);
    resource.merging = false;
    return work;
  }
  add_wishes(cluster, work, resource, attribute, factor, flags & merge_positive);
  if (can_run_somewhere(cluster, work)) {
    for (const Colocation* c : resource.colocated_here)
      if (influences(*c)) follow(*c, *c->dependent);
  } else if (flags & merge_rollback) {
    work = weights;
  }
  resource.merging = false;
  return work;
}

Resource* compatible_instance(Cluster& cluster, const Resource& resource, Resource& clone,
                              Role filter, bool now) {
  const auto on = [&](const Node* node) -> Resource* {
    for (Resource* instance : clone.children) {
      const auto nodes = all_where(*instance, now);
      const bool there = std::ranges::find(nodes, node) != nodes.end();
      if (there && (filter == Role::unknown || role_of(*instance, now) == filter)) return instance;
    }
    return nullptr;
  };
  if (const Node* node = where(resource, now)) return on(node);
  for (const Node* node : sorted_nodes(cluster, resource.weights, nullptr))
    if (Resource* found = on(node)) return found;
  return nullptr;
}

}  // namespace gyre::rm::schedule
