// Votequorum as its documentation has it: what each node remembers decides, and what it remembers
// of others is what they say. Only here to show where this lets two sides be quorate.
#pragma once

#include <algorithm>
#include <span>

#include "membership/quorum.hh"

namespace gyre::membership {

class Documented {
 public:
  Documented(const QuorumSettings& settings, NodeId) : settings_(settings) {
    status_.expected = settings.expected_votes;
    if (settings.allow_downscale)
      status_.expected = std::max(status_.expected, settings.highest_seen);
    status_.highest = status_.expected;
  }

  const QuorumStatus& status() const { return status_; }
  const Verdict& verdict() const { return verdict_; }

  void view(const totem::RingId&, std::span<const QuorumMember> members) {
    const auto size = static_cast<std::uint32_t>(members.size());
    const bool lost = size < total_;
    previous_ = total_;
    waiting_ = settings_.wait_for_all && !status_.quorate;
    for (const QuorumMember& member : members) {
      if (!member.status.quorate) continue;
      if (!status_.quorate) status_.expected = member.status.expected;
      waiting_ = false;  // it is, or joins, one that was quorate
    }
    lowest_ = std::ranges::any_of(members, [](const auto& m) { return m.node == NodeId{1}; });
    total_ = size;
    others_ = 0;
    for (const QuorumMember& member : members)
      if (member.status.quorate) others_ = std::max(others_, member.status.expected);
    decide();
    window_open_ = settings_.last_man_standing && lost && verdict_.quorate;
  }
  void retire(bool) {}
  bool window_open() const { return window_open_; }

  void leaves(NodeId) {
    if (!settings_.allow_downscale) return;
    --total_;
    status_.expected = std::max(settings_.downscale_min, status_.expected - 1);
    others_ = 0;
    decide();
  }

  void grow_up() noexcept {}  // it knows nothing of that
  void grown(NodeId) noexcept {}
  void device(NodeId, const QuorumDevice&) {}

  void window_over() {
    if (!window_open_) return;
    window_open_ = false;
    if (verdict_.quorate) status_.expected = total_, others_ = 0;
    decide();
  }

 private:
  void decide() {
    status_.expected = std::max(status_.expected, total_);
    status_.highest = std::max(status_.highest, status_.expected);
    const std::uint32_t total = total_;
    const std::uint32_t quorum = std::max(status_.expected, others_) / 2 + 1;
    const bool tie = settings_.tie_breaker != TieBreaker::none && lowest_ &&
                     total == status_.expected / 2 && previous_ < quorum + total;
    const bool waits = waiting_ && total != status_.expected;
    verdict_.quorate = status_.quorate = !waits && (total >= quorum || tie);
    verdict_.total_votes = total;
    verdict_.highest_expected = status_.highest;
    window_open_ = window_open_ && verdict_.quorate;
  }

  const QuorumSettings settings_;
  QuorumStatus status_;
  Verdict verdict_;
  std::uint32_t total_ = 0, previous_ = 0, others_ = 0;
  bool waiting_ = false, lowest_ = false, window_open_ = false;
};

}  // namespace gyre::membership
