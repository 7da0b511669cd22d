// How long a verdict may be acted on, by each node's own clock.
//
// Whoever was not told yet that others go on without it must not act any more when they begin to.
// Both halves of this count from the token. When it is here again, every other member was in the
// ring at some time after the last visit but one (from one visit to the next the token may have
// been held here, or handed to who asked for it past some members, but not twice in a row). So who
// may have been left behind acts for 0.8 × consensus from then on (Lease), and those who left it
// behind open the next ring no sooner than `consensus` after their last visit (Parting). The fifth
// is for clocks that differ by up to a tenth. Where nodes have different consensus times, each acts
// by the shortest of its view; who left it behind does not know that view if it was not told of it,
// and waits for the shortest that it knows of: its own, or that of a member that has come along
// since. Who leaves on request gives its lease up before it says so, and is not waited for.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>
#include <utility>

#include "totem/types.hh"
#include "transport/time.hh"

namespace gyre::node {

class Lease {
 public:
  // A view stands, all of whose members wait at least that long for whom they lost.
  void view(Duration consensus) noexcept { length_ = consensus - consensus / 5; }

  // The token is here. `ring` counts the rings: what one was told is not true of the next.
  void visited(std::uint64_t ring, Time now) noexcept {
    if (std::exchange(ring_, ring) != ring) {
      left_at_ = visited_at_;
      before_ = visited_at_ = Time::min();
    }
    since_ = before_;
    before_ = std::exchange(visited_at_, now);
  }
  Time until() const noexcept { return since_ == Time::min() ? since_ : since_ + length_; }
  // Of a ring of one, which has no rotations: there is nobody whom it could miss.
  Time until_alone(Time now) const noexcept { return now + length_; }
  Time renew_at() const noexcept { return told_ == Time::min() ? never : told_ - length_ / 2; }
  // The last visit before that ring, whose first may have been already.
  Time left_at(std::uint64_t ring) const noexcept { return ring == ring_ ? left_at_ : visited_at_; }

  // Whether programs should be told of `until`: at once that it is over, and that it goes on
  // whenever a sixteenth of it has passed.
  bool is_news(Time until) const noexcept {
    if (until < told_) return true;
    return until > told_ && (told_ == Time::min() || until - told_ > length_ / 16);
  }
  void told(Time until) noexcept { told_ = until; }

 private:
  Duration length_{};
  std::uint64_t ring_ = 0;
  // In this ring: the last visit, the one before, and the one before that.
  Time visited_at_ = Time::min(), before_ = Time::min(), since_ = Time::min();
  Time left_at_ = Time::min();  // in the ring before
  Time told_ = Time::min();
};

class Parting {
 public:
  explicit Parting(Duration consensus) noexcept : consensus_(consensus), shortest_(consensus) {}

  // A ring stands, and the last visit of the one before was `last_visit`. `left`: on request.
  template <typename Left>
  void installed(std::span<const totem::Member> members, Time last_visit, Left left) noexcept {
    const auto stays = [&](NodeId node) {
      return std::ranges::binary_search(members, node, {}, &totem::Member::node) || left(node);
    };
    if (opened_) parted_at_ = last_visit;
    opened_ = false;
    const bool all_stay = std::all_of(before_.begin(), before_.begin() + count_, stays);
    until_ = all_stay ? Time::min() : parted_at_ + shortest_;
    next_count_ = members.size();
    std::ranges::transform(members, next_.begin(), &totem::Member::node);
  }
  // These come along, in the same life.
  void transitional(std::span<const totem::Member> members) noexcept {
    for (std::size_t i = 0; i < count_; ++i)
      along_[i] &= std::ranges::binary_search(members, before_[i], {}, &totem::Member::node);
  }
  // A member's list says how long that one waits. Who was in the ring that was opened counts in
  // every view of it: nobody acts by that for longer.
  void heard(NodeId member, Duration consensus) noexcept {
    const auto end = before_.begin() + count_;
    const auto found = std::lower_bound(before_.begin(), end, member);
    if (found == end || *found != member || !along_[found - before_.begin()]) return;
    shortest_ = std::min(shortest_, consensus);
    if (until_ != Time::min()) until_ = parted_at_ + shortest_;
  }
  // This node's list begins to go out. Before, nobody can have a verdict on this ring; who agreed
  // to it has none on the ring before any more.
  void opened() noexcept {
    if (std::exchange(opened_, true)) return;
    before_ = next_;
    count_ = next_count_;
    along_.fill(true);
    shortest_ = consensus_;
  }
  // No list of this node before.
  Time until() const noexcept { return until_; }

 private:
  const Duration consensus_;
  Duration shortest_;
  bool opened_ = false;
  std::array<NodeId, nodes_max> before_{}, next_{};  // of the last ring that was opened; of this
  std::array<bool, nodes_max> along_{};              // who of `before_` has come along since
  std::size_t count_ = 0, next_count_ = 0;
  Time parted_at_{}, until_ = Time::min();
};

}  // namespace gyre::node
