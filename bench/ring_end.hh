// A node of a ring of two: the daemon's data plane without its helper thread and its programs.
#pragma once

#include <memory>

#include "bench/link.hh"
#include "node/node.hh"

namespace gyre::bench {

// Answers at once: nothing here outlives the run.
class NoErrands final : public node::Errands {
 public:
  void reserve(std::uint64_t ring_seq) override { reserve_ = ring_seq; }
  void take_back(shm::Channel) override {}
  void viewed(std::uint64_t, std::size_t members) override { members_ = members; }
  void votes_answered(std::uint64_t, membership::QuorumChange) override {}

  // What was to be reserved since the last call; 0: nothing.
  std::uint64_t take_reserve() noexcept { return std::exchange(reserve_, 0); }
  std::size_t members() const noexcept { return members_; }

 private:
  std::uint64_t reserve_ = 0;
  std::size_t members_ = 0;
};

// The parameters of a ring whose token is never held and not soon lost.
totem::Parameters never_idle(std::size_t payload_max);

class RingEnd {
 public:
  RingEnd(const LinkSettings& link, int which, node::Poll poll);

  // The leader: turns until the token has come `count` times; the nanoseconds from one coming to
  // the next go to `rotations`.
  void rotate(Partner& partner, std::size_t count, std::vector<double>& rotations);
  // The follower: turns while `control` says ring.
  void follow(const Control& control);

  // One round of the reactor, as node/reactor.cc has it. Returns the time it was given.
  Time turn();

  const TransportCounters& counters() const noexcept { return transport_->counters(); }
  std::uint64_t tokens() const noexcept { return node_->ring().counters().tokens_received; }
  const node::Node& node() const noexcept { return *node_; }
  bool complete() const noexcept { return errands_.members() == 2; }

 private:
  void look(Time now, Time until);

  FramePool pool_;
  std::unique_ptr<Stamped> transport_;
  node::Log log_;
  NoErrands errands_;
  std::unique_ptr<node::Node> node_;
  node::Patience patience_;
  node::Sleeper sleeper_;
  Time look_at_ = Time::min();
  bool started_ = false;
};

}  // namespace gyre::bench
