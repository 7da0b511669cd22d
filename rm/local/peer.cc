#include "rm/local/peer.hh"

#include <grp.h>
#include <pwd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "rm/local/error.hh"

namespace gyre::rm::local {

Peer peer_of(int socket) {
  ucred found{};
  socklen_t size = sizeof found;
  if (::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &found, &size) != 0)
    throw LocalError(Failure::system, std::string("SO_PEERCRED: ") + std::strerror(errno));
  Peer peer{found.uid, found.gid, found.pid, {}};
  size = 0;  // asks how many there are
  if (::getsockopt(socket, SOL_SOCKET, SO_PEERGROUPS, nullptr, &size) != 0 && errno == ERANGE) {
    peer.groups.resize(size / sizeof(gid_t));
    if (::getsockopt(socket, SOL_SOCKET, SO_PEERGROUPS, peer.groups.data(), &size) != 0)
      peer.groups.clear();
  }
  return peer;
}

std::optional<uid_t> user_named(const char* name) {
  const passwd* found = ::getpwnam(name);
  return found ? std::optional(found->pw_uid) : std::nullopt;
}

gid_t group_named(const std::string& name) {
  const group* found = ::getgrnam(name.c_str());
  if (!found)
    throw LocalError(Failure::system, "there is no group " + name + ": groupadd --system " + name);
  return found->gr_gid;
}

bool is_of_cluster(const Peer& peer) {
  return peer.uid == 0 || peer.uid == ::geteuid() || peer.uid == user_named(cluster_user);
}

Admit admit_group(gid_t group) {
  return [group](const Peer& peer) {
    return is_of_cluster(peer) || peer.gid == group || std::ranges::count(peer.groups, group) > 0;
  };
}

}  // namespace gyre::rm::local
