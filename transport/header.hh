// The clear header that begins every frame on the wire: 40 bytes, little-endian, fixed for ever.
//
//    0 magic u32     4 version u8   5 suite u8     6 lane u8       7 generation u8
//    8 cluster tag u64             16 sender u32  20 length u32 (bytes that follow)
//   24 boot tag u64                32 counter u64
//
// It says whose frame this is and which one, so that foreign and doubled frames are dropped before
// anything else looks at them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "transport/transport.hh"

namespace gyre {

inline constexpr std::size_t header_size = 40;
inline constexpr std::size_t header_lane_offset = 6;  // a device may steer by this byte

// How the rest of the frame is protected: one way for the whole cluster, never negotiated.
enum class Suite : std::uint8_t { open = 0, aes256gcm = 1, chacha20poly1305 = 2 };

std::string_view text(Suite suite) noexcept;

struct Header {
  Suite suite = Suite::open;
  Lane lane = Lane::data;
  std::uint8_t generation = 0;  // ClusterKey::id; 0 where nothing is sealed
  std::uint64_t cluster = 0;    // cluster_tag of the cluster's name
  NodeId sender = NodeId::none;
  std::uint32_t length = 0;   // bytes behind the header
  std::uint64_t boot = 0;     // random for each start of the sender
  std::uint64_t counter = 0;  // per sender, boot and lane; never used twice
  bool operator==(const Header&) const = default;
};

// Why a frame went no further.
enum class Refusal : std::uint8_t {
  none,
  too_short,
  magic,
  version,
  suite,
  lane,
  cluster,
  sender,
  length,
  own,         // this node's own frame came back
  own_id,      // this node's id, but another boot: a second node has it, or an old frame is about
  other_lane,  // says another lane than the one it came on
  replayed,    // seen before, or too old to tell
  // Where frames are sealed, besides:
  other_key,  // sealed with another key than those that we have
  unopened,   // of a sender who has proved nothing, while too much else was forged
  forged,     // the seal is not that of these bytes
  not_fresh,  // genuine, but perhaps of long ago: its sender has not answered us yet
  control,    // the seal's own: it has been dealt with
};
inline constexpr std::size_t refusal_count = 18;
std::string_view text(Refusal refusal) noexcept;

// Keeps clusters apart that share a network. It is no secret and no protection.
std::uint64_t cluster_tag(std::string_view cluster_name) noexcept;

void write_header(const Header& header, std::span<std::byte, header_size> bytes) noexcept;

// Reads the header of a whole frame, which is to be protected as `suite` says. `header` is filled
// in only if the answer is Refusal::none. The reasons after `length` are for others to find.
Refusal read_header(std::span<const std::byte> frame, std::uint64_t cluster, Header& header,
                    Suite suite = Suite::open) noexcept;

}  // namespace gyre
