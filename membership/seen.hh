// The nodes that were ever in a view with this one, or with one of those: what a majority is
// counted of where no quorum section says it.
#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>

#include "totem/types.hh"

namespace gyre::membership {

class SeenNodes {
 public:
  // False: it is known already, or there are as many as a cluster can have.
  bool add(NodeId node) noexcept {
    const auto end = nodes_.begin() + size_;
    const auto at = std::lower_bound(nodes_.begin(), end, node);
    if (size_ == nodes_.size() || node == NodeId::none || (at != end && *at == node)) return false;
    std::copy_backward(at, end, end + 1);
    *at = node;
    ++size_;
    return true;
  }
  std::span<const NodeId> nodes() const noexcept { return {nodes_.data(), size_}; }
  std::uint32_t size() const noexcept { return size_; }
  bool operator==(const SeenNodes&) const = default;

 private:
  std::array<NodeId, nodes_max> nodes_{};  // ascending
  std::uint32_t size_ = 0;
};

// What of the votes outlives a restart.
struct KeptVotes {
  // As long others may still act by what this node promised.
  std::chrono::milliseconds consensus{};
  std::uint32_t highest = 0;  // Verdict::highest_expected
  SeenNodes seen;
  bool operator==(const KeptVotes&) const = default;
};

}  // namespace gyre::membership
