// A cluster with one of most things that a plan looks at, to be changed by a target.
#pragma once

#include <string_view>

namespace gyre::fuzz {

inline constexpr std::string_view cluster_document = R"(<cib have-quorum="1" dc-uuid="1">
<configuration>
<crm_config><cluster_property_set id="o">
<nvpair id="o1" name="stonith-enabled" value="true"/>
<nvpair id="o2" name="no-quorum-policy" value="freeze"/>
<nvpair id="o3" name="node-health-strategy" value="none"/>
</cluster_property_set></crm_config>
<nodes><node id="1" uname="n1"/><node id="2" uname="n2"/><node id="3" uname="n3"/></nodes>
<resources>
<primitive id="f" class="stonith" type="fence_xvm"/>
<primitive id="a" class="ocf" provider="pacemaker" type="Dummy">
<meta_attributes id="am"><nvpair id="a1" name="allow-migrate" value="true"/>
<nvpair id="a2" name="migration-threshold" value="2"/>
<nvpair id="a3" name="failure-timeout" value="60"/></meta_attributes>
<operations><op id="ao" name="monitor" interval="10s" on-fail="restart"/></operations>
</primitive>
<group id="g"><primitive id="g1" class="ocf" provider="pacemaker" type="Dummy"/>
<primitive id="g2" class="ocf" provider="pacemaker" type="Dummy"/></group>
<clone id="c"><meta_attributes id="cm"><nvpair id="c1" name="interleave" value="true"/>
<nvpair id="c2" name="clone-max" value="2"/></meta_attributes>
<primitive id="ci" class="ocf" provider="pacemaker" type="Dummy"/></clone>
<clone id="p"><meta_attributes id="pm"><nvpair id="p1" name="promotable" value="true"/>
<nvpair id="p2" name="notify" value="true"/></meta_attributes>
<group id="pg"><primitive id="pi" class="ocf" provider="pacemaker" type="Stateful"><operations>
<op id="po" name="monitor" interval="9s" role="Promoted"/></operations></primitive></group></clone>
<primitive id="vm" class="ocf" provider="heartbeat" type="VirtualDomain">
<meta_attributes id="vmm"><nvpair id="vm1" name="remote-node" value="guest"/></meta_attributes>
</primitive>
<primitive id="r" class="ocf" provider="pacemaker" type="remote"/>
</resources>
<constraints>
<rsc_location id="k1" rsc="a" node="n1" score="100"/>
<rsc_location id="k2" rsc="c"><rule id="k2r" score="INFINITY">
<expression id="k2e" attribute="#uname" operation="ne" value="n3"/></rule></rsc_location>
<rsc_colocation id="k3" rsc="g" with-rsc="a" score="INFINITY"/>
<rsc_colocation id="k4" rsc="vm" with-rsc="p" with-rsc-role="Promoted" score="50"/>
<rsc_order id="k5" first="c" then="a"/>
<rsc_order id="k6"><resource_set id="k6s" require-all="false" sequential="false">
<resource_ref id="c"/><resource_ref id="g"/></resource_set>
<resource_set id="k6t"><resource_ref id="vm"/></resource_set></rsc_order>
<rsc_ticket id="k7" rsc="p" rsc-role="Promoted" ticket="T" loss-policy="demote"/>
</constraints>
</configuration>
<status>
<tickets><ticket_state id="T" granted="true" standby="false"/></tickets>
<node_state id="1" uname="n1" in_ccm="true" crmd="online" join="member" expected="member">
<transient_attributes id="1"><instance_attributes id="t">
<nvpair id="t1" name="master-pi" value="5"/>
<nvpair id="t2" name="fail-count-a#monitor_10000" value="1"/></instance_attributes>
</transient_attributes>
<lrm id="1"><lrm_resources>
<lrm_resource id="a" class="ocf" provider="pacemaker" type="Dummy">
<lrm_rsc_op id="a_last_0" operation="start" operation_key="a_start_0" interval="0" call-id="1"
 rc-code="0" op-status="0" transition-key="1:1:0:u" last-rc-change="1699990000"/>
<lrm_rsc_op id="a_monitor_10000" operation="monitor" operation_key="a_monitor_10000"
 interval="10000" call-id="2" rc-code="7" op-status="4" transition-key="2:1:0:u"/></lrm_resource>
<lrm_resource id="pi" class="ocf" provider="pacemaker" type="Stateful">
<lrm_rsc_op id="pi_last_0" operation="promote" operation_key="pi_promote_0" interval="0"
 call-id="3" rc-code="0" op-status="0" transition-key="3:1:0:u"/></lrm_resource>
<lrm_resource id="vm" class="ocf" provider="heartbeat" type="VirtualDomain">
<lrm_rsc_op id="vm_last_0" operation="start" operation_key="vm_start_0" interval="0"
 call-id="4" rc-code="193" op-status="-1" transition-key="4:1:0:u"/></lrm_resource>
</lrm_resources></lrm></node_state>
<node_state id="2" uname="n2" in_ccm="true" crmd="online" join="member" expected="member">
<lrm id="2"><lrm_resources>
<lrm_resource id="ci" class="ocf" provider="pacemaker" type="Dummy">
<lrm_rsc_op id="ci_last_0" operation="stop" operation_key="ci_stop_0" interval="0" call-id="1"
 rc-code="1" op-status="4" transition-key="1:1:0:u"/></lrm_resource>
<lrm_resource id="g1" class="ocf" provider="pacemaker" type="Dummy">
<lrm_rsc_op id="g1_migrate_to_0" operation="migrate_to" operation_key="g1_migrate_to_0"
 interval="0" call-id="2" rc-code="0" op-status="0" transition-key="2:1:0:u" migrate_source="n2"
 migrate_target="n1"/></lrm_resource>
</lrm_resources></lrm></node_state>
<node_state id="3" uname="n3" in_ccm="false" crmd="offline" join="down" expected="member"/>
</status>
</cib>)";

}  // namespace gyre::fuzz
