#include "totem/ring.hh"

#include <algorithm>
#include <stdexcept>

// What a frame means in each state (rows: frames, columns: states):
//
//               gather            commit           recovery          operational       leaving
// data          old ring: store   -                new ring: store   ours: store       moved on:
// note
//               else -                             recovered: unwrap foreign: beacon
// token         -                 -                new ring: hold    ours: hold        -
// join          agree             fallen back:     fallen back:      member: gather    note
//                                 gather           gather            foreign: beacon or gather
// commit token  fill, → commit    → recovery       first token       -                 -
// merge_detect  heard             -                -                 foreign: gather   note
// hold_cancel   -                 -                -                 hand the token over
//
// A token that is held is worked on in visit(), when the last sends are gone.

namespace gyre::totem {
namespace {

// A peer may raise our ring seq by this much at most: 64 bits then last for ever.
constexpr std::uint64_t ring_seq_step_max = std::uint64_t{1} << 40;

// Unset windows: what every receive queue can hold of a rotation, with room for retransmissions.
std::uint32_t window_of(const Parameters& parameters, std::uint32_t receive_frames) {
  if (parameters.global_window) return parameters.global_window;
  return std::clamp(receive_frames / 2, 16u, 512u);
}

std::size_t capacity_of(const Parameters& parameters) {
  return std::bit_ceil(std::size_t{8} * window_of(parameters, parameters.receive_frames));
}

std::size_t sends_max(const Parameters& parameters) {
  return 2 * window_of(parameters, parameters.receive_frames) + wire::Token::rtr_max + 64;
}

}  // namespace

std::size_t Ring::frames_needed(const Parameters& parameters) noexcept {
  const std::size_t window = window_of(parameters, parameters.receive_frames);
  std::size_t sum = 0;
  sum += 2 * capacity_of(parameters);  // the old ring's and the new ring's logs
  sum += 2 * window;                   // pending frames, application and barrier
  sum += nodes_max;                    // a commit token in parts
  sum += 64;                           // tokens, joins and other control frames on their way
  return sum;
}

Ring::Ring(const Parameters& parameters, const Identity& identity, Peers& peers, FramePool& pool)
    : parameters_(parameters),
      identity_(identity),
      peers_(peers),
      pool_(pool),
      logs_{Log(capacity_of(parameters)), Log(capacity_of(parameters))},
      application_(pool, parameters.frame_max - wire::Data::size,
                   window_of(parameters, parameters.receive_frames), 0),
      barrier_(pool, parameters.frame_max - wire::Data::size,
               window_of(parameters, parameters.receive_frames), wire::Data::barrier),
      ring_seq_(identity.ring_seq),
      reserved_(identity.ring_seq),
      exchanged_(capacity_of(parameters)),
      random_(identity.seed) {
  constexpr std::uint32_t frame_min =
      wire::Join::fixed_size + wire::Join::entry_size * nodes_max + 2 * wire::Data::size;
  if (parameters.frame_max < frame_min ||
      parameters.frame_max < wire::Token::fixed_size + 8 * wire::Token::rtr_max)
    throw std::invalid_argument("totem: frames of " + std::to_string(parameters.frame_max) +
                                " bytes are too small for the protocol");
  if (parameters.consensus < parameters.token_loss)
    throw std::invalid_argument("totem: consensus must not be shorter than token");
  output_.sends.reserve(sends_max(parameters));
  output_.sequenced.reserve(window_of(parameters, parameters.receive_frames) * 8);
  output_.transitions.reserve(256);
  commit_frames_.reserve(nodes_max);
  window_ = window_of(parameters, parameters.receive_frames);
  personal_ = parameters.personal_window ? parameters.personal_window : window_;
  log_->reset({identity.ring_seq, identity.self, identity.incarnation});
  log_->add_member(NodeIndex::self);
}

void Ring::start(Time now) {
  now_ = now;
  enter_gather(Reason::started, NodeIndex::self, now);
}

// --- time ---

// A long gap between two inputs means that this process did not run. Its timers have not measured
// the others' silence, so they start again, and joins that queued up meanwhile are history.
void Ring::observe(Time now) {
  const bool paused = now_ != Time::min() && now - now_ > parameters_.token_loss / 2;
  now_ = now;
  if (!paused) return;
  ++counters_.pauses;
  paused_at_ = now;
  if (auto* operational = std::get_if<Operational>(&state_)) {
    if (operational->rotation.lost_at != never)
      operational->rotation.lost_at = now + parameters_.token_loss;
  } else if (auto* gather = std::get_if<Gather>(&state_)) {
    gather->began = now;
    gather->consensus_at = now + parameters_.consensus;
    for (auto& peer : gather->peers) peer.joined_at = now;
  }
}

void Ring::expire(Time now) {
  observe(now);
  switch (state()) {
    case State::gather:
      return expire_gather(std::get<Gather>(state_), now);
    case State::commit:
      return expire_commit(std::get<Commit>(state_), now);
    case State::recovery:
      return expire_recovery(std::get<Recovery>(state_), now);
    case State::operational:
      return expire_operational(std::get<Operational>(state_), now);
    case State::leaving:
      return expire_leaving(std::get<Leaving>(state_), now);
  }
}

void Ring::visit(Time now) {
  if (auto* operational = std::get_if<Operational>(&state_)) {
    visit_operational(*operational, now);
  } else if (auto* recovery = std::get_if<Recovery>(&state_)) {
    visit_recovery(*recovery, now);
  }
}

Time Ring::deadline() const noexcept {
  Time due = now_ + parameters_.token_loss / 4;  // so that a pause is a pause
  const auto rotation_due = [&](const Rotation& rotation) {
    due = std::min({due, rotation.lost_at, rotation.retransmit_at});
  };
  switch (state()) {
    case State::gather: {
      const auto& gather = std::get<Gather>(state_);
      return std::min(
          {due, gather.join_at, gather.agreed ? gather.commit_by : gather.consensus_at});
    }
    case State::commit: {
      const auto& commit = std::get<Commit>(state_);
      return std::min({due, commit.lost_at, commit.retransmit_at, commit.join_at});
    }
    case State::recovery: {
      const auto& recovery = std::get<Recovery>(state_);
      if (const Rotation& rotation = recovery.rotation; rotation.held)
        return std::min(due, visit_due(*forming_, rotation, rotation.token.seq));
      rotation_due(recovery.rotation);
      return std::min(due, recovery.commit_retransmit_at);
    }
    case State::operational: {
      const auto& operational = std::get<Operational>(state_);
      const bool alone = log_->count == 1;
      const bool kept = operational.holding || operational.lingering || alone;
      const Rotation& rotation = operational.rotation;
      if (rotation.held && (!kept || pending() > 0 || operational.asked_by != NodeIndex::self))
        return std::min(due, visit_due(*log_, rotation, rotation.seq_before));
      if (pending() > 0 && operational.cancel_at == never) return Time::min();
      if (may_leave(operational)) return Time::min();
      rotation_due(operational.rotation);
      due = std::min({due, operational.linger_until, operational.linger_end});
      return std::min({due, operational.release_at, operational.cancel_at, merge_detect_at_});
    }
    case State::leaving: {
      const auto& leaving = std::get<Leaving>(state_);
      return std::min({due, leaving.until, leaving.resend_at});
    }
  }
  return due;
}

// --- frames ---

void Ring::receive(FrameRef frame, NodeIndex from, Time now) {
  observe(now);
  const auto type = wire::type(frame.bytes());
  if (!type) {
    ++counters_.malformed;
    return;
  }
  switch (*type) {
    case wire::Type::data:
      return receive_data(std::move(frame), from, now);
    case wire::Type::token:
      return receive_token(frame, now);
    case wire::Type::join:
      return receive_join(frame, from, now);
    case wire::Type::commit_token:
      return receive_commit(frame, now);
    case wire::Type::merge_detect:
      return receive_merge_detect(frame, from, now);
    case wire::Type::hold_cancel:
      return receive_hold_cancel(frame, from);
  }
}

void Ring::receive_data(FrameRef frame, NodeIndex from, Time now) {
  const auto header = wire::read_data(frame.bytes());
  const auto sender = header ? peers_.find(header->sender) : std::nullopt;
  if (!sender || frame.size() > parameters_.frame_max) {
    ++counters_.malformed;
    return;
  }
  ++counters_.data_received;
  Log* log = nullptr;
  if (header->ring == log_->id && (state() == State::operational || state() == State::gather)) {
    log = log_;
  } else if (auto* recovery = std::get_if<Recovery>(&state_);
             recovery && header->ring == forming_->id) {
    log = forming_;
    recovery->commit_retransmit_at = never;
    if (header->flags & wire::Data::recovered) store_recovered(*recovery, frame);
  }
  if (log) {
    if ((header->flags & wire::Data::safe) && log->window.fits(header->seq))
      log->last_safe = std::max(log->last_safe, header->seq);
    if (!log->members.has(*sender)) {
      ++counters_.malformed;
    } else if (log->window.has(header->seq) || header->seq <= log->window.base()) {
      ++counters_.data_duplicates;
    } else if (!log->store(header->seq, std::move(frame))) {
      ++counters_.data_outside_window;
    }
    if (auto* operational = std::get_if<Operational>(&state_);
        operational && header->seq > operational->rotation.seq_before)
      operational->rotation.retransmit_at = never;  // our successor has had the token
    return;
  }
  ++counters_.data_foreign;
  if (auto* leaving = std::get_if<Leaving>(&state_)) {
    if (header->ring.seq > log_->id.seq) leaving->waiting.remove(from);
  } else if (state() == State::operational && !log_->members.has(from)) {
    receive_foreign(from, false, Reason::foreign_ring, now);
  }
}

void Ring::receive_token(const FrameRef& frame, Time now) {
  wire::Token token;
  if (!wire::read_token(frame.bytes(), token)) {
    ++counters_.malformed;
    return;
  }
  ++counters_.tokens_received;
  if (auto* operational = std::get_if<Operational>(&state_);
      operational && token.ring == log_->id && log_->count > 1) {
    operational->cancel_at = never;
    accept_token(operational->rotation, token, now);
  } else if (auto* recovery = std::get_if<Recovery>(&state_);
             recovery && token.ring == forming_->id && recovery->next_hop == 0) {
    recovery->commit_retransmit_at = never;
    accept_token(recovery->rotation, token, now);
  } else {
    ++counters_.tokens_foreign;
  }
}

// The last one that we shared or tried to form, where it may stand although it failed here, or the
// one that it was in before: not one of an earlier life.
bool Ring::leaves_our_ring(const wire::Join& leave, NodeIndex from) const noexcept {
  const PeerState& peer = peer_state_[at(from)];
  return leave.since == peer.shared || leave.since == attempted_ || leave.since == peer.came_from;
}

bool Ring::PeerState::is_old(const wire::Join& join) const noexcept {
  if (join.incarnation == incarnation) return join.join_seq <= join_seq;
  const auto* other = std::ranges::find(others, join.incarnation, &Life::incarnation);
  return other != others.end() && join.join_seq <= other->join_seq;
}

// One that spoke before, and goes on, is not remembered twice.
void Ring::PeerState::begin_life(std::uint64_t next) noexcept {
  auto* place = std::ranges::find(others, next, &Life::incarnation);
  if (place == others.end()) --place;
  std::ranges::move_backward(others.begin(), place, place + 1);
  others.front() = {incarnation, join_seq};
  incarnation = next;
  handed_ring_seq = misses = 0;
}

void Ring::receive_join(const FrameRef& frame, NodeIndex from, Time now) {
  wire::Join join;
  if (!wire::read_join(frame.bytes(), join) || join.sender != peers_.id(from)) {
    ++counters_.malformed;
    return;
  }
  ++counters_.joins_received;
  if (now == paused_at_) {
    ++counters_.joins_paused;
    return;
  }
  peer_state_[at(from)].other_frame_size = join.frame_max != parameters_.frame_max;
  if (join.frame_max != parameters_.frame_max) {
    ++counters_.joins_frame_size;
    return;
  }
  if (join.ring_seq > ring_seq_ && join.ring_seq - ring_seq_ > ring_seq_step_max) {
    ++counters_.joins_ring_seq;
    return;
  }
  PeerState& peer = peer_state_[at(from)];
  const bool same_incarnation = peer.incarnation == join.incarnation;
  if (peer.is_old(join)) {
    ++counters_.joins_stale;
    return;
  }
  const bool is_leaving = join.flags & wire::Join::leaving;
  const bool leaves_us = is_leaving && leaves_our_ring(join, from);
  // Who went on without a member would do so beside it.
  if (is_leaving && !leaves_us && log_->members.has(from)) {
    ++counters_.joins_stale;
    return;
  }
  const bool in_commit = state() == State::commit || state() == State::recovery;
  const Log& log = in_commit ? *forming_ : *log_;
  const bool member = log.members.has(from);
  const bool stale = same_incarnation && join.ring_seq < log.id.seq && !is_leaving;
  const auto* present = std::get_if<Gather>(&state_);
  const bool was_forming = present ? present->joined.has(from) : in_commit && member;
  // The last word of an earlier life: a ring is being formed with the present one.
  if (is_leaving && was_forming && !same_incarnation) {
    peer.left_orderly |= leaves_us;
    ++counters_.joins_stale;
    return;
  }
  if (!same_incarnation) peer.begin_life(join.incarnation);
  peer.join_seq = join.join_seq;
  peer.ring_seq = join.ring_seq;
  peer.left_orderly = leaves_us;
  if (auto* leaving = std::get_if<Leaving>(&state_)) {
    leave_with(*leaving, join, from);
    return;
  }
  if (state() == State::operational && !member) {
    receive_strange_join(join, from, now);
  } else if (state() != State::gather) {
    if (!member) return;
    if (stale && !has_met_others(join)) {
      ++counters_.joins_stale;
      return;
    }
    enter_gather(is_leaving  ? Reason::member_left
                 : in_commit ? Reason::join_in_commit
                             : Reason::join_received,
                 from, now);
  }
  auto* gather = std::get_if<Gather>(&state_);
  if (!gather) return;
  judge_handover(peer, join, now);
  // Not all have met it, and who keeps starting anew would keep the others from ever forming a
  // ring.
  if (was_forming && !same_incarnation) return give_up(*gather, from, now);
  join_in_gather(*gather, join, from, now);
}

// Of a node outside, to a ring that works. Who gives up one of its members could agree with none of
// the others.
void Ring::receive_strange_join(const wire::Join& join, NodeIndex from, Time now) {
  if (join.flags & wire::Join::leaving) return;
  if (held_down(from, now)) {
    ++counters_.joins_held_down;
    return;
  }
  bool hears_us = false, divides_us = false;
  for (std::size_t i = 0; i < join.count; ++i) {
    const auto& [node, marks] = join.entries[i];
    const auto index = peers_.find(node);
    hears_us |= node == identity_.self && (marks & wire::Join::heard);
    divides_us |= index && log_->members.has(*index) && (marks & wire::Join::failed);
  }
  if (divides_us) {
    ++counters_.joins_divisive;
    return;
  }
  if (!hears_us) ++counters_.joins_deaf;
  receive_foreign(from, hears_us, Reason::foreign_join, now);
}

void Ring::receive_commit(const FrameRef& frame, Time now) {
  if (state() == State::operational || state() == State::leaving) {
    ++counters_.commit_tokens_refused;
    return;
  }
  if (staged_waits_ || !collect_commit_part(frame.bytes())) return;
  ++counters_.commit_tokens_received;
  if (auto* gather = std::get_if<Gather>(&state_)) {
    commit_in_gather(*gather, now);
  } else if (auto* commit = std::get_if<Commit>(&state_)) {
    commit_in_commit(*commit, now);
  } else {
    commit_in_recovery(std::get<Recovery>(state_), now);
  }
}

void Ring::receive_hold_cancel(const FrameRef& frame, NodeIndex from) {
  const auto ring = wire::read_hold_cancel(frame.bytes());
  auto* operational = std::get_if<Operational>(&state_);
  if (!ring) {
    ++counters_.malformed;
    return;
  }
  if (!operational || *ring != log_->id || !log_->members.has(from)) return;
  ++counters_.hold_cancels_received;
  operational->unchanged = 0;
  if (operational->holding || operational->lingering) operational->asked_by = from;
}

// --- submission ---

std::size_t Ring::pending() const noexcept {
  return barrier_.pending() + (open_ ? application_.pending() : 0);
}

Submitted Ring::submit(std::uint32_t source, Class kind, Guarantee guarantee, Parts parts) {
  return (kind == Class::barrier ? barrier_ : application_).submit(source, guarantee, parts);
}

void Ring::abandon(std::uint32_t source) noexcept {
  application_.abandon(source);
}

void Ring::reserved(std::uint64_t ring_seq, Time now) {
  reserved_ = std::max(reserved_, ring_seq);
  auto* gather = std::get_if<Gather>(&state_);
  if (!gather) return;
  if (staged_waits_) {
    staged_waits_ = false;
    commit_in_gather(*gather, now);
  } else if (gather->agreed) {
    gather->agreed = false;
    check_consensus(*gather, now);
  }
}

void Ring::leave(Time now) {
  leaving_ = true;
  if (state() != State::operational) enter_leaving(now);
}

// --- small things ---

State Ring::state() const noexcept {
  return State{static_cast<std::uint8_t>(state_.index())};
}

bool Ring::idle() const noexcept {
  const auto* operational = std::get_if<Operational>(&state_);
  if (!operational) return true;
  return operational->holding || log_->count == 1 ||
         operational->unchanged >= parameters_.seqno_unchanged;
}

bool Ring::ready() const noexcept {
  const auto* operational = std::get_if<Operational>(&state_);
  if (!operational || !operational->rotation.held) return false;
  return visit_due(*log_, operational->rotation, operational->rotation.seq_before) <= now_;
}

void Ring::transition(Reason reason, NodeIndex cause) {
  if (output_.transitions.size() == output_.transitions.capacity()) return;
  const bool forming = state() == State::commit || state() == State::recovery;
  const Log& log = forming ? *forming_ : *log_;
  output_.transitions.push_back(
      {.to = state(),
       .reason = reason,
       .ring = log.id,
       .cause = cause == NodeIndex::self ? NodeId::none : peers_.id(cause),
       .members = static_cast<std::uint32_t>(log.count)});
}

FrameRef Ring::control_frame() {
  FrameRef frame = pool_.take();
  if (!frame) ++counters_.no_frames;
  return frame;
}

// Whatever finds no place here is a frame lost, and every frame may be lost.
void Ring::send(FrameRef frame, NodeIndex to, Lane lane) {
  if (output_.sends.size() == output_.sends.capacity()) {
    ++counters_.no_frames;
    return;
  }
  output_.sends.push_back({.frame = std::move(frame), .to = to, .lane = lane});
}

// splitmix64 (Steele et al. 2014): enough to spread joins, and the same in every replay.
Duration Ring::jitter(Duration span) noexcept {
  if (span <= Duration::zero()) return Duration::zero();
  std::uint64_t z = random_ += 0x9e3779b97f4a7c15;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  z ^= z >> 31;
  return Duration(static_cast<std::int64_t>(z % static_cast<std::uint64_t>(span.count())));
}

}  // namespace gyre::totem
