#include "transport/stamped.hh"

#include <algorithm>

namespace gyre {

Refusal Stamped::examine(const Header& header, Arrival& arrival) noexcept {
  if (header.sender == identity_.self) return Refusal::own_id;
  if (!replay_.accept(header.sender, header.boot, header.lane, header.counter))
    return Refusal::replayed;
  arrival.frame.drop_front(header_size);
  return Refusal::none;
}

// The frame with a fresh header in front, or nothing if it had to be copied and the pool is empty.
FrameRef Stamped::wrap(const Send& send) noexcept {
  if (send.frame.size() + header_size > device_limits_.payload_max) {
    FrameRef oversize = send.frame;  // as it is: the device drops and counts it, nobody reads it
    oversize.prepend(header_size);
    return oversize;
  }
  const bool in_place =
      device_limits_.completes_in_send ? !stamped_since(send.frame) : send.frame.unique();
  FrameRef frame = in_place ? send.frame : copy(send.frame);
  if (!frame) return frame;
  const Header header = next_header(send.lane, frame.size());
  frame.prepend(header_size);
  write_header(header, frame.bytes().first<header_size>());
  return frame;
}

// Whether the headroom holds a header that was written in this very burst: the same frame is then
// in it twice, and the device has not read the first one yet. Bytes that only look like it cost a
// copy.
bool Stamped::stamped_since(const FrameRef& frame) const noexcept {
  FrameRef whole = frame;
  whole.prepend(header_size);
  Header header;
  return read_header(whole.bytes(), identity_.cluster, header) == Refusal::none &&
         header.boot == identity_.boot && header.sender == identity_.self &&
         header.counter > burst_begin_[static_cast<std::size_t>(header.lane)];
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
