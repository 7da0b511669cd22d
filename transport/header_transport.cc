#include "transport/header_transport.hh"

#include <algorithm>
#include <cassert>

namespace gyre {

HeaderTransport::HeaderTransport(std::unique_ptr<Transport> device, const StampIdentity& identity,
                                 FramePool& pool, Suite suite, std::size_t overhead)
    : device_(std::move(device)),
      identity_(identity),
      pool_(pool),
      device_limits_(device_->limits()),
      suite_(suite),
      overhead_(overhead),
      wrapped_(device_limits_.burst_max) {
  assert(identity_.self != NodeId::none);
  assert(device_limits_.payload_max > header_size + overhead_);
  assert(pool_.headroom() >= device_limits_.headroom + header_size);
}

Limits HeaderTransport::limits() const noexcept {
  Limits limits = device_limits_;
  limits.payload_max -= header_size + overhead_;
  limits.headroom += header_size;
  return limits;
}

std::size_t HeaderTransport::receive(Lane lane, std::span<Arrival> arrivals) noexcept {
  // A burst of refused frames must not look like an empty queue; a flood of them ends somewhere.
  std::size_t looked_at = 0;
  std::size_t kept = 0;
  while (kept == 0 && looked_at <= device_limits_.receive_frames) {
    const std::size_t count = device_->receive(lane, arrivals);
    if (count == 0) break;
    for (std::size_t i = 0; i < count; ++i) {
      const Refusal refusal = read(lane, arrivals[i]);
      if (refusal == Refusal::none) {
        if (kept != i) arrivals[kept] = std::move(arrivals[i]);
        ++kept;
      } else {
        ++counters_.refused[static_cast<std::size_t>(refusal)];
        arrivals[i].frame.reset();
      }
    }
    looked_at += count;
  }
  return kept;
}

Refusal HeaderTransport::read(Lane lane, Arrival& arrival) noexcept {
  Header header;
  const Refusal refusal = read_header(arrival.frame.bytes(), identity_.cluster, header, suite_);
  if (refusal != Refusal::none) return refusal;
  if (header.sender == identity_.self && header.boot == identity_.boot) return Refusal::own;
  if (header.lane != lane) return Refusal::other_lane;
  const Refusal answer = examine(header, arrival);
  arrival.sender = header.sender;
  arrival.boot = header.boot;
  return answer;
}

std::size_t HeaderTransport::send(std::span<const Send> sends) noexcept {
  std::size_t taken = 0;
  while (taken < sends.size()) {
    const auto burst = sends.subspan(taken, std::min(sends.size() - taken, wrapped_.size()));
    begin_burst();
    std::size_t ready = 0;
    for (const Send& send : burst) {
      assert(send.frame.headroom() >= header_size + device_limits_.headroom);
      FrameRef frame = wrap(send);
      if (!frame) break;
      wrapped_[ready++] = {.frame = std::move(frame), .to = send.to, .lane = send.lane};
    }
    if (ready == 0) {  // no buffer for the copy: lost, as on a wire, so that no one waits for it
      ++counters_.dropped_no_buffer;
      ++taken;
      continue;
    }
    const std::size_t accepted = device_->send(std::span(wrapped_).first(ready));
    for (std::size_t i = 0; i < ready; ++i) wrapped_[i].frame.reset();
    taken += accepted;
    if (accepted < ready) break;
  }
  return taken;
}

Header HeaderTransport::next_header(Lane lane, std::size_t length,
                                    std::uint8_t generation) noexcept {
  return {.suite = suite_,
          .lane = lane,
          .generation = generation,
          .cluster = identity_.cluster,
          .sender = identity_.self,
          .length = static_cast<std::uint32_t>(length),
          .boot = identity_.boot,
          .counter = ++sent_[static_cast<std::size_t>(lane)]};
}

}  // namespace gyre
