// The barrier that opens a ring: every member sends the list of its own programs' groups and what
// it knows of votes, and once the lists of all members of the configuration are in, the groups are
// what the lists say, and the votes are counted.
//
// Why nothing is lost, doubled or made up, at whatever instant rings change:
//
// - A program's joins and leaves are messages of its own node. A node delivers its own messages of
//   a ring before it installs the next one (self-delivery), so that its list, made when the regular
//   configuration is delivered, holds the outcome of all its requests that have a place in the
//   order. Those that have none yet are sent in the new ring, behind the barrier. Each request thus
//   counts once: in the list, or as a message.
// - Members that came along from the same ring delivered the same messages in it and in its
//   transitional configuration (failure atomicity), so that a list tells them what they know. The
//   others learn from it what they missed.
// - What is known of a node that is not in the configuration is dropped with the old table: the new
//   one is filled from the lists of members only, while the last complete one stays as it is. A
//   change of configuration before all lists are in throws the half-filled one away, so that a
//   member that died after sending its list leaves nothing behind.
// - Lists are delivered in one order, so that even what does not fit after a merge (full tables,
//   colliding names) is left out alike everywhere.
// - A transitional configuration ends the barrier. The members that go on together delivered the
//   same in the regular one, so either all of them had completed it or none had. It must be sent
//   with Guarantee::agreed: an agreed list that any of them delivered is delivered in the regular
//   configuration by all of them, and no one sends messages before it has all lists.
//
// A list, little-endian:  version:1, 0:3, ring (seq:8, representative:4, incarnation:8), sections
// A section:              kind:4, length:4, content. Unknown kinds are skipped.
// Section 1, exactly one: for each group  name size:1, name, count:4, count × (pid:4, client:4)
// Section 2, at most one: votes (quorum_wire.hh). Who says nothing of them has none.
#pragma once

#include <array>
#include <optional>
#include <span>
#include <string_view>

#include "membership/bytes.hh"
#include "membership/group_table.hh"
#include "membership/quorum.hh"
#include "membership/seen.hh"
#include "membership/types.hh"

namespace gyre::membership {

inline constexpr std::size_t barrier_head_bytes = 24 + 8;  // with that of section 1
inline constexpr std::size_t barrier_member_bytes = 8;
constexpr std::size_t barrier_group_bytes(std::string_view name) noexcept {
  return 1 + name.size() + 4;
}
// A list is one message of the ring; 64 KiB of it are kept for sections to come. A join that makes
// its node's list longer is refused.
inline constexpr std::size_t barrier_list_max =
    totem::message_max - barrier_head_bytes - (std::size_t{64} << 10);

class Barrier {
 public:
  explicit Barrier(const GroupLimits&);

  // A regular configuration: writes this node's list out of what it has delivered, and waits.
  void start(const totem::RingId&, std::span<const totem::Member>, NodeId self,
             const GroupTable& delivered, const QuorumStatus&,
             std::span<const NodeId> seen) noexcept;
  void abort() noexcept { waiting_ = false; }
  bool waiting() const noexcept { return waiting_; }

  // This node's list; valid until the next start.
  std::span<const std::byte> list() const noexcept { return {list_.get(), list_size_}; }

  // A member's list, as delivered. True: it was the last one, the barrier is through and the new
  // groups are in incoming(). A list of this ring that cannot be read counts as an empty one, on
  // every node alike: one faulty member must not keep the others waiting for ever.
  bool take(NodeId sender, std::span<const std::byte> list, GroupCounters&) noexcept;
  GroupTable& incoming() noexcept { return incoming_; }
  // What the lists say of votes, by ascending node, and of the nodes that were ever seen.
  std::span<const QuorumMember> votes() const noexcept { return {votes_.get(), sender_count_}; }
  const SeenNodes& seen() const noexcept { return seen_; }
  // Of a member; null: its list is not here.
  const QuorumStatus* status_of(NodeId) const noexcept;

 private:
  struct Sections {
    std::optional<std::span<const std::byte>> groups, votes;
  };
  static std::optional<Sections> find_sections(Reader) noexcept;
  void write_groups(Writer&, NodeId self, const GroupTable& delivered) noexcept;
  std::size_t find(NodeId) const noexcept;
  bool read(std::size_t sender, Reader, GroupCounters&) noexcept;
  void add(NodeId sender, std::span<const std::byte> groups, GroupCounters&) noexcept;

  bool waiting_ = false;
  totem::RingId ring_;
  Array<QuorumMember> votes_;  // of each member
  std::array<bool, nodes_max> heard_{};
  std::size_t sender_count_ = 0, missing_ = 0;
  SeenNodes seen_;
  GroupTable incoming_;
  std::size_t list_room_, list_size_ = 0;
  Array<std::byte> list_;
};

}  // namespace gyre::membership
