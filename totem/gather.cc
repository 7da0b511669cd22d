// Gather: agreeing on who is there (Amir et al. 1995, section 5.2), and on the largest set that
// mutually hears itself where not everyone hears everyone.

#include <algorithm>

#include "totem/clique.hh"
#include "totem/ring.hh"

namespace gyre::totem {

void Ring::enter_gather(Reason reason, NodeIndex cause, Time now) {
  if (leaving_) return enter_leaving(now);
  ++counters_.gathers;
  const Members others = log_->members | forming_->members;
  if (!retiring_) forming_->reset({});
  disturber_ = log_->members.has(cause) ? NodeIndex::self : cause;
  staged_waits_ = false;
  staged_ = {};
  commit_frames_.clear();
  merge_detect_at_ = never;
  Gather& gather = state_.emplace<Gather>();
  gather.began = now;
  gather.join_at = now + jitter(parameters_.send_join);
  gather.consensus_at = now + parameters_.consensus;
  if (reason == Reason::member_left) gather.excluded.add(cause);
  // The node for whose sake this begins is waited for; the old members alone would agree at once.
  if (disturber_ != NodeIndex::self) gather.heard.add(disturber_);
  if (reason == Reason::failed_to_receive) {
    gather.excluded = others;
    gather.excluded.remove(NodeIndex::self);
  }
  transition(reason, cause);
  // Who goes agrees with itself at once, and is heard again soon: the others must know before.
  if (reason == Reason::failed_to_receive) send_join(others, gather.excluded, {}, others, false);
  check_consensus(gather, now);
}

// proc_set less fail_set: whom this node would form a ring with.
Members Ring::proposal(const Gather& gather) const noexcept {
  Members all = log_->members | gather.heard;
  all.add(NodeIndex::self);
  return all - gather.excluded;
}

void Ring::proposal_changed(Gather& gather, Time now) {
  gather.agreed = false;
  gather.commit_by = never;
  gather.expired_without_change = false;
  gather.consensus_at = now + parameters_.consensus;
  gather.join_at = std::min(gather.join_at, now + jitter(parameters_.send_join));
}

void Ring::join_in_gather(Gather& gather, const wire::Join& join, NodeIndex from, Time now) {
  if (gather.excluded.has(from)) {
    gather.heard.add(from);  // which the others want to know, whatever becomes of it
    return;
  }
  if (join.flags & wire::Join::leaving) {
    gather.excluded.add(from);
    proposal_changed(gather, now);
    return check_consensus(gather, now);
  }
  Gather::Peer peer;
  Members reluctantly;
  peer.exact = true;
  peer.ring_seq = join.ring_seq;
  peer.joined_at = now;
  for (std::size_t i = 0; i < join.count; ++i) {
    const auto& entry = join.entries[i];
    const auto node = peers_.find(entry.node);
    const bool failed = entry.marks & wire::Join::failed;
    if (!node) {
      peer.exact &= failed;
      continue;
    }
    (failed ? peer.failed : peer.proposal).add(*node);
    if (failed && entry.marks & wire::Join::refused) reluctantly.add(*node);
    if (entry.marks & wire::Join::heard) peer.heard.add(*node);
  }
  if (peer.failed.has(NodeIndex::self)) {  // it goes without us
    gather.excluded.add(from);
    gather.refused.add(from);
    proposal_changed(gather, now);
    return check_consensus(gather, now);
  }
  // What it heard before stays true: it may just have begun anew, and hears no one yet.
  if (gather.joined.has(from)) peer.heard = peer.heard | gather.peers[at(from)].heard;
  const bool tried_a_ring =
      gather.joined.has(from) && peer.ring_seq > gather.peers[at(from)].ring_seq;
  if (is_silent(gather, from, now) && !tried_a_ring) gather.late.add(from);
  gather.peers[at(from)] = peer;
  gather.joined.add(from);
  follow_fellow(gather, from, reluctantly, now);
  heard_in_gather(gather, from, now);
}

// A node that starts anew while a ring is being formed is for the next one: not all have met it,
// and who keeps doing so would keep the others from ever forming one.
void Ring::leave_to_next_ring(Gather& gather, NodeIndex from, Time now) {
  gather.heard.add(from);
  if (gather.excluded.has(from)) return;
  gather.excluded.add(from);
  proposal_changed(gather, now);
  check_consensus(gather, now);
}

bool Ring::is_silent(const Gather& gather, NodeIndex node, Time now) const noexcept {
  const Time last = gather.joined.has(node) ? gather.peers[at(node)].joined_at : gather.began;
  return now - last >= parameters_.consensus / 2;
}

// It came along in our ring, and has not started anew since.
bool Ring::is_fellow(NodeIndex node) const noexcept {
  const PeerState& peer = peer_state_[at(node)];
  return log_->members.has(node) && peer.incarnation == peer.member_incarnation;
}

// When it came into our ring; who is not in it, or started anew since, is yet to come.
Time Ring::came(NodeIndex node) const noexcept {
  return is_fellow(node) ? peer_state_[at(node)].member_since : never;
}

// A member of our ring gives up a node that has long been silent here, too, or although both hear
// each other: the node comes and goes while we gather. Members whose timers run out at different
// moments would meet it in different states, take its word against each other's, and part for its
// sake. So they follow who gave it up first, if the node came later than that one, or if most
// others stay. `reluctantly`: not of its own accord, but because they had given it up.
void Ring::follow_fellow(Gather& gather, NodeIndex from, const Members& reluctantly, Time now) {
  if (!is_fellow(from) || gather.late.has(from)) return;
  const Gather::Peer& peer = gather.peers[at(from)];
  const Members all = proposal(gather);
  Members followed;
  (peer.failed & all).each([&](NodeIndex node) {
    if (node == NodeIndex::self) return;
    const bool mutual =
        peer.heard.has(node) && gather.joined.has(node) && gather.peers[at(node)].heard.has(from);
    const bool later = came(node) > came(from) || gather.late.has(node);
    const bool most_stay = !reluctantly.has(node) && 2 * peer.proposal.size() > all.size();
    if (is_silent(gather, node, now) || (mutual && (later || most_stay))) followed.add(node);
  });
  if (followed.empty()) return;
  const Time consensus_at = gather.consensus_at;
  gather.excluded = gather.excluded | followed;
  proposal_changed(gather, now);
  gather.consensus_at = consensus_at;  // the others are waited for no longer than before
}

// A frame of `from` shows that we hear it.
void Ring::heard_in_gather(Gather& gather, NodeIndex from, Time now) {
  if (gather.excluded.has(from)) return;
  const Members before = proposal(gather);
  if (!gather.heard.has(from)) {
    gather.heard.add(from);
    gather.join_at = std::min(gather.join_at, now + jitter(parameters_.send_join));
    if (proposal(gather) != before) proposal_changed(gather, now);
  }
  check_consensus(gather, now);
}

// Consensus: every member of our proposal proposes the same and hears all of it.
void Ring::check_consensus(Gather& gather, Time now) {
  if (gather.agreed || must_drain()) return;
  const Members all = proposal(gather);
  if (all.size() == 1 && !gather.expired && gather.excluded.empty()) return;
  bool agreed = true;
  NodeIndex representative = NodeIndex::self;
  all.each([&](NodeIndex node) {
    if (peers_.id(node) < peers_.id(representative)) representative = node;
    if (node == NodeIndex::self) return;
    const auto& peer = gather.peers[at(node)];
    agreed &=
        gather.joined.has(node) && peer.exact && peer.proposal == all && peer.heard.contains(all);
  });
  if (!agreed) return;
  gather.agreed = true;
  gather.commit_by = now + parameters_.token_loss;
  if (representative == NodeIndex::self) create_commit_token(gather, now);
}

void Ring::expire_gather(Gather& gather, Time now) {
  if (gather.agreed && now >= gather.commit_by)
    return enter_gather(Reason::commit_token_missing, NodeIndex::self, now);
  if (!gather.agreed && now >= gather.consensus_at) {
    exclude_unreachable(gather, now);
    check_consensus(gather, now);
    if (state() != State::gather) return;
  }
  if (now < gather.join_at) return;
  check_consensus(gather, now);  // it may have had to wait for the last events
  if (state() != State::gather) return;
  gather.join_at = now + parameters_.join + jitter(parameters_.send_join);
  Members heard = gather.heard;
  heard.add(NodeIndex::self);
  send_join(proposal(gather) | gather.excluded, gather.excluded, gather.refused, heard, false);
}

// Who hears whom, both ways and not too long ago.
Graph Ring::who_hears_whom(const Gather& gather, const Members& all, Time now) const noexcept {
  const auto heard_of = [&](NodeIndex node) {
    return gather.joined.has(node) &&
           now - gather.peers[at(node)].joined_at <= parameters_.consensus;
  };
  const auto hears = [&](NodeIndex a, NodeIndex b) {
    if (a == NodeIndex::self) return heard_of(b);
    const auto& peer = gather.peers[at(a)];
    return heard_of(a) && peer.heard.has(b) && !peer.failed.has(b);
  };
  Graph graph;
  all.each([&](NodeIndex one) {
    all.each([&](NodeIndex other) {
      if (one != other && hears(one, other) && hears(other, one))
        graph.neighbours[at(one)].add(other);
    });
  });
  return graph;
}

// The largest set in which all hear each other. Who came late may come along, but takes no one's
// place: it may be gone again, and members would meet it in different states.
Members Ring::reachable(const Gather& gather, const Members& all, Time now) const noexcept {
  std::array<NodeIndex, nodes_max> order;
  const auto best = [&](const Graph& graph, const Members& of) {
    const std::span nodes(order.data(), sorted(of, order));
    std::sort(nodes.begin(), nodes.end(), [&](NodeIndex a, NodeIndex b) {
      return std::pair(came(a), peers_.id(a)) < std::pair(came(b), peers_.id(b));
    });
    return largest_clique(graph, NodeIndex::self, nodes);
  };
  Graph graph = who_hears_whom(gather, all, now);
  const Members together = best(graph, all - gather.late);
  Members& fitting = graph.neighbours[at(NodeIndex::self)];
  fitting = fitting - together;
  together.each([&](NodeIndex node) {
    if (node != NodeIndex::self) fitting = fitting & graph.neighbours[at(node)];
  });
  return together | best(graph, all & gather.late);
}

// The consensus timer has run out: go on with the largest set in which all hear each other. If
// everyone in our proposal does, and they still do not agree, it is they who have yet to give up
// someone; the second time those of them who came last are given up themselves, and then whoever
// does not agree, so that gather ends.
void Ring::exclude_unreachable(Gather& gather, Time now) {
  gather.expired = true;
  const Members all = proposal(gather);
  Members lost = all - reachable(gather, all, now);
  if (lost.empty() && gather.expired_without_change) {
    lost = dissenters(gather, all, !gather.dissent);
    gather.dissent = true;
  }
  if (lost.empty()) {
    gather.expired_without_change = true;
    gather.consensus_at = now + parameters_.consensus;
    return;
  }
  gather.excluded = gather.excluded | lost;
  proposal_changed(gather, now);
}

// Those who do not agree on `all`, or of them only who came last: strangers before fellows, for
// someone who comes and goes keeps the others from agreeing, too.
Members Ring::dissenters(const Gather& gather, const Members& all, bool latest) const noexcept {
  Members those;
  Time since = Time::min();
  all.each([&](NodeIndex node) {
    const auto& peer = gather.peers[at(node)];
    if (node == NodeIndex::self || (peer.exact && peer.proposal == all && peer.heard.contains(all)))
      return;
    if (latest && came(node) > since) those = {};
    since = std::max(since, came(node));
    if (!latest || came(node) == since) those.add(node);
  });
  return those;
}

void Ring::send_join(const Members& proc, const Members& failed, const Members& refused,
                     const Members& heard, bool leaving) {
  FrameRef frame = control_frame();
  if (!frame) return;
  wire::Join join;
  join.flags = leaving ? wire::Join::leaving : 0;
  join.sender = identity_.self;
  join.incarnation = identity_.incarnation;
  join.join_seq = ++join_seq_;
  join.ring_seq = ring_seq_;
  join.frame_max = parameters_.frame_max;
  std::array<NodeIndex, nodes_max> order;
  join.count = static_cast<std::uint16_t>(sorted(proc, order));
  for (std::size_t i = 0; i < join.count; ++i)
    join.entries[i] = {
        .node = peers_.id(order[i]),
        .marks = static_cast<std::uint8_t>((failed.has(order[i]) ? wire::Join::failed : 0) |
                                           (refused.has(order[i]) ? wire::Join::refused : 0) |
                                           (heard.has(order[i]) ? wire::Join::heard : 0))};
  wire::write_join(frame, join);
  send(std::move(frame), NodeIndex::everyone, Lane::data);
  ++counters_.joins_sent;
}

// --- nodes that keep breaking the ring ---

bool Ring::held_down(NodeIndex node, Time now) const noexcept {
  return now < peer_state_[at(node)].held_down_until;
}

// The first offence is free; then the node cannot break a ring for longer and longer, but never
// longer than a healthy ring takes to form twice. Where members differ in this, one that does not
// hold the node down begins to gather, and then all listen to it.
void Ring::offence(NodeIndex node, Time now) {
  PeerState& peer = peer_state_[at(node)];
  if (++peer.offences < 2) return;
  const Duration longest = 2 * (parameters_.token_loss + parameters_.consensus);
  const auto doublings = std::min(peer.offences - 2, 8u);
  peer.held_down_until = now + std::min(parameters_.consensus * (1 << doublings), longest);
}

// A new ring stands: who was in the old one but is not in this, although it had only just come?
// And did the node for whose sake we gathered not get in?
void Ring::judge_absentees(const Log& before, const Members& after, Time now) {
  const Duration settled = 4 * (parameters_.token_loss + parameters_.consensus);
  (before.members - after).each([&](NodeIndex node) {
    PeerState& peer = peer_state_[at(node)];
    if (peer.left_orderly) return;
    if (now - peer.member_since < settled)
      offence(node, now);
    else
      peer.offences = 0;
  });
  if (disturber_ != NodeIndex::self && !after.has(disturber_)) offence(disturber_, now);
  disturber_ = NodeIndex::self;
  (after - before.members).each([&](NodeIndex node) { peer_state_[at(node)].member_since = now; });
  after.each([&](NodeIndex node) {
    PeerState& peer = peer_state_[at(node)];
    if (peer.incarnation != peer.member_incarnation) peer.member_since = now;
    peer.member_incarnation = peer.incarnation;
  });
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

void Ring::expire_leaving(Leaving& leaving, Time now) {
  if (left_) return;
  if (leaving.waiting.empty() || now >= leaving.until) {
    left_ = true;
    leaving.resend_at = leaving.until = never;
    return;
  }
  if (now < leaving.resend_at) return;
  leaving.resend_at = now + parameters_.join;
  Members self;
  self.add(NodeIndex::self);
  send_join(log_->members, {}, {}, self, true);
}

}  // namespace gyre::totem
