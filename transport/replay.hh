// Which frames were seen already: the filter for doubled and replayed frames. It always runs, also
// where nothing is sealed.
//
// One sliding window of counters (RFC 6479) for each sender, boot and lane. The table is bounded:
// the sender heard least recently makes place for a new one. Nothing is allocated after
// construction. Where nothing is sealed a forger can push senders out of the table or their
// windows forward; the price is lost or doubled frames, which the ring bears anyway.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "transport/transport.hh"

namespace gyre {

// The counters of one sender, boot and lane. A counter older than `span` behind the newest is
// taken for seen.
class ReplayWindow {
 public:
  static constexpr std::uint64_t bits = 8192;
  static constexpr std::uint64_t span = bits - 64;  // one word is always in the course of clearing

  // Forgets everything; `first` is then the first counter seen.
  void restart(std::uint64_t first) noexcept;
  // Forgets everything; `last` and all before it are taken for seen.
  void begin_behind(std::uint64_t last) noexcept;
  // Whether accept() would say yes.
  bool is_new(std::uint64_t counter) const noexcept;
  std::uint64_t newest() const noexcept { return newest_; }
  // True if `counter` was not seen before; it is now.
  bool accept(std::uint64_t counter) noexcept;

 private:
  static constexpr std::uint64_t words = bits / 64;

  std::uint64_t newest_ = 0;
  std::array<std::uint64_t, words> seen_{};
};

class ReplayFilter {
 public:
  static constexpr std::size_t senders_max =
      2 * nodes_max;  // each node's present boot and its last

  ReplayFilter() { senders_.reserve(senders_max); }  // touched only as they are heard

  bool accept(NodeId sender, std::uint64_t boot, Lane lane, std::uint64_t counter) noexcept;

 private:
  struct Sender {
    NodeId id = NodeId::none;
    std::uint64_t boot = 0;
    std::uint64_t last_used = 0;
    std::array<bool, lane_count> heard{};
    std::array<ReplayWindow, lane_count> windows;
  };
  Sender& find(NodeId id, std::uint64_t boot) noexcept;

  std::vector<Sender> senders_;
  std::size_t last_ = 0;  // bursts come from one sender: look there first
  std::uint64_t uses_ = 0;
};

}  // namespace gyre
