// What nodes say to each other about a link, over that link: bytes only.
//
//   clear header 40, its suite's byte marked | link u8, kind u8, kinds u8, echoes u8, challenge
//   u64, echoes of 25 bytes, zeroes up to the length of the frame | tag 16, where frames are sealed
//
// It goes to everyone. Its counter counts the probes of a boot on that link and in that lane, and
// its key belongs to them, too: moved to another link, it does not open. Where nothing is sealed,
// the link's number is all that tells.
#pragma once

#include <functional>

#include "transport/seal.hh"

namespace gyre {

// One that is as short as it can be, to everyone; the same in the token's lane, where that takes
// another way; one as long as a frame may be.
enum class ProbeKind : std::uint8_t { data, token, full };
inline constexpr std::size_t probe_kinds = 3;
constexpr std::uint8_t bit(ProbeKind kind) noexcept {
  return static_cast<std::uint8_t>(1U << static_cast<unsigned>(kind));
}

struct Probe {
  std::uint8_t link = 0;  // its number in the configuration, 0 to 7
  ProbeKind kind{};
  std::uint8_t kinds = 0;       // that its sender sends on this link
  std::uint64_t challenge = 0;  // random: whoever brings it back has heard us just now
};

// What the sender has heard of a node on this link.
struct ProbeEcho {
  NodeId of{};
  std::uint32_t boot = 0;       // the lower half of that node's
  std::uint64_t challenge = 0;  // the last one
  std::uint32_t sequence = 0;   // the lower half of its counter in the data lane
  std::uint32_t held_us = 0;    // since then
  std::uint8_t heard = 0;       // kinds that come
};

inline constexpr std::size_t probe_echo_size = 25;
inline constexpr std::size_t probe_size_min = 12;

// `body` has room for them; the rest of it becomes zero.
void write_probe(const Probe& probe, std::span<const ProbeEcho> echoes,
                 std::span<std::byte> body) noexcept;
// False: no probe could look like that.
bool read_probe(std::span<const std::byte> body, Probe& probe) noexcept;
// Of a body that was read. False: it says nothing of that node.
bool find_echo(std::span<const std::byte> body, NodeId of, ProbeEcho& echo) noexcept;

bool is_probe(std::span<const std::byte> frame) noexcept;

// Puts probes behind header and seal, and takes them out again.
class ProbeSeal {
 public:
  // The cluster's key, and one more that is valid while keys are exchanged.
  struct Keys {
    const ClusterKey* current = nullptr;
    const ClusterKey* other = nullptr;
  };
  // `slots`: how many keys of others it keeps ready.
  ProbeSeal(NodeId self, std::uint64_t cluster, Suite suite, std::size_t slots);

  // Where frames are sealed there are no probes before there are keys.
  void key_source(std::function<Keys()> keys) { keys_ = std::move(keys); }
  bool ready() const noexcept { return suite_ == Suite::open || keys().current; }
  std::size_t overhead() const noexcept {
    return header_size + (suite_ == Suite::open ? 0 : tag_size);
  }
  // `frame`: overhead() around a body that begins behind the header.
  void close(std::span<std::byte> frame, std::uint8_t link, Lane lane, std::uint64_t boot,
             std::uint64_t counter) noexcept;
  // The header of what claims to be a probe of this cluster's.
  bool read(std::span<const std::byte> frame, Header& header) const noexcept;
  // The body; empty: it was not made by a node of this cluster for this link. `slot`: SIZE_MAX for
  // who has none.
  std::span<const std::byte> open(std::span<std::byte> frame, const Header& header,
                                  std::uint8_t link, std::size_t slot) noexcept;
  // Keys that are no longer valid are wiped.
  void look_at_keys() noexcept;

 private:
  Keys keys() const { return keys_ ? keys_() : Keys{}; }
  const ClusterKey* key_of(std::uint8_t id) const noexcept;
  Seal::Place place_of(const Header& header, std::uint8_t link) const noexcept;

  const NodeId self_;
  const std::uint64_t cluster_;
  const Suite suite_;
  std::function<Keys()> keys_;
  std::array<int, 2> key_ids_{-1, -1};
  Guarded<Seal> seals_;  // ours by link and lane, one to try, then the slots
};

}  // namespace gyre
