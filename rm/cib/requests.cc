#include "rm/cib/requests.hh"

#include <fmt/format.h>

#include "rm/cib/characters.hh"
#include "rm/cib/pairs.hh"

namespace gyre::rm {

namespace {

pugi::xml_node node_state(const Document& document, std::string_view name) {
  for (const auto state : document.status().children("node_state"))
    if (state.attribute("uname").value() == name) return state;
  return {};
}

pugi::xml_node configured_node(const Document& document, std::string_view name) {
  for (const auto node : document.configuration().child("nodes").children("node"))
    if (node.attribute("uname").value() == name) return node;
  return {};
}

// Does that change anything?
bool change_pair(pugi::xml_node parent, const std::string& set_id, const AttributeChange& change) {
  auto found = pairs_named(parent, "instance_attributes", change.name);
  if (!change.value) {
    for (auto pair : found) pair.parent().remove_child(pair);
    return !found.empty();
  }
  auto pair = found.empty() ? pugi::xml_node() : found.front();
  const auto value = counted_on(*change.value, pair.attribute("value").value());
  if (!pair) {
    add_pair(child_with_id(parent, "instance_attributes", set_id), change.name, value);
    return true;
  }
  if (value == pair.attribute("value").value()) return false;
  auto attribute = pair.attribute("value");
  if (!attribute) attribute = pair.append_attribute("value");
  attribute = value.c_str();
  return true;
}

}  // namespace

std::string id_of_node(const Document& document, std::string_view name) {
  if (const auto node = configured_node(document, name)) return node.attribute("id").value();
  return node_state(document, name).attribute("id").value();
}

void raise_epoch(Document& document) {
  const auto [admin_epoch, epoch, num_updates] = document.version();
  document.set_version({admin_epoch, epoch + 1, 0});
}

void raise_updates(Document& document) {
  const auto [admin_epoch, epoch, num_updates] = document.version();
  document.set_version({admin_epoch, epoch, num_updates + 1});
}

std::optional<std::string> apply(Document& document, const AttributeChange& change) {
  if (change.name.empty() || !is_text(change.name) || !is_text(change.value.value_or("")))
    return "a name or a value is not of characters that can be written";
  const auto id = id_of_node(document, change.node);
  if (!change.until_reboot) {
    const auto node = configured_node(document, change.node);
    if (!node) return fmt::format("node {} is not configured", change.node);
    if (change_pair(node, "nodes-" + id, change)) raise_epoch(document);
    return std::nullopt;
  }
  auto state = node_state(document, change.node);
  if (!state) return fmt::format("there is no status of a node {}", change.node);
  auto attributes = state.child("transient_attributes");
  if (!attributes && !change.value) return std::nullopt;
  if (!attributes) attributes = child_with_id(state, "transient_attributes", id);
  if (change_pair(attributes, "status-" + id, change)) raise_updates(document);
  return std::nullopt;
}

}  // namespace gyre::rm
