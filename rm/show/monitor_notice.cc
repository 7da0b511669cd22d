#include <algorithm>

#include "rm/show/facts.hh"
#include "rm/show/monitor.hh"

namespace gyre::rm::show {

std::string monitor_notice(const schedule::Cluster& cluster, const MonitorOptions& options) {
  const auto& of = cluster.options;
  const bool configured = std::ranges::any_of(
      cluster.resources, [](const schedule::Resource& resource) { return !resource.orphan; });
  if ((options.sections & section::resources) == 0 || !of.fencing || of.have_fence_device ||
      !configured)
    return {};
  return "Nothing can start: stonith-enabled is true, and there is no fence device. Configure one, "
         "or set stonith-enabled to false where what a lost node ran may run twice.";
}

}  // namespace gyre::rm::show
