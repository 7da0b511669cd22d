#include "rm/local/server.hh"

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include "rm/local/address.hh"
#include "rm/local/error.hh"

namespace gyre::rm::local {
namespace {

constexpr mode_t mode = 0660;
constexpr auto pause = std::chrono::milliseconds(100);

[[noreturn]] void fail(const char* call, const std::string& path) {
  throw LocalError(Failure::system, std::string(call) + " " + path + ": " + std::strerror(errno));
}

void check_that_nobody_listens(const std::string& path) {
  const sockaddr_un address = address_of(path);
  const Descriptor probe = stream_socket(false);
  const auto* place = reinterpret_cast<const sockaddr*>(&address);
  // A queue that is full is somebody's.
  if (::connect(probe.number(), place, sizeof address) == 0 || errno == EAGAIN)
    throw LocalError(Failure::system, path + ": somebody listens there already");
}

// Made aside, and put into its place once it is what it is to be.
Descriptor listen_at(const std::string& path, const std::string& group) {
  const std::string aside = path + ".new";
  const sockaddr_un address = address_of(aside);
  ::unlink(aside.c_str());
  Descriptor socket = stream_socket(false);
  // On Linux the socket's own mode is that of the file which bind makes.
  if (::fchmod(socket.number(), mode) != 0) fail("chmod", aside);
  if (::bind(socket.number(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    fail("bind", aside);
  if (!group.empty() && ::chown(aside.c_str(), static_cast<uid_t>(-1), group_named(group)) != 0)
    fail("chown", aside);
  if (::chmod(aside.c_str(), mode) != 0) fail("chmod", aside);  // whatever the umask is
  if (::listen(socket.number(), SOMAXCONN) != 0) fail("listen", aside);
  if (::rename(aside.c_str(), path.c_str()) != 0) fail("rename", path);
  return socket;
}

}  // namespace

Server::Server(Loop& loop, Settings settings, Events events)
    : loop_(loop), settings_(std::move(settings)), events_(std::move(events)) {
  check_that_nobody_listens(settings_.path);
  socket_ = listen_at(settings_.path, settings_.group);
  io_ = loop_.io(socket_.number(), EPOLLIN, [this](std::uint32_t) { accept(); });
  pause_ = loop_.timer([this] { accept_while_there_is_room(); });
}

Server::~Server() {
  ::unlink(settings_.path.c_str());
}

void Server::accept_while_there_is_room() {
  io_.enable(connections_.size() < settings_.connections_max);
}

void Server::accept() {
  Descriptor socket(::accept4(socket_.number(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
  if (socket) return admit(std::move(socket));
  if (errno == EAGAIN || errno == EINTR || errno == ECONNABORTED) return;
  events_.trouble(settings_.path + ": accept: " + std::strerror(errno));
  io_.enable(false);  // it would call again at once
  pause_.in(pause);
}

bool Server::has_room_for(const Peer& peer) const {
  const auto is_its = [&](const Connection& other) { return other.peer().uid == peer.uid; };
  return peer.uid == 0 || static_cast<std::size_t>(std::ranges::count_if(connections_, is_its)) <
                              settings_.connections_of_one;
}

void Server::admit(Descriptor socket) {
  const Peer peer = peer_of(socket.number());
  const auto turn_away = [&](const char* why) {
    events_.trouble(settings_.path + ": process " + std::to_string(peer.pid) + " of uid " +
                    std::to_string(peer.uid) + " is turned away: " + why);
  };
  if (!settings_.admit(peer)) return turn_away("it may not connect");
  if (!has_room_for(peer)) return turn_away("that uid has too many connections");
  const auto place =
      connections_.emplace(connections_.end(), loop_, std::move(socket), settings_.limits);
  place->tell({[this, place](std::string_view payload) { events_.frame(*place, payload); },
               [this, place](const std::string& why) {
                 events_.closed(*place, why);
                 connections_.erase(place);
                 accept_while_there_is_room();
               }});
  events_.opened(*place);
  accept_while_there_is_room();
}

}  // namespace gyre::rm::local
