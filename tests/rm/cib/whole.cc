#include "tests/rm/cib/whole.hh"

#include <gtest/gtest.h>

namespace gyre::rm {

namespace {

constexpr const char* whole =
    R"(<cib crm_feature_set="3.16.1" validate-with="pacemaker-3.9" admin_epoch="0" epoch="12"
    num_updates="7" have-quorum="1" dc-uuid="1" cib-last-written="x" update-origin="a"
    update-client="b" update-user="c" execution-date="5">
<configuration>
<crm_config>
<cluster_property_set id="cib-bootstrap-options" score="10">
<nvpair id="o1" name="stonith-enabled" value="false"/>
<nvpair id="o2" name="cluster-name" value="x"/></cluster_property_set></crm_config>
<nodes>
<node id="1" uname="node1" type="member" description="d">
<instance_attributes id="n1">
<nvpair id="n1a" name="standby" value="off"/></instance_attributes>
<utilization id="nu">
<nvpair id="nu1" name="cpu" value="4"/></utilization></node>
<node id="2" uname="node2"/></nodes>
<resources>
<template id="tmpl" class="ocf" provider="pacemaker" type="Dummy"><operations>
<op id="top" name="monitor" interval="10s"/></operations></template>
<primitive id="p_t" template="tmpl"/>
<primitive id="p_ip" class="ocf" provider="heartbeat" type="IPaddr2" description="d">
<instance_attributes id="ia">
<nvpair id="iap" name="ip" value="1.2.3.4"/>
<rule id="iar" score="10" boolean-op="or">
<expression id="iare" attribute="#uname" operation="eq" value="node1" type="string"
    value-source="literal"/></rule></instance_attributes>
<meta_attributes id="mm">
<nvpair id="mn" name="priority" value="10"/></meta_attributes>
<utilization id="u">
<nvpair id="up" name="cpu" value="1"/></utilization>
<operations id="ops">
<op id="op1" name="monitor" interval="10s" timeout="20s" on-fail="restart" role="Started"
    enabled="true" start-delay="0" record-pending="true" description="q"/>
<op id="op2" name="monitor" interval="30s" interval-origin="2020-01-01" role="Stopped">
<instance_attributes id="oia">
<nvpair id="oian" name="OCF_CHECK_LEVEL" value="10"/></instance_attributes>
<meta_attributes id="oma">
<nvpair id="oman" name="timeout"
    value="10"/></meta_attributes></op></operations></primitive>
<primitive id="p_l" class="lsb" type="foo"/>
<primitive id="f" class="stonith" type="fence_xvm"/>
<group id="g" description="x">
<primitive id="g1" class="systemd" type="foo"/>
<primitive id="g2" class="ocf" provider="heartbeat" type="IPaddr2"/>
<meta_attributes id="gm">
<nvpair id="gmn" name="priority" value="1"/></meta_attributes></group>
<clone id="c" description="x">
<meta_attributes id="cm">
<nvpair id="cmn" name="interleave" value="true"/>
<nvpair id-ref="mn"/></meta_attributes>
<primitive id="c1" class="ocf" provider="heartbeat" type="IPaddr2"/></clone>
<bundle id="b"><docker image="i" replicas="2" replicas-per-host="1" promoted-max="1"
    run-command="r" network="n" options="o"/>
<network ip-range-start="1.2.3.4" control-port="9999" host-interface="eth0"
    host-netmask="24" add-host="true">
<port-mapping id="pm" port="80" internal-port="8080"/>
<port-mapping id="pm2" range="1-5"/></network>
<storage>
<storage-mapping id="sm" source-dir="/a" target-dir="/b" options="rw"/>
<storage-mapping id="sm2" source-dir-root="/a" target-dir="/b"/></storage>
<primitive id="bp" class="ocf" provider="heartbeat" type="apache"/></bundle>
</resources>
<constraints>
<rsc_location id="l1" rsc="p_ip" node="node1" score="INFINITY" role="Started"
    resource-discovery="always"/>
<rsc_location id="l2" rsc-pattern="p.*" node="node1" score="-5"/>
<rsc_location id="l3" rsc="p_ip">
<rule id="l3r" score="100" boolean-op="and" role="Started">
<expression id="l3e" attribute="#uname" operation="eq" value="node1"/>
<date_expression id="l3d" operation="in_range" start="2020-01-01" end="2021-01-01"/>
<date_expression id="l3d2" operation="date_spec">
<date_spec id="l3ds" hours="9-16" weekdays="1-5" years="2020" months="1-3" monthdays="1"
    yeardays="3" weeks="1" weekyears="2020" moon="1"/></date_expression>
<date_expression id="l3d3" operation="in_range" start="2020-01-01">
<duration id="l3du" months="3" hours="2" days="3" weeks="1" years="2" minutes="3"
    seconds="4"/></date_expression>
<rule id="l3rr" score="0">
<expression id="l3ee" attribute="x" operation="defined"/></rule></rule></rsc_location>
<rsc_location id="l4" score="10" node="node1"><resource_set id="l4s" sequential="true"
    role="Started">
<resource_ref id="p_ip"/>
<resource_ref id="g"/></resource_set></rsc_location>
<rsc_colocation id="k1" rsc="p_ip" with-rsc="c" score="100" rsc-role="Started"
    with-rsc-role="Started" node-attribute="#uname" influence="true"/>
<rsc_colocation id="k2" score="10"><resource_set id="k2s" sequential="true" role="Started">
<resource_ref id="p_ip"/>
<resource_ref id="g"/></resource_set></rsc_colocation>
<rsc_order id="r1" first="c" then="p_ip" first-action="start" then-action="start"
    kind="Optional" symmetrical="true" require-all="true"/>
<rsc_order id="r2" kind="Optional"><resource_set id="r2s" sequential="true" action="start"
    require-all="true">
<resource_ref id="p_ip"/>
<resource_ref id="p_l"/></resource_set></rsc_order>
<rsc_ticket id="t1" ticket="T" rsc="p_l" rsc-role="Started" loss-policy="stop"/>
<rsc_ticket id="t2" ticket="T" loss-policy="stop"><resource_set id="t2s" role="Started">
<resource_ref id="p_ip"/></resource_set></rsc_ticket>
</constraints>
<rsc_defaults>
<meta_attributes id="rd" score="5">
<nvpair id="rdn" name="resource-stickiness" value="100"/>
<rule id="rdr" score="0">
<rsc_expression id="rdre" class="ocf" provider="heartbeat"
    type="IPaddr2"/></rule></meta_attributes></rsc_defaults>
<op_defaults>
<meta_attributes id="od">
<nvpair id="odn" name="timeout" value="10"/>
<rule id="odr" score="0">
<op_expression id="odre" name="monitor"
    interval="10s"/></rule></meta_attributes></op_defaults>
<fencing-topology>
<fencing-level id="fl" target="node1" index="1" devices="f"/>
<fencing-level id="fl2" target-pattern="n.*" index="2" devices="f"/>
<fencing-level id="fl3" target-attribute="a" target-value="b" index="2"
    devices="f"/></fencing-topology>
<acls>
<acl_target id="joe"><role id="ro"/></acl_target>
<acl_group id="joes"><role id="ro"/></acl_group>
<acl_role id="ro" description="x">
<acl_permission id="ap1" kind="read" xpath="/cib"/>
<acl_permission id="ap2" kind="write" reference="p_ip"/>
<acl_permission id="ap3" kind="deny" object-type="nvpair" attribute="name"
    description="x"/></acl_role></acls>
<tags><tag id="tg"><obj_ref id="p_ip"/><obj_ref id="p_l"/></tag></tags>
<alerts><alert id="al" path="/x" description="x">
<meta_attributes id="alm">
<nvpair id="almn" name="timeout" value="10"/></meta_attributes>
<instance_attributes id="ali">
<nvpair id="alin" name="a" value="10"/></instance_attributes>
<select>
<select_nodes/>
<select_fencing/>
<select_resources/>
<select_attributes><attribute id="sa" name="x"/></select_attributes></select>
<recipient id="re" value="v" description="x">
<meta_attributes id="rem">
<nvpair id="remn" name="timeout" value="10"/></meta_attributes></recipient></alert></alerts>
</configuration>
<status/>
</cib>
)";

}  // namespace

std::string whole_document() {
  return whole;
}

std::string whole_document_with(std::string_view piece, std::string_view other) {
  std::string text = whole;
  const auto at = text.find(piece);
  EXPECT_NE(at, text.npos) << piece;
  return at == text.npos ? text : text.replace(at, piece.size(), other);
}

}  // namespace gyre::rm
