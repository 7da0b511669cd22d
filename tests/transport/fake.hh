// The worst device that a transport may be, in memory and in virtual time.
//
// It has no multicast, wants headroom and tailroom and scribbles over both, takes only some of the
// frames offered, resolves addresses late, reads a frame's bytes long after it took them (and
// notes if they changed meanwhile), and loses, doubles and reorders by seed.
#pragma once

#include <functional>
#include <memory>
#include <random>
#include <vector>

#include "transport/transport.hh"

namespace gyre {

struct FakeOptions {
  std::uint64_t seed = 1;
  std::size_t payload_max = 1400;
  double loss = 0, duplicate = 0, reorder = 0;  // probabilities
  bool short_sends = true;                      // send() takes 1 to all of what is offered
  int completes_after = 3;                      // turns (advance) until a frame's bytes are read
  Duration resolves_after = std::chrono::milliseconds(2);
  Duration delay = std::chrono::microseconds(50);
  Duration reorder_delay = std::chrono::milliseconds(1);
  std::size_t queue_frames = 256;  // per receiver and lane
};

class FakeDevice;

class FakeNetwork {
 public:
  explicit FakeNetwork(const FakeOptions& options);
  ~FakeNetwork();

  // A new device on this network, which outlives it. It receives into frames of `pool`. With an
  // address it takes the place of one that is gone.
  std::unique_ptr<FakeDevice> attach(FramePool& pool, const Address& address = {});
  // Puts bytes on the wire that no device sent.
  void inject(const Address& to, Lane lane, std::span<const std::byte> bytes);
  // Sees every frame that a device sends, and says which are lost.
  std::function<bool(const Address& from, const Address& to, Lane, std::span<const std::byte>)>
      loses;

 private:
  friend class FakeDevice;
  struct Flight {
    FrameRef bytes;
    Time due;
    Address from;
  };
  // Loses, delays and doubles.
  void carry(const Address& from, const Address& to, Lane lane, std::span<const std::byte> bytes,
             Time now) noexcept;
  bool happens(double probability) noexcept;

  FakeOptions options_;
  std::mt19937_64 random_;
  FramePool wire_;  // bytes in flight
  std::vector<FakeDevice*> devices_;
};

class FakeDevice final : public Transport {
 public:
  static constexpr std::size_t headroom = 24, tailroom = 8;

  FakeDevice(FakeNetwork& network, Address address, FramePool& pool);
  ~FakeDevice() override;

  const Address& address() const noexcept { return address_; }
  bool full = false;  // takes nothing
  // Frames whose bytes were not the same any more when the device came to read them.
  std::uint64_t changed() const noexcept { return changed_; }

  Limits limits() const noexcept override;
  std::size_t receive(Lane lane, std::span<Arrival> arrivals) noexcept override;
  std::size_t send(std::span<const Send> sends) noexcept override;
  void set_peer(NodeIndex peer, LinkIndex link, const Address& address) noexcept override;
  void advance(Time now) noexcept override;
  Time deadline() const noexcept override;
  std::span<const int> wait_fds() const noexcept override { return {}; }
  bool arm() noexcept override { return false; }
  std::size_t link_events(std::span<LinkEvent>) noexcept override { return 0; }
  const TransportCounters& counters() const noexcept override { return counters_; }

 private:
  friend class FakeNetwork;
  struct Taken {
    Send send;
    std::uint64_t checksum = 0;
    int turns_left = 0;
  };
  struct Peer {
    Address address;
    Time resolved_at = never;
  };
  void complete(const Taken& taken) noexcept;

  FakeNetwork& network_;
  Address address_;
  FramePool& pool_;
  std::array<Peer, nodes_max> peers_;
  std::vector<Taken> taken_;  // its capacity is the device's queue
  std::array<std::vector<FakeNetwork::Flight>, lane_count> arriving_;
  Time now_{};
  std::uint64_t changed_ = 0;
  TransportCounters counters_;
};

}  // namespace gyre
