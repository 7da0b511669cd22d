#include "rm/schedule/unpack.hh"

#include <algorithm>

#include "rm/cib/attribute_sets.hh"
#include "rm/cib/iso8601.hh"
#include "rm/schedule/plan.hh"
#include "rm/schedule/remote.hh"
#include "rm/schedule/unfence.hh"

namespace gyre::rm::schedule {

namespace {

// An option by its old or its new name.
std::string_view option(const Options& options, std::string_view name, std::string_view other) {
  const auto value = options.all.find(name);
  return value ? *value : options.all.find(other).value_or("");
}

bool flag(const Options& options, std::string_view name, bool otherwise,
          std::string_view other = {}) {
  return parse_boolean(option(options, name, other)).value_or(otherwise);
}

NoQuorum parse_no_quorum(std::string_view text) {
  const auto is = [&](auto... names) { return (equal_ignoring_case(text, names) || ...); };
  if (is("ignore")) return NoQuorum::ignore;
  if (is("freeze")) return NoQuorum::freeze;
  if (is("demote")) return NoQuorum::demote;
  if (is("suicide", "fence")) return NoQuorum::suicide;
  return NoQuorum::stop;
}

}  // namespace

void unpack_options(Cluster& cluster) {
  auto& options = cluster.options;
  const RuleInput input{.now = cluster.now, .ids = cluster.ids.get()};
  gather(cluster.cib.child("configuration").child("crm_config"), "cluster_property_set", input,
         options.all, "cib-bootstrap-options");
  options.symmetric = flag(options, "symmetric-cluster", true);
  options.fencing = flag(options, "stonith-enabled", true, "fencing-enabled");
  options.startup_fencing = flag(options, "startup-fencing", true);
  options.concurrent_fencing = flag(options, "concurrent-fencing", false);
  options.stop_all = flag(options, "stop-all-resources", false);
  options.stop_orphans = flag(options, "stop-orphan-resources", true, "stop-removed-resources");
  options.stop_orphan_actions =
      flag(options, "stop-orphan-actions", true, "cancel-removed-actions");
  options.probes = flag(options, "enable-startup-probes", true);
  options.maintenance = flag(options, "maintenance-mode", false);
  options.remove_after_stop = flag(options, "remove-after-stop", false);
  options.start_failure_is_fatal = flag(options, "start-failure-is-fatal", true);
  options.no_quorum = parse_no_quorum(option(options, "no-quorum-policy", {}));
  if (const auto action = option(options, "stonith-action", "fencing-action"); !action.empty())
    options.fence_action = action == "poweroff" ? "off" : action;
  options.unfencing = options.fencing &&
                      unfencing_configured(cluster.cib.child("configuration").child("resources"));
  cluster.quorate = parse_boolean(attribute(cluster.cib, "have-quorum")).value_or(false);
  // Who never had a quorum has lost none.
  const bool panic =
      parse_boolean(attribute(cluster.cib, "no-quorum-panic")).value_or(false) && options.fencing;
  if (options.no_quorum == NoQuorum::suicide && !panic) options.no_quorum = NoQuorum::stop;
}

void unpack_tags(Cluster& cluster) {
  for (auto tag : cluster.cib.child("configuration").child("tags").children("tag"))
    for (auto reference : tag.children("obj_ref"))
      cluster.tags[attribute(tag, "id")].push_back(attribute(reference, "id"));
}

static void unpack_tickets(Cluster& cluster) {
  for (auto state : cluster.cib.child("status").child("tickets").children("ticket_state")) {
    const auto id = attribute(state, "id");
    Ticket& ticket = cluster.tickets[id];
    ticket.id = id;
    ticket.granted = parse_boolean(attribute(state, "granted")).value_or(false);
    ticket.standby = parse_boolean(attribute(state, "standby")).value_or(false);
    for (auto a : state.attributes()) ticket.state.set(a.name(), a.value());
  }
}

void unpack(Cluster& cluster, const Input& input) {
  cluster.cib = input.cib;
  cluster.now = input.now;
  cluster.in_flight = input.in_flight;
  cluster.ids = std::make_unique<IdIndex>(input.cib.child("configuration"));
  unpack_options(cluster);
  unpack_nodes(cluster);
  unpack_tags(cluster);
  unpack_tickets(cluster);
  unpack_resources(cluster);
  connect_remote_nodes(cluster);
  unpack_history(cluster);
}

}  // namespace gyre::rm::schedule
