#include "transport/header.hh"

#include <array>
#include <bit>
#include <concepts>
#include <cstring>

namespace gyre {

namespace {

constexpr std::uint32_t magic = 0x45525947;  // the letters GYRE
constexpr std::uint8_t version = 1;

static_assert(std::endian::native == std::endian::little, "the wire is little-endian");

// Single loads and stores: of a loop over the bytes g++ 12 makes 25 instructions a field.
template <std::unsigned_integral T>
void store(std::byte* to, T value) noexcept {
  std::memcpy(to, &value, sizeof value);
}

template <std::unsigned_integral T>
T load(const std::byte* from) noexcept {
  T value;
  std::memcpy(&value, from, sizeof value);
  return value;
}

}  // namespace

std::string_view text(Refusal refusal) noexcept {
  static constexpr std::array<std::string_view, refusal_count> texts = {
      "none",     "too_short", "magic",    "version", "suite",     "lane",
      "cluster",  "sender",    "length",   "own",     "own_id",    "other_lane",
      "replayed", "other_key", "unopened", "forged",  "not_fresh", "control"};
  return texts[static_cast<std::size_t>(refusal)];
}

std::string_view text(Suite suite) noexcept {
  static constexpr std::array<std::string_view, 3> texts = {"open", "aes256gcm",
                                                            "chacha20poly1305"};
  return texts[static_cast<std::size_t>(suite)];
}

std::uint64_t cluster_tag(std::string_view cluster_name) noexcept {
  std::uint64_t tag = 0xcbf29ce484222325;  // FNV-1a
  for (const char letter : cluster_name) {
    tag ^= static_cast<unsigned char>(letter);
    tag *= 0x100000001b3;
  }
  return tag;
}

void write_header(const Header& header, std::span<std::byte, header_size> bytes) noexcept {
  std::byte* const to = bytes.data();
  store(to, magic);
  store(to + 4, version);
  store(to + 5, static_cast<std::uint8_t>(header.suite));
  store(to + header_lane_offset, static_cast<std::uint8_t>(header.lane));
  store(to + 7, header.generation);
  store(to + 8, header.cluster);
  store(to + 16, static_cast<std::uint32_t>(header.sender));
  store(to + 20, header.length);
  store(to + 24, header.boot);
  store(to + 32, header.counter);
}

Refusal read_header(std::span<const std::byte> frame, std::uint64_t cluster, Header& header,
                    Suite suite) noexcept {
  if (frame.size() < header_size) return Refusal::too_short;
  const std::byte* const from = frame.data();
  if (load<std::uint32_t>(from) != magic) return Refusal::magic;
  if (load<std::uint8_t>(from + 4) != version) return Refusal::version;
  if (load<std::uint8_t>(from + 5) != static_cast<std::uint8_t>(suite)) return Refusal::suite;
  const auto lane = load<std::uint8_t>(from + header_lane_offset);
  if (lane >= lane_count) return Refusal::lane;
  if (load<std::uint64_t>(from + 8) != cluster) return Refusal::cluster;
  const auto sender = load<std::uint32_t>(from + 16);
  if (sender == 0) return Refusal::sender;
  const auto length = load<std::uint32_t>(from + 20);
  if (length != frame.size() - header_size) return Refusal::length;
  header = {.suite = suite,
            .lane = Lane(lane),
            .generation = load<std::uint8_t>(from + 7),
            .cluster = cluster,
            .sender = NodeId{sender},
            .length = length,
            .boot = load<std::uint64_t>(from + 24),
            .counter = load<std::uint64_t>(from + 32)};
  return Refusal::none;
}

}  // namespace gyre
