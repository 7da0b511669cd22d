// A transport around all others of a machine: what gets through to its node is overheard, and told
// apart is what the node itself sends from what the layers below say of their own accord.
#pragma once

#include <functional>
#include <memory>

#include "transport/transport.hh"

namespace gyre::sim {

class Ear final : public Transport {
 public:
  using Hearing = std::function<void(Lane lane, const Arrival& arrival)>;
  Ear(std::unique_ptr<Transport> below, Hearing hearing)
      : below_(std::move(below)), hearing_(std::move(hearing)) {}

  bool node_sends() const { return node_sends_; }  // in this moment

  Limits limits() const noexcept override { return below_->limits(); }
  std::size_t receive(Lane lane, std::span<Arrival> arrivals) noexcept override {
    const std::size_t count = below_->receive(lane, arrivals);
    for (const Arrival& arrival : arrivals.first(count)) hearing_(lane, arrival);
    return count;
  }
  std::size_t send(std::span<const Send> sends) noexcept override {
    node_sends_ = true;
    const std::size_t taken = below_->send(sends);
    node_sends_ = false;
    return taken;
  }
  void set_peer(NodeIndex peer, LinkIndex link, const Address& address) noexcept override {
    below_->set_peer(peer, link, address);
  }
  void introduce(NodeIndex peer, NodeId id) noexcept override { below_->introduce(peer, id); }
  void advance(Time now) noexcept override { below_->advance(now); }
  Time deadline() const noexcept override { return below_->deadline(); }
  std::span<const int> wait_fds() const noexcept override { return below_->wait_fds(); }
  bool arm() noexcept override { return below_->arm(); }
  std::size_t link_events(std::span<LinkEvent> events) noexcept override {
    return below_->link_events(events);
  }
  const TransportCounters& counters() const noexcept override { return below_->counters(); }

 private:
  const std::unique_ptr<Transport> below_;
  const Hearing hearing_;
  bool node_sends_ = false;
};

}  // namespace gyre::sim
