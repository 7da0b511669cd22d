// A transport around a device: every frame carries the clear header, and only frames of this
// cluster, each of them once, get through.
//
// Above it frames are without header: send() writes one into the headroom, receive() takes it off
// and fills in Arrival::sender. Both happen without a copy if the device is done with a frame when
// its send returns; a device that reads later gets a copy of any frame that someone else holds too,
// as a frame that is sent again would change its header under the device's hands.
#pragma once

#include <memory>

#include "transport/header_transport.hh"
#include "transport/replay.hh"

namespace gyre {

class Stamped final : public HeaderTransport {
 public:
  // `pool` outlives this; its headroom is at least limits().headroom.
  Stamped(std::unique_ptr<Transport> device, const StampIdentity& identity, FramePool& pool)
      : HeaderTransport(std::move(device), identity, pool, Suite::open, 0) {}

 private:
  Refusal examine(const Header& header, Arrival& arrival) noexcept override;
  FrameRef wrap(const Send& send) noexcept override;
  void begin_burst() noexcept override { burst_begin_ = sent_; }

  bool stamped_since(const FrameRef& frame) const noexcept;
  FrameRef copy(const FrameRef& frame) noexcept;

  LaneCounters burst_begin_{};
  ReplayFilter replay_;
};

}  // namespace gyre
