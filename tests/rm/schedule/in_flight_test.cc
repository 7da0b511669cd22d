// What is under way is not begun again, what has to do with it waits, and all else goes on.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
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
    if (change_) change_(xml.child("cib"));
    Cluster cluster;
    unpack(cluster, {.cib = xml.child("cib"), .now = 1, .in_flight = std::move(in_flight)});
    plan(cluster);
    std::set<std::string> keys;
    for (const Step& step : graph(cluster)) keys.insert(step.action->key);
    return keys;
  }
  static pugi::xml_node state(pugi::xml_node cib, const char* node) {
    return cib.child("status").find_child_by_attribute("uname", node);
  }
  // The last operation of a resource on a node.
  static void record(pugi::xml_node cib, const char* node, const char* resource, const char* task,
                     bool pending) {
    pugi::xml_node resources = state(cib, node).append_child("lrm").append_child("lrm_resources");
    pugi::xml_node of = resources.append_child("lrm_resource");
    for (const auto& [name, value] :
         {std::pair("id", resource), std::pair("class", "ocf"), std::pair("provider", "pacemaker"),
          std::pair("type", "Dummy")})
      of.append_attribute(name) = value;
    pugi::xml_node operation = of.append_child("lrm_rsc_op");
    const std::string key = pending ? "-1:193;3:1:0:x" : "0:0;3:1:0:x";
    for (const auto& [name, value] : std::initializer_list<std::pair<const char*, std::string>>{
             {"id", std::string(resource) + "_last_0"},
             {"operation", task},
             {"transition-magic", key},
             {"call-id", pending ? "-1" : "1"},
             {"rc-code", pending ? "193" : "0"},
             {"op-status", pending ? "-1" : "0"},
             {"interval", "0"},
             {"op-digest", "f2317cad3d54cec5d7d7aa7d0bf35cf8"}})
      operation.append_attribute(name) = value.c_str();
  }

  std::function<void(pugi::xml_node)> change_;  // of the document
  std::string text_ = document;
};

TEST_F(InFlightTest, WithoutAnyAllIsBegun) {
  EXPECT_THAT(planned({}),
              IsSupersetOf({"a_start_0", "a_monitor_10000", "b_start_0", "c_start_0"}));
}

