#include "bench/pair.hh"

#include <algorithm>

#include "bench/ring_end.hh"

namespace gyre::bench {
namespace {

// The child's whole life. Both sides open the same things in the same order.
void follow(const PairSettings& settings, bool ring, Control& control) {
  PingPong ping_pong(settings.link, 1, settings.poll);
  std::unique_ptr<RingEnd> end;
  if (ring) end = std::make_unique<RingEnd>(settings.link, 1, settings.poll);
  for (;;) {
    const std::uint32_t said = control.said.load(std::memory_order_acquire);
    hear(control, said);
    switch (Phase{said & 3}) {
      case Phase::begin:
        node::Sleeper().sleep({}, Time(std::chrono::milliseconds(1)));
        break;
      case Phase::raw:
        ping_pong.pong(control);
        break;
      case Phase::ring:
        end->follow(control);
        break;
      case Phase::end:
        return;
    }
  }
}

// Halves round trips in place and says what they are like.
OneWay one_way(std::vector<double>& round_trips, std::uint64_t system_calls) {
  OneWay way;
  if (round_trips.empty()) return way;
  way.system_calls = static_cast<double>(system_calls) / static_cast<double>(round_trips.size());
  for (double& trip : round_trips) trip /= 2;
  std::ranges::sort(round_trips);
  way.median = percentile(round_trips, 0.5);
  way.p99 = percentile(round_trips, 0.99);
  way.mean = mean(round_trips);
  return way;
}

struct Blocks {
  std::vector<double> all, medians, means;
  std::uint64_t system_calls = 0;

  void add(const std::vector<double>& block) {
    all.insert(all.end(), block.begin(), block.end());
    medians.push_back(median(block));
    means.push_back(mean(block));
  }
};

std::vector<double> ratios(const std::vector<double>& above, const std::vector<double>& below) {
  std::vector<double> ratios;
  for (std::size_t i = 0; i < above.size(); ++i) ratios.push_back(above[i] / below[i]);
  return ratios;
}

// Each block to the next, the two changing places from pair to pair: a drift cancels out.
std::vector<double> neighbour_ratios(const std::vector<double>& blocks) {
  std::vector<double> ratios;
  for (std::size_t i = 0; i + 1 < blocks.size(); i += 2)
    ratios.push_back(i % 4 == 0 ? blocks[i] / blocks[i + 1] : blocks[i + 1] / blocks[i]);
  return ratios;
}

constexpr std::size_t warm_up = 100;  // round trips at the beginning of a block, not counted

}  // namespace

std::vector<RawResult> measure_raw(const PairSettings& settings,
                                   const std::vector<std::size_t>& bytes) {
  Partner partner(settings.places, [&](Control& control) { follow(settings, false, control); });
  PingPong ping_pong(settings.link, 0, settings.poll);
  partner.enter(Phase::raw);
  std::vector<RawResult> results;
  for (const std::size_t size : bytes) {
    std::vector<double> trips;
    ping_pong.ping(partner, size, warm_up, trips);
    trips.clear();
    trips.reserve(settings.blocks * settings.block_size);
    const std::uint64_t calls = ping_pong.counters().system_calls;
    ping_pong.ping(partner, size, settings.blocks * settings.block_size, trips);
    RawResult result{.bytes = size, .round_trips = trips.size(), .raw = {}};
    result.raw = one_way(trips, ping_pong.counters().system_calls - calls);
    results.push_back(result);
  }
  return results;
}

RotationResult measure_rotation(const PairSettings& settings) {
  Partner partner(settings.places, [&](Control& control) { follow(settings, true, control); });
  PingPong ping_pong(settings.link, 0, settings.poll);
  RingEnd end(settings.link, 0, settings.poll);
  RotationResult result;
  result.before = strain();
  std::vector<double> block;
  const auto fresh = [&]() -> std::vector<double>& {
    block.clear();
    return block;
  };

  partner.enter(Phase::ring);
  while (!end.complete()) end.rotate(partner, 1, fresh());
  end.rotate(partner, warm_up, fresh());
  TransportCounters before = end.counters();
  end.rotate(partner, settings.block_size, fresh());
  result.bytes =
      (end.counters().sent_bytes - before.sent_bytes) / (end.counters().sent - before.sent);

  Blocks raw, ring;
  for (std::size_t i = 0; i < settings.blocks; ++i) {
    partner.enter(Phase::raw);
    ping_pong.ping(partner, result.bytes, warm_up, fresh());
    std::uint64_t calls = ping_pong.counters().system_calls;
    ping_pong.ping(partner, result.bytes, settings.block_size, fresh());
    raw.system_calls += ping_pong.counters().system_calls - calls;
    raw.add(block);

    partner.enter(Phase::ring);
    end.rotate(partner, warm_up, fresh());
    calls = end.counters().system_calls;
    end.rotate(partner, settings.block_size, fresh());
    ring.system_calls += end.counters().system_calls - calls;
    ring.add(block);
  }
  result.after = strain();
  result.hops = 2 * ring.all.size();
  result.ratio = spread(ratios(ring.medians, raw.medians));
  result.mean_ratio = spread(ratios(ring.means, raw.means));
  result.self_ratio = spread(neighbour_ratios(raw.medians));
  result.raw = one_way(raw.all, raw.system_calls);
  result.hop = one_way(ring.all, ring.system_calls);
  result.p99_ratio = result.hop.p99 / result.raw.p99;
  return result;
}

}  // namespace gyre::bench
