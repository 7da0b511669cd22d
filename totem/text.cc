#include "totem/ring.hh"

namespace gyre::totem {

std::string_view text(State state) noexcept {
  constexpr std::string_view names[] = {"gather", "commit", "recovery", "operational", "leaving"};
  return names[static_cast<std::size_t>(state)];
}

std::string_view text(Reason reason) noexcept {
  constexpr std::string_view names[] = {
      "started",
      "token lost",
      "token lost in commit",
      "token lost in recovery",
      "commit token missing",
      "a member is gathering",
      "a member of the ring to be fell back",
      "a node outside wants to join",
      "another ring is in reach",
      "a member leaves",
      "failed to receive",
      "consensus reached",
      "commit token returned",
      "recovered",
      "leaving on request",
      "gathering on request",
  };
  return names[static_cast<std::size_t>(reason)];
}

}  // namespace gyre::totem
