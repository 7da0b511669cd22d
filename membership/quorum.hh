// Whether this side of the cluster may act. Votes are counted whenever a ring opens, from what each
// member says of itself then, so that all members come to the same verdict.
//
// Options and words are votequorum's. Where its documented rules let two sides be quorate at once,
// this one is stricter (tests/models/quorum_test.cc has both):
// - With last_man_standing or allow_downscale, expected votes shrink, and who was not there cannot
//   know. A side is then quorate only as the heir of the last quorate one, with more than half of
//   its votes, or with every vote that was ever expected. So both imply wait_for_all, and what was
//   shrunk is forgotten with the quorum.
// - auto_tie_breaker keeps a quorum and never makes one: exactly half of the expected votes must
//   have come along from a quorate view, with that view's tie-breaker among them.
// - A device votes for one ring: a new view begins without it. With master_wins, a side without
//   the device needs the votes of all nodes.
// All this holds as long as every node expects at least the votes that there are.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <span>
#include <string>

#include "totem/types.hh"

namespace gyre::membership {

enum class TieBreaker : std::uint8_t { none, lowest, highest, listed };

// The same on every node, but for `votes` and `highest_seen`.
struct QuorumSettings {
  bool section = false;  // without one: the majority of max(2, nodes ever seen)
  bool two_node = false, wait_for_all = false;
  bool last_man_standing = false, allow_downscale = false, expected_votes_tracking = false;
  bool device_master_wins = false;
  TieBreaker tie_breaker = TieBreaker::none;
  std::uint32_t votes = 1;           // of this node
  std::uint32_t expected_votes = 0;  // of all nodes and the device together
  std::uint32_t downscale_min = 0;   // allow_downscale goes no lower
  std::uint32_t device_votes = 0;    // 0: no device
  // Kept on disk by the caller: the highest Verdict::highest_expected so far; without a section,
  // the number of nodes ever seen. Counts there, with expected_votes_tracking and allow_downscale.
  std::uint32_t highest_seen = 0;
  Duration last_man_standing_window = std::chrono::seconds(10);
  Duration device_timeout = std::chrono::seconds(10);
  std::array<NodeId, nodes_max> tie_breakers{};  // in their order; NodeId::none ends the list
};

// What a node says of itself when a ring opens.
struct QuorumStatus {
  std::uint32_t votes = 1;
  std::uint32_t expected = 0;
  std::uint32_t highest = 0;  // expected votes before they shrank
  totem::RingId ring;         // of its last view; RingId{}: it has just started
  std::uint32_t total = 0;    // the votes of that view's nodes
  NodeId tie_breaker = NodeId::none;
  bool quorate = false;  // by its verdict of that view
  bool by_hand = false;  // an operator changed what is counted
  bool leaving = false;  // it will be gone: its votes do not count
  bool operator==(const QuorumStatus&) const = default;
};

struct QuorumMember {
  NodeId node = NodeId::none;
  QuorumStatus status;
};

struct QuorumDevice {
  std::uint32_t votes = 0;  // at most QuorumSettings::device_votes count
  bool master_wins = false;
  bool alive = false;  // it votes for the ring of the present view
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
  NodeId tie_breaker = NodeId::none;
  Time deadline = never;  // of Quorum::expire
  bool operator==(const Verdict&) const = default;
};

// These make text, so not on the reactor: why, for a person, with the need for fencing; the words
// that corosync-quorumtool prints, each with a blank behind it.
std::string reason_text(const Verdict&);
std::string flags_text(const Verdict&);

enum class QuorumChange : std::uint8_t { done, below_total, would_block, unknown_node };

// One node's count. What comes through the ring's order (all but device and expire) is to be
// handed in on every member alike.
class Quorum {
 public:
  Quorum(const QuorumSettings&, NodeId self) noexcept;

  // To be sent when a ring opens. What happens between that and its view changes nothing there.
  const QuorumStatus& status() const noexcept { return status_; }
  const Verdict& verdict() const noexcept { return verdict_; }

  // At most nodes_max members, this node among them.
  void view(const totem::RingId&, std::span<const QuorumMember>, Time now) noexcept;
  // A member announced that it leaves.
  void leaves(NodeId) noexcept;
  // A device was polled, or is gone. It is asked again before the verdict's deadline.
  void device(const QuorumDevice&, Time now) noexcept;
  // The operator's.
  QuorumChange set_expected(std::uint32_t) noexcept;
  QuorumChange set_votes(NodeId, std::uint32_t) noexcept;
  void cancel_wait_for_all() noexcept;
  // Without a quorum section: so many different nodes were seen, ever.
  void nodes_seen(std::uint32_t) noexcept;
  void expire(Time now) noexcept;

 private:
  struct Seat {
    NodeId node = NodeId::none;
    std::uint32_t votes = 0;
  };
  struct Origin;

  // Expected votes may shrink, so that a majority of them is not one of all.
  bool shrinks() const noexcept { return settings_.last_man_standing || settings_.allow_downscale; }
  bool waits() const noexcept { return settings_.wait_for_all || shrinks(); }
  Origin origin_of(std::span<const QuorumMember>) const noexcept;
  void take_expected(std::span<const QuorumMember>, const Origin&) noexcept;
  NodeId choose_tie_breaker() const noexcept;
  Seat* seat_of(NodeId) noexcept;
  void decide() noexcept;
  Verdict::Reason judge(std::uint32_t total, std::uint32_t quorum) const noexcept;
  Verdict::Fencing fencing() const noexcept;

  const QuorumSettings settings_;
  const NodeId self_;
  QuorumStatus status_;
  Verdict verdict_;
  std::array<Seat, nodes_max> seats_{};  // of the view
  std::size_t seat_count_ = 0;
  bool entitled_ = false;  // a part of this view was quorate, and need not wait for all
  bool half_came_ =
      false;  // half of the votes came along from a quorate view, with its tie-breaker
  NodeId broke_tie_ = NodeId::none;  // that tie-breaker, or the one that is missing
  QuorumDevice device_;
  Time window_ends_ = never, device_ends_ = never;
};

}  // namespace gyre::membership
