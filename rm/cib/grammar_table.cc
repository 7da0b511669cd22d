// The elements of a configuration, from the outside in. What older versions had, and newer ones, is
// there too: which of them a document keeps to (validate-with) makes no difference.
#include "rm/cib/grammar.hh"

namespace gyre::rm {

namespace {

#define NVSET "rule? nvpair"
#define NVSET_ATTRIBUTES "id:id id-ref:ref id/id-ref! score:score"
#define RESOURCE_PARTS "meta_attributes instance_attributes"
#define CONTAINER_ATTRIBUTES                                                                     \
  "image:word! replicas:natural replicas-per-host:natural promoted-max:natural masters:natural " \
  "run-command:text network:text options:text"
#define CALENDAR(kind)                                                                        \
  "id:id! seconds:" kind "~ minutes:" kind "~ hours:" kind "~ days:" kind "~ monthdays:" kind \
  "~ weekdays:" kind "~ yearsdays:" kind "~ yeardays:" kind "~ weeks:" kind "~ months:" kind  \
  "~ weekyears:" kind "~ years:" kind "~ moon:" kind "~"
#define ACTIONS "start,promote,demote,stop"

constexpr ElementRule rules[] = {
    {"cib", "configuration! status!",
     "validate-with:text! admin_epoch:natural! epoch:natural! num_updates:natural! "
     "crm_feature_set:text have-quorum:boolean no-quorum-panic:boolean dc-uuid:text "
     "cib-last-written:text update-origin:text update-client:text update-user:text "
     "remote-tls-port:natural remote-clear-port:natural execution-date:text"},
    {"configuration",
     "crm_config! nodes! resources! constraints! rsc_defaults? op_defaults? fencing-topology? "
     "acls? tags? alerts?",
     ""},
    {"crm_config", "cluster_property_set", ""},
    {"cluster_property_set", NVSET, NVSET_ATTRIBUTES},
    {"instance_attributes", NVSET, NVSET_ATTRIBUTES},
    {"meta_attributes", NVSET, NVSET_ATTRIBUTES},
    {"utilization", NVSET, NVSET_ATTRIBUTES},
    {"nvpair", "", "id:id id-ref:ref id/id-ref! id^id-ref name:text name/id-ref! value:text"},
    {"rsc_defaults", "meta_attributes", ""},
    {"op_defaults", "meta_attributes", ""},

    {"nodes", "node", ""},
    {"node", "instance_attributes utilization",
     "id:word! uname:word! type:member,normal,ping,remote description:text score:score"},

    {"resources", "primitive template group clone master bundle", ""},
    {"primitive", "operations? " RESOURCE_PARTS " utilization",
     "id:id! class:ocf,lsb,heartbeat,stonith,upstart,service,systemd,nagios provider:word "
     "type:word template:model class/template! class^template class->type class=ocf->provider "
     "description:text"},
    {"template", "operations? " RESOURCE_PARTS " utilization",
     "id:id! class:ocf,lsb,heartbeat,stonith,upstart,service,systemd,nagios! provider:word "
     "class=ocf->provider type:word! description:text"},
    {"operations", "op", "id:id id-ref:ref"},
    {"op", RESOURCE_PARTS,
     "id:id! name:word! interval:duration~ ->interval timeout:duration~ start-delay:duration~ "
     "interval-origin:date~ role:role enabled:boolean record-pending:boolean description:text "
     "on-fail:ignore,block,demote,stop,restart,standby,fence,restart-container "
     "requires:nothing,quorum,fencing,unfencing"},
    {"group", "primitive+ " RESOURCE_PARTS, "id:id! description:text"},
    {"clone", "primitive|group! " RESOURCE_PARTS, "id:id! description:text"},
    {"master", "primitive|group! " RESOURCE_PARTS, "id:id! description:text"},
    {"bundle", "docker|rkt|podman! network? storage? primitive? " RESOURCE_PARTS,
     "id:id! description:text"},
    {"docker", "", CONTAINER_ATTRIBUTES},
    {"rkt", "", CONTAINER_ATTRIBUTES},
    {"podman", "", CONTAINER_ATTRIBUTES},
    {"network", "port-mapping",
     "ip-range-start:text control-port:natural host-interface:text host-netmask:natural "
     "add-host:boolean"},
    {"port-mapping", "",
     "id:id! port:natural internal-port:natural range:range port/range! port^range"},
    {"storage", "storage-mapping", ""},
    {"storage-mapping", "",
     "id:id! source-dir:text source-dir-root:text source-dir/source-dir-root! target-dir:text! "
     "options:text"},

    {"constraints", "rsc_location rsc_colocation rsc_order rsc_ticket", ""},
    {"rsc_location", "resource_set rule lifetime?",
     "id:id! rsc:resource rsc-pattern:text rsc/rsc-pattern/<resource_set>! "
     "rsc^rsc-pattern^<resource_set> "
     "node:text node/<rule>! node^<rule> score:score score-attribute:text "
     "score/score-attribute/<rule>! "
     "score^score-attribute^<rule> role:role "
     "resource-discovery:always,never,exclusive"},
    {"rsc_colocation", "resource_set lifetime?",
     "id:id! rsc:resource with-rsc:resource rsc/<resource_set>! rsc->with-rsc with-rsc->rsc "
     "rsc^<resource_set> score:score score-attribute:text "
     "score-attribute-mangle:text node-attribute:text rsc-role:role with-rsc-role:role "
     "rsc-instance:number with-rsc-instance:number influence:text"},
    {"rsc_order", "resource_set lifetime?",
     "id:id! first:resource then:resource first/<resource_set>! first->then then->first "
     "first^<resource_set> first-action:" ACTIONS " then-action:" ACTIONS
     " first-instance:number then-instance:number score:score kind:Optional,Mandatory,Serialize "
     "symmetrical:boolean require-all:boolean"},
    {"rsc_ticket", "resource_set",
     "id:id! ticket:word! rsc:resource rsc/<resource_set>! rsc^<resource_set> rsc-role:role "
     "loss-policy:stop,demote,fence,freeze"},
    {"resource_set", "resource_ref",
     "id:id id-ref:ref id/id-ref! <resource_ref>/id-ref! sequential:boolean require-all:boolean "
     "ordering:group,listed "
     "action:" ACTIONS " role:role score:score kind:Optional,Mandatory,Serialize"},
    {"resource_ref", "", "id:resource!"},
    {"lifetime", "rule+", "id:id"},

    {"rule", "expression date_expression rsc_expression op_expression rule",
     "id:id id-ref:ref id/id-ref! score:score score^score-attribute score-attribute:text "
     "boolean-op:and,or role:role~ "
     "<expression>/<date_expression>/<rsc_expression>/<op_expression>/<rule>/id-ref!"},
    {"expression", "",
     "id:id! attribute:text! operation:lt,gt,lte,gte,eq,ne,defined,not_defined! value:text "
     "type:string,integer,number,version value-source:literal,param,meta"},
    {"date_expression", "duration? date_spec?",
     "id:id! operation:in_range,date_spec,gt,lt! start:date~ end:date~ operation=gt->start "
     "operation=lt->end operation=in_range->start/end operation=date_spec-><date_spec>"},
    {"duration", "", CALENDAR("number")},
    {"date_spec", "", CALENDAR("numbers")},
    {"rsc_expression", "", "id:id! class:text provider:text type:text"},
    {"op_expression", "", "id:id! name:text! interval:duration~"},

    {"fencing-topology", "fencing-level", ""},
    {"fencing-level", "",
     "id:id! target:text target-pattern:text target-attribute:text target-value:text "
     "target/target-pattern/target-attribute! target^target-pattern^target-attribute "
     "target-attribute->target-value index:positive! devices:devices!"},
    {"tags", "tag", ""},
    {"tag", "obj_ref+", "id:id!"},
    {"obj_ref", "", "id:ref~ ->id"},

    {"alerts", "alert", ""},
    {"alert", RESOURCE_PARTS " select? recipient", "id:id! path:word! description:text"},
    {"recipient", RESOURCE_PARTS, "id:id! value:text! description:text"},
    {"select", "select_nodes? select_fencing? select_resources? select_attributes?", ""},
    {"select_nodes", "", ""},
    {"select_fencing", "", ""},
    {"select_resources", "", ""},
    {"select_attributes", "attribute", ""},
    {"attribute", "", "id:id! name:text!"},

    {"acls", "acl_target acl_group acl_role acl_user", ""},
    {"acl_target", "role", "id:text! name:text"},
    {"acl_group", "role", "id:id! name:text"},
    {"role", "", "id:ref!"},
    {"acl_role", "acl_permission read write deny", "id:id! description:text"},
    {"acl_user", "role_ref read write deny", "id:text!"},
    {"role_ref", "", "id:ref!"},
    {"acl_permission", "",
     "id:id! kind:read,write,deny! xpath:text reference:ref object-type:text attribute:text "
     "description:text xpath/reference/object-type! xpath^reference^object-type"},
    {"read", "", "id:id! xpath:text ref:ref tag:text attribute:text"},
    {"write", "", "id:id! xpath:text ref:ref tag:text attribute:text"},
    {"deny", "", "id:id! xpath:text ref:ref tag:text attribute:text"},
};

#undef NVSET
#undef NVSET_ATTRIBUTES
#undef RESOURCE_PARTS
#undef CONTAINER_ATTRIBUTES
#undef SPEC_ATTRIBUTES
#undef ACTIONS

}  // namespace

std::span<const ElementRule> element_rules() {
  return rules;
}

}  // namespace gyre::rm
