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

Attributes options_of(const Document& document, Seconds now) {
  const IdIndex ids(document.configuration());
  RuleInput input;
  input.now = now;
  input.ids = &ids;
  Attributes options;
  gather(document.configuration().child("crm_config"), "cluster_property_set", input, options,
         "cib-bootstrap-options");
  return options;
}

bool wants_fencing(const Attributes& options) {
  return parse_boolean(option(options, "stonith-enabled", "fencing-enabled", "true"))
      .value_or(true);
}

bool lacks_fence_device(const Document& document, const Attributes& options) {
  return wants_fencing(options) &&
         !parse_boolean(options.value_or("have-watchdog", "false")).value_or(false) &&
         !has_fence_device(document.configuration().child("resources"));
}

void check_quorum_policy(const Document& document, const Attributes& options, Findings& findings) {
  const auto on_lost_quorum = options.value_or("no-quorum-policy", "stop");
  if (!wants_fencing(options) && (on_lost_quorum == "suicide" || on_lost_quorum == "fence"))
    findings.error(nearest_to_options(document),
                   "Resetting no-quorum-policy to 'stop' because fencing is disabled",
                   "set stonith-enabled to true, or no-quorum-policy to stop, freeze, ignore or "
                   "demote");
}

void miss_fence_device(const Document& document, Findings& findings) {
  const auto where = nearest_to_options(document);
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

bool lacks_fence_device(const Document& document, Seconds now) {
  return lacks_fence_device(document, options_of(document, now));
}

std::vector<Finding> check(const Document& document, Seconds now, FenceDevice device) {
  Findings findings(document);
  const Attributes options = options_of(document, now);
  check_options(document, findings);
  check_quorum_policy(document, options, findings);
  if (device == FenceDevice::is_missed && lacks_fence_device(document, options))
    miss_fence_device(document, findings);
  check_resources(document, wants_fencing(options), findings);
  check_names(document, findings);
  check_constraints(document, findings);
  return findings.take();
}

}  // namespace gyre::rm
