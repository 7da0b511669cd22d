// Where everything goes. A resource is assigned after those that it follows; what others that
// follow it would like counts for it, too.
#pragma once

#include "rm/schedule/model.hh"

namespace gyre::rm::schedule {

// Puts it on the best node, `preferred` if that is as good; null: it runs nowhere.
Node* assign(Cluster&, Resource&, Node* preferred = nullptr);
// `force`: even where it cannot run, or (null) nowhere.
bool put_on(Resource&, Node*, bool force);
void take_back(Resource&);

Node* assign_group(Cluster&, Resource&, Node* preferred);
Node* assign_clone(Cluster&, Resource&);
void add_promotion_scores(Cluster&, Resource& clone);
void choose_promoted(Cluster&, Resource& clone);

bool can_run_somewhere(const Cluster&, const Weights&) noexcept;
// All nodes that the weights name, best first; `active`: wins among equals.
std::vector<Node*> sorted_nodes(Cluster&, const Weights&, const Node* active);

// Where a primitive is: of several places the source of its migration, or one that is well.
Node* current_node(const Resource&);
// Where a resource of any kind is: now, or by the plan. Several nodes: the first.
Node* where(const Resource&, bool now);
std::vector<Node*> all_where(const Resource&, bool now);
Role role_of(const Resource&, bool now);

// A colocation's effect on the dependent, the primary being assigned.
void apply_colocation(Cluster&, Resource& dependent, Resource& primary, const Colocation&);
bool influences(const Colocation&) noexcept;

// What `resource`, and who follows it, would like of nodes, added to `weights`.
enum MergeFlag : unsigned { merge_rollback = 1, merge_positive = 2, merge_forward = 4 };
Weights merged(Cluster&, Resource&, const Weights&, std::string_view attribute, double factor,
               unsigned flags);

// The instance of `clone` that is (or will be) where `resource` is.
Resource* compatible_instance(Cluster&, const Resource&, Resource& clone, Role filter, bool now);

}  // namespace gyre::rm::schedule
