// What those share who check by the joins that reach a process: they count in their order, and what
// a sender said before its newest one that came is history (totem/PROTOCOL.md, deviation 8).
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

#include "totem/wire.hh"
#include "transport/time.hh"

namespace gyre::check {

using Nodes = std::vector<NodeId>;  // ascending

inline bool has(const Nodes& nodes, NodeId node) {
  return std::ranges::binary_search(nodes, node);
}

// What came within this time before something else may have come after it: in one turn joins come,
// a ring of one comes and goes, and all that was written is sent at its end.
inline constexpr Duration at_once = std::chrono::milliseconds(5);

// Which life of its sender a join is of, and its number there.
struct JoinNumber {
  std::uint64_t incarnation = 0, join_seq = 0;

  static JoinNumber of(const totem::wire::Join& join) { return {join.incarnation, join.join_seq}; }
  bool same_life(const JoinNumber& other) const { return incarnation == other.incarnation; }
  // It is no news after that one.
  bool is_old(const JoinNumber& newest) const {
    return same_life(newest) && join_seq <= newest.join_seq;
  }
};

// The newest joins that came of a node's lives that spoke last: their late words come in any order,
// and those of each are news once.
struct NewestJoins {
  JoinNumber newest;
  std::array<JoinNumber, 3> others;  // of the other lives, the one that spoke last first

  bool is_old(const JoinNumber& number) const {
    return number.is_old(newest) ||
           std::ranges::any_of(others, [&](const auto& each) { return number.is_old(each); });
  }
  // Whether it is of the same life as the one that came last.
  bool take(const JoinNumber& number) {
    const bool same = number.same_life(newest);
    if (!same) {
      auto* place =
          std::ranges::find_if(others, [&](const auto& each) { return number.same_life(each); });
      if (place == others.end()) --place;
      std::ranges::move_backward(others.begin(), place, place + 1);
      others.front() = newest;
    }
    newest = number;
    return same;
  }
};

}  // namespace gyre::check
