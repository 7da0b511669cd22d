// Checks the protocol itself (clause 10), from the frames that rings hand to their devices.
//
//   10 token     one token per ring: sent by its holder, counted up by one with each hop; its
//                numbers only grow; it asks for nothing beyond its seq
//   10 again     a token, commit token or data frame that is sent again is the same to the byte;
//                but a later life of a node may answer a late copy of the first rotation as itself
//   10 seq       seqs are given by the token's holder, one after the other; what the token
//                announces its sender also sends, before it passes the token again
//   10 stable    the lower aru of two tokens passed on in succession by one member is at most what
//                each member has without holes
//   10 rtr       nothing stable is asked for, nor what may still be on its way behind its token
//   10 window    in one rotation no more seqs are given than the smallest receive queue bears
//   10 late      what has its place goes out in the turn in which it got it
//   10 commit    the commit token's hops grow by one, each by the member whose visit it is; the
//                ring's token comes after the last
//
// A ring is known from the first hop of its commit token on; frames of a ring that is not known are
// passed over. Linear; the rings last used are kept, and of each the frames around what is stable.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "tests/check/checker.hh"

namespace gyre::check {

class Packets {
 public:
  static constexpr std::size_t rings_max = 256;

  // `global_window`: of the cluster's configuration; 0: what the receive queues bear.
  explicit Packets(std::uint32_t global_window = 0);
  ~Packets();

  // A frame that `sender` hands to its device, in this order, behind the clear header. `to`: the
  // node that it is for; NodeId::none: everyone.
  void sent(const Process& sender, NodeId to, std::span<const std::byte> frame);
  // What `member` has of `ring` without holes. To be called before the frames of a turn in which it
  // sends a token of that ring are handed in; otherwise, or if the ring was over for it within that
  // turn and nothing is known any more, 10 stable is not checked for this member.
  void received_to(const Process& member, const totem::RingId& ring, std::optional<totem::Seq> seq);

  // A turn of `sender` is over in which it gave its message this place, the last, and its device
  // took all frames.
  void turned(const Process& sender, const totem::Place& last);

  const std::vector<Violation>& violations() const noexcept;
  // Frames that are kept at present.
  std::size_t frames() const noexcept;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace gyre::check
