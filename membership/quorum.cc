#include "membership/quorum.hh"

#include <algorithm>
#include <cassert>
#include <utility>

namespace gyre::membership {
namespace {

constexpr bool is_quorate(Verdict::Reason reason) noexcept {
  return reason > Verdict::Reason::no_view && reason < Verdict::Reason::too_few;
}

// 64 bits: the sum of 128 nodes' votes may not fit into 32, and saturates.
constexpr std::uint32_t saturated(std::uint64_t votes) noexcept {
  return static_cast<std::uint32_t>(std::min<std::uint64_t>(votes, 0xffff'ffff));
}

// What of a quorate view is here.
struct Share {
  std::uint64_t came = 0;
  std::uint32_t total = 0, expected = 0;
  NodeId tie_breaker = NodeId::none;
  bool tie_breaker_came = false;

  // No other part of that view can be its heir.
  bool inherits() const noexcept {
    return 2 * came > total || (2 * came == total && tie_breaker_came);
  }
};

Share share_of(std::span<const QuorumMember> members, const totem::RingId& ring) noexcept {
  Share share;
  for (const QuorumMember& member : members) {
    const QuorumClaim* claim = member.status.claim_on(ring);
    if (!claim) continue;
    if (!member.status.leaving) share.came += claim->votes;
    // Who knows of fewer departures counts more votes: that is the safe side.
    share.total = std::max(share.total, claim->total);
    share.expected = std::max(share.expected, claim->expected);
    share.tie_breaker = claim->tie_breaker;
  }
  share.tie_breaker_came = std::ranges::any_of(members, [&](const QuorumMember& member) {
    return member.node == share.tie_breaker && !member.status.leaving &&
           member.status.claim_on(ring) != nullptr;
  });
  return share;
}

}  // namespace

const QuorumClaim* QuorumStatus::claim_on(const totem::RingId& ring) const noexcept {
  if (quorate && claim.ring == ring) return &claim;
  const auto found = std::ranges::find(tried(), ring, &QuorumClaim::ring);
  return found == tried().end() ? nullptr : &*found;
}

// The quorate view that members came from, and what of it is here.
struct Quorum::Origin {
  bool any = false;         // somebody was quorate
  bool undisputed = false;  // what may be quorate since, and is not known to be, has its heirs here
  bool heir = false;        // no other part of that view can be
  Share share;
};

Quorum::Quorum(const QuorumSettings& settings, NodeId self) noexcept
    : settings_(settings), self_(self) {
  status_.votes = settings.section ? settings.votes : 1;
  status_.expected = settings.section ? settings.expected_votes : 2;
  status_.consensus = settings.consensus;
  status_.young = settings.young;
  status_.forgot = settings.forgot;
  if (settings.remembers()) status_.expected = std::max(status_.expected, settings.highest_seen);
  status_.highest = status_.expected;
  verdict_.expected_votes = verdict_.highest_expected = status_.expected;
}

// Of several quorate views, those that came along from the latest decide. There is but one where it
// matters: each quorate view has one heir, and a view of all votes leaves no other behind.
Quorum::Origin Quorum::origin_of(std::span<const QuorumMember> members) const noexcept {
  Origin origin;
  totem::RingId latest;
  for (const QuorumMember& member : members) {
    if (!member.status.quorate || member.status.leaving) continue;
    latest = std::max(latest, member.status.claim.ring);
    origin.any = true;
  }
  if (!origin.any) return origin;
  origin.share = share_of(members, latest);
  origin.undisputed = true;
  for (const QuorumMember& member : members)
    for (const QuorumClaim& attempt : member.status.tried()) {
      if (attempt.ring <= latest) continue;
      const Share share = share_of(members, attempt.ring);
      origin.undisputed &= share.inherits();
      origin.share.expected = std::max(origin.share.expected, share.expected);
    }
  origin.heir = origin.undisputed && origin.share.inherits();
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
    status_.expected = origin.heir ? origin.share.expected : highest;
  else
    status_.expected = by_hand != 0 ? by_hand : std::max(expected, seen_);
}

// The young count where all votes are here, and are young no more: nobody can be left who acts by
// what they promised.
void Quorum::take_seats(std::span<const QuorumMember> members) noexcept {
  remembered_ = std::ranges::any_of(
      members, [](const QuorumMember& member) { return !member.status.forgot; });
  const auto usable = [&](const QuorumStatus& status) {
    return !status.leaving && (remembered_ || !status.forgot);
  };
  std::uint64_t here = 0, total = 0;
  for (const QuorumMember& member : members)
    if (usable(member.status)) here += member.status.votes;
  const bool all = here >= status_.highest;
  seat_count_ = std::min(members.size(), seats_.size());
  view_.votes = 0;
  for (std::size_t i = 0; i < seat_count_; ++i) {
    const QuorumStatus& status = members[i].status;
    const bool counts = usable(status) && (all || !status.young);
    seats_[i] = {.node = members[i].node,
                 .votes = counts ? status.votes : 0,
                 .withheld = counts || status.leaving ? 0 : status.votes};
    total += seats_[i].votes;
    if (seats_[i].node == self_) view_.votes = seats_[i].votes;
  }
  view_.total = counted_ = saturated(total);
  if (remembered_) status_.forgot = false;
  if (all) status_.young = false;
  all_came_ = all;
}

// Votequorum's order of a list: the first of it that is there. Without the option the lowest node
// still says which half of a quorate view is its heir. Not one who grew up since: as in grown().
NodeId Quorum::choose_tie_breaker() const noexcept {
  const auto voting = [](const Seat& seat) { return seat.votes != seat.grown; };
  if (settings_.tie_breaker == TieBreaker::listed) {
    for (const NodeId listed : settings_.tie_breakers) {
      if (listed == NodeId::none) break;
      if (std::ranges::any_of(seats(),
                              [&](const Seat& s) { return s.node == listed && voting(s); }))
        return listed;
    }
    return NodeId::none;
  }
  NodeId chosen = NodeId::none;
  const bool highest = settings_.tie_breaker == TieBreaker::highest;
  for (const Seat& seat : seats())
    if (voting(seat) && (chosen == NodeId::none || (seat.node > chosen) == highest))
      chosen = seat.node;
  return chosen;
}

const Quorum::Seat* Quorum::seat_of(NodeId node) const noexcept {
  const auto found = std::ranges::find(seats(), node, &Seat::node);
  return found == seats().end() ? nullptr : &*found;
}

std::uint32_t Quorum::votes_of(NodeId node) const noexcept {
  const Seat* seat = seat_of(node);
  return seat ? seat->votes + seat->withheld : 0;
}

bool Quorum::withheld(NodeId node) const noexcept {
  const Seat* seat = seat_of(node);
  return seat && seat->withheld != 0;
}

void Quorum::view(const totem::RingId& ring, std::span<const QuorumMember> members) noexcept {
  assert(!in_view());
  const Origin origin = origin_of(members);
  take_expected(members, origin);
  take_seats(members);
  const auto shortest = std::ranges::min_element(
      members, {}, [](const QuorumMember& member) { return member.status.consensus; });
  shortest_ = {shortest->node, shortest->status.consensus};
  view_.ring = ring;
  view_.tie_breaker = choose_tie_breaker();
  broke_tie_ = origin.share.tie_breaker;
  status_.expected = std::max(status_.expected, counted_);
  const std::uint32_t all = settings_.section ? settings_.expected_votes : seen_;
  if (std::uint64_t{counted_} + settings_.device_votes >= all)
    status_.by_hand = false;  // all are here and know
  entitled_ = shrinks() ? origin.heir : origin.any;
  half_came_ = settings_.tie_breaker != TieBreaker::none && origin.undisputed &&
               origin.share.tie_breaker_came && 2 * origin.share.came == status_.expected;
  first_ = all_came_ && !origin.any;
  was_quorate_ = window_open_ = false;
  std::ranges::transform(seats(), devices_.begin(),
                         [](const Seat& seat) { return QuorumDevice{.node = seat.node}; });
  device_polls_ = 0;
  decide();
  const bool alike = std::ranges::all_of(
      seats(), [](const Seat& seat) { return seat.votes + seat.withheld == 1; });
  window_open_ =
      settings_.last_man_standing && alike && verdict_.quorate && counted_ < status_.expected;
}

// Where it is not known that all had the lists, others may have gone on from the view before; not
// so from nothing.
void Quorum::retire(bool known) noexcept {
  if (!in_view()) return;
  view_.expected = status_.expected;
  if (known || first_) {
    status_.quorate = verdict_.quorate;
    status_.claim = verdict_.quorate ? view_ : QuorumClaim{};
    status_.attempt_count = 0;
  } else if (was_quorate_ && status_.attempt_count < QuorumStatus::attempts_max) {
    status_.attempts[status_.attempt_count++] = view_;
  } else if (was_quorate_) {  // no room to remember it: claim nothing
    status_.quorate = false;
    status_.attempt_count = 0;
  }
  view_ = {};
  window_open_ = false;
}

// Only allow_downscale takes a departure for a smaller cluster, and only while the rest is quorate.
void Quorum::leaves(NodeId node) noexcept {
  Seat* seat = seat_of(node);
  if (!seat || !in_view() || !settings_.allow_downscale) return;
  if (node == self_) status_.leaving = true;
  if (verdict_.quorate)
    status_.expected = std::max(settings_.downscale_min,
                                status_.expected - std::min(status_.expected, seat->votes));
  counted_ -= seat->votes;
  view_.total -= seat->votes - seat->grown;
  *seat = {.node = node};
  half_came_ = false;
  view_.tie_breaker = choose_tie_breaker();
  decide();
}

// Its vote counts for the majority. To the claims on this view it adds nothing: who parts from us
// just now may not know of it.
void Quorum::grown(NodeId node) noexcept {
  Seat* seat = seat_of(node);
  if (!seat || !in_view() || !remembered_ || seat->withheld == 0) return;
  seat->votes = seat->grown = std::exchange(seat->withheld, 0);
  counted_ = saturated(std::uint64_t{counted_} + seat->votes);
  decide();
}

void Quorum::window_over() noexcept {
  if (!window_open_) return;
  window_open_ = false;
  status_.expected = counted_;
  decide();
}

void Quorum::device(NodeId node, const QuorumDevice& device) noexcept {
  const auto here = std::span(devices_).first(seat_count_);
  const auto said = std::ranges::find(here, node, &QuorumDevice::node);
  if (settings_.device_votes == 0 || said == here.end() || !in_view()) return;
  const std::uint32_t polls = said->polls + 1;
  *said = device;
  said->node = node;
  said->polls = polls;
  ++device_polls_;
  decide();
}

void Quorum::device_gone(NodeId node, std::uint32_t polls) noexcept {
  QuorumDevice device = device_of(node);
  if (device.polls != polls) return;  // it came back
  device.alive = device.votes = false;
  this->device(node, device);
}

const QuorumDevice& Quorum::device_of(NodeId node) const noexcept {
  static constexpr QuorumDevice none;
  const auto found = std::ranges::find(devices(), node, &QuorumDevice::node);
  return found == devices().end() ? none : *found;
}

QuorumChange Quorum::set_expected(std::uint32_t expected) noexcept {
  if (expected < verdict_.total_votes) return QuorumChange::below_total;
  if (verdict_.quorate && verdict_.total_votes < expected / 2 + 1) return QuorumChange::would_block;
  if (expected < status_.highest) status_.by_hand = true;
  status_.expected = status_.highest = expected;
  decide();
  return QuorumChange::done;
}

QuorumChange Quorum::set_votes(NodeId node, std::uint32_t votes) noexcept {
  Seat* seat = seat_of(node);
  if (!seat) return QuorumChange::unknown_node;
  const std::uint32_t total = saturated(std::uint64_t{counted_} - seat->votes + votes);
  if (verdict_.quorate && votes < seat->votes && total < verdict_.quorum)
    return QuorumChange::would_block;
  if (votes != seat->votes) status_.by_hand = true;
  view_.total = saturated(std::uint64_t{view_.total} - (seat->votes - seat->grown) + votes);
  *seat = {.node = node, .votes = votes};
  counted_ = total;
  if (node == self_) status_.votes = view_.votes = votes;
  decide();
  return QuorumChange::done;
}

// A majority of votes that never shrink is safe without waiting. One of votes that did is not.
void Quorum::cancel_wait_for_all() noexcept {
  if (verdict_.quorate || !waits() || !in_view()) return;
  entitled_ = true;
  decide();
  if (verdict_.quorate && shrinks()) {
    status_.by_hand = true;
    verdict_.fencing = fencing();
  }
}

void Quorum::nodes_seen(std::uint32_t nodes) noexcept {
  if (settings_.section) return;
  seen_ = std::max(seen_, nodes);
  status_.expected = std::max(status_.expected, seen_);
  decide();
}

Verdict::Reason Quorum::judge(std::uint32_t total, std::uint32_t quorum) const noexcept {
  using Reason = Verdict::Reason;
  const bool master = settings_.device_master_wins &&
                      std::ranges::any_of(devices(), [](const QuorumDevice& device) {
                        return device.counts() && device.master_wins;
                      });
  const bool all = total >= (shrinks() ? status_.highest : status_.expected);
  const bool enough = total >= quorum;
  if (waits() && !entitled_ && !all) return Reason::waiting;
  if (master && counted_ != 0) return Reason::device;
  if (enough && settings_.two_node && status_.expected <= 2 && total < 2) return Reason::two_node;
  if (enough) return status_.expected < status_.highest ? Reason::heir : Reason::majority;
  if (settings_.tie_breaker == TieBreaker::none || 2 * std::uint64_t{total} != status_.expected)
    return Reason::too_few;
  return half_came_ ? Reason::tie_breaker : Reason::tie_lost;
}

void Quorum::decide() noexcept {
  const bool device = std::ranges::any_of(devices(), &QuorumDevice::counts);
  const std::uint32_t total =
      saturated(std::uint64_t{counted_} + (device ? settings_.device_votes : 0));
  status_.expected = std::max(status_.expected, total);
  status_.highest = std::max(status_.highest, status_.expected);
  const bool two_node = settings_.two_node && status_.expected <= 2;
  std::uint32_t quorum = two_node ? 1 : status_.expected / 2 + 1;
  // The device may make the least node quorate, so without it none of the nodes may be missing.
  if (settings_.device_master_wins)
    quorum =
        std::max(quorum, status_.expected - std::min(status_.expected, settings_.device_votes));

  verdict_.reason = in_view() ? judge(total, quorum) : Verdict::Reason::no_view;
  verdict_.quorate = is_quorate(verdict_.reason);
  was_quorate_ |= verdict_.quorate;
  if (verdict_.quorate) {
    entitled_ = true;
  } else {
    entitled_ = half_came_ = window_open_ = false;  // what is lost comes back with all votes only
    if (shrinks() && in_view()) {
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
  verdict_.withheld_votes = 0;
  for (const Seat& seat : seats())
    verdict_.withheld_votes = saturated(std::uint64_t{verdict_.withheld_votes} + seat.withheld);
  verdict_.tie_breaker = broke_tie_;
  verdict_.flags = flags(two_node);
}

std::uint8_t Quorum::flags(bool two_node) const noexcept {
  const auto flag = [](bool on, Verdict::Flag which) { return on ? which : 0; };
  return static_cast<std::uint8_t>(
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
