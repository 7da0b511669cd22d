// A device for targets about what stands above one: hands out what a script says, in bursts.
#pragma once

#include <array>

#include "transport/transport.hh"

namespace gyre::fuzz {

class BurstDevice : public Transport {
 public:
  BurstDevice(std::size_t payload_max, std::size_t receive_frames) noexcept
      : payload_max_(payload_max), receive_frames_(receive_frames) {}

  Limits limits() const noexcept override {
    return {
        .payload_max = payload_max_, .burst_max = burst.size(), .receive_frames = receive_frames_};
  }
  std::size_t receive(Lane, std::span<Arrival> arrivals) noexcept override {
    const std::size_t count = std::min(arrivals.size(), waiting);
    for (std::size_t i = 0; i < count; ++i) arrivals[i].frame = std::move(burst[i]);
    waiting = 0;
    return count;
  }
  std::size_t send(std::span<const Send> sends) noexcept override { return sends.size(); }
  void set_peer(NodeIndex, LinkIndex, const Address&) noexcept override {}
  void advance(Time) noexcept override {}
  Time deadline() const noexcept override { return never; }
  std::span<const int> wait_fds() const noexcept override { return {}; }
  bool arm() noexcept override { return false; }
  std::size_t link_events(std::span<LinkEvent>) noexcept override { return 0; }
  const TransportCounters& counters() const noexcept override { return counters_; }

  std::array<FrameRef, 8> burst;
  std::size_t waiting = 0;

 private:
  const std::size_t payload_max_, receive_frames_;
  TransportCounters counters_;
};

}  // namespace gyre::fuzz
