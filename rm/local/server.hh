// Listens on a socket in the file system and keeps those who are connected.
#pragma once

#include <cstddef>
#include <list>
#include <string>
#include <string_view>

#include "rm/local/connection.hh"
#include "rm/local/loop.hh"
#include "rm/local/peer.hh"

namespace gyre::rm::local {

class Server {
 public:
  struct Settings {
    std::string path;
    std::string group;  // whose the socket is, mode 0660; empty: as its directory has it
    Admit admit = is_of_cluster;
    Limits limits{};
    std::size_t connections_max = 64;     // more wait until one has gone
    std::size_t connections_of_one = 16;  // with one uid, root not counted; more are turned away
  };
  struct Events {
    std::function<void(Connection&)> opened;
    std::function<void(Connection&, std::string_view payload)> frame;
    std::function<void(Connection&, const std::string& why)> closed;  // of one that was opened
    std::function<void(const std::string& what)> trouble;             // for the log
  };

  // Takes the place of a socket that is left over; throws LocalError if somebody listens there, or
  // if the group does not exist. No one can connect before it has its owner and mode.
  Server(Loop&, Settings, Events);
  ~Server();  // also removes the socket
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

 private:
  void accept();
  void admit(Descriptor);
  void accept_while_there_is_room();
  bool has_room_for(const Peer&) const;

  Loop& loop_;
  Settings settings_;
  Events events_;
  Descriptor socket_;
  std::list<Connection> connections_;
  Source io_, pause_;
};

}  // namespace gyre::rm::local
