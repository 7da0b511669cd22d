// The words of the protocol as types that do not mix.
#pragma once

#include <array>
#include <bit>
#include <compare>
#include <cstdint>
#include <span>

#include "transport/transport.hh"

namespace gyre::totem {

// The place of a frame in the order of its ring: 1, 2, 3 … without gaps. 64 bits never wrap.
enum class Seq : std::uint64_t { none = 0 };
constexpr std::uint64_t number(Seq seq) noexcept {
  return static_cast<std::uint64_t>(seq);
}
constexpr Seq operator+(Seq seq, std::uint64_t n) noexcept {
  return Seq{number(seq) + n};
}
constexpr Seq& operator++(Seq& seq) noexcept {
  return seq = seq + 1;
}

// A ring's name. `seq` grows with every ring that a node installs; `incarnation` is the random
// number that the representative drew when it started, so that a lost or old file cannot make an
// id come twice.
struct RingId {
  std::uint64_t seq = 0;
  NodeId representative = NodeId::none;
  std::uint64_t incarnation = 0;
  auto operator<=>(const RingId&) const = default;

  // One number for it: incarnations are random, and seqs of one differ.
  std::uint64_t mark() const noexcept {
    return incarnation ^ (seq * 0x9e37'79b9'7f4a'7c15 + static_cast<std::uint32_t>(representative));
  }
};

enum class Guarantee : std::uint8_t {
  agreed = 0,  // delivered in the one order
  safe = 1,    // delivered once every member of the configuration has it
};

// Where a message stands in the one order: ring, frame, and which message of the frame (of a
// message in fragments: where its last fragment stands).
struct Place {
  RingId ring;
  Seq seq{};
  std::uint32_t index = 0;
  auto operator<=>(const Place&) const = default;
};

// A set of nodes, by local index.
class Members {
 public:
  constexpr Members() = default;
  constexpr bool has(NodeIndex node) const noexcept { return word(node) >> (at(node) % 64) & 1; }
  constexpr void add(NodeIndex node) noexcept { word(node) |= std::uint64_t{1} << (at(node) % 64); }
  constexpr void remove(NodeIndex node) noexcept {
    word(node) &= ~(std::uint64_t{1} << (at(node) % 64));
  }
  constexpr std::size_t size() const noexcept {
    return static_cast<std::size_t>(std::popcount(words_[0]) + std::popcount(words_[1]));
  }
  constexpr bool empty() const noexcept { return (words_[0] | words_[1]) == 0; }
  constexpr bool contains(const Members& other) const noexcept { return (other - *this).empty(); }
  constexpr bool operator==(const Members&) const = default;
  friend constexpr Members operator|(Members a, const Members& b) noexcept {
    a.words_[0] |= b.words_[0];
    a.words_[1] |= b.words_[1];
    return a;
  }
  friend constexpr Members operator&(Members a, const Members& b) noexcept {
    a.words_[0] &= b.words_[0];
    a.words_[1] &= b.words_[1];
    return a;
  }
  friend constexpr Members operator-(Members a, const Members& b) noexcept {
    a.words_[0] &= ~b.words_[0];
    a.words_[1] &= ~b.words_[1];
    return a;
  }
  template <typename Visit>
  constexpr void each(Visit visit) const {
    for (std::size_t w = 0; w < words_.size(); ++w)
      for (std::uint64_t bits = words_[w]; bits; bits &= bits - 1)
        visit(NodeIndex(w * 64 + static_cast<std::size_t>(std::countr_zero(bits))));
  }

 private:
  constexpr std::uint64_t& word(NodeIndex node) noexcept { return words_[at(node) / 64]; }
  constexpr const std::uint64_t& word(NodeIndex node) const noexcept {
    return words_[at(node) / 64];
  }
  std::array<std::uint64_t, nodes_max / 64> words_{};
};

struct Member {
  NodeId node = NodeId::none;
  std::uint64_t since = 0;  // ring seq at which this incarnation of the node first joined another
  auto operator<=>(const Member&) const = default;
};

// A configuration change, delivered in the one order with the messages (extended virtual
// synchrony, Moser et al. 1994). Regular: messages are sent and delivered in it. Transitional:
// what is left of the ring `previous` is delivered to those members that came along from it.
struct Configuration {
  enum class Kind : std::uint8_t { regular, transitional } kind = Kind::regular;
  RingId ring;                      // the regular configuration that this is or leads to
  RingId previous;                  // the ring that this node comes from
  std::span<const Member> members;  // by ascending node id
  Seq stable{};  // transitional: up to here all members of `previous` have its messages
};

struct Message {
  Place place;
  NodeId sender = NodeId::none;
  Guarantee guarantee = Guarantee::agreed;
  bool barrier = false;                // submitted with Class::barrier
  std::span<const std::byte> payload;  // valid until the next event is taken
};

inline constexpr std::size_t message_max = 1 << 20;  // bytes of one message's payload in the ring

}  // namespace gyre::totem
