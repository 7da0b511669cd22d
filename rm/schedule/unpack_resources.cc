// What is to run: the configured resources with their templates, options and operations.
#include <algorithm>

#include "rm/cib/attribute_sets.hh"
#include "rm/cib/iso8601.hh"
#include "rm/schedule/unpack.hh"

namespace gyre::rm::schedule {

namespace {

constexpr const char* meta_set = "meta_attributes";

std::string_view meta(const Resource& resource, std::string_view name) {
  const auto value = resource.meta.find(name);
  return value && *value != "#default" ? *value : std::string_view{};
}

bool meta_flag(const Resource& resource, std::string_view name, bool otherwise) {
  return parse_boolean(meta(resource, name)).value_or(otherwise);
}

int meta_number(const Resource& resource, std::string_view name, int otherwise) {
  const auto score = parse_score(meta(resource, name));
  return score ? score->value() : otherwise;
}

RuleInput rule_input(Cluster& cluster, const Resource& resource) {
  RuleInput input{.now = cluster.now, .ids = cluster.ids.get()};
  input.resource = RuleResource{resource.standard, resource.provider, resource.type};
  return input;
}

// Its own, its template's, its parent's, the defaults': the first value of a name counts.
void read_meta(Cluster& cluster, Resource& resource) {
  const RuleInput input = rule_input(cluster, resource);
  for (const Resource* r = &resource; r; r = r->parent)
    gather({r->xml, template_of(cluster, r->xml)}, meta_set, input, resource.meta);
  const auto defaults = cluster.cib.child("configuration").child("rsc_defaults");
  gather(defaults, meta_set, input, resource.meta);
}

void add_operations(Cluster& cluster, Resource& resource, pugi::xml_node xml) {
  const auto operations = cluster.ids->resolve(xml.child("operations"));
  const auto own_operations = resource.operations;  // none as yet while they are read themselves
  for (auto op : operations.children("op")) {
    op = cluster.ids->resolve(op);
    Operation operation{.xml = op, .name = attribute(op, "name")};
    operation.interval_ms = parse_interval_ms(attribute(op, "interval")).value_or(0);
    operation.role = parse_role(attribute(op, "role"));
    // An own operation takes the place of its template's for that role, however often it recurs.
    const auto role = [](const Operation& o) {
      return o.role == Role::unknown ? Role::started : o.role;
    };
    const auto replaces = [&](const Operation& own) {
      return own.name == operation.name && role(own) == role(operation);
    };
    if (std::ranges::any_of(own_operations, replaces)) continue;
    operation.enabled = parse_boolean(attribute(op, "enabled")).value_or(true);
    resource.operations.push_back(operation);
  }
}

void read_agent(Cluster& cluster, Resource& resource) {
  const auto t = template_of(cluster, resource.xml);
  const auto of = [&](const char* name) {
    const auto own = attribute(resource.xml, name);
    return own.empty() ? attribute(t, name) : own;
  };
  resource.standard = of("class");
  resource.provider = of("provider");
  resource.type = of("type");
  resource.is_fence_device = resource.standard == "stonith";
  resource.is_remote =
      resource.standard == "ocf" && resource.provider == "pacemaker" && resource.type == "remote";
  if (resource.is_fence_device) cluster.options.have_fence_device = true;
}

void read_requires(Cluster& cluster, Resource& resource) {
  auto value = meta(resource, "requires");
  const bool known =
      value == "nothing" || value == "quorum" || value == "fencing" || value == "unfencing";
  const auto& options = cluster.options;
  if (!known || (value == "unfencing" && (resource.is_fence_device || !options.fencing)))
    value = resource.is_fence_device || resource.is_remote ? "quorum"
            : options.unfencing                            ? "unfencing"
            : options.fencing                              ? "fencing"
            : options.no_quorum == NoQuorum::ignore        ? "nothing"
                                                           : "quorum";
  resource.needs_quorum = value == "quorum";
  resource.needs_fencing = value == "fencing" || value == "unfencing";
  resource.needs_unfencing = value == "unfencing";
}

void read_options(Cluster& cluster, Resource& resource) {
  resource.priority = meta_number(resource, "priority", 0);
  const bool stays_a_little = resource.in_clone();
  resource.stickiness = meta_number(resource, "resource-stickiness", stays_a_little ? 1 : 0);
  resource.migration_threshold =
      meta_number(resource, "migration-threshold", Score::infinity_value);
  if (resource.migration_threshold < 0) resource.migration_threshold = 1;
  const auto timeout = parse_interval_ms(meta(resource, "failure-timeout"));
  resource.failure_timeout_s = timeout.value_or(0) / 1000;
  resource.managed = meta_flag(resource, "is-managed", true);
  resource.maintenance = meta_flag(resource, "maintenance", false) || cluster.options.maintenance;
  if (resource.maintenance) resource.managed = false;
  resource.critical = meta_flag(resource, "critical", true);
  resource.allow_migrate =
      resource.is(Kind::primitive) && meta_flag(resource, "allow-migrate", resource.is_remote);
  const auto active = meta(resource, "multiple-active");
  resource.multiple_active = active == "stop_only"         ? MultipleActive::stop_only
                             : active == "block"           ? MultipleActive::block
                             : active == "stop_unexpected" ? MultipleActive::stop_unexpected
                                                           : MultipleActive::stop_start;
  read_requires(cluster, resource);
}

// What target-role asks for; unknown: what would be done anyway.
Role read_target_role(const Resource& resource) {
  const Role role = parse_role(meta(resource, "target-role"));
  if (role == Role::stopped) return role;
  bool promotable = false;
  for (const Resource* r = &resource; r; r = r->parent) promotable |= r->promotable;
  return role == Role::unpromoted && promotable ? role : Role::unknown;
}

void read_clone(Cluster& cluster, Resource& clone) {
  const int members = static_cast<int>(
      std::ranges::count_if(cluster.nodes, [](const Node& n) { return n.member; }));
  clone.promotable =
      std::string_view(clone.xml.name()) == "master" || meta_flag(clone, "promotable", false);
  clone.unique = meta_flag(clone, "globally-unique", false);
  clone.ordered = meta_flag(clone, "ordered", false);
  clone.interleave = meta_flag(clone, "interleave", false);
  clone.notify = meta_flag(clone, "notify", false);
  // Bounded: a number in a document costs nothing there, and an instance costs much here.
  clone.clone_max = std::clamp(meta_number(clone, "clone-max", std::max(1, members)), 0,
                               std::max(instances_max, members));
  clone.clone_node_max = clone.unique ? meta_number(clone, "clone-node-max", 1) : 1;
  clone.clone_min = meta_number(clone, "clone-min", 0);
  const auto promoted = [&](const char* name, const char* old) {
    return meta_number(clone, name, meta_number(clone, old, 1));
  };
  if (clone.promotable) {
    clone.promoted_max = promoted("promoted-max", "master-max");
    clone.promoted_node_max = promoted("promoted-node-max", "master-node-max");
  }
  for (int i = 0; i < clone.clone_max; ++i) add_instance(cluster, clone);
  if (clone.clone_max == 0) add_instance(cluster, clone)->orphan = true;
}

// Where it may be asked for: everywhere, or in an opt-in cluster nowhere yet.
void open_weights(Cluster& cluster, Resource& resource) {
  resource.weights.resize(cluster.nodes.size());
  resource.known_on.resize(cluster.nodes.size());
  for (const Node& node : cluster.nodes)
    resource.weights[node.index].present = cluster.options.symmetric && node.member;
}

Resource& begin_resource(Cluster& cluster, pugi::xml_node xml, Resource* parent) {
  Resource& resource = cluster.resources.emplace_back();
  resource.index = cluster.resources.size() - 1;
  resource.xml = xml;
  resource.id = attribute(xml, "id");
  resource.parent = parent;
  if (parent)
    parent->children.push_back(&resource);
  else
    cluster.top.push_back(&resource);
  return resource;
}

void read_resource(Cluster& cluster, Resource& resource) {
  const std::string_view name = resource.xml.name();
  resource.kind = name == "group"                       ? Kind::group
                  : name == "clone" || name == "master" ? Kind::clone
                                                        : Kind::primitive;
  open_weights(cluster, resource);
  if (resource.is(Kind::primitive)) {
    read_agent(cluster, resource);
    add_operations(cluster, resource, resource.xml);
    add_operations(cluster, resource, template_of(cluster, resource.xml));
  }
  read_meta(cluster, resource);
  read_options(cluster, resource);
  cluster.by_id[resource.id] = &resource;
  if (resource.is(Kind::clone)) read_clone(cluster, resource);
  resource.target_role = resource.next_role = read_target_role(resource);
  if (!resource.is(Kind::group)) return;
  resource.members_ordered = meta_flag(resource, "ordered", true);
  resource.members_together = meta_flag(resource, "collocated", true);
  for (auto child : resource.xml.children("primitive")) add_resource(cluster, child, &resource);
}

// Numbers all primitives of an instance like the instance: "d" becomes "d:1".
void number_children(Cluster& cluster, Resource& instance, const std::string& suffix) {
  for (Resource* child : instance.children) {
    cluster.by_id.erase(child->id);
    child->id += suffix;
    cluster.by_id[child->id] = child;
    number_children(cluster, *child, suffix);
  }
}

}  // namespace

pugi::xml_node template_of(Cluster& cluster, pugi::xml_node xml) {
  const auto name = attribute(xml, "template");
  if (name.empty()) return {};
  for (auto t : cluster.cib.child("configuration").child("resources").children("template"))
    if (attribute(t, "id") == name) return t;
  return {};
}

Resource* add_resource(Cluster& cluster, pugi::xml_node xml, Resource* parent) {
  const std::string_view name = xml.name();
  const bool known = name == "primitive" || name == "group" || name == "clone" || name == "master";
  if (!known || !xml.attribute("id")) return nullptr;
  Resource& resource = begin_resource(cluster, xml, parent);
  read_resource(cluster, resource);
  return &resource;
}

Resource* add_instance(Cluster& cluster, Resource& clone) {
  auto xml = clone.xml.child("group");
  if (!xml) xml = clone.xml.child("primitive");
  const std::string suffix = ":" + std::to_string(clone.children.size());
  Resource& instance = begin_resource(cluster, xml, &clone);
  instance.id += suffix;
  read_resource(cluster, instance);
  number_children(cluster, instance, suffix);
  return &instance;
}

Resource* add_orphan(Cluster& cluster, pugi::xml_node record) {
  Resource* const configured = cluster.resource(attribute(record, "id"));
  Resource& resource = begin_resource(cluster, record, nullptr);
  read_resource(cluster, resource);
  if (configured) cluster.by_id[resource.id] = configured;
  return &resource;
}

void unpack_resources(Cluster& cluster) {
  for (auto xml : cluster.cib.child("configuration").child("resources").children())
    add_resource(cluster, xml, nullptr);
  for (auto xml : cluster.guest_connections.children()) add_resource(cluster, xml, nullptr);
  std::ranges::stable_sort(cluster.top, std::greater{}, &Resource::priority);
}

}  // namespace gyre::rm::schedule
