// Whether this side of the cluster may act. Votes are counted whenever a ring opens, from what each
// member says of itself then, so that all members come to the same verdict. What changes within a
// ring is ordered with its messages, so that they change at the same place.
//
// Options and words are votequorum's. Where its documented rules let two sides be quorate at once,
// this one is stricter (tests/models/quorum_test.cc has both):
// - With last_man_standing or allow_downscale, expected votes shrink, and who was not there cannot
//   know. A side is then quorate only as the heir of the last quorate one, with more than half of
//   its votes, or with every vote that was ever expected. So both imply wait_for_all, and what was
//   shrunk is forgotten with the quorum.
// - auto_tie_breaker keeps a quorum and never makes one: exactly half of the expected votes must
//   have come along from a quorate view, with that view's tie-breaker among them.
// - A device votes for one ring: a new view begins without it, until one of its members has its
//   vote. With master_wins, a side without the device needs the votes of all nodes.
// - A node that has just started is young, and its vote does not count unless all are here: in its
//   life before it may have passed on a token that others still act by. It grows up when those
//   would have given it up. A node without a vote is not among "all", so it must act by nothing.
// All this holds as long as every node expects at least the votes that there are.
//
// A ring may break while it opens. Then a member that had all the lists does not know whether
// others went on without having had them, or went on from that view. So it keeps its claim on the
// quorate view before, and the new one as an attempt, and is an heir only where both have their
// heirs.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "totem/types.hh"

namespace gyre::membership {

enum class TieBreaker : std::uint8_t { none, lowest, highest, listed };

// The same on every node, but for `votes`, what is kept on disk, and what is of this life (`young`,
// `forgot`); `consensus` should be.
struct QuorumSettings {
  bool section = false;  // without one: the majority of max(2, nodes ever seen)
  bool two_node = false, wait_for_all = false;
  bool last_man_standing = false, allow_downscale = false, expected_votes_tracking = false;
  bool device_master_wins = false;
  TieBreaker tie_breaker = TieBreaker::none;
  bool young = false;   // until grow_up()
  bool forgot = false;  // what was kept is damaged: it votes again once another node has told it
  std::uint32_t votes = 1;           // of this node
  Duration consensus{};              // of this node, which others rely on
  std::uint32_t expected_votes = 0;  // of all nodes and the device together
  std::uint32_t downscale_min = 0;   // allow_downscale goes no lower
  std::uint32_t device_votes = 0;    // 0: no device
  // Kept on disk by the caller: the highest Verdict::highest_expected so far; without a section,
  // the number of nodes ever seen. Counts where it remembers().
  std::uint32_t highest_seen = 0;
  Duration last_man_standing_window = std::chrono::seconds(10);
  Duration device_timeout = std::chrono::seconds(10);
  std::array<NodeId, nodes_max> tie_breakers{};  // in their order; NodeId::none ends the list

  // What is kept on disk counts.
  bool remembers() const noexcept { return !section || expected_votes_tracking || allow_downscale; }
};

// What a node knows of a quorate view that it was in.
struct QuorumClaim {
  totem::RingId ring{};
  std::uint32_t votes = 0;     // its own there
  std::uint32_t total = 0;     // of all nodes there
  std::uint32_t expected = 0;  // when it left
  NodeId tie_breaker = NodeId::none;
  bool operator==(const QuorumClaim&) const = default;
};

// What a node says of itself when a ring opens.
struct QuorumStatus {
  static constexpr std::size_t attempts_max = 4;

  std::uint32_t votes = 1;
  std::uint32_t expected = 0;
  std::uint32_t highest = 0;  // expected votes before they shrank
  Duration consensus{};       // it goes on without whom it lost no sooner
  bool quorate = false;       // by the verdict of its last view, which is the claim
  bool by_hand = false;       // an operator changed what is counted
  bool leaving = false;       // it will be gone: its votes do not count
  bool young = false, forgot = false;
  std::uint32_t attempt_count = 0;
  QuorumClaim claim{};
  std::array<QuorumClaim, attempts_max> attempts{};  // later views that may be quorate elsewhere
  bool operator==(const QuorumStatus&) const = default;

