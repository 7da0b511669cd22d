// What services do on the nodes of a cluster, whatever anybody says of it.
#include <fmt/format.h>

#include <algorithm>

#include "tests/rm/control/cluster.hh"

namespace gyre::rm::model {

Truth Cluster::truth_of(Node node) {
  const auto say = [this, node](const std::string& what) {
    trace(fmt::format("n{} {}", node, what));
  };
  Truth truth;
  truth.begins = [this, node, say](const Operation& of) {
    say(fmt::format("agent of {} begins {} ({})", of.resource, of.task, of.key));
    checks_.begins(node, of);
  };
  truth.succeeded = [this, node](const Operation& of) { checks_.succeeded(node, of); };
  truth.failed = [this, node, say](const Operation& of) {
    say(fmt::format("agent of {} fails to {} ({})", of.resource, of.task, of.key));
    checks_.failed(of.target.empty() ? node : node_named(of.target), of);
  };
  truth.switches = [this](const Operation& of) { switch_power(of); };
  truth.died = [this, node, say](const std::string& resource) {
    say(resource + " dies");
    checks_.died(node, resource);
  };
  truth.demoted = [this, node](const std::string& resource) { checks_.demoted(node, resource); };
  truth.found = [this, node](const Operation& of, bool promoted) {
    checks_.found(node, of, promoted);
  };
  truth.missed = [this, node](const std::string& resource) { checks_.missed(node, resource); };
  truth.unseen = [this, node](const std::string& resource) { checks_.unseen(node, resource); };
  truth.pretended = [this, node, say](const std::string& resource) {
    say(resource + " does not run, and is said to");
    checks_.pretended(node, resource);
  };
  truth.hidden = [this, node, say](const std::string& resource) {
    say(resource + " runs, and is said not to");
    checks_.hidden(node, resource);
  };
  truth.moves = [this, node](const std::string& resource, const std::string& target) {
    return move(resource, node, target);
  };
  truth.rated = [this, node](const std::string& resource, std::optional<std::uint64_t> score) {
    rate(node, resource, score);
  };
  return truth;
}

bool Cluster::move(const std::string& resource, Node from, const std::string& to) {
  Machine& target = machine(node_named(to));
  if (!target.on || target.side != machine(from).side) return false;
  trace(fmt::format("{} moves from n{} to {}", resource, from, to));
  target.executor->arrive(resource);
  checks_.moved(from, node_named(to), resource);
  return true;
}

// As an agent does with crm_attribute, if that can be asked.
void Cluster::rate(Node node, const std::string& resource, std::optional<std::uint64_t> score) {
  if (!checks_.rules().most.contains(promoted(resource))) return;
  const auto& process = machine(node).process;
  if (!process || !process->control->settled() || is_stalled(node)) return;
  const std::string name = "master-" + resource;
  const auto value = score ? std::optional(std::to_string(*score)) : std::nullopt;
  const pugi::xml_node state = process->control->cib().child("status").find_child_by_attribute(
      "node_state", "uname", fmt::format("n{}", node).c_str());
  const pugi::xml_node now =
      state.find_node([&](pugi::xml_node each) { return each.attribute("name").value() == name; });
  if (value ? now.attribute("value").value() == *value : !now) return;
  process->control->ask(AttributeChange{fmt::format("n{}", node), name, value});
  act(node, *process);
}

std::set<Node> Cluster::active_on(const std::string& resource) const {
  std::set<Node> nodes;
  for (Node node = 1; node <= settings_.nodes; ++node)
    if (const auto& executor = machine(node).executor)
      if (const auto all = executor->active(); std::ranges::find(all, resource) != all.end())
        nodes.insert(node);
  return nodes;
}

std::set<Node> Cluster::promoted_on(const std::string& resource) const {
  std::set<Node> nodes;
  for (Node node = 1; node <= settings_.nodes; ++node)
    if (const auto& executor = machine(node).executor; executor && executor->is_promoted(resource))
      nodes.insert(node);
  return nodes;
}

}  // namespace gyre::rm::model
