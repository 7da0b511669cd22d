// What a notification says to an agent; who is told, and in which order, tests/rm/oracle knows.
#include <gtest/gtest.h>

#include <map>
#include <string>

#include "rm/schedule/plan.hh"

namespace gyre::rm::schedule {

// A promotable clone on three nodes: promoted on n1, which is to be left, else started on n2.
constexpr const char* document = R"(<cib have-quorum="1" crm_feature_set="3.16.1">
  <configuration>
    <crm_config><cluster_property_set id="o">
      <nvpair id="o1" name="stonith-enabled" value="false"/>
    </cluster_property_set></crm_config>
    <nodes>
      <node id="1" uname="n1"><instance_attributes id="i">
        <nvpair id="i1" name="standby" value="on"/></instance_attributes></node>
      <node id="2" uname="n2"/>
      <node id="3" uname="n3"/>
    </nodes>
    <resources>
      <clone id="c">
        <meta_attributes id="m">
          <nvpair id="m1" name="notify" value="true"/>
          <nvpair id="m2" name="promotable" value="true"/>
        </meta_attributes>
        <primitive id="p" class="ocf" provider="pacemaker" type="Stateful"/>
      </clone>
    </resources>
    <constraints/>
  </configuration>
  <status>
    <node_state id="1" uname="n1" in_ccm="true" crmd="online" join="member" expected="member">
      <lrm id="1"><lrm_resources>
        <lrm_resource id="p" class="ocf" provider="pacemaker" type="Stateful">
          <lrm_rsc_op id="r1" operation_key="p_promote_0" operation="promote" interval="0"
            transition-key="1:1:0:00000000-0000-4000-8000-000000000000"
            call-id="1" rc-code="0" op-status="0"
            op-digest="f2317cad3d54cec5d7d7aa7d0bf35cf8"/>
        </lrm_resource></lrm_resources></lrm>
    </node_state>
    <node_state id="2" uname="n2" in_ccm="true" crmd="online" join="member" expected="member">
      <transient_attributes id="2"><instance_attributes id="t">
        <nvpair id="t1" name="master-p" value="5"/></instance_attributes></transient_attributes>
      <lrm id="2"><lrm_resources>
        <lrm_resource id="p" class="ocf" provider="pacemaker" type="Stateful">
          <lrm_rsc_op id="r2" operation_key="p_start_0" operation="start" interval="0"
            transition-key="1:1:0:00000000-0000-4000-8000-000000000000"
            call-id="1" rc-code="0" op-status="0"
            op-digest="f2317cad3d54cec5d7d7aa7d0bf35cf8"/>
        </lrm_resource></lrm_resources></lrm>
    </node_state>
    <node_state id="3" uname="n3" in_ccm="true" crmd="online" join="member" expected="member"/>
  </status>
</cib>)";

struct Notify : testing::Test {
  Notify() {
    EXPECT_TRUE(input.load_string(document));
    unpack(cluster, {input.child("cib"), 0});
    plan(cluster);
    EXPECT_TRUE(output.load_string(graph_xml(cluster, graph(cluster)).c_str()));
  }

  // The attributes of the action with that key, on that node.
  std::map<std::string, std::string> said(const char* key, const char* node = "") {
    std::map<std::string, std::string> found;
    for (auto synapse : output.child("transition_graph").children())
      for (auto action : synapse.child("action_set").children())
        if (action.attribute("operation_key").value() == std::string(key) &&
            action.attribute("on_node").value() == std::string(node))
          for (auto each : action.child("attributes").attributes())
            found[each.name()] = each.value();
    return found;
  }

  pugi::xml_document input, output;
  Cluster cluster;
};

TEST_F(Notify, SaysWhatItIsOf) {
  auto of = said("p_pre_notify_demote_0", "n2");
  EXPECT_EQ(of["CRM_meta_notify_type"], "pre");
  EXPECT_EQ(of["CRM_meta_notify_operation"], "demote");
  EXPECT_EQ(of["CRM_meta_notify_key_type"], "pre");
  EXPECT_EQ(of["CRM_meta_notify_key_operation"], "demote");
  of = said("p_post_notify_start_0", "n2");
  EXPECT_EQ(of["CRM_meta_notify_type"], "post");
  EXPECT_EQ(of["CRM_meta_notify_operation"], "start");
  EXPECT_EQ(of["CRM_meta_notify_key_operation"], "running");
  of = said("c_confirmed-post_notify_demoted_0");
  EXPECT_EQ(of["CRM_meta_notify_type"], "post");
  EXPECT_EQ(of["CRM_meta_notify_key_type"], "confirmed-post");
  EXPECT_EQ(of.count("CRM_meta_notify_start_resource"), 0U) << "nobody is told by it";
}

TEST_F(Notify, SaysWhoIsWhereAndWhoChanges) {
  for (const char* key : {"p_pre_notify_promote_0", "p_post_notify_promote_0", "p_promote_0"}) {
    auto of = said(key, "n2");
    EXPECT_EQ(of["CRM_meta_notify_all_uname"], "n1 n2 n3") << key;
    EXPECT_EQ(of["CRM_meta_notify_available_uname"], "n1 n2 n3");
    EXPECT_EQ(of["CRM_meta_notify_active_resource"], "p:0 p:1");
    EXPECT_EQ(of["CRM_meta_notify_active_uname"], "n1 n2");
    EXPECT_EQ(of["CRM_meta_notify_inactive_resource"], "p:2");
    EXPECT_EQ(of["CRM_meta_notify_promoted_resource"], "p:0");
    EXPECT_EQ(of["CRM_meta_notify_master_uname"], "n1");
    EXPECT_EQ(of["CRM_meta_notify_unpromoted_uname"], "n2");
    EXPECT_EQ(of["CRM_meta_notify_slave_resource"], "p:1");
    EXPECT_EQ(of["CRM_meta_notify_demote_uname"], "n1");
    EXPECT_EQ(of["CRM_meta_notify_promote_resource"], "p:1");
    EXPECT_EQ(of["CRM_meta_notify_stop_uname"], "n1");
    EXPECT_EQ(of["CRM_meta_notify_start_uname"], "n3");
  }
}

}  // namespace gyre::rm::schedule
