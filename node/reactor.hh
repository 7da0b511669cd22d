// The one thread of the data plane: turns the node, and sleeps when there is nothing to do.
#pragma once

#include "node/helper.hh"
#include "node/node.hh"
#include "node/status.hh"
#include "node/wait.hh"
#include "transport/header_transport.hh"
#include "transport/redundant.hh"

namespace gyre::node {

class Reactor {
 public:
  struct Setup {
    NodeId self{};
    Node& node;
    HeaderTransport& transport;
    Redundant* links = nullptr;  // below it, where there are several
    Helper& helper;
    StatusPage& page;
    Log& log;
    Poll poll = Poll::adaptive;
    Duration leave_max{};  // an orderly leave may take so long
  };
  explicit Reactor(const Setup& setup);  // throws std::system_error

  // Returns when the node has left the ring, or could not in time. Throws std::runtime_error when
  // another node with this one's id was there before.
  void run();

 private:
  bool take_news(Time now);
  void obey_all(Time now);
  void obey(const Command& command, Time now);
  bool go_on_copying(Time now);
  void say(const Command& command, const membership::wire::Word& word);
  void leave(Time now);
  void take_snapshot(Time now);
  void add_links(Snapshot& page) const;
  void sleep(Time now);
  void look(Time now, Time until);
  void notice_namesake(Time now);
  void notice_other_key(Time now);

  Setup setup_;
  Patience patience_;
  Sleeper sleeper_;
  Time look_at_ = Time::min();
  Time leave_by_ = never;
  Command copying_;                    // with groups: a copy of them is under way
  std::uint64_t namesake_frames_ = 0;  // of another node with our id, when we looked last
  Time namesake_at_ = Time::min();
  std::uint64_t other_key_frames_ = 0;  // when we looked last
  Time other_key_at_ = Time::min();
};

}  // namespace gyre::node