TEST_F(InFlightTest, OnANodeThatIsBeingFencedNothingIsBegun) {
  change_ = [](pugi::xml_node cib) {
    pugi::xml_node where = cib.child("configuration").child("constraints");
    for (const auto& [resource, node] : {std::pair("b", "n1"), std::pair("c", "n2")}) {
      pugi::xml_node location = where.append_child("rsc_location");
      for (const auto& [name, value] : {std::pair("id", node), std::pair("rsc", resource),
                                        std::pair("node", node), std::pair("score", "INFINITY")})
        location.append_attribute(name) = value;
    }
  };
  EXPECT_THAT(planned({}), IsSupersetOf({"b_start_0", "c_start_0"}));
  const auto keys = planned({{.node = "n1", .task = "stonith"}});
  EXPECT_THAT(keys, Contains("c_start_0"));
  EXPECT_THAT(keys, Not(Contains("b_start_0")));
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

// Whatever ran there does not any more by the time at which what needs it could start.
TEST_F(InFlightTest, WhatIsBeingStoppedIsNothingToGoBy) {
  change_ = [](pugi::xml_node cib) { record(cib, "n1", "a", "stop", true); };
  const auto keys = planned({{.resource = "a", .node = "n1", .task = "stop"}});
  EXPECT_THAT(keys, Not(Contains("a_start_0")));
  EXPECT_THAT(keys, Not(Contains("b_start_0")));
  EXPECT_THAT(keys, Contains("c_start_0"));
}

TEST_F(InFlightTest, BehindACloneItWaitsForItsInstances) {
  change_ = [](pugi::xml_node cib) {
    pugi::xml_node resources = cib.child("configuration").child("resources");
    pugi::xml_node clone = resources.append_child("clone");
    clone.append_attribute("id") = "all";
    clone.append_move(resources.child("primitive"));
    cib.child("configuration").child("constraints").child("rsc_order").attribute("first") = "all";
    record(cib, "n1", "a", "start", true);
    record(cib, "n2", "a", "start", true);
  };
  const auto keys = planned({{.resource = "a", .node = "n1", .task = "start"},
                             {.resource = "a", .node = "n2", .task = "start"}});
  EXPECT_THAT(keys, Not(Contains("b_start_0")));
  EXPECT_THAT(keys, Contains("c_start_0"));
}

// Whichever number it is to have there: its agent and its record know of none.
TEST_F(InFlightTest, AnInstanceIsNotLookedForTwice) {
  change_ = [](pugi::xml_node cib) {
    cib.child("configuration").child("crm_config").first_child().last_child().remove_attributes();
    pugi::xml_node resources = cib.child("configuration").child("resources");
    pugi::xml_node clone = resources.append_child("clone");
    clone.append_attribute("id") = "all";
    clone.append_move(resources.child("primitive"));
    record(cib, "n1", "a", "monitor", true);
    record(cib, "n2", "a", "start", false);
  };
  EXPECT_THAT(planned({}), Contains("a:1_monitor_0"));
  const auto keys = planned({{.resource = "a", .node = "n1", .task = "monitor"}});
  EXPECT_THAT(keys, Not(Contains("a:1_monitor_0")));
  EXPECT_THAT(keys, Not(Contains("a:1_start_0")));
  EXPECT_THAT(keys, Contains("c_start_0"));
}

// It runs on the third node, too, where it could not be stopped: so it is started nowhere again,
// but where it is being started who needs it still waits.
TEST_F(InFlightTest, BehindAStartThatIsNotPlannedAgainItWaits) {
  text_ = R"(<cib have-quorum="1" crm_feature_set="3.16.1"><configuration>
    <crm_config><cluster_property_set id="o">
      <nvpair id="o1" name="stonith-enabled" value="false"/>
      <nvpair id="o2" name="enable-startup-probes" value="false"/>
    </cluster_property_set></crm_config>
    <nodes><node id="1" uname="n1"/><node id="2" uname="n2"/></nodes>
    <resources><group id="g">
      <primitive id="ga" class="ocf" provider="pacemaker" type="Dummy"/>
      <primitive id="gb" class="ocf" provider="pacemaker" type="Dummy"/>
    </group></resources><constraints/></configuration><status>
    <node_state id="1" uname="n1" in_ccm="true" crmd="online" join="member" expected="member">
      <lrm id="1"><lrm_resources><lrm_resource id="ga" class="ocf" provider="pacemaker"
        type="Dummy"><lrm_rsc_op id="ga_last_0" operation_key="ga_start_0" operation="start"
        transition-key="7:3:0:u" transition-magic="-1:193;7:3:0:u" call-id="-1" rc-code="193"
        op-status="-1" interval="0" op-digest="f2317cad3d54cec5d7d7aa7d0bf35cf8"/></lrm_resource>
      </lrm_resources></lrm></node_state>
    <node_state id="2" uname="n2" in_ccm="true" crmd="online" join="member" expected="member">
      <lrm id="2"><lrm_resources><lrm_resource id="ga" class="ocf" provider="pacemaker"
        type="Dummy"><lrm_rsc_op id="ga_last_0" operation_key="ga_stop_0" operation="stop"
        transition-key="11:8:0:u" transition-magic="0:1;11:8:0:u" call-id="11" rc-code="1"
        op-status="0" interval="0"/><lrm_rsc_op id="ga_last_failure_0" operation_key="ga_stop_0"
        operation="stop" transition-key="11:8:0:u" transition-magic="0:1;11:8:0:u" call-id="11"
        rc-code="1" op-status="0" interval="0"/></lrm_resource></lrm_resources></lrm></node_state>
    </status></cib>)";
  EXPECT_THAT(planned({}), Contains("gb_start_0"));
  EXPECT_THAT(planned({{.resource = "ga", .node = "n1", .task = "start"}}),
              Not(Contains("gb_start_0")));
}