  std::span<const QuorumClaim> tried() const noexcept { return {attempts.data(), attempt_count}; }
  // What it claims of the view of that ring.
  const QuorumClaim* claim_on(const totem::RingId&) const noexcept;
};

struct QuorumMember {
  NodeId node = NodeId::none;
  QuorumStatus status;
};

// What a member says of the quorum device, for the ring of the present view. Each may have a
// program that asks the device; it votes here as soon as one of them has its vote.
struct QuorumDevice {
  NodeId node = NodeId::none;
  std::uint32_t polls = 0;  // in this view: how often the member said something
  bool registered = false;  // there is such a program
  bool alive = false;       // and it said so not longer ago than device_timeout
  bool votes = false;
  bool master_wins = false;  // as that program wants it; counts with device_master_wins only
  bool operator==(const QuorumDevice&) const = default;

  bool counts() const noexcept { return alive && votes; }
};

struct Verdict {
  enum class Reason : std::uint8_t {
    no_view,
    majority,
    heir,         // with fewer votes than were once expected
    tie_breaker,  // half of the votes, with the tie-breaker
    two_node,
    device,    // master_wins
    too_few,   // from here on: not quorate
    tie_lost,  // half of the votes, without the tie-breaker
    waiting,   // for all
  };
  // Why another side could be quorate as well, so that only fencing protects data.
  enum class Fencing : std::uint8_t { not_needed, two_node, no_section, by_hand, more_votes };
  enum Flag : std::uint8_t {
    flag_two_node = 1,
    flag_quorate = 2,
    flag_wait_for_all = 4,
    flag_last_man_standing = 8,
    flag_auto_tie_breaker = 16,
    flag_allow_downscale = 32,
    flag_device = 64
  };

  bool quorate = false;
  Reason reason = Reason::no_view;
  Fencing fencing = Fencing::not_needed;
  std::uint8_t flags = 0;
  std::uint32_t expected_votes = 0, highest_expected = 0, total_votes = 0, quorum = 0;
  std::uint32_t withheld_votes = 0;  // of those who are here and young, or have forgotten
  NodeId tie_breaker = NodeId::none;
  bool operator==(const Verdict&) const = default;
};

std::string_view text(Verdict::Reason) noexcept;  // the words above
std::string_view text(Verdict::Fencing) noexcept;

// These make text, so not on the reactor: why, for a person, with the need for fencing; the words
// that corosync-quorumtool prints, each with a blank behind it.
std::string reason_text(const Verdict&);
std::string flags_text(const Verdict&);

enum class QuorumChange : std::uint8_t {
  done,
  below_total,
  would_block,
  unknown_node,
  too_late  // its ring is over: nothing was done
};

const char* text(QuorumChange) noexcept;  // in static storage

// One node's count. All but grow_up comes through the ring's order, on every member alike.
class Quorum {
 public:
  Quorum(const QuorumSettings&, NodeId self) noexcept;

  // To be sent when a ring opens, once the view before is over. What happens between that and its
  // view changes nothing there.
  const QuorumStatus& status() const noexcept { return status_; }
  const Verdict& verdict() const noexcept { return verdict_; }
  bool in_view() const noexcept { return view_.ring != totem::RingId{}; }
  std::uint32_t votes_of(NodeId) const noexcept;  // of a member, whether they count or not
  // Which member of the view waits the shortest time for whom it lost, and how long.
  struct Shortest {
    NodeId node = NodeId::none;
    Duration consensus{};
  };
  const Shortest& shortest_consensus() const noexcept { return shortest_; }

