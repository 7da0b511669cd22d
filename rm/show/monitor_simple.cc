#include <fmt/format.h>

#include <vector>

#include "rm/show/facts.hh"
#include "rm/show/monitor.hh"

namespace gyre::rm::show {

namespace {

std::string plural(std::size_t count, const char* what) {
  return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s");
}

struct Counted {
  int online = 0, standby = 0, maintenance = 0;
  std::vector<std::string_view> offline;
};
Counted count_nodes(const schedule::Cluster& cluster) {
  Counted counted;
  for (const schedule::Node& node : cluster.nodes)
    if (!node.online)
      counted.offline.push_back(node.name);
    else
      ++(node.standby ? counted.standby : node.maintenance ? counted.maintenance : counted.online);
  return counted;
}

}  // namespace

Simple monitor_simple(const schedule::Cluster& cluster) {
  const Counted nodes = count_nodes(cluster);
  std::string warning = coordinator(cluster) ? "" : " No DC";
  for (const std::string_view name : nodes.offline)
    warning += fmt::format("{} offline node: {}", warning == " No DC" ? "," : "", name);
  if (!warning.empty()) return {"CLUSTER WARN:" + warning, true};
  std::string line = "CLUSTER OK: " + plural(nodes.online, "node") + " online";
  if (nodes.standby > 0) line += ", " + plural(nodes.standby, "standby node");
  if (nodes.maintenance > 0) line += ", " + plural(nodes.maintenance, "maintenance node");
  return {line + ", " + plural(count_resources(cluster).all, "resource instance") + " configured",
          false};
}

Simple monitor_simple_1_1(const schedule::Cluster& cluster) {
  const Counted nodes = count_nodes(cluster);
  if (!coordinator(cluster)) return {"Warning: No DC", true};
  std::string offline;
  for (const std::string_view name : nodes.offline)
    offline += fmt::format(" offline node: {}", name);
  if (!offline.empty()) return {"Warning:" + offline, true};
  std::string line = fmt::format("Ok: {} nodes online", nodes.online);
  if (nodes.standby > 0) line += fmt::format(", {} standby nodes", nodes.standby);
  return {line + fmt::format(", {} resources configured", cluster.top.size()), false};
}

}  // namespace gyre::rm::show
