// A transport around a device: every frame carries the clear header, and only frames of this
// cluster, each of them once, get through.
//
// Above it frames are without header: send() writes one into the headroom, receive() takes it off
// and fills in Arrival::sender. Both happen without a copy if the device is done with a frame when
// its send returns; a device that reads later gets a copy of any frame that someone else holds too,
// as a frame that is sent again would change its header under the device's hands.
#pragma once

#include <array>
#include <memory>
#include <vector>

#include "transport/header.hh"
#include "transport/replay.hh"
#include "transport/transport.hh"

namespace gyre {

struct StampIdentity {
  NodeId self{};              // nodeid in the cluster
  std::uint64_t cluster = 0;  // cluster_tag of the cluster's name
  std::uint64_t boot = 0;     // random, of this start
};

struct StampCounters {
  std::array<std::uint64_t, refusal_count> refused{};  // by Refusal, named by text()
  std::uint64_t copied = 0;                            // sent by copy
  std::uint64_t dropped_no_buffer = 0;                 // pool empty when a copy was needed
};

class Stamped final : public Transport {
 public:
  // `pool` outlives this; its headroom is at least limits().headroom.
  Stamped(std::unique_ptr<Transport> device, const StampIdentity& identity, FramePool& pool);

  Limits limits() const noexcept override;
  std::size_t receive(Lane lane, std::span<Arrival> arrivals) noexcept override;
  std::size_t send(std::span<const Send> sends) noexcept override;

  void set_peer(NodeIndex peer, LinkIndex link, const Address& address) noexcept override {
    device_->set_peer(peer, link, address);
  }
  void advance(Time now) noexcept override { device_->advance(now); }
  Time deadline() const noexcept override { return device_->deadline(); }
  std::span<const int> wait_fds() const noexcept override { return device_->wait_fds(); }
  bool arm() noexcept override { return device_->arm(); }
  std::size_t link_events(std::span<LinkEvent> events) noexcept override {
    return device_->link_events(events);
  }
  const TransportCounters& counters() const noexcept override { return device_->counters(); }

  const StampCounters& stamp_counters() const noexcept { return counters_; }
  std::uint64_t refused(Refusal reason) const noexcept {
    return counters_.refused[static_cast<std::size_t>(reason)];
  }

 private:
  using LaneCounters = std::array<std::uint64_t, lane_count>;

  Refusal examine(Lane lane, Arrival& arrival) noexcept;
  FrameRef stamp(const Send& send, const LaneCounters& burst_begin) noexcept;
  bool stamped_since(const FrameRef& frame, const LaneCounters& burst_begin) const noexcept;
  FrameRef copy(const FrameRef& frame) noexcept;

  std::unique_ptr<Transport> device_;
  StampIdentity identity_;
  FramePool& pool_;
  Limits device_limits_;
  LaneCounters sent_{};        // the last counter used
  std::vector<Send> stamped_;  // the burst in hand; its size is fixed
  ReplayFilter replay_;
  StampCounters counters_;
};

}  // namespace gyre
