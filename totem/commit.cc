// Commit: the commit token makes two rotations (Amir et al. 1995, section 5.3). In the first each
// member adds what it has of its old ring; in the second everyone learns it all.
//
// The token counts its visits: hop h of a ring of n is the visit of member h mod n; hops 1 … n are
// the first rotation, n + 1 … 2n the second. A token with another hop than the one awaited is a
// retransmission.

#include <algorithm>

#include "totem/ring.hh"

namespace gyre::totem {
namespace {

// Ring seqs are reserved on disk this many at a time.
constexpr std::uint64_t reserve_ahead = 1024;

}  // namespace

// The members by ascending node id: the order of the ring.
std::size_t Ring::sorted(const Members& members, std::span<NodeIndex> order) const noexcept {
  std::size_t count = 0;
  members.each([&](NodeIndex node) { order[count++] = node; });
  std::sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(count),
            [&](NodeIndex a, NodeIndex b) { return peers_.id(a) < peers_.id(b); });
  return count;
}

void Ring::create_commit_token(Gather& gather, Time now) {
  const Members& all = gather.proposal;
  const std::uint64_t ring_seq = gather.expected_seq;
  if (ring_seq > reserved_) {
    output_.reserve_ring_seq = ring_seq + reserve_ahead;
    return;
  }
  const Said said = join_of(gather, now);
  ring_seq_ = ring_seq;
  wire::CommitToken token;
  token.ring = {ring_seq, identity_.self, identity_.incarnation};
  std::array<NodeIndex, nodes_max> order;
  token.members = static_cast<std::uint16_t>(sorted(all, order));
  for (std::size_t i = 0; i < token.members; ++i) token.entries[i].node = peers_.id(order[i]);
  fill_commit_entry(token.entries[0]);
  begin_forming(token);
  if (token.members == 1) return enter_recovery(token, now);
  token.hop = 1;
  enter_commit(token, token.members, said, now);
}

void Ring::enter_commit(const wire::CommitToken& token, std::uint32_t next_hop, const Said& said,
                        Time now) {
  Commit& commit = state_.emplace<Commit>();
  commit.token = token;
  commit.next_hop = next_hop;
  commit.said = said;
  commit.passed_at = now;
  commit.join_at = now + parameters_.join_interval();
  commit.lost_at = now + parameters_.token_loss;
  commit.retransmit_at = now + parameters_.token_retransmit;
  send_commit_token(token);
  transition(Reason::consensus);
}

void Ring::begin_forming(const wire::CommitToken& token) {
  assert(!retiring_);
  attempted_ = token.ring.mark();
  forming_->reset(token.ring);
  for (std::size_t i = 0; i < token.members; ++i)
    forming_->add_member(*peers_.find(token.entries[i].node));
}

void Ring::fill_commit_entry(wire::CommitEntry& entry) const noexcept {
  entry.filled = true;
  entry.old_ring = log_->id;
  entry.aru = log_->aru;
  entry.high = log_->high;
  entry.stable = log_->stable;
  entry.obliged = {};
  log_->obliged.each([&](NodeIndex node) {
    const std::size_t place = log_->place(node);
    if (place < log_->count) entry.obliged[place / 64] |= std::uint64_t{1} << (place % 64);
  });
  entry.since = since_[at(NodeIndex::self)];
  entry.receive_frames = parameters_.receive_frames;
}

// The representative made the token by everyone's newest join. A member that has met one more since
// will not take it. To others the joins from before may come late.
bool Ring::has_met_others(const wire::Join& join) const noexcept {
  const auto* commit = std::get_if<Commit>(&state_);
  const bool representative = commit && commit->next_hop == commit->token.members;
  if (!representative || join.flags & wire::Join::closed) return false;
  for (std::size_t i = 0; i < join.count; ++i) {
    const auto& [node, marks] = join.entries[i];
    const auto index = peers_.find(node);
    if (!(marks & wire::Join::failed) && (!index || !forming_->members.has(*index))) return true;
  }
  return false;
}

// Parts of one visit come in any order; true when the last is here.
bool Ring::collect_commit_part(std::span<const std::byte> frame) {
  const auto part = wire::read_commit_part(frame);
  if (!part) {
    ++counters_.malformed;
    return false;
  }
  if (part->ring != staged_.ring || part->hop != staged_.hop || part->members != staged_.members) {
    staged_.ring = part->ring;
    staged_.hop = part->hop;
    staged_.members = part->members;
    staged_parts_ = {};
  }
  if (!wire::read_commit_entries(frame, *part, staged_)) {
    ++counters_.malformed;
    staged_.members = 0;
    return false;
  }
  for (std::size_t i = part->first; i < std::size_t{part->first} + part->count; ++i)
    staged_parts_.add(NodeIndex{static_cast<std::uint8_t>(i)});
  return staged_parts_.size() == staged_.members;
}

