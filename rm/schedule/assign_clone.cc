// Instances of a clone: as many as it may have stay where they are, the others go where there is
// room.
#include <algorithm>

#include "rm/schedule/action.hh"
#include "rm/schedule/assign.hh"
#include "rm/schedule/unpack.hh"

namespace gyre::rm::schedule {

namespace {

bool failed(const Resource& resource) {
  return resource.failed || std::ranges::any_of(resource.children, [](const Resource* child) {
           return failed(*child);
         });
}

// Whom the clone lets run an instance where it is; null: it is nowhere, or has to leave.
Node* settled_on(const Resource& instance) {
  if (instance.running_on.empty()) return nullptr;
  Node* node = instance.running_on.front();
  const Weight& weight = instance.weights[node->index];
  return weight.present && weight.score >= Score() ? node : nullptr;
}

bool goes_first(const Resource* a, const Resource* b) {
  if (!a->running_on.empty() && !b->running_on.empty() &&
      a->running_on.size() != b->running_on.size())
    return a->running_on.size() < b->running_on.size();
  const Node* x = settled_on(*a);
  const Node* y = settled_on(*b);
  const bool x_leaves = !x && !a->running_on.empty(), y_leaves = !y && !b->running_on.empty();
  if (x_leaves != y_leaves) return y_leaves;
  if (a->priority != b->priority) return a->priority > b->priority;
  if ((x != nullptr) != (y != nullptr)) return x != nullptr;
  if (!x) return false;
  const bool x_can = available(*x), y_can = available(*y);
  if (x_can != y_can) return x_can;
  const Weight& of_x = a->parent->weights[x->index];
  const Weight& of_y = b->parent->weights[y->index];
  if (of_x.present != of_y.present) return of_x.present;
  if (of_x.instances != of_y.instances) return of_x.instances < of_y.instances;
  if (failed(*a) != failed(*b)) return failed(*b);
  return false;
}

// An instance follows whom its clone follows.
void adopt_colocations(Resource& instance, bool all) {
  const Resource& clone = *instance.parent;
  for (Colocation* c : clone.colocations)
    if (all || c->score < Score() || c->score.is_infinity()) instance.colocations.push_back(c);
  for (Colocation* c : clone.colocated_here)
    if (influences(*c) && (all || c->score < Score())) instance.colocated_here.push_back(c);
}

// Bans the nodes that the clone does not allow, or that have enough instances.
void limit(Cluster& cluster, Resource& instance, int most) {
  const auto ban = [](auto& self, Resource& resource, std::size_t node) -> void {
    resource.weights[node].score = Score::minus_infinity();
    for (Resource* child : resource.children) self(self, *child, node);
  };
  for (const Node& node : cluster.nodes) {
    const Weight& parent = instance.parent->weights[node.index];
    const bool room =
        available(node) && parent.present && parent.score >= Score() && parent.instances < most;
    if (!room) ban(ban, instance, node.index);
  }
}

using Saved = std::vector<Weights>;
void save(const Resource& resource, Saved& into) {
  into.push_back(resource.weights);
  for (const Resource* child : resource.children) save(*child, into);
}
void restore(Resource& resource, Saved& from, std::size_t& next) {
  resource.weights = std::move(from[next++]);
  for (Resource* child : resource.children) restore(*child, from, next);
}

Node* assign_instance(Cluster& cluster, Resource& instance, Node* preferred, bool all, int most) {
  if (!instance.provisional) return instance.assigned_to;
  if (instance.assigning) return nullptr;
  adopt_colocations(instance, all);
  if (preferred) {
    const Weight& weight = instance.weights[preferred->index];
    if (!weight.present || weight.score < Score()) return nullptr;
  }
  limit(cluster, instance, most);
  Saved before;
  save(instance, before);
  Node* chosen = assign(cluster, instance, preferred);
  if (chosen && preferred && chosen != preferred) {
    take_back(instance);
    std::size_t next = 0;
    restore(instance, before, next);
    return nullptr;
  }
  if (chosen) ++instance.parent->weights[chosen->index].instances;
  return chosen;
}

void no_more(Resource& instance) {
  for (Weight& weight : instance.weights) weight.score = Score::minus_infinity();
  for (Resource* child : instance.children) no_more(*child);
}

void distribute(Cluster& cluster, Resource& clone) {
  int here = 0, assigned = 0;
  for (const Node& node : cluster.nodes) {
    Weight& weight = clone.weights[node.index];
    weight.instances = 0;
    if (weight.present && available(node)) ++here;
  }
  const int most = std::max(1, here > 0 ? clone.clone_max / here : 1);
  const bool all = clone.clone_max < here;
  for (Resource* instance : clone.children) {
    if (assigned >= clone.clone_max) break;
    if (instance->running_on.empty() || !instance->provisional) continue;
    if (instance->failed || instance->orphan) continue;
    Node* node = instance->running_on.front();
    const Weight& weight = clone.weights[node->index];
    if (!available(*node) || !weight.present || weight.score < Score()) continue;
    if (weight.instances < most &&
        assign_instance(cluster, *instance, node, all, clone.clone_node_max))
      ++assigned;
  }
  for (Resource* instance : clone.children) {
    if (!instance->provisional) continue;
    if (instance->orphan || assigned >= clone.clone_max) {
      no_more(*instance);
      assign(cluster, *instance);
    } else if (assign_instance(cluster, *instance, nullptr, all, clone.clone_node_max)) {
      ++assigned;
    }
  }
}

}  // namespace

Node* assign_clone(Cluster& cluster, Resource& clone) {
  if (clone.promotable) add_promotion_scores(cluster, clone);
  clone.assigning = true;
  for (Colocation* c : clone.colocations) assign(cluster, *c->primary);
  for (Colocation* c : clone.colocated_here)
    if (influences(*c))
      clone.weights =
          merged(cluster, *c->dependent, clone.weights, c->node_attribute,
                 c->score.value() / double{Score::infinity_value}, merge_rollback | merge_positive);
  std::ranges::stable_sort(clone.children, goes_first);
  distribute(cluster, clone);
  if (clone.promotable) choose_promoted(cluster, clone);
  clone.assigning = clone.provisional = false;
  for (const Resource* instance : clone.children) {
    clone.next_role = std::max(clone.next_role, instance->next_role);
    clone.role = std::max(clone.role, instance->role);
  }
  return nullptr;
}

}  // namespace gyre::rm::schedule
