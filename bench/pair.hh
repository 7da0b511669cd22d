// The two measurements of a pair of processes: ping-pong alone, and the token of a ring of two
// beside it, block by block in turn, so that whatever disturbs the machine disturbs both.
#pragma once

#include <vector>

#include "bench/link.hh"
#include "bench/machine.hh"
#include "bench/numbers.hh"

namespace gyre::bench {

struct PairSettings {
  LinkSettings link;
  std::array<PlaceToRun, 2> places;
  node::Poll poll = node::Poll::spin;
  std::size_t blocks = 40;       // of each kind
  std::size_t block_size = 500;  // round trips
};

// Of one way: half of a round trip. Nanoseconds.
struct OneWay {
  double median = 0, p99 = 0, mean = 0;
  double system_calls = 0;  // on each side, of the transport
};

struct RawResult {
  std::size_t bytes = 0, round_trips = 0;
  OneWay raw;
};
std::vector<RawResult> measure_raw(const PairSettings& settings,
                                   const std::vector<std::size_t>& bytes);

struct RotationResult {
  std::size_t bytes = 0;  // of the token's datagram, and so of the ping-pong's
  std::size_t hops = 0;
  OneWay raw, hop;
  Spread ratio;       // of the medians of neighbouring blocks
  Spread self_ratio;  // of neighbouring blocks of ping-pong: 1 on a machine at rest
  Spread mean_ratio;  // of their means, which know every disturbance
  double p99_ratio = 0;
  Strain before, after;
};
RotationResult measure_rotation(const PairSettings& settings);

}  // namespace gyre::bench
