// The groups of the cluster: who is in which.
//
// What a join may do (Refusal) follows from the content alone, never from the history or the
// layout of a table, so that tables with the same content decide alike on every node.
#pragma once

#include <array>
#include <optional>
#include <span>
#include <string_view>

#include "membership/open_table.hh"
#include "membership/types.hh"

namespace gyre::membership {

enum class Refusal : std::uint8_t {
  none,
  name_collision,
  already_joined,
  groups_full,
  members_full,
  node_full,
  merge_full,  // joined in a part of the cluster, and no room when the parts merged
};
std::string_view text(Refusal) noexcept;  // static storage

// Group ids are well mixed already.
inline std::uint64_t hash(GroupId id) noexcept {
  return static_cast<std::uint64_t>(id);
}

struct Group {
  GroupId id{};
  std::uint32_t begin = 0, count = 0;  // its run in the table's array of members
  std::uint8_t name_size = 0;
  std::array<char, group_name_max> name_bytes;
  std::string_view name() const noexcept { return {name_bytes.data(), name_size}; }
};

class GroupTable {
 public:
  explicit GroupTable(const GroupLimits&);

  // Empties the table; from now on it takes processes on these nodes (by ascending id).
  void reset(std::span<const totem::Member> nodes) noexcept;
  bool knows(NodeId node) const noexcept;

  // The process's node must be known.
  Refusal add(std::string_view name, const Process&) noexcept;
  // The process must be in the group. A group that it leaves empty stands, so that its last change
  // can be told, until drop_if_empty.
  void remove(GroupId, const Process&) noexcept;
  void drop_if_empty(GroupId) noexcept;

  // Pointers and spans are valid until the next change.
  const Group* find(GroupId) const noexcept;
  std::span<const Process> members(const Group&) const noexcept;          // sorted
  std::span<const Process> members(const Group&, NodeId) const noexcept;  // those on one node
  std::optional<Process> process(GroupId, NodeId, std::uint32_t client) const noexcept;
  std::span<const Group> groups() const noexcept { return {groups_.get(), group_count_}; }

 private:
  // One program's membership in one group. Its pid is the value.
  struct Seat {
    GroupId group;
    NodeId node;
    std::uint32_t client;
    bool operator==(const Seat&) const = default;
    friend std::uint64_t hash(const Seat& seat) noexcept {
      const std::uint64_t who = static_cast<std::uint64_t>(seat.node) << 32 | seat.client;
      const std::uint64_t mixed =
          (static_cast<std::uint64_t>(seat.group) ^ who) * 0x9e3779b97f4a7c15;
      return mixed ^ mixed >> 32;
    }
  };
  // How long a node's list in the barrier is: it must fit into one message.
  struct NodeList {
    NodeId node = NodeId::none;
    std::size_t bytes = 0;
  };

  NodeList* node_list(NodeId) noexcept;
  std::size_t list_bytes(const Group&, NodeId) const noexcept;
  Group& create(std::string_view name, GroupId) noexcept;
  void insert_member(Group&, const Process&) noexcept;
  void compact() noexcept;

  GroupLimits limits_;
  std::array<NodeList, nodes_max> nodes_{};
  std::size_t node_count_ = 0;

  Array<Group> groups_;  // dense, in no order
  std::size_t group_count_ = 0;
  OpenTable<GroupId, std::uint32_t> index_;  // of groups_
  OpenTable<Seat, std::uint32_t> seats_;

  // The members of each group, sorted, in one run each. A join writes the longer run behind all
  // others; when the array is full, what is alive moves to the other one. Both hold twice the
  // limit, so that the longest run always fits behind all that is alive.
  Array<Process> members_, spare_;
  std::size_t members_used_ = 0;
};

}  // namespace gyre::membership
