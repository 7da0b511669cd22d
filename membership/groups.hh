// Process groups, ordered with the messages.
//
// Joins, leaves and data travel as messages of the ring; every node applies them at the same place
// of the one order, so that every member of a view sees the same groups at every message. A new
// ring opens with one barrier: each member sends the list of its own clients' groups; when all
// lists are in (barrier.hh says why that suffices), the view is delivered, then one change per
// group whose members this node knew otherwise, and only then do application messages flow
// (Ring::open).
//
// A sink thus sees: view, group changes, then messages, changes and refusals in their order,
// a transitional configuration, more messages of those that are left of the old ring, the next
// view, … . If rings follow each other before a barrier is through, several transitional
// configurations come one behind the other with nothing between them.
//
// Pure and bounded: no allocation after construction.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "membership/quorum.hh"
#include "membership/seen.hh"
#include "membership/types.hh"
#include "membership/view.hh"
#include "membership/wire.hh"
#include "totem/types.hh"

namespace gyre::membership {

// At a view, a process that did not come along (view.hh) has left with node_down, one on a node
// that did not come along has joined with node_up, and may be in both. What else differs from what
// this node knew is join and process_down; that happens only if a merge had no room for all.
struct GroupChange {
  std::string_view name;
  GroupId group{};
  totem::Place place;                // where in the order; at a view: the ring, Seq::none, 0
  std::span<const Process> members;  // after the change, sorted
  std::span<const Change> joined;    // sorted
  std::span<const Change> left;      // sorted
};

struct GroupMessage {
  std::string_view name;
  GroupId group{};
  std::span<const Process> members;  // of the group at this place, sorted
  Process sender;
  totem::Place place;
  totem::Guarantee guarantee{};
  std::span<const std::byte> payload;
};

// Within a view: every member comes to it at this place.
struct VerdictChange {
  totem::Place place;
  Verdict verdict;
  std::uint64_t number = 0;  // as View::verdict_number
};

// Where the ordered stream goes. Every span is valid during the call only. A sink may ask the
// Membership that calls it, but hand it no event.
class Sink {
 public:
  virtual ~Sink() = default;
  virtual void transitional(const totem::Configuration&) = 0;
  virtual void view(const View&) = 0;  // before the group changes of its ring
  // Several at one place (a view, a process that went down) come by ascending name.
  virtual void group_change(const GroupChange&) = 0;
  // A join of this node's own process does not stand.
  virtual void join_refused(const Process&, std::string_view name, std::string_view reason) = 0;
  // At a view: its membership no longer does; the change of the group said that it left. It may
  // have joins under way, which are answered on their own.
  virtual void membership_refused(const Process& process, std::string_view name,
                                  std::string_view reason) {
    join_refused(process, name, reason);
  }
  virtual void message(const GroupMessage&) = 0;
  // One of a member's daemon, to all daemons.
  virtual void word(NodeId, const wire::Word&) {}
  virtual void verdict(const VerdictChange&) = 0;
  // To what this node asked for by wire::Votes::request.
  virtual void votes_answered(std::uint64_t request, QuorumChange) = 0;
  virtual void barrier_done() = 0;  // behind the group changes: the node calls Ring::open()
};

class Membership {
 public:
  // Throws std::bad_alloc. The sink outlives this.
  Membership(NodeId self, const GroupLimits&, Sink&, const QuorumSettings& = {},
             const KeptVotes& = {});
  ~Membership();

  // From the next ring on, this node says that its vote counts (quorum.hh).
  void grow_up() noexcept;

  // Events of the ring, in order.
  void configuration(const totem::Configuration&) noexcept;
  void message(const totem::Message&) noexcept;

  // After a regular configuration: what to submit as Class::barrier, with Guarantee::agreed, before
  // anything else. Valid until the next regular configuration.
  std::span<const std::byte> barrier() const noexcept;
  // No barrier is through since the last regular configuration (or there was none yet).
  bool syncing() const noexcept;

  std::optional<std::string_view> name(GroupId) const noexcept;
  bool is_member(GroupId, const Process&) const noexcept;
  const Quorum& quorum() const noexcept;
  KeptVotes kept_votes() const noexcept;  // as they should be kept
  // How long a member waits for whom it lost, if its list in the present ring has said so.
  std::optional<Duration> consensus_of(NodeId) const noexcept;
  const GroupCounters& counters() const noexcept;

  // All groups, in no order, for who wants to show them: 0 … group_count()-1.
  struct GroupState {
    std::string_view name;
    GroupId group{};
    std::span<const Process> members;
  };
  std::size_t group_count() const noexcept;
  GroupState group(std::size_t index) const noexcept;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace gyre::membership
