#include "rm/schedule/assign.hh"

#include <algorithm>

#include "rm/schedule/action.hh"
#include "rm/schedule/remote.hh"
#include "rm/schedule/stages.hh"
#include "rm/schedule/unpack.hh"

namespace gyre::rm::schedule {

namespace {

// Those that a resource follows: the most important first, clones before groups before primitives.
template <auto Other>
std::vector<Colocation*> in_order(const std::vector<Colocation*>& colocations) {
  auto sorted = colocations;
  std::ranges::stable_sort(sorted, [](const Colocation* a, const Colocation* b) {
    const Resource& x = *(a->*Other);
    const Resource& y = *(b->*Other);
    if (x.priority != y.priority) return x.priority > y.priority;
    if (x.kind != y.kind) return x.kind > y.kind;
    if (x.promotable != y.promotable) return x.promotable;
    return x.id < y.id;
  });
  return sorted;
}

void ban_everywhere(Resource& resource) {
  for (Weight& weight : resource.weights) weight.score = Score::minus_infinity();
}

void follow(Cluster& cluster, Resource& resource) {
  for (Colocation* colocation : in_order<&Colocation::primary>(resource.colocations)) {
    Resource& primary = *colocation->primary;
    const bool may_give_up = colocation->dependent_role >= Role::promoted ||
                             (colocation->score < Score() && colocation->score.finite());
    const Weights before = may_give_up ? resource.weights : Weights{};
    assign(cluster, primary);
    apply_colocation(cluster, resource, primary, *colocation);
    if (may_give_up && !can_run_somewhere(cluster, resource.weights)) resource.weights = before;
  }
  for (Colocation* colocation : in_order<&Colocation::dependent>(resource.colocated_here))
    if (influences(*colocation))
      resource.weights =
          merged(cluster, *colocation->dependent, resource.weights, colocation->node_attribute,
                 colocation->score.value() / double{Score::infinity_value}, merge_rollback);
}

Node* preferred_node(const Resource& resource, Node* preferred, const Node& best) {
  if (!preferred) return nullptr;
  const Weight& weight = resource.weights[preferred->index];
  const bool good = weight.present && weight.score >= Score() && available(*preferred);
  return good && weight.score >= resource.weights[best.index].score ? preferred : nullptr;
}

// Stays where it is, among nodes that are as good.
Node* stay(const Resource& resource, Node& best) {
  const bool unique = resource.parent && resource.parent->unique;
  const Score score = resource.weights[best.index].score;
  if (unique || score <= Score() || !available(best) || resource.running_on.empty()) return &best;
  Node* current = current_node(resource);
  const Weight& weight = resource.weights[current->index];
  return available(*current) && weight.present && weight.score == score ? current : &best;
}

std::vector<Node*> present_nodes(Cluster& cluster, const Weights& weights) {
  std::vector<Node*> nodes;
  for (Node& node : cluster.nodes)
    if (weights[node.index].present) nodes.push_back(&node);
  return nodes;
}

struct Better {
  const Weights& weights;
  const Node* active;

