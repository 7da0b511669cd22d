// Location constraints and tickets: what a resource prefers, and what it may not do without.
#include <algorithm>

#include "rm/cib/pattern.hh"
#include "rm/cib/rules.hh"
#include "rm/schedule/constraints.hh"
#include "rm/schedule/create.hh"
#include "rm/schedule/unpack.hh"

namespace gyre::rm::schedule {

namespace {

Discovery parse_discovery(std::string_view text) {
  return text == "never"       ? Discovery::never
         : text == "exclusive" ? Discovery::exclusive
                               : Discovery::always;
}

Role constraint_role(std::string_view text) {
  const Role role = parse_role(text);
  return role == Role::started ? Role::unknown : role;
}

Location& begin_location(Cluster& cluster, Resource& resource, std::string_view id) {
  Location& location = cluster.locations.emplace_back();
  location.id = id;
  location.resource = &resource;
  resource.locations.push_back(&location);
  return location;
}

// By itself or in a rule that it shares.
bool may_ask_for_parameters(pugi::xml_node rule) {
  return !!rule.find_node([](pugi::xml_node part) {
    return attribute(part, "value-source") == "param" || part.attribute("id-ref");
  });
}

// What a rule gives each node that it holds for.
void read_rule(Cluster& cluster, Location& location, pugi::xml_node rule) {
  rule = cluster.ids->resolve(rule);
  location.written = attribute(rule, "id");
  if (const auto role = attribute(rule, "role"); !role.empty())
    location.role = constraint_role(role);
  const auto named = attribute(rule, "score-attribute");
  const auto literal = parse_score(attribute(rule, "score"));
  const bool asks = may_ask_for_parameters(rule);
  for (Node& node : cluster.nodes) {
    RuleInput input{.now = cluster.now, .node = &node.attributes, .ids = cluster.ids.get()};
    Attributes parameters;
    if (asks) parameters = parameters_on(cluster, *location.resource, node, nullptr);
    input.parameters = &parameters;
    input.meta = &location.resource->meta;
    if (!passes(rule, input)) continue;
    auto score = literal;
    if (!named.empty()) {
      const auto value = node.attributes.find(named);
      score = value ? parse_score(*value) : std::nullopt;
    }
    if (score) location.nodes.emplace_back(&node, *score);
  }
}

void add_one(Cluster& cluster, pugi::xml_node xml, Resource& resource, Role role) {
  const auto id = attribute(xml, "id");
  const auto discovery = parse_discovery(attribute(xml, "resource-discovery"));
  if (const auto name = attribute(xml, "node"); !name.empty()) {
    Node* node = cluster.node_by_name(name);
    if (!node) node = cluster.node_by_id(name);
    if (!node) return;
    Location& location = begin_location(cluster, resource, id);
    location.written = id;
    location.role = role;
    location.discovery = discovery;
    location.nodes.emplace_back(node, parse_score(attribute(xml, "score")).value_or(Score()));
    return;
  }
  for (auto rule : xml.children("rule")) {
    Location& location = begin_location(cluster, resource, id);
    location.role = role;
    location.discovery = discovery;
    read_rule(cluster, location, rule);
  }
}

void lose_ticket(Resource& resource, const Demand& demand, Cluster& cluster) {
  if (!resource.children.empty()) {
    for (Resource* child : resource.children) lose_ticket(*child, demand, cluster);
    return;
  }
  const auto ban = [&] {
    add_location(cluster, resource, nullptr, Score::minus_infinity(), "__loss_of_ticket__");
  };
  const bool all_roles = demand.role != Role::promoted;
  if (demand.ticket->granted || resource.running_on.empty()) {
    if (all_roles || demand.loss == "stop") ban();
  } else if (demand.loss == "fence") {
    ban();
    for (Node* node : resource.running_on) want_fencing(*node, "deadman ticket was lost");
  } else if (demand.loss == "freeze") {
    resource.managed = false;
    resource.blocked = true;
  } else if (all_roles || demand.loss == "stop") {
    ban();
  }
}

void add_demand(Cluster& cluster, pugi::xml_node xml, Resource& resource, Role role) {
  const auto id = attribute(xml, "ticket");
  Ticket& ticket = cluster.tickets[id];
  ticket.id = id;
  auto loss = attribute(xml, "loss-policy");
  if (loss.empty()) loss = role == Role::promoted ? "demote" : "stop";
  if (loss == "fence" && !cluster.options.fencing) loss = "stop";
  const Demand demand{&ticket, role, loss};
  resource.demands.push_back(demand);
  if (!ticket.granted || ticket.standby) lose_ticket(resource, demand, cluster);
}

}  // namespace

void add_location(Cluster& cluster, Resource& resource, Node* node, Score score,
                  std::string_view id) {
  Location& location = begin_location(cluster, resource, id);
  if (node)
    location.nodes.emplace_back(node, score);
  else
    for (Node& each : cluster.nodes) location.nodes.emplace_back(&each, score);
}

void read_location(Cluster& cluster, pugi::xml_node xml) {
  const auto role = constraint_role(attribute(xml, "role"));
  for (auto set : xml.children("resource_set")) {
    set = cluster.ids->resolve(set);
    const auto of_set = attribute(set, "role");
    for (Resource* resource : resources_of_set(cluster, set))
      add_one(cluster, xml, *resource, of_set.empty() ? role : constraint_role(of_set));
  }
  if (auto pattern = attribute(xml, "rsc-pattern"); !pattern.empty()) {
    const bool inverted = pattern.starts_with('!');
    if (inverted) pattern.remove_prefix(1);
    if (const auto expression = Pattern::compile(pattern)) {
      for (Resource* resource : std::vector(cluster.top))
        if (expression->matches(resource->id) != inverted) add_one(cluster, xml, *resource, role);
    } else {
      cluster.warnings.push_back("rsc_location " + std::string(attribute(xml, "id")) +
                                 ": rsc-pattern is no regular expression");
    }
  }
  for (Resource* resource : resources_named(cluster, attribute(xml, "rsc")))
    add_one(cluster, xml, *resource, role);
}

void read_ticket(Cluster& cluster, pugi::xml_node xml) {
  for (auto set : xml.children("resource_set")) {
    set = cluster.ids->resolve(set);
    const Role role = constraint_role(attribute(set, "role"));
    for (Resource* resource : resources_of_set(cluster, set))
      add_demand(cluster, xml, *resource, role);
  }
  const Role role = constraint_role(attribute(xml, "rsc-role"));
  for (Resource* resource : resources_named(cluster, attribute(xml, "rsc")))
    add_demand(cluster, xml, *resource, role);
}

}  // namespace gyre::rm::schedule
