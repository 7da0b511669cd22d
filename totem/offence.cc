// Nodes and paths that keep breaking the ring: how long they are not listened to.

#include <algorithm>
#include <utility>

#include "totem/ring.hh"

namespace gyre::totem {
namespace {

constexpr std::uint32_t breaks_borne = 3;   // rings that may break in succession
constexpr std::uint32_t doublings_max = 8;  // of a time that has another bound anyway

}  // namespace

bool Ring::held_down(NodeIndex node, Time now) const noexcept {
  return now < peer_state_[at(node)].held_down_until;
}

// Its joins come, but the commit token that we pass to it does not get there.
bool Ring::unreached(NodeIndex node, Time now) const noexcept {
  return now < peer_state_[at(node)].unreached_until;
}

// A commit token went to this peer until its time was up, and its join says whether it came. One
// may be lost, or come at a bad moment. After the second in succession the two do not hear each
// other: the largest set that does goes on, and later they may try again.
void Ring::judge_handover(PeerState& peer, const wire::Join& join, Time now) const noexcept {
  const std::uint64_t handed = std::exchange(peer.handed_ring_seq, 0);
  if (handed == 0) return;
  const bool missed = join.flags & wire::Join::missed && join.ring_seq == handed;
  peer.misses = missed || join.ring_seq < handed ? peer.misses + 1 : 0;
  if (peer.misses >= 2) peer.unreached_until = now + hold_down(peer.misses);
}

// The first offence is free; then the node cannot break a ring for longer and longer, but never
// longer than a healthy ring takes to form twice. Where members differ in this, one that does not
// hold the node down begins to gather, and then all listen to it.
void Ring::offence(NodeIndex node, Time now) {
  PeerState& peer = peer_state_[at(node)];
  if (++peer.offences >= 2) peer.held_down_until = now + hold_down(peer.offences);
}

Duration Ring::hold_down(std::uint32_t offences) const noexcept {
  const auto doublings = std::min(offences - 2, doublings_max);
  return std::min(parameters_.consensus * (1 << doublings), hold_down_max());
}

Duration Ring::hold_down_max() const noexcept {
  return 2 * (parameters_.token_loss + parameters_.consensus);
}

Duration Ring::settled_after() const noexcept {
  return 4 * (parameters_.token_loss + parameters_.consensus);
}

// A new ring stands: who was in the old one but is not in this, although it had only just come?
// And did the node for whose sake we gathered not get in?
void Ring::judge_absentees(const Log& before, const Members& after, Time now) {
  (before.members - after).each([&](NodeIndex node) {
    PeerState& peer = peer_state_[at(node)];
    if (peer.left_orderly) return;
    if (now - peer.member_since < settled_after())
      offence(node, now);
    else
      peer.offences = 0;
  });
  if (disturber_ != NodeIndex::self && !after.has(disturber_)) offence(disturber_, now);
  disturber_ = NodeIndex::self;
  if (wary_) breaks_ = breaks_borne - 1;  // one more, and it is too many again
  (after - before.members).each([&](NodeIndex node) { peer_state_[at(node)].member_since = now; });
  after.each([&](NodeIndex node) {
    PeerState& peer = peer_state_[at(node)];
    if (peer.incarnation != peer.member_incarnation) peer.member_since = now;
    peer.member_incarnation = peer.incarnation;
    peer.misses = 0;
    peer.left_orderly = false;  // it is back, perhaps without a join that came
  });
}

// The ring that stood, if its token was lost here; or the one that was agreed upon or being formed,
// whatever ended that. One that stood and makes room for another does not count, nor one that a
// member was the first to give up.
Members Ring::broken_ring(Reason reason) const noexcept {
  if (const auto* gathering = std::get_if<Gather>(&state_))
    return gathering->agreed ? gathering->proposal : Members{};
  if (state() != State::operational) return forming_->members;
  return reason == Reason::token_lost ? log_->members : Members{};
}

void Ring::note_break(Reason reason, Time now) noexcept {
  const Members members = broken_ring(reason);
  if (members.empty()) return;
  std::uint64_t lives = 0;
  members.each([&](NodeIndex node) { lives += peer_state_[at(node)].incarnation; });
  const bool same =
      members == broken_ && lives == broken_lives_ && now - broke_at_ < settled_after();
  breaks_ = same ? breaks_ + 1 : 1;
  broken_ = members;
  broken_lives_ = lives;
  broke_at_ = now;
}

// After a few of the same in succession a path between two must be bad, if not so bad that joins
// never come. Then nobody hurries, and whose joins do not all come stays out.
bool Ring::keeps_breaking(Time now) const noexcept {
  return breaks_ >= breaks_borne && now - broke_at_ < settled_after();
}

}  // namespace gyre::totem