// It must propose just the ring that we propose, with everyone before us filled in, and under a seq
// that is new to us and to each member, as far as its joins told: a token of an attempt that failed
// without us is not. A live token refused for this would be refused by that member too.
bool Ring::acceptable(const Gather& gather, const wire::CommitToken& token) const {
  Members all;
  NodeId before = NodeId::none;
  for (std::size_t i = 0; i < token.members; ++i) {
    const auto& entry = token.entries[i];
    const auto node = peers_.find(entry.node);
    if (!node || entry.node <= before) return false;
    if (entry.filled != (i < token.hop)) return false;
    if (token.ring.seq <= peer_state_[at(*node)].ring_seq) return false;
    before = entry.node;
    all.add(*node);
  }
  return all == gather.proposal && token.hop < token.members && token.hop > 0 &&
         token.entries[token.hop].node == identity_.self &&
         token.entries[0].node == token.ring.representative && token.ring.seq > ring_seq_;
}

void Ring::commit_in_gather(Gather& gather, Time now) {
  if (must_drain() || !acceptable(gather, staged_)) {
    ++counters_.commit_tokens_refused;
    return;
  }
  if (staged_.ring.seq > reserved_) {
    output_.reserve_ring_seq = staged_.ring.seq + reserve_ahead;
    staged_waits_ = true;
    return;
  }
  wire::CommitToken token = staged_;
  const Said said = join_of(gather, now);
  ring_seq_ = token.ring.seq;
  fill_commit_entry(token.entries[token.hop]);
  begin_forming(token);
  ++token.hop;
  enter_commit(token, token.hop - 1 + token.members, said, now);
}

void Ring::commit_in_commit(Commit& commit, Time now) {
  if (staged_.ring != commit.token.ring || staged_.hop != commit.next_hop ||
      staged_.members != commit.token.members)
    return;
  for (std::size_t i = 0; i < staged_.members; ++i) {
    const wire::CommitEntry& entry = staged_.entries[i];
    // An earlier life of ours may have taken part, and its ring stand: this node is not in it.
    const bool other_life = entry.node == identity_.self && entry.old_ring != log_->id;
    if (!entry.filled || entry.node != commit.token.entries[i].node || other_life) {
      ++counters_.commit_tokens_refused;
      return;
    }
  }
  wire::CommitToken token = staged_;
  ++token.hop;
  enter_recovery(token, now);
  send_commit_token(token);
}

// The second rotation is back: all members are in recovery, and the ring's first token starts.
void Ring::commit_in_recovery(Recovery& recovery, Time now) {
  if (recovery.next_hop == 0 || staged_.ring != forming_->id || staged_.hop != recovery.next_hop)
    return;
  recovery.next_hop = 0;
  recovery.commit_retransmit_at = never;
  wire::Token token;
  token.ring = forming_->id;
  token.token_seq = 1;
  token.recovering = static_cast<std::uint32_t>(forming_->count);
  accept_token(recovery.rotation, token, now);
}

void Ring::send_commit_token(const wire::CommitToken& token) {
  const std::size_t per_frame =
      (parameters_.frame_max - wire::CommitToken::fixed_size) / wire::CommitEntry::size;
  commit_to_ = *peers_.find(token.entries[token.hop % token.members].node);
  commit_frames_.clear();
  for (std::size_t first = 0; first < token.members; first += per_frame) {
    FrameRef frame = control_frame();
    if (!frame) break;
    wire::write_commit_part(frame, token, static_cast<std::uint16_t>(first),
                            static_cast<std::uint16_t>(std::min(per_frame, token.members - first)));
    commit_frames_.push_back(std::move(frame));
  }
  resend_commit_token();
}

void Ring::resend_commit_token() {
  for (const FrameRef& frame : commit_frames_) {
    send(frame, commit_to_, Lane::token);
    ++counters_.commit_tokens_sent;
  }
}

void Ring::expire_commit(Commit& commit, Time now) {
  if (now >= commit.lost_at)
    return enter_gather(Reason::token_lost_in_commit, NodeIndex::self, now);
  if (now >= commit.join_at) {
    commit.join_at = now + parameters_.join_interval() + jitter(parameters_.join_spread());
    send_join(commit.said);
  }
  if (now < commit.retransmit_at) return;
  commit.retransmit_at = now + parameters_.token_retransmit;
  resend_commit_token();
}

}  // namespace gyre::totem
