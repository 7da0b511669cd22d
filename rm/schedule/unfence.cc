#include "rm/schedule/unfence.hh"

#include <algorithm>

#include "rm/cib/digest.hh"
#include "rm/schedule/action.hh"
#include "rm/schedule/create.hh"
#include "rm/schedule/unpack.hh"

namespace gyre::rm::schedule {

namespace {

bool unfences(const Resource& resource) {
  return resource.is_fence_device && resource.meta.find("provides") == "unfencing";
}

// What a node remembers of each device that let it in, in #digests-all and #digests-secure.
std::string remembered(const Resource& device, const Attributes& parameters) {
  std::string text = device.id;
  text += ':';
  text += device.type;
  text += ':';
  text += digest(parameters).view();
  return text + ',';
}

// Those that stay in a document that is fit to be shown.
Attributes public_parameters(const Attributes& parameters) {
  Attributes found;
  for (const auto& [name, value] : parameters)
    if (name != "password" && name != "passwd") found.set(name, value);
  return found;
}

bool changed_since_unfencing(Cluster& cluster, const Node& node) {
  const auto all = node.attributes.find("#digests-all");
  const auto secure = node.attributes.find("#digests-secure").value_or("");
  if (!all) return false;
  const auto changed = [&](const Resource& device) {
    if (!unfences(device)) return false;
    const Attributes parameters = parameters_on(cluster, device, node, nullptr);
    if (all->find(remembered(device, parameters)) != all->npos) return false;
    return secure.find(remembered(device, public_parameters(parameters))) == secure.npos;
  };
  return std::ranges::any_of(cluster.resources, changed);
}

bool unfenced(const Node& node) {
  const auto since = node.attributes.find("#node-unfenced").value_or("");
  return !since.empty() && since != "0";
}

Action& unfence_action(Cluster& cluster, Node& node) {
  if (node.unfencing) return *node.unfencing;
  Action& made = pseudo_action(cluster, "stonith-" + std::string(node.name) + "-on", nullptr);
  made.pseudo = false;
  made.task = "stonith";
  made.node = &node;
  made.optional = !changed_since_unfencing(cluster, node);
  node.unfencing = &made;
  return made;
}

void require(Cluster& cluster, Node& node, std::string reason) {
  if (!node.online || node.unclean || node.shutdown) return;
  Action& unfencing = unfence_action(cluster, node);
  unfencing.optional = false;
  if (unfencing.reason.empty()) unfencing.reason = std::move(reason);
}

}  // namespace

bool unfencing_configured(pugi::xml_node resources) {
  const auto says_so = [](pugi::xml_node pair) {
    const auto name = attribute(pair, "name");
    return (name == "provides" || name == "requires") && attribute(pair, "value") == "unfencing" &&
           std::string_view(pair.parent().name()) == "meta_attributes";
  };
  return !resources.find_node(says_so).empty();
}

void unfence_before(Cluster& cluster, const Resource& resource, Action& action,
                    std::uint32_t flags) {
  const bool guarded = resource.needs_unfencing || resource.is_fence_device;
  if (!cluster.options.unfencing || !guarded || !action.node) return;
  order(unfence_action(cluster, *action.node), action, flags);
  if (!unfenced(*action.node))
    require(cluster, *action.node, "required by " + resource.id + ' ' + std::string(action.task));
}

void unfence_after_stop(Cluster& cluster, const Resource& resource, Action& stop) {
  if (!resource.needs_unfencing || !stop.node) return;
  order(stop, unfence_action(cluster, *stop.node), Order::then_implies_first);
}

void order_unfencing(Cluster& cluster) {
  if (!cluster.options.unfencing) return;
  for (Resource& resource : cluster.resources) {
    if (!resource.needs_unfencing || !resource.is(Kind::primitive)) continue;
    for (Action* action : resource.actions)
      if (action->task == "start" && action->node && action->node->unfencing)
        order(*action->node->unfencing, *action, Order::first_implies_then);
  }
}

void unfence_again(Cluster& cluster, const Resource& device, Node& node, std::string_view reason) {
  if (cluster.options.unfencing && device.is_fence_device)
    require(cluster, node, std::string(reason));
}

}  // namespace gyre::rm::schedule
