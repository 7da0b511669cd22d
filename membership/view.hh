// What a configuration means to the programs above: a numbered view.
#pragma once

#include <span>

#include "totem/types.hh"

namespace gyre::membership {

// All spans are valid only during the call that delivers the view.
struct View {
  std::uint64_t number = 0;                   // the ring's seq: grows with every view of a node
  totem::RingId ring;
  std::span<const totem::Member> members;     // by ascending node id
  std::span<const NodeId> joined;             // members that were not in this node's previous view
  std::span<const NodeId> left;               // members of the previous view that did not come along
  NodeId oldest = NodeId::none;               // the member with the least (since, node id)
};

}  // namespace gyre::membership
