// The ordered group, for a loop: a thread has the connection to gyred, and only moves what comes to
// the loop and what the loop sends. So what the loop does, however long it takes, keeps nothing
// from being taken in time; if the loop comes to nothing at all, no more is taken than has room,
// and what gyred does with a program that takes nothing is its own concern.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <thread>

#include "client/gyre/gyre.hh"
#include "rm/bus.hh"
#include "rm/daemon/bounded_queue.hh"
#include "rm/daemon/group_stream.hh"
#include "rm/local/loop.hh"

namespace gyre::rm::daemon {

class RingBus {
 public:
  struct Events {
    std::function<void(const BusEvent&)> event;
    std::function<void(const std::string&)> broken;  // why; nothing comes any more
  };

  // Joins the group.
  RingBus(local::Loop&, client::Connection, std::string group, Events);
  ~RingBus();  // what was sent goes as far as there is room for it

  // In the order of the calls, safe, as soon as the ring's flow control has room.
  void send(std::string payload);
  // Whether this node may act by what the loop has been told. What others may have agreed on since
  // counts as soon as it is known to the thread.
  bool quorate() const;

 private:
  struct Arrival {
    std::optional<BusEvent> event;
    std::string payload;        // of the event, if it is a message
    std::uint64_t verdict = 0;  // the number of the last one
    std::string broken;
  };

  void work();
  void move();
  bool receive();  // false: there is no room
  bool offer(Arrival);
  void send_more();
  void wait();
  void hand_over();

  client::Connection connection_;  // the thread's, but for its lease
  const std::string group_;
  Events events_;
  BoundedQueue<Arrival> arrivals_;
  BoundedQueue<std::string> sends_;
  std::uint64_t verdict_ = 0;  // that the loop knows
  local::Source io_;

  // Of the thread.
  GroupStream stream_;
  std::uint64_t told_ = 0;           // the last verdict that the loop is told of
  std::optional<Arrival> refused_;   // by the queue
  std::deque<std::string> backlog_;  // what the ring's flow control has no room for yet
  std::atomic<bool> ending_ = false;
  std::thread thread_;
};

}  // namespace gyre::rm::daemon
