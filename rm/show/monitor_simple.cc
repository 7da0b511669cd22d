#include <fmt/format.h>

#include "rm/show/facts.hh"
#include "rm/show/monitor.hh"

namespace gyre::rm::show {

Simple monitor_simple(const schedule::Cluster& cluster) {
  Simple simple;
  std::string offline;
  int online = 0, standby = 0, maintenance = 0;
  const auto warn = [&](const std::string& what) {
    if (!offline.empty()) offline += offline == "No DC" ? ", " : " ";
    offline += what;
    simple.warning = true;
  };
  if (!cluster.dc) warn("No DC");
  for (const schedule::Node& node : cluster.nodes) {
    if (node.standby && node.online)
      ++standby;
    else if (node.maintenance && node.online)
      ++maintenance;
    else if (node.online)
      ++online;
    else
      warn(fmt::format("offline node: {}", node.name));
  }
  if (simple.warning) {
    simple.line = "CLUSTER WARN: " + offline;
    return simple;
  }
  const auto plural = [](int count, const char* what) {
    return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s");
  };
  simple.line = "CLUSTER OK: " + plural(online, "node") + " online";
  if (standby > 0) simple.line += ", " + plural(standby, "standby node");
  if (maintenance > 0) simple.line += ", " + plural(maintenance, "maintenance node");
  simple.line += ", " + plural(count_resources(cluster).all, "resource instance") + " configured";
  return simple;
}

}  // namespace gyre::rm::show
