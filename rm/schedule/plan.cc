#include "rm/schedule/plan.hh"

#include "rm/schedule/create.hh"
#include "rm/schedule/notify.hh"
#include "rm/schedule/remote.hh"
#include "rm/schedule/stages.hh"
#include "rm/schedule/unfence.hh"
#include "rm/schedule/unpack.hh"

namespace gyre::rm::schedule {

void plan(Cluster& cluster) {
  unpack_constraints(cluster);
  bind_to_containers(cluster);
  apply_scores(cluster);
  order_within_resources(cluster);
  handle_changes(cluster);
  assign_all(cluster);
  schedule_probes(cluster);
  create_actions(cluster);
  order_unfencing(cluster);
  order_remote_actions(cluster);
  schedule_fencing(cluster);
  add_fencing_notifications(cluster);
  apply_orderings(cluster);
  add_notifications(cluster);
}

}  // namespace gyre::rm::schedule
