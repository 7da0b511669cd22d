// What a node says of its votes in the list that opens a ring (barrier.hh), little-endian:
//
//   votes:4, expected:4, highest:4, consensus:8 (nanoseconds), flags:4, claim, attempts:4, each as
//   the claim, nodes seen × 4
//   flags: 1 quorate, 2 by hand, 4 leaving, 8 young, 16 forgot
//   claim: ring (seq:8, representative:4, incarnation:8), votes:4, total:4, expected:4,
//   tie-breaker:4
#pragma once

#include <optional>
#include <span>

#include "membership/bytes.hh"
#include "membership/quorum.hh"
#include "membership/seen.hh"

namespace gyre::membership {

inline constexpr std::size_t quorum_section_max =
    28 + 36 * (1 + QuorumStatus::attempts_max) + 4 * nodes_max;

void write_ring(Writer&, const totem::RingId&) noexcept;
totem::RingId read_ring(Reader&) noexcept;

void write_status(Writer&, const QuorumStatus&, std::span<const NodeId> seen) noexcept;
// Nothing, if the bytes are not exactly that. `seen` gets the nodes that are named.
std::optional<QuorumStatus> read_status(std::span<const std::byte>, SeenNodes& seen) noexcept;

}  // namespace gyre::membership
