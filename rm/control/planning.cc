#include "rm/control/planning.hh"

#include "rm/control/records.hh"
#include "rm/schedule/plan.hh"

namespace gyre::rm::control {

std::string make_plan(pugi::xml_node cib, std::int64_t now) {
  schedule::Cluster cluster;
  schedule::unpack(cluster, {.cib = cib, .now = now, .in_flight = under_way(cib)});
  schedule::plan(cluster);
  return schedule::graph_xml(cluster, schedule::graph(cluster));
}

}  // namespace gyre::rm::control
