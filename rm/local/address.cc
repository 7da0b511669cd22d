#include "rm/local/address.hh"

#include <sys/socket.h>

#include <cerrno>
#include <cstring>

#include "rm/local/error.hh"
#include "rm/local/peer.hh"

namespace gyre::rm::local {
namespace {

[[noreturn]] void fail_to_connect(const std::string& path, int error) {
  switch (error) {
    case ENOENT:
    case ECONNREFUSED:
      throw LocalError(Failure::absent, path + ": nobody listens there: is the cluster started?");
    case EACCES:
    case EPERM:
      throw LocalError(Failure::refused, path + ": only root and members of the group " +
                                             cluster_group + " may connect");
    case EAGAIN:
      throw LocalError(Failure::timed_out, path + ": too many wait there already");
    default:
      throw LocalError(Failure::system, path + ": " + std::strerror(error));
  }
}

}  // namespace

sockaddr_un address_of(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof address.sun_path)
    throw LocalError(Failure::system, path + ": the path of a socket has 1 to 107 bytes");
  path.copy(address.sun_path, path.size());
  return address;
}

Descriptor stream_socket(bool blocking) {
  Descriptor made(
      ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | (blocking ? 0 : SOCK_NONBLOCK), 0));
  if (!made) throw LocalError(Failure::system, std::string("socket: ") + std::strerror(errno));
  return made;
}

void connect_to(const Descriptor& socket, const std::string& path) {
  const sockaddr_un address = address_of(path);
  if (::connect(socket.number(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    fail_to_connect(path, errno);
  if (const Peer peer = peer_of(socket.number()); !is_of_cluster(peer))
    throw LocalError(Failure::untrusted, path + ": who listens there has uid " +
                                             std::to_string(peer.uid) +
                                             ", which is neither root, " + cluster_user +
                                             " nor ours: it is not talked to");
}

}  // namespace gyre::rm::local
