// What the kernel drops before it queues a datagram and wakes anybody: what does not begin as a
// frame of this cluster does, and what comes from elsewhere than it may. A classic BPF program per
// socket; whatever passes it is checked again above.
#pragma once

#include <linux/filter.h>

#include <array>
#include <cstdint>
#include <optional>
#include <span>

#include "transport/transport.hh"
#include "transport/udp/socket.hh"

namespace gyre::udp {

struct Passing {
  std::optional<std::uint64_t> cluster;  // nothing: the frames' headers are not looked at
  // Ports do not count, empty ones neither. Nothing: from anywhere. An empty list: from nowhere.
  std::optional<std::span<const Address>> sources;
};

// Fits nodes_max sources of either IP version, and one more.
class Filter {
 public:
  explicit Filter(const Passing& passing) noexcept;
  // Takes the place of the one before at once. False: the kernel does not want it (errno).
  bool attach(const Socket& socket) const noexcept;
  std::span<const sock_filter> program() const noexcept { return {program_.data(), size_}; }

 private:
  static constexpr std::uint32_t words_max = 4;                 // of an IPv6 address
  static constexpr std::size_t source_max = 2 * words_max + 1;  // compares, and passes
  static constexpr std::size_t header_max = 4 * 3;  // magic, version, cluster: each one may drop

  void add(std::uint16_t code, std::uint32_t value, std::uint8_t yes = 0,
           std::uint8_t no = 0) noexcept;
  void require(std::uint16_t size, std::uint32_t offset, std::uint32_t value) noexcept;
  void pass(const Address& source) noexcept;

  std::array<sock_filter, header_max + (nodes_max + 1) * source_max + 1> program_;
  std::size_t size_ = 0;
};

// How many datagrams the kernel has dropped on this socket so far: by its filter, or because its
// queue was full.
std::uint32_t dropped_by_kernel(const Socket& socket) noexcept;

}  // namespace gyre::udp
