#include "rm/control/members.hh"

#include <algorithm>

#include "rm/control/records.hh"
#include "rm/schedule/unpack.hh"
#include "rm/simulate/history.hh"

namespace gyre::rm::control {

namespace {

using simulate::set;

using schedule::attribute;

// So that what is made here is the same, whatever was there before.
void set_state(pugi::xml_node state, const char* in_ring, const char* process, const char* join,
               const char* expected) {
  set(state, "in_ccm", in_ring);
  set(state, "crmd", process);
  set(state, "join", join);
  set(state, "expected", expected);
}

pugi::xml_node by_id(pugi::xml_node parent, const char* element, std::uint32_t node) {
  const std::string id = std::to_string(node);
  for (pugi::xml_node child : parent.children(element))
    if (attribute(child, "id") == id) return child;
  return {};
}

pugi::xml_node add_state(pugi::xml_node cib, std::uint32_t node, std::string_view name) {
  pugi::xml_node state = cib.child("status").append_child("node_state");
  set(state, "id", std::to_string(node));
  set(state, "uname", name);
  return state;
}

// It may have come to another node from here, and nobody knows: then it is looked for there.
void look_where_it_moved(pugi::xml_node cib, pugi::xml_node resource) {
  const pugi::xml_node move =
      resource.find_child_by_attribute("lrm_rsc_op", "operation", "migrate_to");
  const bool under_way = attribute(move, "op-status") == "-1";
  for (pugi::xml_node each : resource.children("lrm_rsc_op"))
    if (const auto task = attribute(each, "operation"); task == "start" || task == "stop")
      if (!under_way && each.attribute("call-id").as_int() > move.attribute("call-id").as_int())
        return;
  pugi::xml_node there =
      state_of(cib, attribute(move, "migrate_target")).child("lrm").child("lrm_resources");
  there.remove_child(there.find_child_by_attribute("id", resource.attribute("id").value()));
}

void look_where_all_moved(pugi::xml_node state) {
  for (pugi::xml_node resource : state.child("lrm").child("lrm_resources").children())
    look_where_it_moved(state.parent().parent(), resource);
}

// Whoever was to leave and is gone before it was let go is gone like any other: what ran there may
// run on. The scheduler would take it at its word.
void leave_no_more(pugi::xml_node state) {
  for (pugi::xml_node set : state.child("transient_attributes").children())
    set.remove_child(set.find_child_by_attribute("name", "shutdown"));
}

void forget(pugi::xml_node state) {
  look_where_all_moved(state);
  state.remove_child("lrm");
  state.remove_child("transient_attributes");
}

}  // namespace

pugi::xml_node state_of_node(pugi::xml_node cib, std::uint32_t node) {
  return by_id(cib.child("status"), "node_state", node);
}

bool takes_part(pugi::xml_node cib, std::uint32_t node, std::string_view executor) {
  const pugi::xml_node state = state_of_node(cib, node);
  return attribute(state, "crmd") == "online" && attribute(state, "join") == "member" &&
         attribute(state, "executor") == executor && is_in_sight(cib, node);
}

void arrive(pugi::xml_node cib, std::uint32_t node, std::string_view name) {
  pugi::xml_node state = state_of_node(cib, node);
  if (!state) state = add_state(cib, node, name);
  set(state, "uname", name);
  set_state(state, "true", "online", "down", "member");
}

void take_part(pugi::xml_node cib, std::uint32_t node, const OwnHistory& history) {
  pugi::xml_node state = state_of_node(cib, node);
  if (!state) return;
  if (history.what != OwnHistory::What::kept) forget(state);
  if (history.what == OwnHistory::What::told) {
    pugi::xml_document told;
    told.load_buffer(history.state.data(), history.state.size(), pugi::parse_default,
                     pugi::encoding_utf8);
    for (const char* part : {"lrm", "transient_attributes"})
      if (const auto child = told.document_element().child(part)) state.append_copy(child);
  }
  set_state(state, "true", "online", "member", "member");
  set(state, "executor", history.executor);
  state.remove_attribute("in_sight");
}

void depart(pugi::xml_node cib, std::uint32_t node, bool in_ring) {
  pugi::xml_node state = state_of_node(cib, node);
  const pugi::xml_node configured = by_id(cib.child("configuration").child("nodes"), "node", node);
  if (!state && in_ring && configured) state = add_state(cib, node, attribute(configured, "uname"));
  if (!state) return;
  const bool left = attribute(state, "expected") == "down";
  const bool was_there = attribute(state, "crmd") == "online" || attribute(state, "crmd") == "away";
  if (in_ring && !was_there) forget(state);
  if (!in_ring || left) look_where_all_moved(state);
  if (!left) leave_no_more(state);
  set_state(state, in_ring ? "true" : "false", in_ring && !left ? "away" : "offline", "down",
            left ? "down" : "member");
}

bool is_away(pugi::xml_node cib, std::uint32_t node) {
  return attribute(state_of_node(cib, node), "crmd") == "away";
}

void lose_sight(pugi::xml_node cib, std::span<const std::uint32_t> together) {
  for (pugi::xml_node state : cib.child("status").children("node_state"))
    if (std::ranges::find(together, state.attribute("id").as_uint()) == together.end())
      set(state, "in_sight", "false");
}

bool is_in_sight(pugi::xml_node cib, std::uint32_t node) {
  return !state_of_node(cib, node).attribute("in_sight");
}

void let_go(pugi::xml_node cib, std::uint32_t node) {
  if (pugi::xml_node state = state_of_node(cib, node)) set(state, "expected", "down");
}

bool mark_down(pugi::xml_node cib, std::string_view name) {
  pugi::xml_node state = state_of(cib, name);
  if (!state)
    for (pugi::xml_node node : cib.child("configuration").child("nodes").children("node"))
      if (attribute(node, "uname") == name)
        state = add_state(cib, node.attribute("id").as_uint(), name);
  if (!state) return false;
  set_state(state, "false", "offline", "down", "down");
  forget(state);
  return true;
}

bool confirm_down(pugi::xml_node cib, std::string_view name) {
  return attribute(state_of(cib, name), "crmd") != "online" && mark_down(cib, name);
}

bool add_to_configuration(pugi::xml_node cib, std::uint32_t node, std::string_view name) {
  pugi::xml_node nodes = cib.child("configuration").child("nodes");
  pugi::xml_node element = by_id(nodes, "node", node);
  if (element && attribute(element, "uname") == name) return false;
  if (!element) element = nodes.append_child("node");
  set(element, "id", std::to_string(node));
  set(element, "uname", name);
  return true;
}

}  // namespace gyre::rm::control
