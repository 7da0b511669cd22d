#include "rm/cib/check.hh"

#include <unordered_set>

#include "rm/cib/attribute_sets.hh"
#include "rm/cib/checks.hh"
#include "rm/cib/values.hh"

namespace gyre::rm {

namespace {

// The value of an option by either of its names.
std::string_view option(const Attributes& options, std::string_view name, std::string_view other,
                        std::string_view otherwise) {
  return options.value_or(name, options.value_or(other, otherwise));
}

bool is_fence_device(pugi::xml_node primitive) {
  return std::string_view(primitive.attribute("class").value()) == "stonith";
}

bool has_fence_device(pugi::xml_node resources) {
  std::unordered_set<std::string_view> templates;
  for (const auto one : resources.children("template"))
    if (is_fence_device(one)) templates.insert(one.attribute("id").value());
  const auto device = resources.find_node([&](pugi::xml_node node) {
    return std::string_view(node.name()) == "primitive" &&
           (is_fence_device(node) || templates.contains(node.attribute("template").value()));
  });
  return !device.empty();
}

pugi::xml_node nearest_to_options(const Document& document) {
  const auto configuration = document.configuration();
  if (const auto options = configuration.child("crm_config")) return options;
  return configuration ? configuration : document.cib();
}

void check_fencing(const Document& document, const Attributes& options, bool enabled,
                   Findings& findings) {
  const auto where = nearest_to_options(document);
  const auto on_lost_quorum = options.value_or("no-quorum-policy", "stop");
  if (!enabled && (on_lost_quorum == "suicide" || on_lost_quorum == "fence"))
    findings.error(where, "Resetting no-quorum-policy to 'stop' because fencing is disabled",
                   "set stonith-enabled to true, or no-quorum-policy to stop, freeze, ignore or "
                   "demote");
  if (!enabled || parse_boolean(options.value_or("have-watchdog", "false")).value_or(false) ||
      has_fence_device(document.configuration().child("resources")))
    return;
  findings.error(where, "Resource start-up disabled since no STONITH resources have been defined");
  findings.error(where, "Either configure some or disable STONITH with the stonith-enabled option");
  findings.error(
      where, "NOTE: Clusters with shared data need STONITH to ensure data integrity",
      "add a device that switches nodes off to <resources>, as in <primitive id=\"fence\" "
      "class=\"stonith\" type=\"fence_ipmilan\"> with its parameters; only if no two nodes can "
      "reach the same data, set stonith-enabled to false: <nvpair id=\"no-fencing\" "
      "name=\"stonith-enabled\" value=\"false\"/> in a <cluster_property_set> of <crm_config>");
}

}  // namespace

std::vector<Finding> check(const Document& document, Seconds now) {
  Findings findings(document);
  const IdIndex ids(document.configuration());
  RuleInput input;
  input.now = now;
  input.ids = &ids;
  Attributes options;
  gather(document.configuration().child("crm_config"), "cluster_property_set", input, options,
         "cib-bootstrap-options");
  const bool fencing =
      parse_boolean(option(options, "stonith-enabled", "fencing-enabled", "true")).value_or(true);
  check_options(document, findings);
  check_fencing(document, options, fencing, findings);
  check_resources(document, fencing, findings);
  check_names(document, findings);
  check_constraints(document, findings);
  return findings.take();
}

}  // namespace gyre::rm
