// Process groups, ordered with the messages.
//
// Joins, leaves and data travel as messages of the ring; every node applies them at the same place
// of the one order, so that every member of a view sees the same groups at every message. A new
// ring opens with one barrier: each member sends the list of its own clients' groups; when all
// lists are in, the groups are rebuilt from them, one change per group is reported, the view is
// delivered, and only then do application messages flow (Ring::open).
//
// Pure and bounded: no allocation after construction.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "membership/view.hh"
#include "totem/types.hh"

namespace gyre::membership {

inline constexpr std::size_t group_name_max = 128;

// Names a group on the wire: a 64-bit hash of its name; a join whose name collides with another
// group's is refused on every node alike.
enum class GroupId : std::uint64_t {};
GroupId group_id(std::string_view name) noexcept;

// A program that is a member of a group.
struct Process {
  NodeId node = NodeId::none;
  std::uint32_t pid = 0;
  std::uint32_t client = 0;  // the connection, unique on its node while the node runs
  auto operator<=>(const Process&) const = default;
};

enum class ChangeReason : std::uint8_t { join = 1, leave = 2, node_down = 3, node_up = 4, process_down = 5 };

struct Change {
  Process process;
  ChangeReason reason{};
};

struct GroupChange {
  std::string_view name;
  GroupId group{};
  totem::Place place;                  // where in the order; at a view: the ring, seq 0
  std::span<const Process> members;    // after the change, sorted
  std::span<const Change> joined;
  std::span<const Change> left;
};

struct GroupMessage {
  std::string_view name;
  GroupId group{};
  std::span<const Process> members;    // of the group at this place
  Process sender;
  totem::Place place;
  totem::Guarantee guarantee{};
  std::span<const std::byte> payload;
};

// Where the ordered stream goes. Every span is valid during the call only.
class Sink {
 public:
  virtual ~Sink() = default;
  virtual void transitional(const totem::Configuration&) = 0;
  virtual void view(const View&) = 0;                   // before the group changes of its ring
  virtual void group_change(const GroupChange&) = 0;
  virtual void join_refused(const Process&, std::string_view name, std::string_view reason) = 0;
  virtual void message(const GroupMessage&) = 0;
  virtual void barrier_done() = 0;                      // the node calls Ring::open()
};

struct GroupCounters {
  std::uint64_t malformed = 0, unknown_group = 0, not_a_member = 0, refused = 0, barriers = 0;
};

// The wire form of what clients ask for: written in front of the payload by the node, submitted to
// the ring as Class::application. `header_max` bytes hold any of them.
namespace wire {
inline constexpr std::size_t header_max = 16 + group_name_max;
struct Encoded {
  std::array<std::byte, header_max> bytes{};
  std::size_t size = 0;
  std::span<const std::byte> view() const noexcept { return {bytes.data(), size}; }
};
Encoded join(std::uint32_t pid, std::uint32_t client, std::string_view group) noexcept;
Encoded leave(std::uint32_t client, GroupId group, ChangeReason) noexcept;  // leave or process_down
Encoded process_down(std::uint32_t client) noexcept;                        // out of all its groups
Encoded data(std::uint32_t client, GroupId group) noexcept;                 // the payload follows
}  // namespace wire

struct GroupLimits {
  std::size_t groups = 4096;    // in the whole cluster
  std::size_t members = 16384;  // memberships in the whole cluster; chosen so that a node's barrier list fits message_max
};

class Membership {
 public:
  Membership(NodeId self, const GroupLimits&, Sink&);
  ~Membership();

  // Events of the ring, in order.
  void configuration(const totem::Configuration&);
  void message(const totem::Message&);

  // After a regular configuration: what to submit as Class::barrier before anything else. Valid
  // until the next configuration.
  std::span<const std::byte> barrier() const noexcept;
  bool syncing() const noexcept;  // between a regular configuration and its barrier_done

  std::optional<std::string_view> name(GroupId) const noexcept;
  bool is_member(GroupId, const Process&) const noexcept;
  const GroupCounters& counters() const noexcept;

 private:
  struct Tables;
  std::unique_ptr<Tables> tables_;
};

}  // namespace gyre::membership
