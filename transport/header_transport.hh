// A transport around a device, whose frames carry the clear header: what those that protect frames
// in one way or another have in common.
#pragma once

#include <array>
#include <memory>
#include <vector>

#include "transport/header.hh"
#include "transport/transport.hh"

namespace gyre {

struct StampIdentity {
  NodeId self{};              // nodeid in the cluster
  std::uint64_t cluster = 0;  // cluster_tag of the cluster's name
  std::uint64_t boot = 0;     // random, of this start
};

struct StampCounters {
  std::array<std::uint64_t, refusal_count> refused{};      // by Refusal, named by text()
  std::uint64_t copied = 0;                                // sent by copy
  std::uint64_t dropped_no_buffer = 0;                     // pool empty when a copy was needed
  std::uint64_t dropped_too_long = 0;                      // to be sealed
  std::uint64_t challenges = 0, answers = 0, reports = 0;  // sent, where frames are sealed
  std::uint64_t proved = 0;                                // boots of others that have answered
  std::uint64_t new_boots = 0;  // drawn after the start: we had not run, or ran twice
  NodeId other_key_from{};      // who says that he sent the last of Refusal::other_key
};

class HeaderTransport : public Transport {
 public:
  Limits limits() const noexcept override;
  std::size_t receive(Lane lane, std::span<Arrival> arrivals) noexcept override;
  std::size_t send(std::span<const Send> sends) noexcept override;

  void set_peer(NodeIndex peer, LinkIndex link, const Address& address) noexcept override {
    device_->set_peer(peer, link, address);
  }
  void introduce(NodeIndex peer, NodeId id) noexcept override { device_->introduce(peer, id); }
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

 protected:
  using LaneCounters = std::array<std::uint64_t, lane_count>;

  // `pool` outlives this; its headroom is at least limits().headroom. `overhead`: bytes of a frame
  // besides the header that are not the payload's.
  HeaderTransport(std::unique_ptr<Transport> device, const StampIdentity& identity, FramePool& pool,
                  Suite suite, std::size_t overhead);

  // Of a frame whose header is in order and says `lane`. Lets through what is Refusal::none; its
  // front is then the payload's.
  virtual Refusal examine(const Header& header, Arrival& arrival) noexcept = 0;
  // The frame as it goes out, or nothing if the pool is empty.
  virtual FrameRef wrap(const Send& send) noexcept = 0;
  virtual void begin_burst() noexcept {}

  // The header of the next frame of that lane, with `length` bytes behind it.
  Header next_header(Lane lane, std::size_t length, std::uint8_t generation = 0) noexcept;

  const std::unique_ptr<Transport> device_;
  StampIdentity identity_;
  FramePool& pool_;
  const Limits device_limits_;
  const Suite suite_;
  LaneCounters sent_{};  // the last counter used
  StampCounters counters_;

 private:
  Refusal read(Lane lane, Arrival& arrival) noexcept;

  const std::size_t overhead_;
  std::vector<Send> wrapped_;  // the burst in hand; its size is fixed
};

}  // namespace gyre