  // At most nodes_max members, this node among them.
  void view(const totem::RingId&, std::span<const QuorumMember>) noexcept;
  // The ring of the view is over. `known`: every member of it had all that the view came from.
  void retire(bool known) noexcept;

  // A member announced that it leaves.
  void leaves(NodeId) noexcept;
  // From now on this node says that its vote counts. A view in which it was withheld is told by
  // grown(), which is ordered.
  void grow_up() noexcept { status_.young = false; }
  bool withheld(NodeId) const noexcept;
  void grown(NodeId) noexcept;
  // The window of last_man_standing is open since the view began, and is over.
  bool window_open() const noexcept { return window_open_; }
  void window_over() noexcept;
  // A member says something of the device; or it said nothing for device_timeout since its `polls`.
  void device(NodeId, const QuorumDevice&) noexcept;
  void device_gone(NodeId, std::uint32_t polls) noexcept;
  const QuorumDevice& device_of(NodeId) const noexcept;
  // Of all members; how often they said anything, all together.
  std::span<const QuorumDevice> devices() const noexcept { return {devices_.data(), seat_count_}; }
  std::uint32_t device_polls() const noexcept { return device_polls_; }
  // The operator's.
  QuorumChange set_expected(std::uint32_t) noexcept;
  QuorumChange set_votes(NodeId, std::uint32_t) noexcept;
  void cancel_wait_for_all() noexcept;
  // Without a quorum section: so many different nodes were seen, ever. Before the view that they
  // are in, or within one.
  void nodes_seen(std::uint32_t) noexcept;

 private:
  struct Seat {
    NodeId node = NodeId::none;
    std::uint32_t votes = 0, withheld = 0;
    std::uint32_t grown = 0;  // of its votes those that count since it grew up
  };
  struct Origin;

  // Expected votes may shrink, so that a majority of them is not one of all.
  bool shrinks() const noexcept { return settings_.last_man_standing || settings_.allow_downscale; }
  bool waits() const noexcept { return settings_.wait_for_all || shrinks(); }
  Origin origin_of(std::span<const QuorumMember>) const noexcept;
  void take_expected(std::span<const QuorumMember>, const Origin&) noexcept;
  void take_seats(std::span<const QuorumMember>) noexcept;
  NodeId choose_tie_breaker() const noexcept;
  std::span<const Seat> seats() const noexcept { return {seats_.data(), seat_count_}; }
  const Seat* seat_of(NodeId) const noexcept;
  Seat* seat_of(NodeId node) noexcept {
    return const_cast<Seat*>(static_cast<const Quorum*>(this)->seat_of(node));
  }
  void decide() noexcept;
  std::uint8_t flags(bool two_node) const noexcept;
  Verdict::Reason judge(std::uint32_t total, std::uint32_t quorum) const noexcept;
  Verdict::Fencing fencing() const noexcept;

  const QuorumSettings settings_;
  const NodeId self_;
  QuorumStatus status_;  // its claims are those from before the view
  QuorumClaim view_;     // the present one
  Verdict verdict_;
  std::array<Seat, nodes_max> seats_{};  // of the view
  std::size_t seat_count_ = 0;
  Shortest shortest_;
  std::uint32_t counted_ = 0;  // their votes, without the device's
  bool was_quorate_ = false;   // at some time in this view
  bool remembered_ = false;    // not all have forgotten who was there
  bool all_came_ = false;      // all votes that were ever expected,
  bool first_ = false;         // and none of them from a quorate view
  bool entitled_ = false;      // a part of this view was quorate, and need not wait for all
  bool half_came_ =
      false;  // half of the votes came along from a quorate view, with its tie-breaker
  NodeId broke_tie_ = NodeId::none;  // that tie-breaker, or the one that is missing
  std::array<QuorumDevice, nodes_max> devices_{};
  std::uint32_t device_polls_ = 0, seen_ = 0;
  bool window_open_ = false;
};

}  // namespace gyre::membership