// Without a quorum it has to stop, wherever it came to.
TEST_F(InFlightTest, WhatHasHalfMovedFromANodeThatIsLostDoesNotGoOnMoving) {
  text_ = R"(<cib have-quorum="0" crm_feature_set="3.16.1"><configuration>
    <crm_config/><nodes><node id="1" uname="n1"/><node id="2" uname="n2"/></nodes>
    <resources><primitive id="a" class="ocf" provider="pacemaker" type="Dummy">
      <meta_attributes id="k"><nvpair id="k1" name="allow-migrate" value="true"/></meta_attributes>
      </primitive><primitive id="f" class="stonith" type="fence"/></resources><constraints/>
    </configuration><status>
    <node_state id="1" uname="n1" in_ccm="false" crmd="offline" join="down" expected="member">
      <lrm id="1"><lrm_resources><lrm_resource id="a" class="ocf" provider="pacemaker"
        type="Dummy"><lrm_rsc_op id="a_last_0" operation_key="a_start_0" operation="start"
        transition-key="1:1:0:u" transition-magic="0:0;1:1:0:u" call-id="1" rc-code="0"
        op-status="0" interval="0"/><lrm_rsc_op id="a_migrate_to_0" operation="migrate_to"
        operation_key="a_migrate_to_0" migrate_source="n1" migrate_target="n2" rc-code="0"
        transition-key="2:1:0:u" transition-magic="0:0;2:1:0:u" call-id="2" op-status="0"
        interval="0"/></lrm_resource></lrm_resources></lrm></node_state>
    <node_state id="2" uname="n2" in_ccm="true" crmd="online" join="member" expected="member">
      <lrm id="2"><lrm_resources><lrm_resource id="a" class="ocf" provider="pacemaker"
        type="Dummy"><lrm_rsc_op id="a_last_0" operation_key="a_monitor_0" operation="monitor"
        transition-key="3:2:7:u" transition-magic="0:0;3:2:7:u" call-id="1" rc-code="0"
        op-status="0" interval="0"/></lrm_resource></lrm_resources></lrm></node_state>
    </status></cib>)";
  EXPECT_THAT(planned({}), Contains("a_stop_0"));
}

// It was found on a node that is away now, and is being stopped there and elsewhere. As it may stay
// the plan takes it for running, but by the time at which what needs it had started, it would not.
TEST_F(InFlightTest, WhatIsBeingStoppedWhereItCouldStayIsNothingToGoByEither) {
  text_ = R"(<cib have-quorum="1" crm_feature_set="3.16.1"><configuration>
    <crm_config><cluster_property_set id="o">
      <nvpair id="o1" name="stonith-enabled" value="false"/>
      <nvpair id="o2" name="enable-startup-probes" value="false"/>
    </cluster_property_set></crm_config>
    <nodes><node id="1" uname="n1"/><node id="2" uname="n2"/></nodes>
    <resources><primitive id="a" class="ocf" provider="pacemaker" type="Dummy"/>
      <primitive id="b" class="ocf" provider="pacemaker" type="Dummy"/></resources>
    <constraints><rsc_order id="a-b" first="a" then="b"/>
      <rsc_location id="l" rsc="a" node="n1" score="500"/></constraints></configuration><status>
    <node_state id="2" uname="n2" in_ccm="true" crmd="online" join="member" expected="member">
      <lrm id="2"><lrm_resources><lrm_resource id="a" class="ocf" provider="pacemaker"
        type="Dummy"><lrm_rsc_op id="a_last_0" operation_key="a_stop_0" operation="stop"
        transition-key="1:4:0:u" transition-magic="-1:193;1:4:0:u" call-id="-1" rc-code="193"
        op-status="-1" interval="0" op-digest="f2317cad3d54cec5d7d7aa7d0bf35cf8"/></lrm_resource>
      </lrm_resources></lrm></node_state>
    <node_state id="1" uname="n1" in_ccm="true" crmd="away" join="down" expected="member">
      <lrm id="1"><lrm_resources><lrm_resource id="a" class="ocf" provider="pacemaker"
        type="Dummy"><lrm_rsc_op id="a_last_0" operation_key="a_stop_0" operation="stop"
        transition-key="2:4:0:u" transition-magic="-1:193;2:4:0:u" call-id="-1" rc-code="193"
        op-status="-1" interval="0" op-digest="f2317cad3d54cec5d7d7aa7d0bf35cf8"/>
        <lrm_rsc_op id="a_last_failure_0" operation_key="a_monitor_0" operation="monitor"
        transition-key="1:1:7:u" transition-magic="0:0;1:1:7:u" call-id="2" rc-code="0"
        op-status="0" interval="0" op-digest="f2317cad3d54cec5d7d7aa7d0bf35cf8"/></lrm_resource>
      </lrm_resources></lrm></node_state></status></cib>)";
  EXPECT_THAT(planned({}), Contains("b_start_0"));
  EXPECT_THAT(planned({{.resource = "a", .node = "n1", .task = "stop"},
                       {.resource = "a", .node = "n2", .task = "stop"}}),
              Not(Contains("b_start_0")));
}

