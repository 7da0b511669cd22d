// What a node says of votes, and what it tells of the verdict and its lease.
#include <algorithm>
#include <utility>

#include "node/node.hh"

namespace gyre::node {

// Safe: who applies it within the view knows that all the others have it.
void Node::submit_votes() {
  while (view_open_) {
    const auto votes = voting_.next();
    if (!votes) break;
    const auto encoded = membership::wire::votes(*votes);
    const std::span<const std::byte> parts[] = {encoded.view()};
    const auto answer = ring_.submit(0, totem::Class::application, totem::Guarantee::safe, parts);
    votes_refused_ = answer == totem::Submitted::later;
    if (votes_refused_) return;
    voting_.taken();
  }
  if (std::exchange(leave_due_, false)) ring_.leave(now_);
}

void Node::leave(Time now) {
  now_ = now;
  leaving_ = true;
  tell_lease();  // before anybody hears of it
  if (view_open_) voting_.leave();
  leave_due_ = true;
  submit_votes();
  drain();
}

// The ring may be further than what was delivered of it: then the verdict is on one that is over.
// Votes keep two sides apart by those who have some: the others may start again, and be quorate,
// beside a node without any.
Time Node::lease_until() const noexcept {
  const membership::Quorum& quorum = membership_.quorum();
  const bool holds = view_open_ && !leaving_ && ring_.state() == totem::State::operational &&
                     ring_.ring() == view_ring_ && quorum.verdict().quorate &&
                     quorum.status().votes != 0;
  if (!holds) return Time::min();
  const Time until = view_size_ == 1 ? lease_.until_alone(now_) : lease_.until();
  return std::min(until, voting_.device_ends());
}

void Node::begin_lease() {
  const auto& [node, consensus] = membership_.quorum().shortest_consensus();
  lease_.view(consensus);
  lease_.told(never);  // of this view nothing was told yet
  const Duration own = membership_.quorum().status().consensus;
  if (consensus == own) return;
  const auto ms = [](Duration time) {
    return std::chrono::floor<std::chrono::milliseconds>(time).count();
  };
  log_.write(
      now_, LogLevel::warning,
      "node {} waits {} ms for whom it lost, this node {} ms: token and consensus should be the "
      "same on all nodes",
      static_cast<std::uint32_t>(node), ms(consensus), ms(own));
}

// Lies in the memory of every program, so it is written as seldom as it may be.
void Node::tell_lease() {
  const Time until = lease_until();
  if (!lease_.is_news(until)) return;
  lease_.told(until);
  ports_.each([&](ClientPort& port) { port.lease(verdict_number_, until); });
}

void Node::verdict(const membership::VerdictChange& change) {
  ports_.each([&](ClientPort& port) { port.verdict(change); });
  tell_verdict(change.place, change.verdict);
  verdict_number_ = change.number;
  lease_.told(never);  // of this one nothing was told yet
}

void Node::votes_answered(std::uint64_t request, membership::QuorumChange answer) {
  if (voting_.answered(request, answer)) errands_.votes_answered(request, answer);
}

// Who forgot has nothing to keep before another has told it: what is damaged shall be seen again.
// What it promised in a life before holds until it has grown up.
void Node::keep_votes() {
  const membership::QuorumStatus& status = membership_.quorum().status();
  const bool forgot = status.forgot;
  membership::KeptVotes kept = membership_.kept_votes();
  kept.consensus = std::chrono::ceil<std::chrono::milliseconds>(status.consensus);
  if (status.young) kept.consensus = std::max(kept.consensus, kept_.consensus);
  keep_due_ = !forgot && kept != kept_ && !errands_.keep(kept);
  if (!keep_due_ && !forgot) kept_ = kept;
}

void Node::tell_verdict(const totem::Place& place, const membership::Verdict& verdict) {
  keep_due_ = true;
  if (recorder_) recorder_->verdict(place, verdict);
  const LogLevel level = verdict.quorate ? LogLevel::info : LogLevel::warning;
  log_.write(now_, level, "{}: {}, {} of {} votes, {} needed",
             verdict.quorate ? "quorate" : "not quorate", text(verdict.reason), verdict.total_votes,
             verdict.expected_votes, verdict.quorum);
}

}  // namespace gyre::node
