// Merge: nodes outside of the ring, and how two rings that hear each other come together (Amir et
// al. 1995, section 5.2).

#include <algorithm>

#include "totem/ring.hh"

namespace gyre::totem {

// A node outside of our ring. Both rings come together only when each is known to hear the other: a
// node that is deaf or mute cannot break a ring that works.
void Ring::receive_foreign(NodeIndex from, bool hears_us, Reason reason, Time now) {
  if (held_down(from, now) || unreached(from, now) || now < isolated_until_) return;
  if (peer_state_[at(from)].other_frame_size) return;
  peer_state_[at(from)].foreign_at = now;
  if (hears_us) return enter_gather(reason, from, now);
  merge_detect_at_ =
      std::min(merge_detect_at_, std::max(now, merge_detect_sent_ + parameters_.join_interval()));
}

void Ring::expire_merge_detect(Time now) {
  if (now < merge_detect_at_) return;
  if (now < isolated_until_) {
    merge_detect_at_ = isolated_until_;
    return;
  }
  merge_detect_at_ = now + parameters_.merge_detect;
  wire::MergeDetect detect{.sender = identity_.self, .ring = log_->id};
  bool anyone_outside = parameters_.open;
  const Duration fresh = 2 * parameters_.merge_detect + parameters_.join_interval();
  for (std::size_t i = 1; i < peers_.count(); ++i) {
    const NodeIndex peer{static_cast<std::uint8_t>(i)};
    if (log_->members.has(peer)) continue;
    anyone_outside = true;
    if (peer_state_[i].foreign_at != Time::min() && now - peer_state_[i].foreign_at <= fresh &&
        !held_down(peer, now))
      detect.heard[detect.count++] = peers_.id(peer);
  }
  if (!anyone_outside) return;
  FrameRef frame = control_frame();
  if (!frame) return;
  wire::write_merge_detect(frame, detect);
  send(std::move(frame), NodeIndex::everyone, Lane::data);
  merge_detect_sent_ = now;
  ++counters_.merge_detects_sent;
}

void Ring::receive_merge_detect(const FrameRef& frame, NodeIndex from, Time now) {
  wire::MergeDetect detect;
  if (!wire::read_merge_detect(frame.bytes(), detect) || detect.sender != peers_.id(from)) {
    ++counters_.malformed;
    return;
  }
  ++counters_.merge_detects_received;
  const bool hears_us = std::find(detect.heard.begin(), detect.heard.begin() + detect.count,
                                  identity_.self) != detect.heard.begin() + detect.count;
  if (auto* leaving = std::get_if<Leaving>(&state_)) {
    if (detect.ring.seq > log_->id.seq) leaving->waiting.remove(from);
  } else if (auto* gather = std::get_if<Gather>(&state_)) {
    if (hears_us) heard_in_gather(*gather, from, now);
  } else if (state() == State::operational) {
    if (!log_->members.has(from))
      receive_foreign(from, hears_us, Reason::foreign_ring, now);
    else if (detect.ring.seq > log_->id.seq && hears_us)
      enter_gather(Reason::foreign_ring, from, now);  // it has gone on without us
  }
}

}  // namespace gyre::totem
