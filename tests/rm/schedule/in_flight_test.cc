// What is under way is not begun again, what has to do with it waits, and all else goes on.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>

#include "rm/schedule/plan.hh"

namespace gyre::rm::schedule {
namespace {

using testing::Contains;
using testing::IsSupersetOf;
using testing::Not;

// Two nodes without any history: b is to start after a, c has to do with neither.
constexpr const char* document = R"(<cib have-quorum="1" crm_feature_set="3.16.1">
  <configuration>
    <crm_config><cluster_property_set id="o">
      <nvpair id="o1" name="stonith-enabled" value="false"/>
      <nvpair id="o2" name="enable-startup-probes" value="false"/>
    </cluster_property_set></crm_config>
    <nodes><node id="1" uname="n1"/><node id="2" uname="n2"/></nodes>
    <resources>
      <primitive id="a" class="ocf" provider="pacemaker" type="Dummy">
        <operations><op id="m" name="monitor" interval="10s"/></operations>
      </primitive>
      <primitive id="b" class="ocf" provider="pacemaker" type="Dummy"/>
      <primitive id="c" class="ocf" provider="pacemaker" type="Dummy"/>
    </resources>
    <constraints><rsc_order id="a-b" first="a" then="b"/></constraints>
  </configuration>
  <status>
    <node_state id="1" uname="n1" in_ccm="true" crmd="online" join="member" expected="member"/>
    <node_state id="2" uname="n2" in_ccm="true" crmd="online" join="member" expected="member"/>
  </status>
</cib>)";

class InFlightTest : public testing::Test {
 protected:
  std::set<std::string> planned(std::vector<InFlight> in_flight) {
    pugi::xml_document xml;
    EXPECT_TRUE(xml.load_string(text_.c_str()));
    Cluster cluster;
    unpack(cluster, {.cib = xml.child("cib"), .now = 1, .in_flight = std::move(in_flight)});
    plan(cluster);
    std::set<std::string> keys;
    for (const Step& step : graph(cluster)) keys.insert(step.action->key);
    return keys;
  }

  std::string text_ = document;
};

TEST_F(InFlightTest, WithoutAnyAllIsBegun) {
  EXPECT_THAT(planned({}),
              IsSupersetOf({"a_start_0", "a_monitor_10000", "b_start_0", "c_start_0"}));
}

// It was started, and its monitor begun.
TEST_F(InFlightTest, WhatRecursIsNotBegunTwice) {
  text_.insert(text_.find("/>\n    <node_state id=\"2\""), R"(><lrm id="1"><lrm_resources>
    <lrm_resource id="a" class="ocf" provider="pacemaker" type="Dummy"><lrm_rsc_op id="a_last_0"
      operation="start" operation_key="a_start_0" interval="0" call-id="1" rc-code="0"
      op-status="0" op-digest="f2317cad3d54cec5d7d7aa7d0bf35cf8" transition-key="1:1:0:u"
      transition-magic="0:0;1:1:0:u"/></lrm_resource></lrm_resources></lrm></node_state><unused)");
  EXPECT_THAT(planned({}), Contains("a_monitor_10000"));
  EXPECT_THAT(planned({{.resource = "a", .node = "n1", .task = "monitor", .interval_ms = 10'000}}),
              Not(Contains("a_monitor_10000")));
}

TEST_F(InFlightTest, AStartIsNotBegunTwiceAndWhatFollowsWaits) {
  const auto keys = planned({{.resource = "a", .node = "n1", .task = "start"}});
  EXPECT_THAT(keys, Not(Contains("a_start_0")));
  EXPECT_THAT(keys, Not(Contains("a_monitor_10000")));
  EXPECT_THAT(keys, Not(Contains("b_start_0")));
  EXPECT_THAT(keys, Contains("c_start_0"));
}

TEST_F(InFlightTest, OfAnUnrelatedResourceItChangesNothingElse) {
  auto without = planned({});
  without.erase("c_start_0");
  EXPECT_EQ(planned({{.resource = "c", .node = "n2", .task = "start"}}), without);
}

TEST_F(InFlightTest, AMonitorThatComesBackHoldsNothing) {
  EXPECT_EQ(planned({{.resource = "a", .node = "n1", .task = "monitor", .interval_ms = 10'000}}),
            planned({}));
}

}  // namespace
}  // namespace gyre::rm::schedule
