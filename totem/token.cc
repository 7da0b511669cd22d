// What a visit of the token does in recovery and in operational alike (Amir et al. 1995, section 4;
// Babay and Amir 2016, section III).

#include <algorithm>

#include "totem/ring.hh"

namespace gyre::totem {

void Ring::accept_token(Rotation& rotation, const wire::Token& token, Time now) {
  // While one is held there is no other, and the visit under way counts on its seqs.
  if (rotation.held || token.token_seq <= rotation.token_seq) {
    ++counters_.token_duplicates;
    return;
  }
  // Seqs only grow. Those behind a lower one were given already, and may be stable.
  if (token.seq < rotation.seq_before) {
    ++counters_.malformed;
    return;
  }
  rotation.token = token;
  rotation.held = true;
  rotation.came_at = now;
  rotation.token_seq = token.token_seq;
  rotation.sent.reset();
  rotation.retransmit_at = never;
  rotation.lost_at = now + parameters_.token_loss;
}

// Sends again what was asked for and is here; the rest stays on the token. What is asked for once
// more is left to another who has it: our frames may not get to whoever asks, for they are too
// large for that path, or one of its directions is cut.
std::size_t Ring::serve_requests(Log& log, Rotation& rotation) {
  wire::Token& token = rotation.token;
  std::size_t left = 0, sent = 0;
  for (std::size_t i = 0; i < token.rtr_count; ++i) {
    const Seq seq = token.rtr[i];
    const bool have = log.window.has(seq);
    if (have && (log.window.answers(seq) || log.count == 2)) {
      send(log.window.at(seq), NodeIndex::everyone, Lane::data);
      ++sent;
    } else if (have || (seq > log.window.base() && seq <= token.seq)) {
      token.rtr[left++] = seq;
    }
  }
  token.rtr_count = static_cast<std::uint16_t>(left);
  counters_.retransmits_sent += sent;
  return sent;
}

// The first seq from `seq` on that is missing and that nobody asks for; behind `up_to`: there is
// none.
Seq Ring::next_hole(const Log& log, const wire::Token& token, Seq seq, Seq up_to) const {
  const auto asked = [&](Seq hole) {
    const auto end = token.rtr.begin() + token.rtr_count;
    return std::find(token.rtr.begin(), end, hole) != end;
  };
  for (; seq <= up_to && log.window.fits(seq); ++seq)
    if (!log.window.has(seq) && !asked(seq)) return seq;
  return up_to + 1;
}

// Where frames are spread over several links, what is missing up to `up_to` may still be on its way
// over a slower one than the token's. Somebody's request for it is not waited for, and all members
// together wait for a fraction of the time after which the token would be lost.
Time Ring::visit_due(const Log& log, const Rotation& rotation, Seq up_to) const {
  if (parameters_.late_data == Duration::zero()) return Time::min();
  if (next_hole(log, rotation.token, log.aru + 1, up_to) > up_to) return Time::min();
  const Duration most = parameters_.token_loss / (4 * static_cast<int>(log.count));
  return rotation.came_at + std::min(parameters_.late_data, most);
}

// Asks for what is missing up to `up_to`. In operational that is the seq of the token that this
// node passed on last time: what came later may still be on its way behind its token.
void Ring::request_holes(const Log& log, Rotation& rotation, Seq up_to) {
  wire::Token& token = rotation.token;
  Seq seq = log.aru;
  while (token.rtr_count < wire::Token::rtr_max &&
         (seq = next_hole(log, token, seq + 1, up_to)) <= up_to) {
    token.rtr[token.rtr_count++] = seq;
    ++counters_.retransmits_requested;
  }
}

// How many of `pending` frames may go now: the ring's window less what the others sent in the last
// rotation, and of that a share by the backlogs; never so far that a member runs out of slots.
std::size_t Ring::allowance(const Log& log, const Rotation& rotation, std::size_t pending) const {
  const wire::Token& token = rotation.token;
  const std::size_t unstable = number(token.seq) - std::min(number(token.seq), number(log.stable));
  if (unstable >= 4 * std::size_t{window_} || pending == 0) return 0;
  const std::uint32_t others = token.fcc - std::min(token.fcc, rotation.frames_before);
  const std::size_t room = window_ - std::min(window_, others);
  const std::size_t backlog =
      token.backlog - std::min(token.backlog, rotation.backlog_before) + pending;
  const std::size_t share = std::max<std::size_t>(1, window_ * pending / backlog);
  return std::min({pending, std::size_t{personal_}, room, share});
}

// The aru falls to what this node has; it rises only by the hand of the one that lowered it, or
// along with seq when all had everything.
void Ring::update_aru(Log& log, Rotation& rotation, Seq received_seq) {
  wire::Token& token = rotation.token;
  if (token.aru > log.aru || token.aru_owner == identity_.self || token.aru == received_seq) {
    token.aru = std::min(log.aru, token.seq);
    token.aru_owner = token.aru == token.seq ? NodeId::none : identity_.self;
  }
  log.stable = std::max(log.stable, std::min({token.aru, rotation.aru_before, log.aru}));
  rotation.aru_before = token.aru;
}

void Ring::account(Rotation& rotation, std::size_t frames, std::size_t waiting) {
  wire::Token& token = rotation.token;
  token.fcc -= std::min(token.fcc, rotation.frames_before);
  token.fcc += rotation.frames_before = static_cast<std::uint32_t>(frames);
  token.backlog -= std::min(token.backlog, rotation.backlog_before);
  token.backlog += rotation.backlog_before = static_cast<std::uint32_t>(waiting);
}

void Ring::pass_token(Rotation& rotation, NodeIndex to, Time now) {
  ++rotation.token.token_seq;
  rotation.token_seq = rotation.token.token_seq;
  rotation.seq_before = rotation.token.seq;
  rotation.held = false;
  rotation.retransmit_at = now + parameters_.token_retransmit;
  rotation.lost_at = now + parameters_.token_loss;
  rotation.sent_to = to;
  rotation.sent = control_frame();
  if (!rotation.sent) return;  // as good as lost on the way
  wire::write_token(rotation.sent, rotation.token);
  send(rotation.sent, to, Lane::token);
  ++counters_.tokens_sent;
}

void Ring::expire_rotation(Rotation& rotation, Time now) {
  if (now < rotation.retransmit_at) return;
  rotation.retransmit_at = now + parameters_.token_retransmit;
  if (!rotation.sent) return;
  send(rotation.sent, rotation.sent_to, Lane::token);
  ++counters_.tokens_retransmitted;
}

}  // namespace gyre::totem
