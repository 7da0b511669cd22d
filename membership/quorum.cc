#include "membership/quorum.hh"

#include <algorithm>

namespace gyre::membership {
namespace {

constexpr bool is_quorate(Verdict::Reason reason) noexcept {
  return reason > Verdict::Reason::no_view && reason < Verdict::Reason::too_few;
}

std::uint32_t counted(const QuorumMember& member) noexcept {
  return member.status.leaving ? 0 : member.status.votes;
}

// 64 bits: the sum of 128 nodes' votes may not fit into 32, and saturates.
constexpr std::uint32_t saturated(std::uint64_t votes) noexcept {
  return static_cast<std::uint32_t>(std::min<std::uint64_t>(votes, 0xffff'ffff));
}

}  // namespace

// The quorate view that members came from, and what of it is here.
struct Quorum::Origin {
  bool any = false;   // somebody was quorate
  bool heir = false;  // no other part of that view can be
  std::uint32_t came = 0, total = 0, expected = 0;
  NodeId tie_breaker = NodeId::none;
  bool tie_breaker_came = false;
};

Quorum::Quorum(const QuorumSettings& settings, NodeId self) noexcept
    : settings_(settings), self_(self) {
  status_.votes = settings.section ? settings.votes : 1;
  status_.expected = settings.section ? settings.expected_votes : 2;
  const bool remembers =
      !settings.section || settings.expected_votes_tracking || settings.allow_downscale;
  if (remembers) status_.expected = std::max(status_.expected, settings.highest_seen);
  status_.highest = status_.expected;
  verdict_.expected_votes = verdict_.highest_expected = status_.expected;
}

// Of several quorate views, those that came along from the latest decide. There is but one where it
// matters: each quorate view has one heir, and a view of all votes leaves no other behind.
Quorum::Origin Quorum::origin_of(std::span<const QuorumMember> members) const noexcept {
  Origin origin;
  totem::RingId latest;
  for (const QuorumMember& member : members)
    if (member.status.quorate && !member.status.leaving)
      latest = origin.any ? std::max(latest, member.status.ring) : member.status.ring,
      origin.any = true;
  if (!origin.any) return origin;
  std::uint64_t came = 0;
  for (const QuorumMember& member : members) {
    const QuorumStatus& status = member.status;
    if (!status.quorate || status.ring != latest) continue;
    came += counted(member);
    // Who knows of fewer departures counts more votes: that is the safe side.
    origin.total = std::max(origin.total, status.total);
    origin.expected = std::max(origin.expected, status.expected);
    origin.tie_breaker = status.tie_breaker;
  }
  origin.came = saturated(came);
  origin.tie_breaker_came = std::ranges::any_of(members, [&](const QuorumMember& member) {
    return member.node == origin.tie_breaker && member.status.ring == latest &&
           member.status.quorate && !member.status.leaving;
  });
  const std::uint64_t twice = 2 * came;
  origin.heir = twice > origin.total || (twice == origin.total && origin.tie_breaker_came);
  return origin;
}

void Quorum::take_expected(std::span<const QuorumMember> members, const Origin& origin) noexcept {
  std::uint32_t expected = 0, highest = 0, by_hand = 0;
  status_.by_hand = false;
  for (const QuorumMember& member : members) {
    const QuorumStatus& status = member.status;
    expected = std::max(expected, status.expected);
    highest = std::max(highest, status.highest);
    if (!status.by_hand) continue;
    status_.by_hand = true;
    if (status.quorate) by_hand = std::max(by_hand, status.expected);
  }
  status_.highest = highest;
  if (shrinks())
    status_.expected = origin.heir ? origin.expected : highest;
  else
    status_.expected = by_hand != 0 ? by_hand : expected;
}

// Votequorum's order of a list: the first of it that is there. Without the option the lowest node
// still says which half of a quorate view is its heir.
NodeId Quorum::choose_tie_breaker() const noexcept {
  const std::span<const Seat> seats(seats_.data(), seat_count_);
  const auto voting = [](const Seat& seat) { return seat.votes != 0; };
  if (settings_.tie_breaker == TieBreaker::listed) {
    for (const NodeId listed : settings_.tie_breakers) {
      if (listed == NodeId::none) break;
      if (std::ranges::any_of(seats, [&](const Seat& s) { return s.node == listed && voting(s); }))
        return listed;
    }
    return NodeId::none;
  }
  NodeId chosen = NodeId::none;
  const bool highest = settings_.tie_breaker == TieBreaker::highest;
  for (const Seat& seat : seats)
    if (voting(seat) && (chosen == NodeId::none || (seat.node > chosen) == highest))
      chosen = seat.node;
  return chosen;
}

Quorum::Seat* Quorum::seat_of(NodeId node) noexcept {
  const std::span<Seat> seats(seats_.data(), seat_count_);
  const auto found = std::ranges::find(seats, node, &Seat::node);
  return found == seats.end() ? nullptr : &*found;
}

void Quorum::view(const totem::RingId& ring, std::span<const QuorumMember> members,
                  Time now) noexcept {
  const Origin origin = origin_of(members);
  take_expected(members, origin);
  std::uint64_t total = 0;
  seat_count_ = std::min(members.size(), seats_.size());
  for (std::size_t i = 0; i < seat_count_; ++i) {
    seats_[i] = {members[i].node, counted(members[i])};
    total += seats_[i].votes;
  }
  status_.ring = ring;
  status_.total = saturated(total);
  status_.tie_breaker = choose_tie_breaker();
  broke_tie_ = origin.tie_breaker;
  status_.expected = std::max(status_.expected, status_.total);
  if (std::uint64_t{status_.total} + settings_.device_votes >= settings_.expected_votes)
    status_.by_hand = false;  // all are here and know
  entitled_ = shrinks() ? origin.heir : origin.any;
  half_came_ = settings_.tie_breaker != TieBreaker::none && origin.tie_breaker_came &&
               2 * std::uint64_t{origin.came} == status_.expected;
  device_.alive = false;
  device_ends_ = window_ends_ = never;
  decide();
  const bool alike = std::ranges::all_of(std::span(seats_.data(), seat_count_),
                                         [](const Seat& seat) { return seat.votes == 1; });
  if (settings_.last_man_standing && alike && verdict_.quorate && status_.total < status_.expected)
    verdict_.deadline = window_ends_ = now + settings_.last_man_standing_window;
}

// Only allow_downscale takes a departure for a smaller cluster, and only while the rest is quorate.
void Quorum::leaves(NodeId node) noexcept {
  Seat* seat = seat_of(node);
  if (!seat || !settings_.allow_downscale) return;
  if (node == self_) status_.leaving = true;
  if (verdict_.quorate)
    status_.expected = std::max(settings_.downscale_min,
                                status_.expected - std::min(status_.expected, seat->votes));
  status_.total -= seat->votes;
  seat->votes = 0;
  half_came_ = false;
  status_.tie_breaker = choose_tie_breaker();
  decide();
}

void Quorum::device(const QuorumDevice& device, Time now) noexcept {
  if (settings_.device_votes == 0) return;
  device_ = device;
  device_.votes = std::min(device.votes, settings_.device_votes);
  device_ends_ = device.alive ? now + settings_.device_timeout : never;
  decide();
}

QuorumChange Quorum::set_expected(std::uint32_t expected) noexcept {
  if (expected < verdict_.total_votes) return QuorumChange::below_total;
  if (verdict_.quorate && verdict_.total_votes < expected / 2 + 1) return QuorumChange::would_block;
  if (expected < status_.expected) status_.by_hand = true;
  status_.expected = status_.highest = expected;
  decide();
  return QuorumChange::done;
}

QuorumChange Quorum::set_votes(NodeId node, std::uint32_t votes) noexcept {
  Seat* seat = seat_of(node);
  if (!seat) return QuorumChange::unknown_node;
  const std::uint32_t total =
      saturated(std::uint64_t{status_.total} - seat->votes + std::uint64_t{votes});
  if (verdict_.quorate && votes < seat->votes && total < verdict_.quorum)
    return QuorumChange::would_block;
  if (votes != seat->votes) status_.by_hand = true;
  seat->votes = votes;
  status_.total = total;
  if (node == self_) status_.votes = votes;
  decide();
  return QuorumChange::done;
}

// A majority of votes that never shrink is safe without waiting. One of votes that did is not.
void Quorum::cancel_wait_for_all() noexcept {
  if (verdict_.quorate || !waits()) return;
  entitled_ = true;
  decide();
  if (verdict_.quorate && shrinks()) {
    status_.by_hand = true;
    verdict_.fencing = fencing();
  }
}

void Quorum::nodes_seen(std::uint32_t nodes) noexcept {
  if (settings_.section) return;
  status_.expected = std::max(status_.expected, nodes);
  decide();
}

void Quorum::expire(Time now) noexcept {
  if (now >= window_ends_) {
    window_ends_ = never;
    if (verdict_.quorate) status_.expected = status_.total;
  }
  if (now >= device_ends_) {
    device_ends_ = never;
    device_.alive = false;
  }
  decide();
}

Verdict::Reason Quorum::judge(std::uint32_t total, std::uint32_t quorum) const noexcept {
  using Reason = Verdict::Reason;
  const bool master = settings_.device_master_wins && device_.alive && device_.master_wins;
  const bool all = total >= (shrinks() ? status_.highest : status_.expected);
  const bool enough = total >= quorum;
  if (waits() && !entitled_ && !all) return Reason::waiting;
  if (master) return Reason::device;
  if (enough && settings_.two_node && status_.expected <= 2 && total < 2) return Reason::two_node;
  if (enough) return status_.expected < status_.highest ? Reason::heir : Reason::majority;
  if (settings_.tie_breaker == TieBreaker::none || 2 * std::uint64_t{total} != status_.expected)
    return Reason::too_few;
  return half_came_ ? Reason::tie_breaker : Reason::tie_lost;
}

void Quorum::decide() noexcept {
  const std::uint32_t total =
      saturated(std::uint64_t{status_.total} + (device_.alive ? device_.votes : 0));
  status_.expected = std::max(status_.expected, total);
  status_.highest = std::max(status_.highest, status_.expected);
  const bool two_node = settings_.two_node && status_.expected <= 2;
  std::uint32_t quorum = two_node ? 1 : status_.expected / 2 + 1;
  // The device may make the least node quorate, so without it none of the nodes may be missing.
  if (settings_.device_master_wins)
    quorum =
        std::max(quorum, status_.expected - std::min(status_.expected, settings_.device_votes));

  verdict_.reason =
      status_.ring == totem::RingId{} ? Verdict::Reason::no_view : judge(total, quorum);
  verdict_.quorate = status_.quorate = is_quorate(verdict_.reason);
  if (verdict_.quorate) {
    entitled_ = true;
  } else {
    entitled_ = half_came_ = false;  // what is lost comes back with all votes only
    window_ends_ = never;
    if (shrinks() && verdict_.reason != Verdict::Reason::no_view) {
      verdict_.reason = Verdict::Reason::waiting;
      status_.expected = status_.highest;
      quorum = status_.expected / 2 + 1;
    }
  }
  verdict_.fencing = fencing();
  verdict_.expected_votes = status_.expected;
  verdict_.highest_expected = status_.highest;
  verdict_.total_votes = total;
  verdict_.quorum = quorum;
  verdict_.tie_breaker = broke_tie_;
  verdict_.deadline = std::min(window_ends_, device_ends_);
  const auto flag = [](bool on, Verdict::Flag which) { return on ? which : 0; };
  verdict_.flags = static_cast<std::uint8_t>(
      flag(two_node, Verdict::flag_two_node) | flag(verdict_.quorate, Verdict::flag_quorate) |
      flag(waits(), Verdict::flag_wait_for_all) |
      flag(settings_.last_man_standing, Verdict::flag_last_man_standing) |
      flag(settings_.tie_breaker != TieBreaker::none, Verdict::flag_auto_tie_breaker) |
      flag(settings_.allow_downscale, Verdict::flag_allow_downscale) |
      flag(settings_.device_votes != 0, Verdict::flag_device));
}

Verdict::Fencing Quorum::fencing() const noexcept {
  using Fencing = Verdict::Fencing;
  if (!settings_.section) return Fencing::no_section;
  if (settings_.two_node && status_.expected <= 2) return Fencing::two_node;
  if (status_.by_hand) return Fencing::by_hand;
  return status_.highest > settings_.expected_votes ? Fencing::more_votes : Fencing::not_needed;
}

}  // namespace gyre::membership