// What is found may have to be stopped first, and what comes there, too.
TEST_F(InFlightTest, NobodyLeavesWhereSomethingIsOrMayCome) {
  change_ = [](pugi::xml_node cib) {
    state(cib, "n1")
        .append_child("transient_attributes")
        .append_child("instance_attributes")
        .append_copy(cib.child("configuration").child("crm_config").first_child().first_child());
    pugi::xml_node pair = state(cib, "n1").first_child().first_child().first_child();
    pair.attribute("name") = "shutdown";
    pair.attribute("value") = "1";
    record(cib, "n2", "c", "start", false);
  };
  const std::string leaves = "do_shutdown-n1";
  EXPECT_THAT(planned({}), Contains(leaves));
  EXPECT_THAT(planned({{.resource = "a", .node = "n2", .task = "monitor"}}), Contains(leaves));
  EXPECT_THAT(planned({{.resource = "a", .node = "n1", .task = "monitor"}}), Not(Contains(leaves)));
  EXPECT_THAT(planned({{.resource = "a", .node = "n2", .task = "migrate_to"}}),
              Not(Contains(leaves)));
}

class AwayTest : public InFlightTest {
 protected:
  AwayTest() {
    change_ = [this](pugi::xml_node cib) {
      state(cib, "n1").attribute("crmd") = "away";
      state(cib, "n1").attribute("join") = "down";
      pugi::xml_node options = cib.child("configuration").child("crm_config").first_child();
      options.find_child_by_attribute("name", "stonith-enabled").attribute("value") =
          fences_ ? "true" : "false";
      for (const auto& [node, resource] : running_) record(cib, node, resource, "start", false);
      if (standby_) {
        pugi::xml_node pair = cib.child("configuration")
                                  .child("nodes")
                                  .find_child_by_attribute("uname", "n2")
                                  .append_child("instance_attributes")
                                  .append_child("nvpair");
        pair.append_attribute("name") = "standby";
        pair.append_attribute("value") = "on";
      }
    };
  }

  std::vector<std::pair<const char*, const char*>> running_;
  bool fences_ = false, standby_ = false;
};

// A node whose resource manager has died, and which nobody can fence: what ran there runs on.
TEST_F(AwayTest, WhatRunsThereIsLeftAlone) {
  running_ = {{"n1", "a"}};
  const auto keys = planned({});
  EXPECT_THAT(keys, Not(Contains("a_start_0")));
  EXPECT_THAT(keys, Not(Contains("a_stop_0")));
  EXPECT_THAT(keys, Not(Contains("a_monitor_10000")));
  EXPECT_THAT(keys, Contains("c_start_0"));
}

TEST_F(AwayTest, NothingThatItNeedsIsStopped) {
  running_ = {{"n2", "a"}, {"n1", "b"}};
  EXPECT_THAT(planned({}), Not(Contains("a_stop_0"))) << "nothing to stop it for";
  standby_ = true;
  EXPECT_THAT(planned({}), Not(Contains("a_stop_0"))) << "b cannot be stopped before";
  running_ = {{"n2", "a"}};
  EXPECT_THAT(planned({}), Contains("a_stop_0"));
}

TEST_F(AwayTest, WhereNodesAreFencedItIsToBeFenced) {
  for (const bool fences : {false, true}) {
    fences_ = fences;
    pugi::xml_document xml;
    EXPECT_TRUE(xml.load_string(document));
    change_(xml.child("cib"));
    Cluster cluster;
    unpack(cluster, {.cib = xml.child("cib"), .now = 1});
    EXPECT_EQ(cluster.nodes.front().unclean, fences);
    EXPECT_EQ(cluster.nodes.front().away, !fences);
  }
}