  bool operator()(const Node* a, const Node* b) const {
    const Score x = score(*a), y = score(*b);
    if (x != y) return x > y;
    if (a->assigned != b->assigned) return a->assigned < b->assigned;
    if ((a == active) != (b == active)) return a == active;
    return a->name < b->name;
  }
  Score score(const Node& node) const {
    return available(node) ? weights[node.index].score : Score::minus_infinity();
  }
};

bool choose(Cluster& cluster, Resource& resource, Node* preferred) {
  const Node* active = current_node(resource);
  const auto nodes = present_nodes(cluster, resource.weights);
  if (nodes.empty()) return put_on(resource, nullptr, false);
  Node& best = **std::ranges::min_element(nodes, Better{resource.weights, active});
  Node* chosen = preferred_node(resource, preferred, best);
  return put_on(resource, chosen ? chosen : stay(resource, best), false);
}

}  // namespace

bool influences(const Colocation& colocation) noexcept {
  return colocation.influence || colocation.dependent->running_on.empty();
}

Node* current_node(const Resource& resource) {
  if (resource.running_on.empty()) return nullptr;
  Node* front = resource.running_on.front();
  // From where it has left for good, and is only half arrived, it need not be fetched any more.
  if (Node* source = resource.migration_source)
    return std::ranges::count(resource.running_on, source) != 0 ? source : front;
  if (resource.needs_fencing) return front;
  const auto well = [](const Node* node) { return node->online && !node->unclean; };
  const auto found = std::ranges::find_if(resource.running_on, well);
  return found == resource.running_on.end() ? front : *found;
}

bool can_run_somewhere(const Cluster& cluster, const Weights& weights) noexcept {
  for (const Node& node : cluster.nodes) {
    const Weight& weight = weights[node.index];
    if (weight.present && weight.score >= Score() && available(node)) return true;
  }
  return false;
}

std::vector<Node*> sorted_nodes(Cluster& cluster, const Weights& weights, const Node* active) {
  auto nodes = present_nodes(cluster, weights);
  std::ranges::sort(nodes, Better{weights, active});
  return nodes;
}

bool put_on(Resource& resource, Node* node, bool force) {
  if (!force && node) {
    const Weight& weight = resource.weights[node->index];
    if (!available(*node) || !weight.present || weight.score < Score()) {
      resource.next_role = Role::stopped;
      node = nullptr;
    }
  }
  resource.provisional = false;
  if (resource.assigned_to) --resource.assigned_to->assigned;
  resource.assigned_to = node;
  if (node) {
    ++node->assigned;
    return true;
  }
  resource.next_role = Role::stopped;
  for (Action* action : resource.actions) {
    if (action->task == "stop")
      action->optional = false;
    else if (action->task == "start" || action->task == "cancel")
      action->runnable = false;
  }
  return false;
}

void take_back(Resource& resource) {
  for (Resource* child : resource.children) take_back(*child);
  if (resource.assigned_to) --resource.assigned_to->assigned;
  resource.assigned_to = nullptr;
  resource.provisional = true;
}

Node* assign(Cluster& cluster, Resource& resource, Node* preferred) {
  if (resource.parent && !resource.parent->assigning && resource.provisional) {
    assign(cluster, *resource.parent, preferred);
    if (!resource.provisional) return resource.assigned_to;
  }
  if (!resource.provisional) return resource.assigned_to;
  if (resource.assigning) return nullptr;
  if (resource.is(Kind::clone)) return assign_clone(cluster, resource);
  if (resource.is(Kind::group)) return assign_group(cluster, resource, preferred);
  resource.assigning = true;
  follow(cluster, resource);
  if (resource.next_role == Role::stopped)
    ban_everywhere(resource);
  else if (resource.next_role > resource.role && !cluster.quorate &&
           cluster.options.no_quorum == NoQuorum::freeze)
    resource.next_role = resource.role;
  // Without a device nothing is safe to be touched.
  if (cluster.options.fencing && !cluster.options.have_fence_device) resource.managed = false;
  if (!resource.managed) {
    resource.next_role = resource.role;
    put_on(resource, current_node(resource), true);
  } else if (cluster.options.stop_all) {
    put_on(resource, nullptr, true);
  } else {
    choose(cluster, resource, preferred);
  }
  resource.assigning = false;
  if (resource.is_remote) follow_connection(cluster, resource);
  return resource.assigned_to;
}

Node* assign_group(Cluster& cluster, Resource& group, Node* preferred) {
  group.assigning = true;
  Node* first = nullptr;
  if (group.children.empty()) {
    group.assigning = group.provisional = false;
    return nullptr;
  }
  Resource& front = *group.children.front();
  Resource& back = *group.children.back();
  group.role = front.role;
  front.colocations.insert(front.colocations.end(), group.colocations.begin(),
                           group.colocations.end());
  back.colocated_here.insert(back.colocated_here.end(), group.colocated_here.begin(),
                             group.colocated_here.end());
  for (Resource* child : group.children) {
    Node* node = assign(cluster, *child, preferred);
    if (!first) first = node;
  }
  group.next_role = front.next_role;
  group.assigning = group.provisional = false;
  group.assigned_to = nullptr;
  return first;
}

Node* where(const Resource& resource, bool now) {
  const auto nodes = all_where(resource, now);
  return nodes.empty() ? nullptr : nodes.front();
}

std::vector<Node*> all_where(const Resource& resource, bool now) {
  std::vector<Node*> found;
  if (resource.children.empty()) {
    if (now) return resource.running_on;
    if (resource.assigned_to) found.push_back(resource.assigned_to);
    return found;
  }
  for (const Resource* child : resource.children)
    for (Node* node : all_where(*child, now))
      if (std::ranges::find(found, node) == found.end()) found.push_back(node);
  return found;
}

Role role_of(const Resource& resource, bool now) {
  if (resource.children.empty()) return now ? resource.role : resource.next_role;
  Role highest = Role::unknown;
  for (const Resource* child : resource.children) highest = std::max(highest, role_of(*child, now));
  return highest;
}

// Connections come first: only then is it known which remote nodes can be counted with.
void assign_all(Cluster& cluster) {
  for (Resource* resource : std::vector(cluster.top))
    if (resource->is_remote) assign(cluster, *resource, resource->migration_target);
  for (Resource* resource : std::vector(cluster.top))
    if (!resource->orphan) assign(cluster, *resource);
  for (Resource* resource : std::vector(cluster.top)) assign(cluster, *resource);
}

}  // namespace gyre::rm::schedule
