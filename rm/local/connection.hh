// One stream of frames in an event loop, either side's. What the other side does not take in time
// is bounded, and so is what it may send.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

#include "rm/local/descriptor.hh"
#include "rm/local/frame.hh"
#include "rm/local/loop.hh"
#include "rm/local/peer.hh"

namespace gyre::rm::local {

struct Limits {
  std::size_t frame_max = std::size_t{1} << 20;  // of what is read
  // Of what the other side has not taken yet, before another frame is added: a long one passes.
  std::size_t backlog_max = std::size_t{8} << 20;
  std::chrono::milliseconds stall_max{30'000};  // while it takes nothing of that
};

class Connection {
 public:
  struct Events {
    std::function<void(std::string_view payload)> frame;
    // Once, and last of all: the connection may be destroyed here. It is never within send().
    std::function<void(const std::string& why)> closed;
  };

  // Takes a connected socket; nothing is called before the loop's next turn.
  Connection(Loop&, Descriptor, const Limits&);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // Who hears of it: to be said at once.
  void tell(Events events) { events_ = std::move(events); }
  const Peer& peer() const noexcept { return peer_; }
  bool open() const noexcept { return static_cast<bool>(socket_); }
  // Into the void, if it is closed. Ends the connection if the other side is too slow.
  void send(std::string_view payload);
  // Nothing more is read; closed once what was sent has gone out.
  void finish(std::string why);
  void close(std::string why);

 private:
  void ready(std::uint32_t events);
  void read();
  void write();

  Limits limits_;
  Events events_;
  Peer peer_;
  Descriptor socket_;
  Frames frames_;
  std::string outbox_, why_;
  std::size_t gone_ = 0;  // how much of the outbox
  bool finishing_ = false;
  Source io_, stalled_, ended_;
};

}  // namespace gyre::rm::local
