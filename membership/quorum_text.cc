// What a verdict says to a person.
#include "membership/quorum.hh"

namespace gyre::membership {
namespace {

std::string why(const Verdict& verdict) {
  const std::string total = std::to_string(verdict.total_votes);
  const std::string of = total + " of " + std::to_string(verdict.expected_votes);
  std::string needed = std::to_string(verdict.quorum) + " needed";
  if (verdict.withheld_votes != 0)
    needed += ", and " + std::to_string(verdict.withheld_votes) +
              " of nodes that have only just started, or forgotten who was there";
  const std::string node =
      "node " + std::to_string(static_cast<std::uint32_t>(verdict.tie_breaker));
  switch (verdict.reason) {
    case Verdict::Reason::no_view:
      return "no ring yet";
    case Verdict::Reason::majority:
      return of + " expected votes, " + needed;
    case Verdict::Reason::heir:
      return of + " votes, " + needed + ", by those that had the quorum before; " +
             std::to_string(verdict.highest_expected) + " were expected once";
    case Verdict::Reason::tie_breaker:
      return of + " expected votes, half of them, with the tie-breaker, " + node;
    case Verdict::Reason::two_node:
      return "two_node: one of the two nodes is enough";
    case Verdict::Reason::device:
      return "the quorum device chose this side (master_wins)";
    case Verdict::Reason::too_few:
      return of + " expected votes, " + needed;
    case Verdict::Reason::tie_lost:
      if (verdict.tie_breaker == NodeId::none)
        return of + " expected votes: half of them, but no quorum to keep by a tie-breaker";
      return of + " expected votes: half of them, but not half of a quorum with its tie-breaker, " +
             node;
    case Verdict::Reason::waiting:
      return "Waiting for all cluster members. Current votes: " + total +
             " expected_votes: " + std::to_string(verdict.expected_votes);
  }
  return {};
}

const char* danger(Verdict::Fencing fencing) {
  switch (fencing) {
    case Verdict::Fencing::not_needed:
      return nullptr;
    case Verdict::Fencing::two_node:
      return "two_node lets each of two separated nodes be quorate";
    case Verdict::Fencing::no_section:
      return "without a quorum section, sides that never met may both be quorate";
    case Verdict::Fencing::by_hand:
      return "votes were changed by hand, and who is not here does not know it";
    case Verdict::Fencing::more_votes:
      return "there are more votes than expected_votes says, and who is not here may not know it";
  }
  return nullptr;
}

}  // namespace

std::string_view text(Verdict::Reason reason) noexcept {
  using Reason = Verdict::Reason;
  switch (reason) {
    case Reason::no_view:
      return "no_view";
    case Reason::majority:
      return "majority";
    case Reason::heir:
      return "heir";
    case Reason::tie_breaker:
      return "tie_breaker";
    case Reason::two_node:
      return "two_node";
    case Reason::device:
      return "device";
    case Reason::too_few:
      return "too_few";
    case Reason::tie_lost:
      return "tie_lost";
    case Reason::waiting:
      return "waiting";
  }
  return "unknown";
}

std::string_view text(Verdict::Fencing fencing) noexcept {
  using Fencing = Verdict::Fencing;
  switch (fencing) {
    case Fencing::not_needed:
      return "not_needed";
    case Fencing::two_node:
      return "two_node";
    case Fencing::no_section:
      return "no_section";
    case Fencing::by_hand:
      return "by_hand";
    case Fencing::more_votes:
      return "more_votes";
  }
  return "unknown";
}

const char* text(QuorumChange change) noexcept {
  switch (change) {
    case QuorumChange::done:
      return "done";
    case QuorumChange::below_total:
      return "fewer votes than there are here cannot be expected";
    case QuorumChange::would_block:
      return "the quorum would be lost";
    case QuorumChange::unknown_node:
      return "no such node is here";
    case QuorumChange::too_late:
      return "the members changed meanwhile";
  }
  return "unknown";
}

std::string reason_text(const Verdict& verdict) {
  std::string text = (verdict.quorate ? "quorate: " : "not quorate: ") + why(verdict);
  if (const char* other = danger(verdict.fencing))
    text += std::string(". Fencing is needed: ") + other;
  return text;
}

std::string flags_text(const Verdict& verdict) {
  constexpr const char* words[] = {"2Node ",           "Quorate ",        "WaitForAll ",
                                   "LastManStanding ", "AutoTieBreaker ", "AllowDownscale ",
                                   "Qdevice "};
  std::string text;
  for (unsigned bit = 0; bit < std::size(words); ++bit)
    if (verdict.flags >> bit & 1) text += words[bit];
  return text;
}

}  // namespace gyre::membership
