// What a configuration means to the programs above: a numbered view.
#pragma once

#include <array>
#include <span>

#include "membership/quorum.hh"
#include "totem/types.hh"

namespace gyre::membership {

// All spans are valid only during the call that delivers the view.
//
// A node "came along" if it was in this node's previous view and in every transitional
// configuration since: it has delivered exactly what this node has. One that was cut off or
// started anew in between did not, even if it is back already: it is in `left` and in `joined`.
struct View {
  std::uint64_t number = 0;  // the ring's seq: grows with every view of a node
  totem::RingId ring;
  std::span<const totem::Member> members;  // by ascending node id
  std::span<const NodeId> joined;          // members that did not come along; at first: all
  std::span<const NodeId> left;            // of the previous view, those who did not come along
  NodeId oldest = NodeId::none;            // the member with the least (since, node id)
  Verdict verdict{};                       // whether these members may act
  std::uint64_t verdict_number = 0;        // among those that this node has told
};

// Turns the ring's configurations into views. A view stands when the barrier of its ring is
// through; configurations whose barrier never was are passed over.
class ViewHistory {
 public:
  explicit ViewHistory(NodeId self) noexcept : self_(self) {}

  void transitional(const totem::Configuration&) noexcept;
  void regular(const totem::Configuration&) noexcept;

  // From the previous view to the latest regular configuration. The first view has no previous
  // one: nobody, not even this node, came along.
  bool came_along(NodeId) const noexcept;
  std::span<const totem::Member> members() const noexcept { return {next_.data(), next_size_}; }
  totem::RingId ring() const noexcept { return ring_; }

  // The view of the latest regular configuration; valid until the next call of anything here.
  View view() noexcept;
  // That view is now the previous one.
  void complete() noexcept;

 private:
  template <typename Keep>
  void narrow(Keep keep) noexcept;

  using Nodes = std::array<NodeId, nodes_max>;
  NodeId self_;
  Nodes previous_{}, along_{}, joined_{}, left_{};  // by ascending node id
  std::size_t previous_size_ = 0, along_size_ = 0;
  std::array<totem::Member, nodes_max> next_{};
  std::size_t next_size_ = 0;
  totem::RingId ring_;
  bool narrowed_ = false;  // a transitional configuration came since the last regular one
};

}  // namespace gyre::membership
