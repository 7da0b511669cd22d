// Frames from a hostile network through Stamped: what comes out is ours to read, and comes once.
//
// A script is frames: lane, sender, boot and counter, chosen so that they meet, and the bytes; or
// bytes alone.
#include "transport/stamped.hh"

#include <array>
#include <cassert>
#include <tuple>

#include "tests/fuzz/burst_device.hh"
#include "tests/fuzz/script.hh"

namespace {

using namespace gyre;

constexpr std::size_t frames_max = 64, payload_max = 256;
constexpr NodeId self{1};

struct Bed {
  FramePool pool{frames_max, header_size, payload_max + header_size, 0};
  fuzz::BurstDevice* device =  // owned by `stamped`
      new fuzz::BurstDevice(payload_max + header_size, frames_max);
  Stamped stamped{
      std::unique_ptr<Transport>(device), {.self = self, .cluster = 0, .boot = 1}, pool};
};

// Seven senders with two boots each; counters stay close, or jump by whole windows.
Header read_header_of(fuzz::Script& script, std::uint64_t boots) {
  const std::uint8_t choice = script.byte();
  const std::uint8_t step = script.byte();
  const std::uint64_t counter = std::uint64_t{step & 0x3fu} << (step & 0x40 ? 13 : 0)
                                                            << (step & 0x80 ? 6 : 0);
  return {.lane = Lane{static_cast<std::uint8_t>(choice & 1)},
          .cluster = 0,
          .sender = NodeId{(choice >> 1 & 7u) + 1},
          .boot = boots + (choice >> 4 & 1),
          .counter = counter};
}

FrameRef read_frame(fuzz::Script& script, FramePool& pool, std::uint64_t boots) {
  FrameRef frame = pool.take();
  const std::uint8_t kind = script.byte();
  if (kind & 0x80) {
    const auto raw = script.bytes(kind & 0x7f);
    frame.resize(raw.size());
    std::ranges::copy(raw, frame.data());
    return frame;
  }
  Header header = read_header_of(script, boots);
  const auto payload = script.bytes(kind & 0x3f);
  header.length = static_cast<std::uint32_t>(payload.size());
  frame.resize(header_size + payload.size());
  write_header(header, frame.bytes().first<header_size>());
  std::ranges::copy(payload, frame.data() + header_size);
  if (kind & 0x40) frame.data()[script.below(frame.size())] ^= std::byte{script.byte()};
  return frame;
}

struct Seen {
  NodeId sender;
  std::uint64_t boot, counter;
  Lane lane;
  bool operator==(const Seen&) const = default;
};

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static Bed bed;
  // Boots of an earlier input are not heard again, so that its windows are of no concern.
  static std::uint64_t boots = 1;
  boots += 1 << 8;
  fuzz::Script script(data, size);
  std::array<Seen, frames_max> seen;
  std::size_t seen_count = 0;
  for (std::size_t frames = 0; frames < frames_max && !script.done();) {
    const Lane lane{static_cast<std::uint8_t>(script.byte() & 1)};
    while (bed.device->waiting < bed.device->burst.size() && frames < frames_max &&
           !script.done()) {
      bed.device->burst[bed.device->waiting++] = read_frame(script, bed.pool, boots);
      ++frames;
    }
    std::array<Arrival, 8> arrivals;
    const std::size_t count = bed.stamped.receive(lane, arrivals);
    for (Arrival& arrival : std::span(arrivals).first(count)) {
      arrival.frame.prepend(header_size);
      Header header;
      const Refusal refusal = read_header(arrival.frame.bytes(), 0, header);
      assert(refusal == Refusal::none && header.sender == arrival.sender && header.sender != self &&
             header.lane == lane);
      const Seen one{header.sender, header.boot, header.counter, lane};
      const auto end = seen.begin() + static_cast<std::ptrdiff_t>(seen_count);
      assert(std::find(seen.begin(), end, one) == end);
      seen[seen_count++] = one;
    }
  }
  assert(bed.pool.available() == bed.pool.count());
  return 0;
}
