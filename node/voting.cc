#include "node/voting.hh"

#include <algorithm>
#include <utility>

namespace gyre::node {

using membership::Quorum;
using membership::QuorumChange;

Voting::Voting(NodeId self, const membership::QuorumSettings& settings, Duration grow_up) noexcept
    : self_(self),
      grow_up_(grow_up),
      window_(settings.last_man_standing_window),
      device_timeout_(settings.device_timeout),
      says_leaves_(settings.allow_downscale) {}

void Voting::view(const membership::View& view, const Quorum& quorum, Time now) noexcept {
  ring_ = view.ring;
  for (std::size_t left = count_; left > 0; --left) {  // what was to be said of another view
    const Votes votes = waiting_[first_];
    first_ = (first_ + 1) % waiting_max;
    --count_;
    if (votes.request != 0 || votes.ring == ring_) push(votes);
  }
  polls_.fill({});
  poll_count_ = 0;
  device_ends_ = device_due_ = never;
  window_at_ = quorum.window_open() ? now + window_ : never;
  // It grew up behind its list.
  if (grow_at_ == never && quorum.withheld(self_)) say(Votes::What::grown);
}

void Voting::look(const Quorum& quorum, Time now) noexcept {
  if (!quorum.window_open()) window_at_ = never;
  if (std::exchange(poll_count_, quorum.device_polls()) != quorum.device_polls())
    look_at_polls(quorum, now);
}

// The device's vote is over when nobody has it any more, whether that was said or not.
void Voting::look_at_polls(const Quorum& quorum, Time now) noexcept {
  Time ends = Time::min();
  device_due_ = never;
  for (std::size_t i = 0; i < quorum.devices().size(); ++i) {
    const membership::QuorumDevice& device = quorum.devices()[i];
    Poll& poll = polls_[i];
    if (poll.number != device.polls)
      poll = {.number = device.polls, .until = device.alive ? now + device_timeout_ : never};
    if (!poll.over) device_due_ = std::min(device_due_, poll.until);
    if (device.counts()) ends = std::max(ends, poll.until);
  }
  device_ends_ = ends == Time::min() ? never : ends;
}

void Voting::expire_polls(const Quorum& quorum, Time now) noexcept {
  device_due_ = never;
  for (std::size_t i = 0; i < quorum.devices().size(); ++i) {
    Poll& poll = polls_[i];
    if (poll.over) continue;
    poll.over = now >= poll.until;
    if (poll.over)
      say(Votes::What::device_gone, poll.number, quorum.devices()[i].node);
    else
      device_due_ = std::min(device_due_, poll.until);
  }
}

void Voting::expire(membership::Membership& membership, Time now) noexcept {
  if (now >= grow_at_) {
    grow_at_ = never;
    membership.grow_up();
    if (membership.quorum().withheld(self_)) say(Votes::What::grown);
  }
  if (now >= window_at_) {
    window_at_ = never;
    say(Votes::What::window_over);
  }
  if (now >= device_due_) expire_polls(membership.quorum(), now);
}

bool Voting::push(const Votes& votes) noexcept {
  if (count_ == waiting_max) return false;
  waiting_[(first_ + count_++) % waiting_max] = votes;
  return true;
}

void Voting::say(Votes::What what, std::uint32_t number, NodeId subject) noexcept {
  push({.what = what,
        .number = number,
        .subject = static_cast<std::uint32_t>(subject),
        .ring = ring_});
}

bool Voting::ask(const Votes& votes) noexcept {
  return count_ + asked_count_ < asked_max && push(votes);
}

void Voting::leave() noexcept {
  if (says_leaves_) say(Votes::What::leaves);
}

std::optional<Voting::Votes> Voting::next() const noexcept {
  if (count_ == 0) return std::nullopt;
  Votes votes = waiting_[first_];
  if (votes.ring == totem::RingId{}) votes.ring = ring_;
  return votes;
}

void Voting::taken() noexcept {
  const Votes& votes = waiting_[first_];
  if (votes.request != 0) asked_[asked_count_++] = votes;
  first_ = (first_ + 1) % waiting_max;
  --count_;
}

bool Voting::answered(std::uint64_t request, QuorumChange answer) noexcept {
  const auto end = asked_.begin() + static_cast<std::ptrdiff_t>(asked_count_);
  const auto asked = std::find_if(asked_.begin(), end,
                                  [&](const Votes& votes) { return votes.request == request; });
  if (asked == end) return false;
  const Votes votes = *asked;
  *asked = asked_[--asked_count_];
  const bool again = answer == QuorumChange::too_late && votes.ring == totem::RingId{};
  return !again || !push(votes);
}

}  // namespace gyre::node