// Two nodes; one is away, and a promoted instance runs there, or nobody knows.
constexpr const char* promotable = R"(<cib have-quorum="1" crm_feature_set="3.16.1"><configuration>
    <crm_config><cluster_property_set id="o">
      <nvpair id="o1" name="stonith-enabled" value="false"/></cluster_property_set></crm_config>
    <nodes><node id="1" uname="n1"/><node id="2" uname="n2"/></nodes>
    <resources><clone id="m"><meta_attributes id="k"><nvpair id="p" name="promotable" value="true"/>
      </meta_attributes><primitive id="a" class="ocf" provider="pacemaker" type="Dummy"/></clone>
    </resources></configuration><status>
    <node_state id="2" uname="n2" in_ccm="true" crmd="online" join="member" expected="member">
      <transient_attributes id="2"><instance_attributes id="t2">
        <nvpair id="t2-a" name="master-a" value="10"/></instance_attributes></transient_attributes>
    </node_state>
    <node_state id="1" uname="n1" in_ccm="true" crmd="away" join="down" expected="member">
      <transient_attributes id="1"><instance_attributes id="t1">
        <nvpair id="t1-a" name="master-a" value="5"/></instance_attributes></transient_attributes>
    </node_state></status></cib>)";

TEST_F(InFlightTest, WhoIsPromotedWhereNobodyCanActCounts) {
  text_ = promotable;
  change_ = [](pugi::xml_node cib) {
    record(cib, "n2", "a", "start", false);
    record(cib, "n1", "a", "promote", false);
  };
  EXPECT_THAT(planned({}), Not(Contains("a:1_promote_0")));
  EXPECT_THAT(planned({}), Not(Contains("a:0_promote_0")));
  change_ = [](pugi::xml_node cib) {
    record(cib, "n2", "a", "start", false);
    record(cib, "n1", "a", "start", false);
  };
  EXPECT_THAT(planned({}), testing::AnyOf(Contains("a:0_promote_0"), Contains("a:1_promote_0")));
}

TEST_F(InFlightTest, NobodyIsPromotedWhileSomebodyMayBeWhereNobodyCanLook) {
  text_ = promotable;
  change_ = [](pugi::xml_node cib) { record(cib, "n2", "a", "start", false); };
  EXPECT_THAT(planned({}), Not(Contains("a:1_promote_0")));
  EXPECT_THAT(planned({}), Not(Contains("a:0_promote_0")));
}

// A node that was asked to leave, and was lost while it was about to: it still may have it.
TEST_F(InFlightTest, WhatALostNodeWasAboutIsThereStill) {
  for (const char* task : {"demote", "stop", "migrate_from"}) {
    text_ = document;
    change_ = [&](pugi::xml_node cib) {
      cib.find_node([](pugi::xml_node each) {
           return std::string_view(each.attribute("name").value()) == "stonith-enabled";
         })
          .attribute("value") = "true";
      pugi::xml_node lost = state(cib, "n1");
      for (const auto& [name, value] :
           {std::pair("crmd", "offline"), {"in_ccm", "false"}, {"join", "down"}})
        lost.attribute(name) = value;
      record(cib, "n1", "c", task, true);
      lost.append_child("transient_attributes")
          .append_child("instance_attributes")
          .append_child("nvpair")
          .append_attribute("name") = "shutdown";
      lost.child("transient_attributes").first_child().first_child().append_attribute("value") =
          "1";
      pugi::xml_node device =
          cib.child("configuration").child("resources").append_child("primitive");
      for (const auto& [name, value] :
           {std::pair("id", "d"), {"class", "stonith"}, {"type", "fence_x"}})
        device.append_attribute(name) = value;
    };
    EXPECT_THAT(planned({}), Contains("stonith-n1-reboot")) << task;
  }
}

// The same second: only their places in the order tell what came later.
TEST_F(InFlightTest, AStopBehindAMoveIsTheLaterOne) {
  const auto plan_with = [&](int order) {
    change_ = [order](pugi::xml_node cib) {
      record(cib, "n1", "c", "migrate_to", false);
      record(cib, "n2", "c", "stop", false);
      for (const auto& [node, place] : {std::pair("n1", 5), {"n2", order}}) {
        pugi::xml_node operation =
            state(cib, node).child("lrm").first_child().first_child().first_child();
        operation.append_attribute("last-rc-change") = "100";
        operation.append_attribute("order") = place;
        operation.append_attribute("migrate_source") = "n1";
        operation.append_attribute("migrate_target") = "n2";
      }
    };
    return planned({});
  };
  EXPECT_THAT(plan_with(6), Not(Contains("c_stop_0"))) << "it is not there any more";
  EXPECT_THAT(plan_with(4), Contains("c_stop_0")) << "it has come since";
}

}  // namespace
}  // namespace gyre::rm::schedule
