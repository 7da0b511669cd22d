#include "rm/control/planning.hh"

#include <algorithm>
#include <iterator>

#include "rm/control/fence_records.hh"
#include "rm/control/records.hh"
#include "rm/schedule/plan.hh"

namespace gyre::rm::control {

std::string make_plan(pugi::xml_node cib, std::int64_t now) {
  schedule::Cluster cluster;
  std::vector<schedule::InFlight> in_flight = under_way(cib);
  std::ranges::copy(fencings_in_flight(cib, now), std::back_inserter(in_flight));
  schedule::unpack(cluster, {.cib = cib, .now = now, .in_flight = std::move(in_flight)});
  schedule::plan(cluster);
  return schedule::graph_xml(cluster, schedule::graph(cluster));
}

}  // namespace gyre::rm::control
