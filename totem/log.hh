// One ring's frames in their order, and what this node knows of them.
#pragma once

#include <array>

#include "totem/types.hh"
#include "totem/window.hh"

namespace gyre::totem {

struct Log {
  explicit Log(std::size_t capacity) : window(capacity) {}

  RingId id;
  Members members;
  std::array<NodeIndex, nodes_max> order{};  // the members by ascending node id: the ring itself
  std::size_t count = 0;                     // of them
  Window window;
  Seq aru{};        // this node has everything up to here
  Seq high{};       // the highest seq that this node has
  Seq stable{};     // every member has everything up to here
  Seq delivered{};  // handed up
  Seq last_safe{};  // the last safe message that this node knows of
  // Members of the recoveries whose messages this node acknowledged: what they sent is delivered
  // even behind a hole (Amir et al. 1995, section 6: the obligation set).
  Members obliged;

  void reset(const RingId& ring) noexcept {
    id = ring;
    members = {};
    count = 0;
    window.clear();
    aru = high = stable = delivered = last_safe = Seq::none;
    obliged = {};
  }
  void add_member(NodeIndex node) noexcept {
    members.add(node);
    order[count++] = node;
  }
  std::size_t place(NodeIndex node) const noexcept {
    std::size_t i = 0;
    while (i < count && order[i] != node) ++i;
    return i;
  }
  NodeIndex successor(NodeIndex node) const noexcept { return order[(place(node) + 1) % count]; }

  // False: a duplicate, or outside of the window.
  bool store(Seq seq, FrameRef frame) noexcept {
    if (!window.fits(seq) || window.has(seq)) return false;
    window.put(seq, std::move(frame));
    if (seq > high) high = seq;
    while (window.has(aru + 1)) ++aru;
    return true;
  }
  // Every member has everything up to `seq`, as far as this node has it and has handed it up.
  void release() noexcept { window.release_to(stable < delivered ? stable : delivered); }
};

}  // namespace gyre::totem
