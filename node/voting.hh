// What a node does about votes beside counting them: what its clock and its operator bring about is
// said in the one order, so that it comes to all members at one place.
//
// Every member keeps the times; whose clock is the fastest says it, and the others, when they say
// it too, change nothing. Pure: Node hands in the time and submits what next() gives.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>

#include "membership/groups.hh"
#include "transport/time.hh"

namespace gyre::node {

class Voting {
 public:
  // `grow_up`: so long after its start a node's vote counts.
  Voting(NodeId self, const membership::QuorumSettings&, Duration grow_up) noexcept;

  void start(Time now) noexcept { grow_at_ = now + grow_up_; }
  // A view stands.
  void view(const membership::View&, const membership::Quorum&, Time now) noexcept;
  // Something was delivered.
  void look(const membership::Quorum&, Time now) noexcept;
  void expire(membership::Membership&, Time now) noexcept;
  Time deadline() const noexcept { return std::min({grow_at_, window_at_, device_due_}); }
  // The verdict may have come to its end here, before the order says so.
  Time device_ends() const noexcept { return device_ends_; }

  // The operator's, or a device's: false if too much waits already. A request (not 0) is said in
  // ring after ring until it is answered, unless it names its ring.
  bool ask(const membership::wire::Votes&) noexcept;
  // True: it is done with. False: it will be said again.
  bool answered(std::uint64_t request, membership::QuorumChange) noexcept;
  void leave() noexcept;

  // What is to be submitted next, for the view that stands.
  std::optional<membership::wire::Votes> next() const noexcept;
  void taken() noexcept;

 private:
  using Votes = membership::wire::Votes;
  // Questions of programs at once; and what this node says by itself.
  static constexpr std::size_t asked_max = 64, waiting_max = asked_max + nodes_max + 8;

  void say(Votes::What, std::uint32_t number = 0, NodeId subject = NodeId::none) noexcept;
  bool push(const Votes&) noexcept;
  void look_at_polls(const membership::Quorum&, Time now) noexcept;
  void expire_polls(const membership::Quorum&, Time now) noexcept;

  const NodeId self_;
  const Duration grow_up_, window_, device_timeout_;
  const bool says_leaves_;
  totem::RingId ring_;  // of the view
  Time grow_at_ = never, window_at_ = never;
  // What a member said last of the device, and until when that holds.
  struct Poll {
    std::uint32_t number = 0;
    Time until = never;
    bool over = false;  // that was said, too
  };
  std::array<Poll, nodes_max> polls_{};  // as Quorum::devices()
  std::uint32_t poll_count_ = 0;         // of all
  Time device_ends_ = never, device_due_ = never;
  std::array<Votes, waiting_max> waiting_{};
  std::size_t first_ = 0, count_ = 0;
  std::array<Votes, waiting_max> asked_{};  // submitted, and not answered yet
  std::size_t asked_count_ = 0;
};

}  // namespace gyre::node
