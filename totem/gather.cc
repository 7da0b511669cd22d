// Gather: agreeing on who is there (Amir et al. 1995, section 5.2), and on the largest set that
// mutually hears itself where not everyone hears everyone.

#include <algorithm>
#include <limits>
#include <tuple>

#include "totem/clique.hh"
#include "totem/ring.hh"

namespace gyre::totem {

void Ring::enter_gather(Reason reason, NodeIndex cause, Time now) {
  if (leaving_) return enter_leaving(now);
  ++counters_.gathers;
  note_break(reason, now);
  bool missed = reason == Reason::commit_token_missing;
  if (const auto* commit = std::get_if<Commit>(&state_)) {
    missed |= commit->next_hop == commit->token.members;  // it did not come back to where it began
    if (now - commit->passed_at >= parameters_.token_loss / 2)
      peer_state_[at(commit_to_)].handed_ring_seq = commit->token.ring.seq;
  }
  const Members others = log_->members | forming_->members;
  if (!retiring_) forming_->reset({});
  disturber_ = log_->members.has(cause) ? NodeIndex::self : cause;
  staged_waits_ = false;
  staged_ = {};
  commit_frames_.clear();
  merge_detect_at_ = never;
  Gather& gather = state_.emplace<Gather>();
  gather.began = now;
  gather.join_at = now + jitter(parameters_.join_spread());
  gather.consensus_at = now + parameters_.consensus;
  gather.missed = missed;
  wary_ = keeps_breaking(now);
  if (reason == Reason::member_left) gather.out.add(cause);
  // The node for whose sake this begins is waited for; the old members alone would agree at once.
  if (disturber_ != NodeIndex::self) gather.heard.add(disturber_);
  if (reason == Reason::failed_to_receive) isolate(gather, others, now);
  transition(reason, cause);
  choose(gather, now);
  check_consensus(gather, now);
}

void Ring::gather(Time now) {
  observe(now);
  if (state() == State::operational) enter_gather(Reason::gather_requested, NodeIndex::self, now);
}

// This node does not get what the others get. It goes by itself, and stays away until they have
// gone on. It agrees with itself at once, so the others must know before.
void Ring::isolate(Gather& gather, const Members& others, Time now) {
  isolated_until_ = now + hold_down_max();
  gather.out = others;
  gather.out.remove(NodeIndex::self);
  gather.closed = true;
  gather.with.add(NodeIndex::self);
  choose(gather, now);
  send_join(join_of(gather, now));
}

// Whom this node would form a ring with: until the consensus timer runs out, whoever was in its
// ring or was heard, and did not say that it goes without us; then the largest set in which all go
// with each other.
void Ring::choose(Gather& gather, Time now) {
  Members best = gather.closed ? largest_clique_of(gather) : log_->members | gather.heard;
  best.add(NodeIndex::self);
  best = best - gather.out;
  gather.joined.each([&](NodeIndex node) {
    const Gather::Peer& peer = gather.peers[at(node)];
    if (peer.closed && !peer.with.has(NodeIndex::self)) best.remove(node);
  });
  if (best == gather.proposal) return;
  gather.proposal = best;
  gather.chosen_at = now;
  disagree(gather);
  gather.join_at = std::min(gather.join_at, now + jitter(parameters_.join_spread()));
}

void Ring::disagree(Gather& gather) noexcept {
  gather.agreed = false;
  gather.commit_by = never;
}

void Ring::join_in_gather(Gather& gather, const wire::Join& join, NodeIndex from, Time now) {
  if (gather.out.has(from)) return;
  const bool awaited = gather.proposal.has(from);
  Gather::Peer peer = read_peer(gather, join, from, now);
  const bool goes_alone = peer.closed && peer.proposal.size() == 1;
  if (join.flags & wire::Join::leaving || goes_alone || (!peer.closed && peer.failed_us))
    return give_up(gather, from, now);
  if (gather.agreed && awaited && join.ring_seq >= gather.expected_seq)
    return enter_gather(Reason::join_received, from, now);  // there it has failed already
  const bool tried_a_ring =
      gather.joined.has(from) && peer.ring_seq > gather.peers[at(from)].ring_seq;
  if (is_silent(gather, from, now) && !tried_a_ring) gather.late.add(from);
  const bool was_agreed = gather.agreed, was_unsteady = gather.unsteady.has(from);
  note_steadiness(gather, from, now);
  // Most joins say what the last one did. Once closed, the choice is a search.
  const bool news = was_agreed || !gather.closed || !gather.joined.has(from) ||
                    was_unsteady != gather.unsteady.has(from) ||
                    !peer.goes_with_the_same(gather.peers[at(from)]);
  gather.peers[at(from)] = peer;
  gather.joined.add(from);
  if (gather.agreed && !awaited) return;  // it is for the next ring
  if (!gather.closed) note_heard(gather, from, now);
  if (gather.agreed && peer.proposal != gather.proposal) disagree(gather);
  // Others have waited long enough: all that hear us will have said so soon.
  if (peer.closed && peer.with.has(NodeIndex::self) && !gather.closed)
    gather.consensus_at = std::min(gather.consensus_at, now + parameters_.consensus / 4);
  if (!gather.agreed && news) choose(gather, now);
  check_consensus(gather, now);
}

Gather::Peer Ring::read_peer(const Gather& gather, const wire::Join& join, NodeIndex from,
                             Time now) const {
  Gather::Peer peer;
  peer.exact = true;
  peer.closed = join.flags & wire::Join::closed;
  peer.wary = join.flags & wire::Join::wary;
  peer.ring_seq = join.ring_seq;
  peer.since = join.since;
  peer.joined_at = now;
  for (std::size_t i = 0; i < join.count; ++i) {
    const auto& entry = join.entries[i];
    const auto node = peers_.find(entry.node);
    const bool failed = entry.marks & wire::Join::failed;
    if (!node) {
      peer.exact &= failed;
      continue;
    }
    if (!failed) peer.proposal.add(*node);
    if (failed && *node == NodeIndex::self) peer.failed_us = true;
    if (entry.marks & wire::Join::heard) peer.with.add(*node);
  }
  // What it heard before stays true: it may just have begun anew, and hears no one yet.
  if (!peer.closed && gather.joined.has(from)) peer.with = peer.with | gather.peers[at(from)].with;
  return peer;
}

// For as long as this gather lasts.
void Ring::give_up(Gather& gather, NodeIndex node, Time now) {
  if (gather.out.has(node)) return;
  gather.out.add(node);
  gather.with.remove(node);
  choose(gather, now);
  check_consensus(gather, now);
}

// The one of the last join, or of the beginning.
bool Ring::is_silent(const Gather& gather, NodeIndex node, Time now) const noexcept {
  const Time last = gather.joined.has(node) ? gather.peers[at(node)].joined_at : gather.began;
  return now - last >= parameters_.consensus / 2;
}

// Joins of its did not come: it may be gone again soon.
void Ring::note_steadiness(Gather& gather, NodeIndex node, Time now) const noexcept {
  const bool joined = gather.joined.has(node);
  if (!joined && !is_fellow(node)) return;  // who knows when it was to come
  const Time last = joined ? gather.peers[at(node)].joined_at : gather.began;
  const Duration pace = parameters_.join_interval() + parameters_.join_spread();
  if (now - last > pace + pace / 4 + parameters_.token_loss / 32) gather.unsteady.add(node);
}

// It came along in our ring, and has not started anew since.
bool Ring::is_fellow(NodeIndex node) const noexcept {
  const PeerState& peer = peer_state_[at(node)];
  return log_->members.has(node) && peer.incarnation == peer.member_incarnation;
}

// Which ring was its first, by its own word: all members know the same.
std::uint64_t Ring::since(const Gather& gather, NodeIndex node) const noexcept {
  const bool self = node == NodeIndex::self;
  const std::uint64_t seq = self ? since_[at(node)] : gather.peers[at(node)].since;
  return seq == 0 ? std::numeric_limits<std::uint64_t>::max() : seq;
}

// A frame of `from` shows that we hear it. Who is heard once all have agreed, or the consensus
// timer has run out, is for the next ring: some would know of it, and others not.
void Ring::heard_in_gather(Gather& gather, NodeIndex from, Time now) {
  if (gather.closed || (gather.agreed && gather.proposal.size() > 1)) return;
  if (gather.out.has(from) || peer_state_[at(from)].other_frame_size) return;
  note_heard(gather, from, now);
  choose(gather, now);
  check_consensus(gather, now);
}

// The others wait for the word that we do.
void Ring::note_heard(Gather& gather, NodeIndex from, Time now) {
  if (gather.heard.has(from)) return;
  gather.heard.add(from);
  gather.join_at = std::min(gather.join_at, now + jitter(parameters_.join_spread()));
}

bool Ring::agrees(const Gather& gather, NodeIndex node) const noexcept {
  const Gather::Peer& peer = gather.peers[at(node)];
  return gather.joined.has(node) && peer.exact && (peer.closed || !peer.wary) &&
         peer.proposal == gather.proposal && peer.with.contains(gather.proposal);
}

// Consensus: every member of our proposal proposes the same and hears all of it.
void Ring::check_consensus(Gather& gather, Time now) {
  if (gather.agreed || must_drain() || (wary_ && !gather.closed)) return;
  if (gather.proposal.size() == 1 && !gather.closed && gather.out.empty()) return;
  bool agreed = true;
  NodeIndex representative = NodeIndex::self;
  std::uint64_t ring_seq = ring_seq_;
  gather.proposal.each([&](NodeIndex node) {
    if (node == NodeIndex::self) return;
    if (peers_.id(node) < peers_.id(representative)) representative = node;
    ring_seq = std::max(ring_seq, gather.peers[at(node)].ring_seq);
    agreed &= agrees(gather, node);
  });
  if (!agreed) return;
  gather.agreed = true;
  gather.expected_seq = ring_seq + 1;
  gather.commit_by = now + parameters_.token_loss;
  if (representative == NodeIndex::self) create_commit_token(gather, now);
}

void Ring::expire_gather(Gather& gather, Time now) {
  if (gather.agreed && now >= gather.commit_by) {
    // Who is still in that attempt learns from our join that it has failed.
    ring_seq_ = std::max(ring_seq_, gather.expected_seq);
    return enter_gather(Reason::commit_token_missing, NodeIndex::self, now);
  }
  if (!gather.agreed && now >= gather.consensus_at) {
    gather.closed ? drop_the_stubborn(gather) : close(gather, now);
    gather.consensus_at = now + parameters_.consensus / 2;
    choose(gather, now);
    check_consensus(gather, now);
    if (state() != State::gather) return;
  }
  if (now < gather.join_at) return;
  if (gather.closed && !gather.agreed) drop_the_silent(gather, now);
  check_consensus(gather, now);  // it may have had to wait for the last events
  if (state() != State::gather) return;
  gather.join_at = now + parameters_.join_interval() + jitter(parameters_.join_spread());
  send_join(join_of(gather, now));
}

// The consensus timer has run out: this node goes with those that it has heard all the time, and
// from now on with no one else. Each says so of itself, and no one for another: so all soon know
// the same about who goes with whom, and choose the same.
void Ring::close(Gather& gather, Time now) {
  gather.closed = true;
  Members heard = gather.joined - gather.out - gather.late;
  if (wary_) heard = heard - gather.unsteady;
  heard.each([&](NodeIndex node) {
    if (!is_silent(gather, node, now) && !unreached(node, now)) gather.with.add(node);
  });
  gather.with.add(NodeIndex::self);
}

void Ring::drop_the_silent(Gather& gather, Time now) {
  const Members before = gather.with, unsteady = gather.unsteady;
  before.each([&](NodeIndex node) {
    if (node == NodeIndex::self) return;
    note_steadiness(gather, node, now);
    if (is_silent(gather, node, now) || (wary_ && gather.unsteady.has(node)))
      gather.with.remove(node);
  });
  if (gather.with != before || gather.unsteady != unsteady) choose(gather, now);
}

// Half a consensus time later there is still no agreement. First those go who go without us. Then
// those of our proposal who had the time to agree and do not, the last to come first; so gather
// ends.
void Ring::drop_the_stubborn(Gather& gather) {
  ++gather.expiries;
  Members gone, those;
  std::uint64_t latest = 0;
  gather.with.each([&](NodeIndex node) {
    const Gather::Peer& peer = gather.peers[at(node)];
    if (node == NodeIndex::self) return;
    if (peer.closed && !peer.proposal.has(NodeIndex::self)) gone.add(node);
    if (!gather.proposal.has(node) || agrees(gather, node) || has_time(gather, peer)) return;
    const std::uint64_t came = since(gather, node);
    if (came > latest && gather.expiries <= 3) those = {};
    latest = std::max(latest, came);
    if (came == latest || gather.expiries > 3) those.add(node);
  });
  gather.with = gather.with - (gone.empty() ? those : gone);
}

// It may be trying another ring, its timer may run out later, or what made us choose anew has just
// come to it; but not for ever.
bool Ring::has_time(const Gather& gather, const Gather::Peer& peer) const noexcept {
  const Duration round = 2 * (parameters_.join_interval() + parameters_.join_spread());
  return gather.expiries < (peer.closed ? 2 : 3) ||
         (gather.expiries < 6 && peer.joined_at < gather.chosen_at + round);
}

// The largest set in which all go with each other. Whose joins do not all come may come along, but
// takes no one's place: it may soon be gone, and members would meet it in different states.
Members Ring::largest_clique_of(const Gather& gather) const noexcept {
  Graph graph;
  std::array<std::uint32_t, nodes_max> refusals{};
  const auto goes_with = [&](NodeIndex a, NodeIndex b) {
    return a == NodeIndex::self || gather.peers[at(a)].with.has(b);
  };
  gather.with.each([&](NodeIndex one) {
    gather.with.each([&](NodeIndex other) {
      if (one == other || !goes_with(one, other)) return;
      goes_with(other, one) ? graph.neighbours[at(one)].add(other) : void(++refusals[at(other)]);
    });
  });
  // Of equals the one with the members of our ring; then the one without those who refuse others
  // that would go with them, for who was away takes the others to have been; then who came first.
  const auto rank = [&](NodeIndex node) {
    return std::tuple(!is_fellow(node), refusals[at(node)], since(gather, node), peers_.id(node));
  };
  std::array<NodeIndex, nodes_max> order;
  const auto best = [&](const Members& of) {
    const std::span nodes(order.data(), sorted(of, order));
    std::sort(nodes.begin(), nodes.end(),
              [&](NodeIndex a, NodeIndex b) { return rank(a) < rank(b); });
    return largest_clique(graph, NodeIndex::self, nodes);
  };
  const Members steady = best(gather.with - gather.unsteady);
  Members& fitting = graph.neighbours[at(NodeIndex::self)];
  steady.each([&](NodeIndex node) {
    if (node != NodeIndex::self) fitting = fitting & graph.neighbours[at(node)];
  });
  return steady | best(fitting & gather.unsteady);
}

Said Ring::join_of(const Gather& gather, Time now) const noexcept {
  Said said;
  said.flags = static_cast<std::uint8_t>((gather.closed ? wire::Join::closed : 0) |
                                         (gather.missed ? wire::Join::missed : 0) |
                                         (wary_ ? wire::Join::wary : 0));
  said.proc = log_->members | gather.heard | gather.out | gather.proposal;
  said.failed = said.proc - gather.proposal;
  said.heard.add(NodeIndex::self);
  (gather.closed ? gather.with : gather.heard - gather.out).each([&](NodeIndex node) {
    if (!unreached(node, now)) said.heard.add(node);
  });
  said.ring_seq = ring_seq_;
  return said;
}

void Ring::send_join(const Said& said) {
  FrameRef frame = control_frame();
  if (!frame) return;
  wire::Join join;
  join.flags = said.flags;
  join.sender = identity_.self;
  join.incarnation = identity_.incarnation;
  join.join_seq = ++join_seq_;
  join.ring_seq = said.ring_seq;
  const bool leaves = said.flags & wire::Join::leaving;
  join.since = leaves ? log_->id.mark() : since_[at(NodeIndex::self)];
  join.frame_max = parameters_.frame_max;
  std::array<NodeIndex, nodes_max> order;
  join.count = static_cast<std::uint16_t>(sorted(said.proc, order));
  for (std::size_t i = 0; i < join.count; ++i)
    join.entries[i] = {
        .node = peers_.id(order[i]),
        .marks = static_cast<std::uint8_t>((said.failed.has(order[i]) ? wire::Join::failed : 0) |
                                           (said.heard.has(order[i]) ? wire::Join::heard : 0))};
  wire::write_join(frame, join);
  send(std::move(frame), NodeIndex::everyone, Lane::data);
  ++counters_.joins_sent;
}

// --- leaving ---

void Ring::enter_leaving(Time now) {
  Leaving& leaving = state_.emplace<Leaving>();
  leaving.waiting = log_->members;
  leaving.waiting.remove(NodeIndex::self);
  // Who has said that it goes too knows all it needs, and may be gone before it hears us.
  log_->members.each([&](NodeIndex node) {
    if (peer_state_[at(node)].left_orderly) leaving.waiting.remove(node);
  });
  leaving.until = now + parameters_.consensus;
  leaving.resend_at = now;
  leaving_ = true;
  transition(Reason::leave_requested);
}

// Who goes on without us knows; and whom it gives up besides has most likely left, too, with a word
// that did not get here.
void Ring::leave_with(Leaving& leaving, const wire::Join& join, NodeIndex from) {
  if (join.flags & wire::Join::leaving) return leaving.waiting.remove(from);
  for (std::size_t i = 0; i < join.count; ++i) {
    const auto& [node, marks] = join.entries[i];
    const auto index = peers_.find(node);
    if (!index || !(marks & wire::Join::failed)) continue;
    leaving.waiting.remove(*index == NodeIndex::self ? from : *index);
  }
}

void Ring::expire_leaving(Leaving& leaving, Time now) {
  if (left_) return;
  const bool done = leaving.waiting.empty() || now >= leaving.until;
  // Once at least: who goes, too, waits for a word of ours.
  if (!leaving.said || (!done && now >= leaving.resend_at)) {
    leaving.said = true;
    leaving.resend_at = now + parameters_.join_interval();
    Members self;
    self.add(NodeIndex::self);
    send_join({.flags = wire::Join::leaving,
               .proc = log_->members,
               .failed = {},
               .heard = self,
               .ring_seq = ring_seq_});
  }
  if (!done) return;
  left_ = true;
  leaving.resend_at = leaving.until = never;
}

}  // namespace gyre::totem
