// Orderings that cannot all hold: what waits for itself is not begun, and all else goes on.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "rm/schedule/plan.hh"

namespace gyre::rm::schedule {
namespace {

using testing::ElementsAre;
using testing::IsSupersetOf;

class CirclesTest : public testing::Test {
 protected:
  // Of a to d, on one node, all of them stopped.
  std::vector<std::string> planned(const std::string& constraints) {
    std::string resources;
    for (const char* id : {"a", "b", "c", "d"})
      resources += std::string("<primitive class='ocf' type='Dummy' id='") + id + "'/>";
    const std::string text =
        "<cib have-quorum='1'><configuration><crm_config><cluster_property_set id='o'><nvpair "
        "id='o1' name='stonith-enabled' value='false'/><nvpair id='o2' "
        "name='enable-startup-probes' value='false'/></cluster_property_set></crm_config><nodes>"
        "<node id='1' uname='n1'/></nodes><resources>" +
        resources + "</resources><constraints>" + constraints +
        "</constraints></configuration><status><node_state id='1' uname='n1' in_ccm='true' "
        "crmd='online' join='member' expected='member'/></status></cib>";
    EXPECT_TRUE(xml_.load_string(text.c_str()));
    unpack(cluster_, {.cib = xml_.child("cib"), .now = 1});
    plan(cluster_);
    std::vector<std::string> keys;
    for (const Step& step : graph(cluster_)) keys.push_back(step.action->key);
    return keys;
  }

  pugi::xml_document xml_;
  Cluster cluster_;
};

TEST_F(CirclesTest, WithoutAnyAllIsDone) {
  EXPECT_THAT(planned("<rsc_order id='1' first='a' then='b'/>"),
              IsSupersetOf({"a_start_0", "b_start_0", "c_start_0", "d_start_0"}));
}

TEST_F(CirclesTest, WhatIsInOneOrWaitsForItIsNotBegun) {
  EXPECT_THAT(planned("<rsc_order id='1' first='a' then='b'/><rsc_order id='2' first='b' then='a'/>"
                      "<rsc_order id='3' first='b' then='c'/>"),
              ElementsAre("d_start_0"));
  for (const Action& action : cluster_.actions) {
    if (action.task != "start" || action.key == "d_start_0") continue;
    EXPECT_FALSE(action.runnable) << action.key;
    EXPECT_EQ(action.reason, "orderings that wait for each other") << action.key;
  }
}

}  // namespace
}  // namespace gyre::rm::schedule
