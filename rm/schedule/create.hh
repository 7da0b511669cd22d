// Parts of the creation of actions that have their own rooms.
#pragma once

#include "rm/schedule/model.hh"

namespace gyre::rm::schedule {

// The recurring operations of the role that a resource shall have, and those that are to end.
void create_recurring(Cluster&, Resource&, Node* chosen);
// The parameters that an operation (null: any) would run with now: its resource's, then its own.
Attributes parameters_on(Cluster&, const Resource&, const Node&, const Operation*);
// Ends a recurring operation.
Action& cancel(Cluster&, Resource&, Node&, std::string_view task, std::int64_t interval_ms,
               std::string_view reason);
// Removes a resource's record from a node.
void forget(Cluster&, Resource&, Node&, bool optional);
// Failures that are to be forgotten, operations that are not configured any more, changed
// parameters.
void handle_changes(Cluster&);

}  // namespace gyre::rm::schedule
