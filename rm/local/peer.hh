// Who is at the other end of a socket, as the kernel says, and whom to talk to.
#pragma once

#include <sys/types.h>

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace gyre::rm::local {

inline constexpr const char* cluster_user = "hacluster";
inline constexpr const char* cluster_group = "haclient";

struct Peer {
  uid_t uid = 0;
  gid_t gid = 0;
  pid_t pid = 0;
  std::vector<gid_t> groups;  // its others
};

// When it connected, or began to listen. Throws LocalError (system).
Peer peer_of(int socket);

std::optional<uid_t> user_named(const char* name);
// Throws LocalError (system) if there is none.
gid_t group_named(const std::string& name);

using Admit = std::function<bool(const Peer&)>;
// Root, ourselves, and the cluster's user.
bool is_of_cluster(const Peer&);
// Those and whoever is in a group.
Admit admit_group(gid_t group);

}  // namespace gyre::rm::local
