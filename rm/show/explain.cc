#include "rm/show/explain.hh"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <set>
#include <vector>

#include "rm/schedule/unpack.hh"
#include "rm/show/node_order.hh"
#include "rm/show/own_reason.hh"
#include "rm/show/resource_text.hh"
#include "rm/show/score_text.hh"
#include "rm/show/transition_text.hh"

namespace gyre::rm::show {

namespace {

using schedule::Cluster;
using schedule::Colocation;
using schedule::Kind;
using schedule::Location;
using schedule::Node;
using schedule::Resource;
using schedule::Role;

std::string words_of(const Location& location) {
  const std::string_view own = own_reason(location);
  return own.empty() ? fmt::format("location {}", location.id) : std::string(own);
}

// Why nothing may run on a node; empty: it may.
std::string closed(const Node& node) {
  return node.unclean       ? "the node is unclean: it has to be fenced"
         : !node.online     ? "the node is offline"
         : node.pending     ? "the node has not joined yet"
         : node.shutdown    ? "the node shuts down"
         : node.maintenance ? "the node is in maintenance"
         : node.standby     ? "the node is in standby"
                            : "";
}

const Resource* anyone_of(const Resource& resource) {
  const Resource* first = &resource;
  while (!first->children.empty()) first = first->children.front();
  return first;
}

// "on a b", as far as the plan puts any of it anywhere.
std::string place_of(const Resource& resource) {
  std::vector<const Node*> nodes;
  const auto add = [&](const Resource& of) {
    const Node* node = anyone_of(of)->assigned_to;
    if (node && std::ranges::find(nodes, node) == nodes.end()) nodes.push_back(node);
  };
  if (resource.is(Kind::clone))
    for (const Resource* instance : resource.children) add(*instance);
  else
    add(resource);
  if (nodes.empty()) return "nowhere";
  sort_by_name(nodes);
  std::string text = "on";
  for (const Node* node : nodes) text.append(" ").append(node->name);
  return text;
}

class Explanation {
 public:
  explicit Explanation(const Cluster& cluster) : cluster_(cluster), changes_(changes(cluster)) {}

  void tell(const Resource& resource) {
    if (!resource.is(Kind::primitive)) {
      line(0, "{}: {} of {}", resource.id, resource.is(Kind::group) ? "a group" : "a clone",
           resource.children.size());
      preferences(resource, nullptr);
      for (const Resource* child : resource.children) tell(*child);
      return;
    }
    line(0, "{}: {}", resource.id, outcome(resource));
    wishes(resource);
    colocations(resource);
    std::vector<const Node*> nodes;
    for (const Node& node : cluster_.nodes) nodes.push_back(&node);
    sort_by_name(nodes);
    for (const Node* node : nodes) tell(resource, *node);
  }

  std::string take() { return std::move(text_); }

 private:
  template <typename... Args>
  void line(int depth, fmt::format_string<Args...> format, Args&&... args) {
    text_.append(2 * static_cast<std::size_t>(depth), ' ');
    fmt::format_to(std::back_inserter(text_), format, std::forward<Args>(args)...);
    text_ += '\n';
  }

  static std::string role_on(Role role, const Node& node) {
    return fmt::format("{} on {}", name_of(role), node.name);
  }

  std::string outcome(const Resource& resource) const {
    const Node* is = resource.running_on.empty() ? nullptr : resource.running_on.front();
    std::string text = is ? role_on(shown_role(resource, resource.role), *is) : "Stopped";
    for (const Change& change : changes_) {
      if (change.subject != resource.id || change.detail.empty()) continue;
      text += fmt::format("; {} ( {} )", change.action, change.detail);
      if (!change.reason.empty()) text += " due to " + change.reason;
      if (change.blocked) text += ", which cannot be done";
      return text;
    }
    return text + (is ? ", and stays" : ", and stays so");
  }

  // What its owner, or a failure, says of it wherever it is.
  void wishes(const Resource& resource) {
    if (resource.orphan) line(1, "it is not configured any more");
    if (resource.target_role != Role::unknown)
      line(1, "target-role is {}", name_of(resource.target_role));
    if (resource.blocked)
      line(1, "a failure or the loss of a ticket blocks it");
    else if (!resource.managed || resource.maintenance)
      line(1, "it is not managed (is-managed, maintenance or maintenance-mode)");
    if (!cluster_.quorate && resource.needs_quorum &&
        cluster_.options.no_quorum != schedule::NoQuorum::ignore)
      line(1, "the nodes have no quorum (no-quorum-policy)");
    if (resource.failed) line(1, "it failed where it runs");
    for (const schedule::Demand& demand : resource.demands)
      if (!demand.ticket->granted || demand.ticket->standby)
        line(1, "ticket {} is not granted (loss-policy {})", demand.ticket->id, demand.loss);
  }

  // An instance shares those of its clone.
  void colocations(const Resource& resource) {
    std::set<std::string_view> told;
    for (const Resource* r = &resource; r; r = r->parent) {
      for (const Colocation* c : r->colocations)
        if (c->id.empty() || told.insert(c->id).second) colocation(*c, "with", *c->primary);
      for (const Colocation* c : r->colocated_here)
        if (c->id.empty() || told.insert(c->id).second) colocation(*c, "of", *c->dependent);
    }
  }
  void colocation(const Colocation& c, const char* relation, const Resource& other) {
    line(1, "{} {} {}, {}: {}",
         c.id.empty() ? std::string("in its group") : fmt::format("colocation {}", c.id), relation,
         other.id, place_of(other), score_text(c.score));
  }

  void tell(const Resource& resource, const Node& node) {
    const bool known = node.index < resource.weights.size();
    const auto& weight = known ? resource.weights[node.index] : schedule::Weight{};
    line(1, "{}: {}{}", node.name,
         weight.present || cluster_.options.symmetric ? score_text(weight.score)
                                                      : "no constraint names it",
         resource.assigned_to == &node ? ", chosen" : "");
    if (const std::string why = closed(node); !why.empty()) line(2, "{}", why);
    if (weight.discovery == schedule::Discovery::never) line(2, "resource-discovery is never");
    for (const Resource* r = &resource; r; r = r->parent) preferences(*r, &node);
    if (const int failures = fail_count(cluster_, resource, node).count; failures > 0)
      line(2, "failed {} times of {} that are allowed", score_text(Score(failures)),
           score_text(Score(resource.migration_threshold)));
  }

  // Of a collection all at once, of a primitive node by node.
  void preferences(const Resource& resource, const Node* at) {
    for (const Location* location : resource.locations)
      for (const auto& [node, score] : location->nodes)
        if (score.value() != 0 && (!at || node == at))
          line(at ? 2 : 1, "{}{}{}: {}", words_of(*location), at ? "" : " on ",
               at ? "" : node->name, score_text(score));
  }

  const Cluster& cluster_;
  const std::vector<Change> changes_;
  std::string text_;
};

}  // namespace

std::string explain(const Cluster& cluster, const Resource& resource) {
  Explanation explanation(cluster);
  explanation.tell(resource);
  return explanation.take();
}

}  // namespace gyre::rm::show
