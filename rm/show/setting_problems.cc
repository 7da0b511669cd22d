// Settings that count, but for less than they seem to say, or not for ever: Pacemaker has other
// ways for what they do.
#include <fmt/format.h>

#include <set>

#include "rm/cib/kinds.hh"
#include "rm/cib/values.hh"
#include "rm/show/problems.hh"

namespace gyre::rm::show {

namespace {

using schedule::Cluster;
using schedule::Kind;
using schedule::Resource;

std::string_view text(pugi::xml_node element, const char* attribute) {
  return element.attribute(attribute).value();
}

pugi::xml_node find_nvpair(pugi::xml_node parent, const char* set_element, std::string_view name) {
  for (const auto set : parent.children(set_element))
    for (const auto nvpair : set.children("nvpair"))
      if (text(nvpair, "name") == name) return nvpair;
  return {};
}

class Settings {
 public:
  Settings(const Cluster& cluster, Findings& findings)
      : findings_(findings),
        cluster_(cluster),
        configuration_(cluster.cib.child("configuration")) {}

  void look() {
    if (cluster_.options.remove_after_stop)
      warn(find_nvpair(configuration_.child("crm_config"), "cluster_property_set",
                       "remove-after-stop"),
           "remove-after-stop makes the cluster forget what it knows of each resource that stops",
           "leave it out");
    for (const auto node : configuration_.child("nodes").children("node")) look_at_node(node);
    for (const Resource& resource : cluster_.resources) look_at(resource);
    for (const auto constraint : configuration_.child("constraints").children())
      look_at_constraint(constraint);
  }

 private:
  void warn(pugi::xml_node where, std::string what, std::string advice) {
    findings_.add(Finding::Severity::warning, where, std::move(what), std::move(advice));
  }

  void look_at_node(pugi::xml_node node) {
    const auto type = text(node, "type");
    if (type.empty() || type == "member" || type == "normal" || type == "remote") return;
    warn(node,
         fmt::format("{} is a node of type {}, which runs nothing", shown(text(node, "uname")),
                     shown(type)),
         "leave type out for a member; ask another host with ocf:pacemaker:ping");
  }

  // Where the value of a meta attribute may stand.
  pugi::xml_node meta_of(const Resource& resource, const char* name) const {
    for (const Resource* r = &resource; r; r = r->parent)
      if (const auto nvpair = find_nvpair(r->xml, "meta_attributes", name)) return nvpair;
    const auto nvpair = find_nvpair(configuration_.child("rsc_defaults"), "meta_attributes", name);
    return nvpair ? nvpair : resource.xml;
  }

  // One setting may be that of many resources.
  void warn_of_meta(const Resource& resource, const char* name, std::string what,
                    std::string advice) {
    const auto where = meta_of(resource, name);
    if (told_.insert(where).second) warn(where, std::move(what), std::move(advice));
  }

  void look_at(const Resource& resource) {
    if (resource.meta.value_or("restart-type", "") == "restart")
      warn_of_meta(resource, "restart-type",
                   fmt::format("restart-type makes {} restart with what it is ordered after, where "
                               "that is optional",
                               shown(resource.id)),
                   "leave it out, and make the order mandatory");
    if (const auto threshold =
            parse_score(resource.meta.value_or("migration-threshold", "0")).value_or(Score());
        threshold < Score())
      warn_of_meta(
          resource, "migration-threshold",
          fmt::format("migration-threshold of {} is below zero: 1 counts", shown(resource.id)),
          "0 or a positive number is wanted; 0 is no threshold");
    if (resource.is(Kind::group)) look_at_group(resource);
    if (resource.is(Kind::clone)) look_at_clone(resource);
  }

  void look_at_group(const Resource& group) {
    constexpr auto advice = "a resource_set in a constraint says the same";
    if (!group.members_ordered)
      warn_of_meta(group, "ordered",
                   fmt::format("the members of group {} start in no order", shown(group.id)),
                   advice);
    if (!group.members_together)
      warn_of_meta(group, "collocated",
                   fmt::format("the members of group {} need not run on one node", shown(group.id)),
                   advice);
  }

  void look_at_clone(const Resource& clone) {
    const auto wanted = parse_score(clone.meta.value_or("clone-max", "0")).value_or(Score());
    if (wanted > Score(clone.clone_max))
      findings_.error(meta_of(clone, "clone-max"),
                      fmt::format("clone-max of {} is {}: {} counts", shown(clone.id),
                                  wanted.value(), clone.clone_max),
                      "no more instances are made; leave it out for one on each node");
    const auto told = parse_score(clone.meta.value_or("clone-node-max", "1")).value_or(Score(1));
    if (clone.unique || told <= Score(1)) return;
    const auto where = meta_of(clone, "clone-node-max");
    if (told_.insert(where).second)
      findings_.error(
          where,
          fmt::format("clone-node-max of {} is {}, but no two of its instances can be on one node: "
                      "1 counts",
                      shown(clone.id), told.value()),
          "set globally-unique to true if its instances differ, else leave it out");
  }

  void look_at_constraint(pugi::xml_node constraint) {
    const std::string_view kind = constraint.name();
    const std::string id = shown(text(constraint, "id"));
    if (kind == "rsc_ticket" && !cluster_.options.fencing &&
        text(constraint, "loss-policy") == "fence")
      findings_.error(
          constraint,
          fmt::format("loss-policy of {} is fence, but fencing is disabled: stop counts", id),
          "enable fencing, or set it to stop, demote or freeze");
    if (kind != "rsc_order") return;
    if (constraint.attribute("score") && !constraint.attribute("kind"))
      warn(constraint, fmt::format("{} has a score, which orders without degrees", id),
           "say kind=\"Mandatory\" for a positive score, else kind=\"Optional\"");
    if (constraint.attribute("require-all") && is_counted(text(constraint, "first")))
      warn(constraint,
           fmt::format("{} says with require-all how many of {} are enough", id,
                       shown(text(constraint, "first"))),
           "set clone-min of that clone instead");
  }

  bool is_counted(std::string_view first) const {
    const auto found = cluster_.by_id.find(first);
    return found != cluster_.by_id.end() && found->second->is(Kind::clone) &&
           found->second->clone_min == 0;
  }

  Findings& findings_;
  const Cluster& cluster_;
  const pugi::xml_node configuration_;
  std::set<pugi::xml_node> told_;
};

}  // namespace

void setting_problems(const Cluster& cluster, Findings& findings) {
  Settings(cluster, findings).look();
}

}  // namespace gyre::rm::show
