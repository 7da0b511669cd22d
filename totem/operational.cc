// Operational: the token goes round, and with it the right to give messages their place.

#include <algorithm>

#include "totem/ring.hh"

namespace gyre::totem {
namespace {

// What a node may send, and for how long it may keep the token, before the others have their turn.
constexpr std::size_t linger_frames = 8;
constexpr Duration linger_max = std::chrono::milliseconds(1);

bool holds_one_message(const FrameRef& frame) {
  const wire::Item item = wire::read_item(frame.data() + wire::Data::size);
  return frame.size() == wire::Data::size + wire::Item::size + item.length;
}

}  // namespace

void Ring::visit_operational(Operational& operational, Time now) {
  Rotation& rotation = operational.rotation;
  if (!rotation.held) return;
  if (log_->count == 1) return visit_alone(operational, now);
  if (operational.lingering) return linger(operational, now);
  const bool released = operational.holding;
  if (released && !release_held(operational, now)) return;
  if (!rotation.held || now < visit_due(*log_, rotation, rotation.seq_before)) return;
  last_visit_ = now;
  ++counters_.rotation_count;
  if (failed_to_receive(*log_, rotation, now))
    return enter_gather(Reason::failed_to_receive, NodeIndex::self, now);

  Visit& visit = operational.visit;
  visit = {.received_seq = rotation.token.seq, .unsent = rotation.token.seq + 1};
  visit.may_hold = !released;
  visit.resent = serve_requests(*log_, rotation);
  sequence(rotation, allowance(*log_, rotation, pending()));
  if (may_linger(rotation, visit)) {
    operational.lingering = true;
    operational.linger_end = now + linger_max;
    operational.linger_until = now + parameters_.linger;
    send_unsent(rotation, visit);
    ++counters_.lingers;
    return;
  }
  finish_visit(operational, now);
}

void Ring::finish_visit(Operational& operational, Time now) {
  Rotation& rotation = operational.rotation;
  Visit& visit = operational.visit;
  const wire::Token& token = rotation.token;
  operational.lingering = false;
  operational.linger_until = operational.linger_end = never;
  operational.asked_by = NodeIndex::self;
  const std::size_t sent = number(token.seq) - number(visit.received_seq);
  account(rotation, sent + visit.resent, pending());
  operational.light = token.backlog == 0 && token.fcc <= linger_frames;
  update_aru(*log_, rotation, visit.received_seq);
  const Seq seq_before = rotation.seq_before;
  request_holes(*log_, rotation, seq_before);
  log_->release();
  const bool quiet = token.seq == seq_before && token.aru == token.seq && token.rtr_count == 0 &&
                     token.backlog == 0 && visit.resent == 0;
  operational.unchanged = quiet ? operational.unchanged + 1 : 0;
  if (visit.may_hold && hold_token(operational, quiet, now)) return;

  // The token overtakes the data that it announces (the accelerated ring): its next holder works
  // while our frames are still on their way.
  pass_token(rotation, log_->successor(NodeIndex::self), now);
  send_unsent(rotation, visit);
}

void Ring::send_unsent(const Rotation& rotation, Visit& visit) {
  for (; visit.unsent <= rotation.token.seq; ++visit.unsent)
    send(log_->window.at(visit.unsent), NodeIndex::everyone, Lane::data);
}

// A node that sends one message now and then, while no one else does, keeps the token for a moment,
// so that its next message does not wait for a rotation. Nothing else may wait for that rotation
// either: no hole, no safe message, no one's backlog. Who sends more gains by the rotation: while
// the token is away, messages gather in full frames.
bool Ring::may_linger(const Rotation& rotation, const Visit& visit) const {
  const wire::Token& token = rotation.token;
  return parameters_.linger > Duration::zero() &&
         number(token.seq) - number(visit.received_seq) == 1 && pending() == 0 &&
         holds_one_message(log_->window.at(token.seq)) && visit.resent == 0 &&
         token.rtr_count == 0 && token.fcc <= rotation.frames_before &&
         token.backlog <= rotation.backlog_before && log_->aru >= token.seq &&
         log_->last_safe <= log_->stable && !leaving_;
}

// The visit goes on: more messages get their places as they come, until there is a pause, someone
// asks for the token, or it is more than a little.
void Ring::linger(Operational& operational, Time now) {
  Rotation& rotation = operational.rotation;
  last_visit_ = now;
  const Seq before = rotation.token.seq;
  sequence(rotation, allowance(*log_, rotation, pending()));
  const std::size_t sent = number(rotation.token.seq) - number(before);
  const std::size_t in_all = number(rotation.token.seq) - number(operational.visit.received_seq);
  if (sent > 0) operational.linger_until = now + parameters_.linger;
  const bool more = sent > 0 && !holds_one_message(log_->window.at(rotation.token.seq));
  const bool enough = more || sent > 1 || in_all >= linger_frames || pending() > 0 ||
                      log_->last_safe > log_->stable || now >= operational.linger_until ||
                      now >= operational.linger_end || operational.asked_by != NodeIndex::self;
  if (enough) return finish_visit(operational, now);
  send_unsent(rotation, operational.visit);
}

// Gives the next `count` pending frames their seqs.
void Ring::sequence(Rotation& rotation, std::size_t count) {
  for (; count > 0; --count) {
    if (!log_->window.fits(rotation.token.seq + 1)) return;
    FrameRef frame = barrier_.pending() > 0 ? barrier_.take() : application_.take();
    wire::Data header = *wire::read_data(frame.bytes());
    header.sender = identity_.self;
    header.ring = log_->id;
    header.seq = ++rotation.token.seq;
    wire::write_data(frame.data(), header);
    if (output_.sequenced.size() < output_.sequenced.capacity()) output_.sequenced.push_back(frame);
    last_sent_ = header.seq;
    if (header.flags & wire::Data::safe) log_->last_safe = header.seq;
    log_->store(header.seq, std::move(frame));
    ++counters_.data_sent;
  }
}

// A ring of one: everything is received by everyone as soon as it has its place.
void Ring::visit_alone(Operational& operational, Time now) {
  last_visit_ = now;
  log_->release();
  sequence(operational.rotation, std::min<std::size_t>(pending(), window_));
  operational.rotation.token.aru = log_->stable = log_->aru;
}

// Idle for long enough: the representative keeps the token, so that a quiet ring is quiet. One
// quiet visit is never enough: it may be the one that raised the aru, and only if the next finds it
// as high has every member agreed.
bool Ring::hold_token(Operational& operational, bool quiet, Time now) {
  if (!quiet || operational.unchanged < std::max(parameters_.seqno_unchanged, 2u)) return false;
  if (log_->order[0] != NodeIndex::self) return false;
  operational.holding = true;
  operational.release_at = now + parameters_.hold;
  operational.rotation.lost_at = never;
  ++counters_.holds;
  return true;
}

// The held token goes on: to whoever asked, with our own messages, or round once because its time
// is up. A member that asks gets it directly. Those in between would have passed it on as it was:
// when it was held, every member had everything and nothing was asked for.
bool Ring::release_held(Operational& operational, Time now) {
  const NodeIndex asked_by = operational.asked_by;
  if (asked_by == NodeIndex::self && pending() == 0 && now < operational.release_at) return false;
  operational.holding = false;
  operational.release_at = never;
  operational.asked_by = NodeIndex::self;
  if (asked_by == NodeIndex::self) return true;
  operational.unchanged = 0;
  last_visit_ = now;
  ++counters_.hand_offs;
  pass_token(operational.rotation, asked_by, now);
  return true;
}

// We keep the aru back, visit after visit, and nothing that we ask for comes: it is we who cannot
// receive, so we leave the others alone. Counted in visits and in time, because visits can be very
// short.
bool Ring::failed_to_receive(const Log& log, Rotation& rotation, Time now) const {
  const wire::Token& token = rotation.token;
  if (token.aru_owner != identity_.self || log.aru > token.aru) {
    rotation.stuck_visits = 0;
    rotation.progress_at = now;
    return false;
  }
  ++rotation.stuck_visits;
  const Duration stuck = now - rotation.progress_at;
  return stuck > parameters_.token_loss &&
         (rotation.stuck_visits > parameters_.fail_to_receive ||
          (rotation.stuck_visits > 16 && stuck > parameters_.token_loss + parameters_.consensus));
}

// There is something to send: if the token is held, or someone lingers with it, the holder must
// know; if it is on its way, it should have come soon.
void Ring::ask_for_token(Operational& operational, Time now) {
  constexpr Duration patience = std::chrono::milliseconds(2);
  const bool may_be_kept = operational.unchanged >= parameters_.seqno_unchanged ||
                           (operational.light && operational.rotation.frames_before == 0);
  if (operational.cancel_at == never) operational.cancel_at = may_be_kept ? now : now + patience;
  if (now < operational.cancel_at) return;
  operational.cancel_at = now + patience;
  FrameRef frame = control_frame();
  if (!frame) return;
  wire::write_hold_cancel(frame, log_->id);
  send(std::move(frame), NodeIndex::everyone, Lane::data);
  ++counters_.hold_cancels_sent;
}

void Ring::expire_operational(Operational& operational, Time now) {
  Rotation& rotation = operational.rotation;
  if (now >= rotation.lost_at) {
    ++counters_.token_losses;
    return enter_gather(Reason::token_lost, NodeIndex::self, now);
  }
  expire_rotation(rotation, now);
  expire_merge_detect(now);
  if (pending() > 0 && !rotation.held) ask_for_token(operational, now);
  if (may_leave(operational)) enter_leaving(now);
}

// All that this node sent is everywhere, and the token is with someone who passes it on.
bool Ring::may_leave(const Operational& operational) const noexcept {
  return leaving_ && application_.pending() + barrier_.pending() == 0 &&
         last_sent_ <= log_->stable && log_->delivered >= log_->aru &&
         (!operational.rotation.held || operational.holding || log_->count == 1);
}

}  // namespace gyre::totem
