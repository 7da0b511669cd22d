// Node ids ↔ the dense indices that this process uses for them. Index 0 is this node. An index,
// once given, stays.
#pragma once

#include <array>
#include <optional>

#include "transport/transport.hh"

namespace gyre::totem {

class Peers {
 public:
  explicit Peers(NodeId self) { ids_[0] = self; }

  // The index of `id`, given now if it had none; nothing when all nodes_max are taken.
  std::optional<NodeIndex> add(NodeId id) noexcept {
    if (auto known = find(id)) return known;
    if (count_ == nodes_max || id == NodeId::none) return std::nullopt;
    ids_[count_] = id;
    return NodeIndex(count_++);
  }
  std::optional<NodeIndex> find(NodeId id) const noexcept {
    for (std::size_t i = 0; i < count_; ++i)
      if (ids_[i] == id) return NodeIndex(i);
    return std::nullopt;
  }
  NodeId id(NodeIndex index) const noexcept { return ids_[at(index)]; }
  NodeId self() const noexcept { return ids_[0]; }
  std::size_t count() const noexcept { return count_; }

 private:
  std::array<NodeId, nodes_max> ids_{};
  std::size_t count_ = 1;
};

}  // namespace gyre::totem
