// Groups and the programs in them, by the names that all layers above use.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "totem/types.hh"

namespace gyre::membership {

// A group's name is any 1 to 128 bytes, NUL included.
inline constexpr std::size_t group_name_max = 128;
constexpr bool valid_group_name(std::string_view name) noexcept {
  return !name.empty() && name.size() <= group_name_max;
}

// Stands for a group's name in every message but the join: a 64-bit hash of it. A join whose name
// collides with another group's is refused on every node alike.
enum class GroupId : std::uint64_t {};
GroupId group_id(std::string_view name) noexcept;

// A program that is a member of a group.
struct Process {
  NodeId node = NodeId::none;
  std::uint32_t pid = 0;
  std::uint32_t client = 0;  // the connection, unique on its node while the node runs
  auto operator<=>(const Process&) const = default;
};

enum class ChangeReason : std::uint8_t {
  join = 1,
  leave = 2,
  node_down = 3,
  node_up = 4,
  process_down = 5
};

struct Change {
  Process process;
  ChangeReason reason{};
};

// Constants of the cluster: every node decides by them, alike, whether a join still fits.
struct GroupLimits {
  std::size_t groups = 4096;    // in the whole cluster
  std::size_t members = 16384;  // memberships in the whole cluster
};

// What was not applied, by reason, and how often the groups were rebuilt.
struct GroupCounters {
  std::uint64_t malformed = 0;       // could not be read
  std::uint64_t unknown_group = 0;   // data or leave for a group that no one is in
  std::uint64_t not_a_member = 0;    // data or leave of a program that is not in the group
  std::uint64_t refused = 0;         // joins, and memberships that a merge had no room for
  std::uint64_t unknown_sender = 0;  // from a node that is not in the view
  std::uint64_t early = 0;           // an application's message before the barrier was through
  std::uint64_t stale_barrier = 0;   // a list of another ring, or a second one
  std::uint64_t lists = 0;           // of members, taken in barriers
  std::uint64_t barriers = 0;        // completed
};

}  // namespace gyre::membership
