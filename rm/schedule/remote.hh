// Remote nodes: hosts that run resources without being members. A resource, the connection, makes a
// host a remote node, and runs on a member. A guest is a remote node that is itself a resource, its
// container; it needs no configured connection.
#pragma once

#include "rm/schedule/model.hh"

namespace gyre::rm::schedule {

inline bool is_guest(const Node& node) noexcept {
  return node.connection && node.connection->container;
}
// Not running, but it will be by the time that something shall be done there.
inline bool will_be_up(const Node& node) noexcept {
  return is_guest(node) && !node.needs_reset;
}

// Adds the remote nodes that the resources make; for each guest also its connection, among the
// resources to be unpacked.
void add_remote_nodes(Cluster&);
// Joins remote nodes with their connections and containers, once resources are unpacked.
void connect_remote_nodes(Cluster&);
// A connection that only the history knows: its node is to leave.
void add_removed_remote_node(Cluster&, Resource& connection);
// Whether all is known that tells if a remote node is up.
bool remote_state_known(const Node&) noexcept;
// From what is known of its connection: whether it is up.
void judge_remote_node(Node&);
// A remote node has to be fenced; a guest's container is restarted instead.
void want_reset(Node&, std::string reason);
// A connection was assigned: its node is counted with, or leaves.
void follow_connection(Cluster&, const Resource& connection);

// What is done on remote nodes goes through their connections: after they start, before they stop.
void order_remote_actions(Cluster&);
// Connections and fence devices run on members; a guest's connection runs where its container does.
void bind_to_containers(Cluster&);
// The resource needs no probe there.
bool tells_by_itself(const Resource&, const Node&) noexcept;

}  // namespace gyre::rm::schedule
