// The stages of a plan, in their order.
#pragma once

#include "rm/schedule/model.hh"

namespace gyre::rm::schedule {

void apply_scores(Cluster&);
void order_within_resources(Cluster&);  // start before promote, members of groups …
void schedule_probes(Cluster&);
void assign_all(Cluster&);
void create_actions(Cluster&);
void schedule_fencing(Cluster&);
void order_probes(Cluster&);
void apply_orderings(Cluster&);  // and what they make necessary or impossible

}  // namespace gyre::rm::schedule
