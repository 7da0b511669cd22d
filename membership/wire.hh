// What clients ask for, and what changes votes within a ring, as messages of the ring.
//
// The node writes these in front of a client's payload and submits them as Class::application; it
// must keep one client's requests in their order. The sending node is not in them: it is the ring's
// word who sent a message. All numbers are little-endian, all lengths exact, all spare bytes zero.
//
//   data          1, 0, 0, 0, client:4, group:8, payload
//   join          2, name size, 0, 0, client:4, pid:4, name
//   leave         3, reason, 0, 0, client:4, group:8
//   process_down  4, 0, 0, 0, client:4
//   votes         5, what, 0, 0, number:4, subject:4, request:8, ring (quorum_wire.hh)
//   word          6, what, 0, 0, subject:4, request:8, text
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "membership/types.hh"

namespace gyre::membership::wire {

inline constexpr std::size_t header_max = 16 + group_name_max;  // holds any of them
struct Encoded {
  std::array<std::byte, header_max> bytes;
  std::size_t size = 0;
  std::span<const std::byte> view() const noexcept { return {bytes.data(), size}; }
};

// Empty if the name is not a valid group name: there is nothing to submit then.
Encoded join(std::uint32_t pid, std::uint32_t client, std::string_view group) noexcept;
// One program out of one group. `reason` is leave or process_down.
Encoded leave(std::uint32_t client, GroupId group, ChangeReason reason) noexcept;
// Out of all its groups.
Encoded process_down(std::uint32_t client) noexcept;
// The payload follows.
Encoded data(std::uint32_t client, GroupId group) noexcept;

// What one daemon says to all, itself included. What it means is not known here.
struct Word {
  std::uint8_t what = 0;
  std::uint32_t subject = 0;
  std::uint64_t request = 0;  // the sender's own number for it
  std::string_view text;      // at most word_text_max bytes
};
inline constexpr std::size_t word_text_max = header_max - 16;
Encoded word(const Word&) noexcept;
// What changes votes. It is said in one ring about that ring, and means nothing in another.
struct Votes {
  enum class What : std::uint8_t {
    leaves = 1,   // the sender
    grown,        // the sender
    window_over,  // of last_man_standing
    device,       // what the sender's program says of it: `subject` as below
    device_gone,  // says nothing at the node `subject` since its poll `number`
    expected,     // the operator's: `number`
    votes,        // `number` for the node `subject`
    cancel_wait_for_all
  } what{};
  static constexpr std::uint32_t device_registered = 1, device_alive = 2, device_votes = 4,
                                 device_master_wins = 8;
  std::uint32_t number = 0, subject = 0;
  std::uint64_t request = 0;  // the sender's, which awaits an answer; 0: nobody does
  totem::RingId ring{};
  bool operator==(const Votes&) const = default;
};
Encoded votes(const Votes&) noexcept;

// The other direction. Nothing, if the bytes are not exactly such a message.
enum class Kind : std::uint8_t {
  none = 0,
  data = 1,
  join = 2,
  leave = 3,
  process_down = 4,
  votes = 5,
  word = 6
};
struct Join {
  std::uint32_t client, pid;
  std::string_view name;
};
struct Leave {
  std::uint32_t client;
  GroupId group;
  ChangeReason reason;
};
struct ProcessDown {
  std::uint32_t client;
};
struct Data {
  std::uint32_t client;
  GroupId group;
  std::span<const std::byte> payload;
};

inline Kind kind(std::span<const std::byte> message) noexcept {
  return message.empty() ? Kind::none : static_cast<Kind>(message.front());
}
std::optional<Join> read_join(std::span<const std::byte> message) noexcept;
std::optional<Leave> read_leave(std::span<const std::byte> message) noexcept;
std::optional<ProcessDown> read_process_down(std::span<const std::byte> message) noexcept;
std::optional<Data> read_data(std::span<const std::byte> message) noexcept;
std::optional<Word> read_word(std::span<const std::byte> message) noexcept;
std::optional<Votes> read_votes(std::span<const std::byte> message) noexcept;

}  // namespace gyre::membership::wire
