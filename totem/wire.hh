// The six kinds of frame, as they stand behind the clear header.
//
// Everything read from a peer is checked here: counts against the length and against the bounds of
// the tables that they fill. What a field means is the ring's business.
#pragma once

#include <array>
#include <optional>

#include "totem/bytes.hh"
#include "totem/types.hh"

namespace gyre::totem::wire {

enum class Type : std::uint8_t {
  data = 1,
  token = 2,
  join = 3,
  commit_token = 4,
  merge_detect = 5,
  hold_cancel = 6,
};

std::optional<Type> type(std::span<const std::byte> frame) noexcept;

// --- data: one frame of the order, with the messages packed in it ---

struct Data {
  static constexpr std::size_t size = 40;
  enum Flag : std::uint8_t { safe = 1, recovered = 2, barrier = 4 };
  std::uint8_t flags = 0;
  NodeId sender = NodeId::none;
  RingId ring;
  Seq seq{};
};
std::optional<Data> read_data(std::span<const std::byte> frame) noexcept;
void write_data(std::byte* front, const Data&) noexcept;  // `size` bytes

// A message, or a part of one, inside a data frame: a word in front of its bytes.
struct Item {
  static constexpr std::size_t size = 4;
  static constexpr std::uint32_t length_max = (1u << 24) - 1;
  enum Flag : std::uint8_t { first = 1, last = 2, withdrawn = 4 };
  static constexpr std::uint8_t whole = first | last;
  std::uint32_t length = 0;
  std::uint8_t flags = 0;
};
Item read_item(const std::byte* front) noexcept;
void write_item(std::byte* front, const Item&) noexcept;

// --- token ---

struct Token {
  static constexpr std::size_t rtr_max = 100;
  // More than a ring can live for, so that no seq of it ever wraps.
  static constexpr Seq seq_max{std::uint64_t{1} << 62};
  static constexpr std::size_t fixed_size = 1 + 1 + 2 + 20 + 8 + 8 + 8 + 4 + 4 + 4 + 4;
  RingId ring;
  std::uint64_t token_seq = 0;  // grows with every hop
  Seq seq{};                    // highest seq of the ring
  Seq aru{};                    // all received up to
  NodeId aru_owner = NodeId::none;
  std::uint32_t fcc = 0;         // frames sent in the last rotation
  std::uint32_t backlog = 0;     // frames waiting at all members
  std::uint32_t recovering = 0;  // members that still have old messages to send
  std::uint16_t rtr_count = 0;
  std::array<Seq, rtr_max> rtr{};  // asked for again
};
bool read_token(std::span<const std::byte> frame, Token&) noexcept;
void write_token(FrameRef& frame, const Token&) noexcept;

// --- join ---

struct Join {
  enum Flag : std::uint8_t {
    leaving = 1,
    closed = 2,  // the sender's consensus timer has run out: it goes with whom it marks as heard
    missed = 4,  // the commit token of `ring_seq` did not come
    wary = 8,    // rings keep breaking: the sender agrees to none before it has closed
  };
  enum Mark : std::uint8_t { failed = 1, heard = 2 };
  struct Entry {
    NodeId node = NodeId::none;
    std::uint8_t marks = 0;
  };
  static constexpr std::size_t fixed_size = 4 + 4 + 8 + 8 + 8 + 8 + 4 + 4;
  static constexpr std::size_t entry_size = 5;
  std::uint8_t flags = 0;
  NodeId sender = NodeId::none;
  std::uint64_t incarnation = 0;
  std::uint64_t join_seq = 0;  // of this sender, growing
  std::uint64_t ring_seq = 0;  // highest that the sender has seen
  // Of the first ring that the sender shared; 0: of none yet. Leaving: mark() of the ring it
  // leaves.
  std::uint64_t since = 0;
  std::uint32_t frame_max = 0;  // must be ours
  std::uint32_t capabilities = 0;
  std::uint16_t count = 0;
  std::array<Entry, nodes_max> entries{};  // proc_set; fail_set and heard as marks in it
};
bool read_join(std::span<const std::byte> frame, Join&) noexcept;
void write_join(FrameRef& frame, const Join&) noexcept;

// --- commit token: sent in several frames if its entries do not fit one ---

struct CommitEntry {
  static constexpr std::size_t size = 4 + 4 + 20 + 8 + 8 + 8 + 16 + 8 + 4;
  NodeId node = NodeId::none;
  bool filled = false;
  RingId old_ring;
  Seq aru{}, high{}, stable{};
  std::array<std::uint64_t, nodes_max / 64> obliged{};  // by place in the old ring
  std::uint64_t since = 0;
  std::uint32_t receive_frames = 0;
};
struct CommitToken {
  static constexpr std::size_t fixed_size = 4 + 20 + 4 + 2 + 2 + 2;
  RingId ring;
  std::uint32_t hop = 0;      // which visit of its two rotations this is
  std::uint16_t members = 0;  // of the whole token
  std::array<CommitEntry, nodes_max> entries{};
};
// One frame of a commit token: its entries [first, first + count).
struct CommitPart {
  RingId ring;
  std::uint32_t hop = 0;
  std::uint16_t members = 0, first = 0, count = 0;
};
// Entries go straight to their places in `token`, whose ring, hop and members are set; false:
// malformed.
std::optional<CommitPart> read_commit_part(std::span<const std::byte> frame) noexcept;
bool read_commit_entries(std::span<const std::byte> frame, const CommitPart&,
                         CommitToken& token) noexcept;
void write_commit_part(FrameRef& frame, const CommitToken&, std::uint16_t first,
                       std::uint16_t count) noexcept;

// --- merge_detect: "here is my ring, and this is whom I hear outside of it" ---

struct MergeDetect {
  static constexpr std::size_t fixed_size = 4 + 4 + 20;
  NodeId sender = NodeId::none;
  RingId ring;
  std::uint16_t count = 0;
  std::array<NodeId, nodes_max> heard{};
};
bool read_merge_detect(std::span<const std::byte> frame, MergeDetect&) noexcept;
void write_merge_detect(FrameRef& frame, const MergeDetect&) noexcept;

// --- hold_cancel: "I have something to send" to the holder of the idle token ---

std::optional<RingId> read_hold_cancel(std::span<const std::byte> frame) noexcept;
void write_hold_cancel(FrameRef& frame, const RingId&) noexcept;

}  // namespace gyre::totem::wire
