// Who is there: the configured nodes, their attributes, and what their states say of them.
#include <algorithm>

#include "rm/cib/attribute_sets.hh"
#include "rm/schedule/names.hh"
#include "rm/schedule/remote.hh"
#include "rm/schedule/unpack.hh"

namespace gyre::rm::schedule {

namespace {

bool yes(std::string_view text) {
  return parse_boolean(text).value_or(false);
}

// "true", or since 2.1.7 the second at which it became true.
bool since(std::string_view text) {
  if (text.empty()) return false;
  return parse_boolean(text).value_or(text != "0");
}

void add_node(Cluster& cluster, pugi::xml_node xml) {
  Node& node = cluster.nodes.emplace_back();
  node.id = attribute(xml, "id");
  node.name = attribute(xml, "uname");
  const auto type = attribute(xml, "type");
  node.remote = type == "remote";
  node.member = type.empty() || type == "member" || type == "normal" || node.remote;
  node.unclean = cluster.options.startup_fencing && cluster.options.fencing && !node.remote;
  node.attributes.set("#uname", node.name);
  node.attributes.set("#id", node.id);
  node.attributes.set("#kind", node.remote ? "remote" : "cluster");
  const auto name = cluster.options.all.find("cluster-name");
  if (name) node.attributes.set("#cluster-name", *name);
  node.is_dc = attribute(cluster.cib, "dc-uuid") == node.id;
  node.attributes.set("#is_dc", node.is_dc ? "true" : "false");
  const RuleInput input{.now = cluster.now, .node = &node.attributes, .ids = cluster.ids.get()};
  Attributes permanent;
  gather(xml, "instance_attributes", input, permanent);
  for (const auto& [key, value] : permanent) node.attributes.set(key, value);
}

// The transient attributes, which win over the permanent ones.
void add_transient(Cluster& cluster, Node& node, pugi::xml_node state) {
  Attributes transient;
  const RuleInput input{.now = cluster.now, .node = &node.attributes, .ids = cluster.ids.get()};
  for (auto attributes : state.children("transient_attributes"))
    gather(attributes, "instance_attributes", input, transient);
  for (const auto& [key, value] : transient) node.attributes.set(key, value);
}

void finish_attributes(Node& node) {
  auto site = node.attributes.find("site-name");
  if (!site) site = node.attributes.find("#cluster-name");
  if (site) node.attributes.set("#site-name", *site);
  const auto is = [&](std::string_view name) { return node.attributes.find(name).value_or(""); };
  if (const auto standby = is("standby"); yes(standby)) node.standby = true;
  node.maintenance = node.maintenance || yes(is("maintenance"));
  const auto shutdown = is("shutdown");
  node.shutdown = !shutdown.empty() && shutdown != "0";
}

struct State {
  bool member, member_known, peer, terminate, down_expected;
  std::string_view join;
};

void judge_without_fencing(Node& node, const State& state) {
  if (!state.member) return;
  if (state.peer)
    node.online = state.join == "member";
  else if (node.expected_up)
    want_fencing(node, "peer is unexpectedly down");
}

void judge_with_fencing(Node& node, const State& state) {
  const auto wait = [&] { node.online = node.standby = node.pending = true; };
  if (node.shutdown) {
    node.online = state.peer;
  } else if (!state.member_known) {
    want_fencing(node, "peer has not been seen by the cluster");
  } else if (state.join == "banned") {
    want_fencing(node, "peer failed Pacemaker membership criteria");
    node.online = state.member;
  } else if (!state.terminate && state.down_expected) {
    if (state.member || state.peer) wait();
  } else if (state.terminate && state.join == "down" && !state.member && !state.peer) {
    // It was shot just now.
  } else if (!state.member) {
    want_fencing(node, "peer is no longer part of the cluster");
  } else if (!state.peer) {
    want_fencing(node, "peer process is no longer available");
    node.online = true;
  } else if (state.terminate) {
    want_fencing(node, "termination was requested");
    node.online = true;
  } else if (state.join == "member") {
    node.online = true;
  } else if (state.join == "pending" || state.join == "down") {
    wait();
  } else {
    want_fencing(node, "peer was in an unknown state");
    node.online = true;
  }
}

void judge(Cluster& cluster, Node& node, pugi::xml_node xml) {
  const auto terminate = node.attributes.find("terminate").value_or("");
  const auto expected = attribute(xml, "expected");
  State state{.member = since(attribute(xml, "in_ccm")),
              .member_known = !attribute(xml, "in_ccm").empty(),
              .peer = attribute(xml, "crmd") == "online" || since(attribute(xml, "crmd")),
              .terminate =
                  !terminate.empty() && terminate != "0" && parse_boolean(terminate).value_or(true),
              .down_expected = expected.empty() || expected == "down",
              .join = attribute(xml, "join")};
  const bool away = attribute(xml, "crmd") == "away";
  if (away || attribute(xml, "crmd") == "offline") state.peer = false;
  if (state.join.empty()) state.join = "down";
  node.expected_up = expected == "member";
  if (away && !cluster.options.fencing)
    node.online = node.maintenance = node.away = true;
  else if (cluster.options.fencing)
    judge_with_fencing(node, state);
  else
    judge_without_fencing(node, state);
  const bool quorum_was_lost =
      !cluster.quorate && parse_boolean(attribute(cluster.cib, "no-quorum-panic")).value_or(false);
  if (cluster.options.fencing && node.online && quorum_was_lost &&
      cluster.options.no_quorum == NoQuorum::suicide)
    want_fencing(node, "cluster does not have quorum");
}

}  // namespace

void want_fencing(Node& node, std::string reason) {
  if (node.remote) return want_reset(node, std::move(reason));
  if (node.fence_reason.empty()) node.fence_reason = std::move(reason);
  node.unclean = true;
}

void unpack_nodes(Cluster& cluster) {
  std::vector<pugi::xml_node> found;
  for (auto xml : cluster.cib.child("configuration").child("nodes").children("node"))
    if (xml.attribute("id")) found.push_back(xml);
  std::ranges::stable_sort(found, [](pugi::xml_node a, pugi::xml_node b) {
    return name_before(attribute(a, "uname"), attribute(b, "uname"));
  });
  for (auto xml : found) add_node(cluster, xml);
  for (std::size_t i = 0; i < cluster.nodes.size(); ++i) cluster.nodes[i].index = i;
  add_remote_nodes(cluster);
  for (auto state : cluster.cib.child("status").children("node_state")) {
    Node* node = cluster.node_by_id(attribute(state, "id"));
    if (!node) continue;
    if (node->is_dc) cluster.dc = node;
    node->seen = true;
    node->unclean = false;
    add_transient(cluster, *node, state);
    finish_attributes(*node);
    if (node->remote)
      node->was_fenced = yes(attribute(state, "node_fenced"));
    else
      judge(cluster, *node, state);
  }
  for (Node& node : cluster.nodes)
    if (!node.seen) finish_attributes(node);
}

}  // namespace gyre::rm::schedule
