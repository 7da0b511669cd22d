#include "transport/stamped.hh"

#include <algorithm>

namespace gyre {

Stamped::Stamped(std::unique_ptr<Transport> device, const StampIdentity& identity, FramePool& pool)
    : device_(std::move(device)),
      identity_(identity),
      pool_(pool),
      device_limits_(device_->limits()),
      stamped_(device_limits_.burst_max) {
  assert(identity_.self != NodeId::none);
  assert(device_limits_.payload_max > header_size);
  assert(pool_.headroom() >= limits().headroom);
}

Limits Stamped::limits() const noexcept {
  Limits limits = device_limits_;
  limits.payload_max -= header_size;
  limits.headroom += header_size;
  return limits;
}

std::size_t Stamped::receive(Lane lane, std::span<Arrival> arrivals) noexcept {
  // A burst of refused frames must not look like an empty queue; a flood of them ends somewhere.
  std::size_t looked_at = 0;
  std::size_t kept = 0;
  while (kept == 0 && looked_at <= device_limits_.receive_frames) {
    const std::size_t count = device_->receive(lane, arrivals);
    if (count == 0) break;
    for (std::size_t i = 0; i < count; ++i) {
      const Refusal refusal = examine(lane, arrivals[i]);
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

Refusal Stamped::examine(Lane lane, Arrival& arrival) noexcept {
  Header header;
  const Refusal refusal = read_header(arrival.frame.bytes(), identity_.cluster, header);
  if (refusal != Refusal::none) return refusal;
  if (header.sender == identity_.self)
    return header.boot == identity_.boot ? Refusal::own : Refusal::own_id;
  if (header.lane != lane) return Refusal::other_lane;
  if (!replay_.accept(header.sender, header.boot, lane, header.counter)) return Refusal::replayed;
  arrival.frame.drop_front(header_size);
  arrival.sender = header.sender;
  return Refusal::none;
}

std::size_t Stamped::send(std::span<const Send> sends) noexcept {
  std::size_t taken = 0;
  while (taken < sends.size()) {
    const auto burst = sends.subspan(taken, std::min(sends.size() - taken, stamped_.size()));
    const LaneCounters burst_begin = sent_;
    std::size_t ready = 0;
    for (const Send& send : burst) {
      FrameRef frame = stamp(send, burst_begin);
      if (!frame) break;
      stamped_[ready++] = {.frame = std::move(frame), .to = send.to, .lane = send.lane};
    }
    if (ready == 0) {  // no buffer for the copy: lost, as on a wire, so that no one waits for it
      ++counters_.dropped_no_buffer;
      ++taken;
      continue;
    }
    const std::size_t accepted = device_->send(std::span(stamped_).first(ready));
    for (std::size_t i = 0; i < ready; ++i) stamped_[i].frame.reset();
    taken += accepted;
    if (accepted < ready) break;
  }
  return taken;
}

// The frame with a fresh header in front, or nothing if it had to be copied and the pool is empty.
FrameRef Stamped::stamp(const Send& send, const LaneCounters& burst_begin) noexcept {
  assert(send.frame.headroom() >= header_size + device_limits_.headroom);
  if (send.frame.size() + header_size > device_limits_.payload_max) {
    FrameRef oversize = send.frame;  // as it is: the device drops and counts it, nobody reads it
    oversize.prepend(header_size);
    return oversize;
  }
  const bool in_place = device_limits_.completes_in_send ? !stamped_since(send.frame, burst_begin)
                                                         : send.frame.unique();
  FrameRef frame = in_place ? send.frame : copy(send.frame);
  if (!frame) return frame;
  const Header header = {.lane = send.lane,
                         .cluster = identity_.cluster,
                         .sender = identity_.self,
                         .length = static_cast<std::uint32_t>(frame.size()),
                         .boot = identity_.boot,
                         .counter = ++sent_[static_cast<std::size_t>(send.lane)]};
  frame.prepend(header_size);
  write_header(header, frame.bytes().first<header_size>());
  return frame;
}

// Whether the headroom holds a header that was written in this very burst: the same frame is then
// in it twice, and the device has not read the first one yet. Bytes that only look like it cost a
// copy.
bool Stamped::stamped_since(const FrameRef& frame, const LaneCounters& burst_begin) const noexcept {
  FrameRef whole = frame;
  whole.prepend(header_size);
  Header header;
  return read_header(whole.bytes(), identity_.cluster, header) == Refusal::none &&
         header.boot == identity_.boot && header.sender == identity_.self &&
         header.counter > burst_begin[static_cast<std::size_t>(header.lane)];
}

FrameRef Stamped::copy(const FrameRef& frame) noexcept {
  FrameRef fresh = pool_.take();
  if (!fresh) return fresh;
  fresh.resize(frame.size());
  std::ranges::copy(frame.bytes(), fresh.data());
  ++counters_.copied;
  return fresh;
}

}  // namespace gyre
