// What every resource would like, before any is assigned: constraints, stickiness, past failures,
// the nodes' health.
#include <algorithm>

#include "rm/schedule/stages.hh"
#include "rm/schedule/unpack.hh"

namespace gyre::rm::schedule {

namespace {

void apply_weights(Resource& resource, const Location& location, bool with_scores) {
  for (const auto& [node, score] : location.nodes) {
    Weight& weight = resource.weights[node->index];
    if (!weight.present) weight = {.present = true};
    if (with_scores) weight.score += score;
    if (weight.discovery < location.discovery) {
      weight.discovery = location.discovery;
      if (location.discovery == Discovery::exclusive) resource.exclusive_discovery = true;
    }
  }
}

// A group's score counts once: for its first member, whom the others follow.
void apply_location(Resource& resource, const Location& location, bool with_scores = true) {
  if (location.role > Role::started && location.role != resource.next_role) return;
  apply_weights(resource, location, with_scores);
  bool first = true;
  for (Resource* child : resource.children) {
    apply_location(*child, location, with_scores && (first || !resource.is(Kind::group)));
    first = false;
  }
}

void stick(Cluster& cluster, Resource& resource) {
  if (!resource.managed || resource.stickiness <= 0 || resource.running_on.size() != 1) return;
  Node& node = *resource.running_on.front();
  if (!cluster.options.symmetric && !resource.weights[node.index].present) return;
  add_location(cluster, resource, &node, Score(resource.stickiness), "stickiness");
}

// What is about to be forgotten does not count. A container's failures are also those of the
// connection to the guest in it.
int failures_on(const Cluster& cluster, const Resource& resource, const Node& node) {
  Score count(fail_count(cluster, resource, node).count);
  if (resource.guest) count += Score(fail_count(cluster, *resource.guest, node).count);
  const auto here = [&](const Forgotten& f) { return f.resource == &resource && f.node == &node; };
  return count > Score() && std::ranges::any_of(cluster.forgotten, here) ? 0 : count.value();
}

void ban_after_failures(Cluster& cluster, Resource& resource) {
  if (resource.migration_threshold == 0 || resource.failure_ignored) return;
  for (Node& node : cluster.nodes) {
    if (!resource.weights[node.index].present) continue;
    const int failures = failures_on(cluster, resource, node);
    if (failures > 0 && failures >= resource.migration_threshold)
      add_location(cluster, counted(resource), &node, Score::minus_infinity(), "__fail_limit__");
  }
}

// Applies what is new since the resource's locations were looked at last.
void stick_all(Cluster& cluster, Resource& resource) {
  for (Resource* child : resource.children) stick_all(cluster, *child);
  if (!resource.children.empty()) return;
  stick(cluster, resource);
  ban_after_failures(cluster, resource);
}

Score health_score(const Cluster& cluster, std::string_view text) {
  const auto option = [&](const char* name, Score otherwise) {
    const auto value = cluster.options.all.find(name);
    return value ? parse_score(*value).value_or(otherwise) : otherwise;
  };
  const auto strategy = cluster.options.all.find("node-health-strategy").value_or("");
  const bool only_red = strategy == "only-green" || strategy == "migrate-on-red";
  if (text == "red")
    return only_red ? Score::minus_infinity() : option("node-health-red", Score::minus_infinity());
  if (text == "yellow")
    return strategy == "only-green"       ? Score::minus_infinity()
           : strategy == "migrate-on-red" ? Score()
                                          : option("node-health-yellow", Score());
  if (text == "green") return only_red ? Score() : option("node-health-green", Score());
  return parse_score(text).value_or(Score());
}

void apply_health(Cluster& cluster) {
  const auto strategy = cluster.options.all.find("node-health-strategy").value_or("none");
  if (strategy == "none") return;
  const auto base = cluster.options.all.find("node-health-base");
  for (Node& node : cluster.nodes) {
    if (strategy == "progressive" && base) node.health += parse_score(*base).value_or(Score());
    for (const auto& [name, value] : node.attributes)
      if (name.starts_with("#health")) node.health += health_score(cluster, value);
    if (node.health == Score()) continue;
    for (Resource* resource : cluster.top) {
      const auto anyway = resource->meta.find("allow-unhealthy-nodes").value_or("");
      if (!parse_boolean(anyway).value_or(false))
        add_location(cluster, *resource, &node, node.health, "node-health");
    }
  }
}

// Where only some nodes are to be looked at, it may run on no other.
void keep_to_exclusive(Resource& resource) {
  if (resource.exclusive_discovery || resource.topmost()->exclusive_discovery)
    for (Weight& weight : resource.weights)
      if (weight.present && weight.discovery != Discovery::exclusive)
        weight.score = Score::minus_infinity();
  for (Resource* child : resource.children) keep_to_exclusive(*child);
}

}  // namespace

void apply_scores(Cluster& cluster) {
  apply_health(cluster);
  for (Resource* resource : std::vector(cluster.top)) stick_all(cluster, *resource);
  for (std::size_t i = 0; i < cluster.locations.size(); ++i)
    apply_location(*cluster.locations[i].resource, cluster.locations[i]);
  for (Resource* resource : cluster.top) keep_to_exclusive(*resource);
}

}  // namespace gyre::rm::schedule
