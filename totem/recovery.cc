// Recovery: those who come along from one old ring exchange its messages on the new one, so that
// they all have the same (Amir et al. 1995, section 5.4). Then the new ring is installed.

#include <algorithm>

#include "totem/ring.hh"

namespace gyre::totem {
namespace {

// Recovered messages are taken out as they come, so their slots are free once every member has
// them. Rings that together have more to recover than a log has slots could never merge otherwise.
void release_recovered(Log& log) {
  for (; log.delivered < log.stable; ++log.delivered) {
    const auto header = wire::read_data(log.window.at(log.delivered + 1).bytes());
    if (!(header->flags & wire::Data::recovered)) break;
  }
  log.release();
}

}  // namespace

void Ring::enter_recovery(const wire::CommitToken& token, Time now) {
  Recovery& recovery = state_.emplace<Recovery>();
  recovery.token = token;
  recovery.next_hop = token.ring.representative == identity_.self ? 2 * token.members : 0;
  recovery.commit_retransmit_at = now + parameters_.token_retransmit;
  recovery.rotation.lost_at = now + parameters_.token_loss;
  recovery.rotation.progress_at = now;
  plan_exchange(recovery);
  adopt_windows(token);
  transition(Reason::commit_token_returned);
  if (token.members == 1) install(recovery, now);
}

// What the ring may have on its way is what the smallest receive queue holds.
void Ring::adopt_windows(const wire::CommitToken& token) noexcept {
  std::uint32_t smallest = parameters_.receive_frames;
  for (std::size_t i = 0; i < token.members; ++i)
    smallest = std::min(smallest, token.entries[i].receive_frames);
  if (!parameters_.global_window) window_ = std::clamp(smallest / 2, 16u, 512u);
  personal_ = parameters_.personal_window ? parameters_.personal_window : window_;
}

void Ring::plan_exchange(Recovery& recovery) {
  Seq low = log_->aru, high = log_->high, best = log_->aru;
  NodeId best_node = identity_.self;
  std::array<std::uint64_t, nodes_max / 64> obliged{};
  for (std::size_t i = 0; i < recovery.token.members; ++i) {
    const wire::CommitEntry& entry = recovery.token.entries[i];
    if (entry.old_ring != log_->id) continue;
    recovery.transitional.add(*peers_.find(entry.node));
    low = std::min(low, entry.aru);
    high = std::max(high, entry.high);
    recovery.stable = std::max(recovery.stable, entry.stable);
    if (entry.aru > best || (entry.aru == best && entry.node < best_node)) {
      best = entry.aru;
      best_node = entry.node;
    }
    for (std::size_t w = 0; w < obliged.size(); ++w) obliged[w] |= entry.obliged[w];
  }
  for (std::size_t place = 0; place < log_->count; ++place)
    if (obliged[place / 64] >> (place % 64) & 1) recovery.obliged.add(log_->order[place]);
  recovery.next = std::max(low, log_->window.base()) + 1;
  recovery.last = std::min(high, log_->window.base() + log_->window.capacity());
  recovery.held_by_one = best;
  recovery.sender = best_node == identity_.self;
  exchanged_.assign(exchanged_.size(), false);
}

// A message of an old ring, wrapped in a frame of the new one. It is taken out at once, whatever is
// missing before it: the order of the old ring is inside.
void Ring::store_recovered(const Recovery& recovery, const FrameRef& outer) {
  FrameRef inner = outer;
  inner.drop_front(wire::Data::size);
  const auto header = wire::read_data(inner.bytes());
  if (!header || wire::type(inner.bytes()) != wire::Type::data ||
      (header->flags & wire::Data::recovered)) {
    ++counters_.malformed;
    return;
  }
  const auto sender = peers_.find(header->sender);
  if (header->ring != log_->id || header->seq > recovery.last) return;
  if (!sender || !log_->members.has(*sender)) return;
  exchanged_[number(header->seq) % exchanged_.size()] = true;
  log_->store(header->seq, std::move(inner));
}

// Up to the highest aru one node has everything and sends it; above, whoever has a message sends it
// unless someone else did.
bool Ring::has_to_send(const Recovery& recovery, Seq seq) const noexcept {
  if (!log_->window.has(seq)) return false;
  if (seq <= recovery.held_by_one) return recovery.sender;
  return !exchanged_[number(seq) % exchanged_.size()];
}

std::size_t Ring::send_recovered(Recovery& recovery, std::size_t allowed) {
  std::size_t sent = 0;
  for (; recovery.next <= recovery.last; ++recovery.next) {
    if (!has_to_send(recovery, recovery.next)) continue;
    if (sent == allowed) break;
    FrameRef outer = control_frame();
    if (!outer) break;
    const FrameRef& inner = log_->window.at(recovery.next);
    Seq& seq = recovery.rotation.token.seq;
    outer.resize(wire::Data::size + inner.size());
    wire::write_data(outer.data(), {.flags = wire::Data::recovered,
                                    .sender = identity_.self,
                                    .ring = forming_->id,
                                    .seq = ++seq});
    std::memcpy(outer.data() + wire::Data::size, inner.data(), inner.size());
    if (!forming_->store(seq, outer)) {
      seq = Seq{number(seq) - 1};
      break;
    }
    send(std::move(outer), NodeIndex::everyone, Lane::data);
    ++sent;
  }
  counters_.recovered_sent += sent;
  return sent;
}

// Complete: no member has old messages left to send, and on two successive visits all members had
// everything that was sent until then.
bool Ring::recovery_complete(Recovery& recovery, const wire::Token& received) {
  if (!recovery.install_known && received.recovering == 0) {
    recovery.install_known = true;
    recovery.install_seq = received.seq;
  }
  if (!recovery.install_known || received.aru < recovery.install_seq) {
    recovery.complete_visits = 0;
    return false;
  }
  return ++recovery.complete_visits == 2;
}

void Ring::visit_recovery(Recovery& recovery, Time now) {
  Rotation& rotation = recovery.rotation;
  if (!rotation.held || must_drain()) return;
  if (now < visit_due(*forming_, rotation, rotation.token.seq)) return;
  if (recovery_complete(recovery, rotation.token)) {
    install(recovery, now);
    return visit(now);
  }
  if (failed_to_receive(*forming_, rotation, now))
    return enter_gather(Reason::failed_to_receive, NodeIndex::self, now);
  const Seq received_seq = rotation.token.seq;
  const std::size_t resent = serve_requests(*forming_, rotation);
  const bool more = recovery.next <= recovery.last;
  const std::size_t sent =
      send_recovered(recovery, allowance(*forming_, rotation, more ? window_ : 0));
  if (recovery.counted && recovery.next > recovery.last) {
    recovery.counted = false;
    rotation.token.recovering -= std::min(rotation.token.recovering, 1u);
  }
  account(rotation, sent + resent, 0);
  update_aru(*forming_, rotation, received_seq);
  request_holes(*forming_, rotation, received_seq);
  release_recovered(*forming_);
  // Passing the token on with this aru promises to deliver what the others are told we have.
  if (recovery.install_known && forming_->aru >= recovery.install_seq)
    log_->obliged = log_->obliged | recovery.transitional | recovery.obliged;
  pass_token(rotation, forming_->successor(NodeIndex::self), now);
}

void Ring::install(Recovery& recovery, Time now) {
  assert(!retiring_);
  for (std::size_t i = 0; i < recovery.token.members; ++i) {
    const wire::CommitEntry& entry = recovery.token.entries[i];
    const NodeIndex node = *peers_.find(entry.node);
    peer_state_[at(node)].shared = forming_->id.mark();
    peer_state_[at(node)].came_from = entry.old_ring.mark();
    std::uint64_t& since = since_[at(node)];
    since = entry.since;
    if (since == 0 && recovery.token.members > 1) since = forming_->id.seq;
  }
  safe_to_ = std::max(recovery.stable, log_->stable);
  transitional_ = recovery.transitional;
  deliverers_ = recovery.transitional | recovery.obliged | log_->obliged;
  judge_absentees(*log_, forming_->members, now);
  retiring_ = log_;
  std::swap(log_, forming_);
  stage_ = Stage::regular;
  hole_ = false;
  application_.ring_changed();
  barrier_.clear();
  open_ = false;
  commit_frames_.clear();
  merge_detect_at_ = now;
  Rotation rotation = std::move(recovery.rotation);
  Operational& operational = state_.emplace<Operational>();
  operational.rotation = std::move(rotation);
  operational.rotation.stuck_visits = 0;
  operational.rotation.progress_at = now;
  if (log_->count == 1) {
    operational.rotation.held = true;
    operational.rotation.lost_at = never;
    operational.rotation.token.ring = log_->id;
  }
  last_visit_ = now;
  ++counters_.rings_installed;
  transition(Reason::recovered);
}

void Ring::expire_recovery(Recovery& recovery, Time now) {
  if (now >= recovery.rotation.lost_at)
    return enter_gather(Reason::token_lost_in_recovery, NodeIndex::self, now);
  if (now >= recovery.commit_retransmit_at) {
    recovery.commit_retransmit_at = now + parameters_.token_retransmit;
    resend_commit_token();
  }
  expire_rotation(recovery.rotation, now);
}

}  // namespace gyre::totem
