#include "membership/quorum_wire.hh"

namespace gyre::membership {

namespace {

enum Flag : std::uint32_t {
  quorate = 1,
  by_hand = 2,
  leaving = 4,
  young = 8,
  forgot = 16,
  all = 31
};

// Of a consensus time: no configuration has a longer one.
constexpr std::uint64_t longest = std::uint64_t{UINT32_MAX} * 1'000'000;

void write_claim(Writer& writer, const QuorumClaim& claim) noexcept {
  write_ring(writer, claim.ring);
  writer.number(claim.votes);
  writer.number(claim.total);
  writer.number(claim.expected);
  writer.number(static_cast<std::uint32_t>(claim.tie_breaker));
}

QuorumClaim read_claim(Reader& reader) noexcept {
  QuorumClaim claim;
  claim.ring = read_ring(reader);
  claim.votes = reader.number<std::uint32_t>();
  claim.total = reader.number<std::uint32_t>();
  claim.expected = reader.number<std::uint32_t>();
  claim.tie_breaker = NodeId{reader.number<std::uint32_t>()};
  return claim;
}

}  // namespace

void write_ring(Writer& writer, const totem::RingId& ring) noexcept {
  writer.number(ring.seq);
  writer.number(static_cast<std::uint32_t>(ring.representative));
  writer.number(ring.incarnation);
}

totem::RingId read_ring(Reader& reader) noexcept {
  totem::RingId ring;
  ring.seq = reader.number<std::uint64_t>();
  ring.representative = NodeId{reader.number<std::uint32_t>()};
  ring.incarnation = reader.number<std::uint64_t>();
  return ring;
}

void write_status(Writer& writer, const QuorumStatus& status,
                  std::span<const NodeId> seen) noexcept {
  writer.number(status.votes);
  writer.number(status.expected);
  writer.number(status.highest);
  writer.number(static_cast<std::uint64_t>(status.consensus.count()));
  writer.number((status.quorate ? quorate : 0u) | (status.by_hand ? by_hand : 0u) |
                (status.leaving ? leaving : 0u) | (status.young ? young : 0u) |
                (status.forgot ? forgot : 0u));
  write_claim(writer, status.claim);
  writer.number(status.attempt_count);
  for (const QuorumClaim& attempt : status.tried()) write_claim(writer, attempt);
  for (const NodeId node : seen) writer.number(static_cast<std::uint32_t>(node));
}

std::optional<QuorumStatus> read_status(std::span<const std::byte> bytes,
                                        SeenNodes& seen) noexcept {
  Reader reader(bytes);
  QuorumStatus status;
  status.votes = reader.number<std::uint32_t>();
  status.expected = reader.number<std::uint32_t>();
  status.highest = reader.number<std::uint32_t>();
  const auto consensus = reader.number<std::uint64_t>();
  const auto flags = reader.number<std::uint32_t>();
  status.quorate = flags & quorate;
  status.by_hand = flags & by_hand;
  status.leaving = flags & leaving;
  status.young = flags & young;
  status.forgot = flags & forgot;
  status.claim = read_claim(reader);
  status.attempt_count = reader.number<std::uint32_t>();
  if (flags > all || consensus > longest || status.attempt_count > QuorumStatus::attempts_max)
    return std::nullopt;
  status.consensus = Duration(consensus);
  for (std::size_t i = 0; i < status.attempt_count; ++i) status.attempts[i] = read_claim(reader);
  if (!reader.good() || reader.left() % 4 != 0 || reader.left() / 4 > nodes_max)
    return std::nullopt;
  while (!reader.at_end()) seen.add(NodeId{reader.number<std::uint32_t>()});
  return status;
}

}  // namespace gyre::membership
