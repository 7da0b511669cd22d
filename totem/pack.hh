// Messages ↔ frames: small messages are packed together, large ones lie in fragments.
//
// A message that fits a frame is never split. Of one sender at most one large message is under way
// at a time; small ones of other clients go between its fragments.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "totem/types.hh"
#include "totem/wire.hh"

namespace gyre::totem {

enum class Submitted : std::uint8_t {
  taken,  // the ring has it
  later,  // call again with the same bytes
};

using Parts = std::span<const std::span<const std::byte>>;
std::size_t size(Parts parts) noexcept;

// The frames that wait for the token.
class Packer {
 public:
  // `frame_max`: bytes of a data frame, its header included. At most `pending_max` frames wait.
  Packer(FramePool& pool, std::size_t frame_max, std::size_t pending_max, std::uint8_t flags);

  // Copies a message into the open frame. A large one is taken piece by piece, by calls of the same
  // `source` with the same bytes: `later` until its last fragment has a seq, because a ring that
  // ends in the middle makes it start again.
  Submitted submit(std::uint32_t source, Guarantee guarantee, Parts parts) noexcept;
  // The source is gone: what it began is withdrawn.
  void abandon(std::uint32_t source) noexcept;

  std::size_t pending() const noexcept { return count_; }
  // The oldest frame, to be sent now: a data frame whose header has its flags only.
  FrameRef take() noexcept;

  // A new ring begins: a large message of which a part went into the old one starts again.
  void ring_changed() noexcept;
  void clear() noexcept;

 private:
  struct Pending {
    FrameRef frame;
    std::uint8_t flags = 0;
    bool begins = false, ends = false;  // the large message's first, last fragment is in it
  };
  struct Large {
    std::uint32_t source = 0;
    std::size_t size = 0, copied = 0;
    bool begun = false, done = false;  // its first, its last fragment has a seq
  };

  std::uint8_t flags_for(Guarantee guarantee) const noexcept;
  Pending& newest() noexcept { return pending_[(first_ + count_ - 1) % pending_.size()]; }
  bool make_room(Guarantee guarantee, std::size_t wanted) noexcept;
  Submitted submit_large(std::uint32_t source, Guarantee guarantee, Parts parts,
                         std::size_t total) noexcept;
  void withdraw_fragments() noexcept;

  FramePool& pool_;
  const std::size_t frame_max_;
  const std::uint8_t flags_;
  std::vector<Pending> pending_;
  std::size_t first_ = 0, count_ = 0;
  std::optional<Large> large_;
};

// Puts fragments together again, per sender.
class Assembler {
 public:
  Assembler();
  ~Assembler();
  Assembler(const Assembler&) = delete;
  Assembler& operator=(const Assembler&) = delete;

  // The whole message when this was its last fragment; valid until the sender's next fragment.
  std::optional<std::span<const std::byte>> add(NodeIndex sender, std::uint8_t item_flags,
                                                std::span<const std::byte> fragment) noexcept;
  void clear() noexcept;

 private:
  struct Partial {
    std::size_t size = 0;
    bool open = false;
  };
  std::byte* memory_;  // message_max bytes per sender, touched only when used
  std::array<Partial, nodes_max> partial_{};
};

}  // namespace gyre::totem
