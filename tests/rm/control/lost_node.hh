// A cluster with fence devices, and a node of it that is lost and has to be fenced.
#pragma once

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <algorithm>
#include <functional>
#include <string>
#include <vector>

#include "rm/control/members.hh"
#include "tests/rm/control/ordered.hh"

namespace gyre::rm::control {

inline std::string device(const std::string& id, const std::string& parameters = {}) {
  std::string pairs;
  for (std::size_t at = 0; at < parameters.size();) {
    const auto end = std::min(parameters.find('|', at), parameters.size());
    const auto equals = parameters.find('=', at);
    pairs += fmt::format(R"(<nvpair id="{0}-{1}" name="{1}" value="{2}"/>)", id,
                         parameters.substr(at, equals - at),
                         parameters.substr(equals + 1, end - equals - 1));
    at = end + 1;
  }
  return fmt::format(
      R"(<primitive id="{0}" class="stonith" type="fence_test"><instance_attributes id="{0}-i">)"
      R"({1}</instance_attributes></primitive>)",
      id, pairs);
}

// A resource that likes n3, and devices.
inline std::string configuration(const std::string& devices, const std::string& more = {},
                                 const std::string& options = {}) {
  return fmt::format(
      R"(<cib crm_feature_set="3.16.1" validate-with="pacemaker-3.9" admin_epoch="0" epoch="1" )"
      R"(num_updates="0"><configuration><crm_config><cluster_property_set id="o">{2})"
      R"(</cluster_property_set></crm_config><nodes/><resources>{0}<primitive id="r" class="ocf" )"
      R"(provider="test" type="Fake"/></resources><constraints><rsc_location id="l" rsc="r" )"
      R"(node="n3" score="100"/></constraints>{1}</configuration><status/></cib>)",
      devices, more, options);
}
inline std::string option(const std::string& name, const std::string& value) {
  return fmt::format(R"(<nvpair id="o-{0}" name="{0}" value="{1}"/>)", name, value);
}
inline std::string level(int index, const std::string& target, const std::string& devices) {
  return fmt::format(R"(<fencing-level id="f-{0}-{3}" index="{0}" {1} devices="{2}"/>)", index,
                     target, devices, std::hash<std::string>()(target) % 1000);
}
inline std::string topology(const std::string& levels) {
  return "<fencing-topology>" + levels + "</fencing-topology>";
}

// n3 is lost, where the resource ran.
class LostNode {
 public:
  explicit LostNode(const std::string& text, std::uint32_t nodes = 3) : side(text, nodes) {
    side.view();
    EXPECT_THAT(side.begun(), testing::ElementsAre("n3: start"));
    side.kill(3);
    side.view();
  }
  std::string state(const char* name) {
    return state_of_node(side.cib(), 3).attribute(name).value();
  }
  std::vector<std::string> history(const char* attribute = "status") {
    std::vector<std::string> all;
    for (const auto& each : side.cib().select_nodes("status/fence_history/fence_event"))
      all.emplace_back(each.node().attribute(attribute).value());
    return all;
  }

  Ordered side;
};

}  // namespace gyre::rm::control
