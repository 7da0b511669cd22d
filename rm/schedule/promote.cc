// Which instances of a promotable clone are promoted: those with the best promotion scores.
#include <algorithm>
#include <functional>

#include "rm/schedule/assign.hh"
#include "rm/schedule/unpack.hh"

namespace gyre::rm::schedule {

namespace {

std::string_view name_in_history(const Resource& resource) {
  return resource.history_name.empty() ? resource.id : resource.history_name;
}

std::string_view base_name(std::string_view name) {
  return name.substr(0, name.rfind(':'));
}

// What the agent said of promoting it there; nothing if it never said anything. Agents of old knew
// an anonymous instance by its number, too.
std::optional<Score> told_score(const Resource& resource, const Node& node) {
  const auto told = [&](std::string_view name) {
    return node.attributes.find(std::string("master-").append(name));
  };
  auto value = told(name_in_history(resource));
  if (!value && !resource.topmost()->unique) value = told(base_name(name_in_history(resource)));
  return value ? parse_score(*value) : std::nullopt;
}

bool runs_on(const Resource& resource, const Node& node) {
  return std::ranges::find(resource.running_on, &node) != resource.running_on.end();
}

// All instances of a primitive of an anonymous clone, itself among them.
std::vector<const Resource*> copies(const Resource& resource) {
  std::vector<const Resource*> found;
  for (const Resource* instance : resource.topmost()->children) {
    if (instance->xml == resource.xml) found.push_back(instance);
    for (const Resource* child : instance->children)
      if (child->xml == resource.xml) found.push_back(child);
  }
  return found;
}

// Whether an anonymous instance may take up what was said of a node: it runs there, or none does
// and it was looked at for any.
bool takes_up(const Resource& resource, const Node& node) {
  const auto all = copies(resource);
  const auto there = std::ranges::find_if(all, [&](const auto* r) { return runs_on(*r, node); });
  if (there != all.end()) return *there == &resource;
  return std::ranges::any_of(all, [&](const Resource* r) { return r->known_on[node.index]; });
}

// Once it was looked at anywhere, only what is known of it counts; before, what was said for good.
bool counts(const Resource& resource, const Node& node) {
  const bool known_nowhere =
      resource.running_on.empty() && std::ranges::none_of(resource.known_on, std::identity{});
  if (known_nowhere || resource.known_on[node.index] || runs_on(resource, node)) return true;
  return !resource.topmost()->unique && takes_up(resource, node);
}

std::optional<Score> promotion_score(const Resource& resource, const Node& node) {
  if (!resource.children.empty()) {
    std::optional<Score> sum;
    for (const Resource* child : resource.children)
      if (const auto score = promotion_score(*child, node)) sum = sum.value_or(Score()) + *score;
    return sum;
  }
  const Weight& weight = resource.weights[node.index];
  if (weight.present && weight.score < Score()) return weight.score;
  return counts(resource, node) ? told_score(resource, node) : std::nullopt;
}

bool has_lost_ticket(const Resource& resource) {
  for (const Resource* r = &resource; r; r = r->parent)
    for (const Demand& demand : r->demands)
      if (demand.role == Role::promoted && (!demand.ticket->granted || demand.ticket->standby))
        return true;
  return false;
}

void apply_promoted_locations(Resource& instance, const Resource& from, const Node& node) {
  for (const Location* location : from.locations) {
    if (location->role != Role::promoted) continue;
    for (const auto& [where_it_says, score] : location->nodes)
      if (where_it_says == &node) instance.priority = (Score(instance.priority) + score).value();
  }
}

// How much an instance wants to be promoted where it is assigned.
void rate(Cluster& cluster, Resource& instance) {
  Resource& clone = *instance.parent;
  const Node* node = where(instance, false);
  if (!node || instance.next_role == Role::stopped || instance.next_role == Role::unpromoted ||
      has_lost_ticket(instance)) {
    instance.priority = -Score::infinity_value;
  } else if (instance.next_role != Role::promoted) {
    instance.priority = promotion_score(instance, *node).value_or(Score(-1)).value();
  }
  if (node) {
    apply_promoted_locations(instance, instance, *node);
    apply_promoted_locations(instance, clone, *node);
  }
  for (Colocation* c : instance.colocations)
    if (c->dependent_role == Role::promoted) apply_colocation(cluster, instance, *c->primary, *c);
  instance.promotion_score = Score(instance.priority);
  if (instance.next_role == Role::promoted) instance.promotion_score = Score::infinity();
}

// How good each instance's node is: by what the clone would like, by the instance's own score, and
// by whom the promoted one is to be with.
void weigh_nodes(Cluster& cluster, Resource& clone) {
  Weights nodes = clone.weights;
  for (const Resource* instance : clone.children)
    if (const Node* node = where(*instance, false); node && instance->promotion_score >= Score())
      nodes[node->index].score += instance->promotion_score;
  const auto merge = [&](const Colocation& c, Resource& other, unsigned flags) {
    nodes = merged(cluster, other, nodes, c.node_attribute,
                   c.score.value() / double{Score::infinity_value}, flags);
  };
  for (Colocation* c : clone.colocations)
    if (c->dependent_role == Role::promoted)
      merge(*c, *c->primary, c->score.is_infinity() ? 0U : unsigned{merge_rollback});
  for (Colocation* c : clone.colocated_here)
    if (c->primary_role == Role::promoted && influences(*c))
      merge(*c, *c->dependent, merge_rollback | merge_positive);
  for (Resource* instance : clone.children)
    if (const Node* node = where(*instance, false); node && instance->promotion_score >= Score())
      instance->promotion_score = nodes[node->index].score;
}

bool better(const Resource* a, const Resource* b) {
  if (a->promotion_score != b->promotion_score) return a->promotion_score > b->promotion_score;
  const bool x = role_of(*a, true) == Role::promoted, y = role_of(*b, true) == Role::promoted;
  if (x != y) return x;
  return false;
}

// Where nothing can be done about it: it counts, whoever would be better.
bool stays_promoted(const Resource* instance) {
  return role_of(*instance, true) == Role::promoted &&
         std::ranges::any_of(instance->running_on, &Node::away);
}

void set_role(Resource& resource, Role role) {
  if (resource.children.empty()) {
    if (resource.next_role != Role::stopped || role == Role::stopped)
      resource.next_role = resource.assigned_to ? role : Role::stopped;
  } else {
    for (Resource* child : resource.children) set_role(*child, role);
    resource.next_role = role_of(resource, false);
  }
}

bool may_promote(Cluster& cluster, const Resource& instance, const Node& node) {
  const Weight& there = instance.parent->weights[node.index];
  if (!instance.managed || (!instance.children.empty() && !instance.children.front()->managed))
    return role_of(instance, true) == Role::promoted;
  if (instance.priority < 0 || instance.promotion_score < Score()) return false;
  if (!available(node) || !there.present) return false;
  if (role_of(instance, true) < Role::promoted && !cluster.quorate &&
      cluster.options.no_quorum == NoQuorum::freeze)
    return false;
  return there.instances < instance.parent->promoted_node_max;
}

}  // namespace

void add_promotion_scores(Cluster& cluster, Resource& clone) {
  for (Resource* instance : clone.children) {
    for (std::size_t i = 0; i < instance->weights.size(); ++i) {
      const Weight& weight = instance->weights[i];
      if (!weight.present) continue;
      const Node* node = &cluster.nodes[i];
      if (!available(*node)) continue;
      const auto score = promotion_score(*instance, *node);
      if (!score || *score <= Score()) continue;
      instance->weights[i].score += *score;
      instance->priority = std::max({score->value(), instance->priority, 0});
    }
  }
}

void choose_promoted(Cluster& cluster, Resource& clone) {
  for (Weight& weight : clone.weights) weight.instances = 0;
  for (Resource* instance : clone.children) rate(cluster, *instance);
  weigh_nodes(cluster, clone);
  auto sorted = clone.children;
  std::ranges::stable_sort(sorted, better);
  std::stable_partition(sorted.begin(), sorted.end(), stays_promoted);
  int promoted = 0;
  for (Resource* instance : sorted) {
    const Node* node = where(*instance, false);
    if (node && promoted < clone.promoted_max && may_promote(cluster, *instance, *node)) {
      ++clone.weights[node->index].instances;
      ++promoted;
      set_role(*instance, Role::promoted);
    } else if (node) {
      set_role(*instance, Role::unpromoted);
    } else {
      set_role(*instance, Role::stopped);
    }
  }
}

}  // namespace gyre::rm::schedule
