// A machine's card: the Transport that a simulated node speaks through. What it can and cannot do
// is part of the seed: multicast or unicast, short sends, frames read after send() has returned,
// duplicates filtered by a clear header or handed up.
#pragma once

#include <deque>
#include <functional>
#include <vector>

#include "tests/sim/network.hh"
#include "transport/header.hh"

namespace gyre::sim {

struct DeviceTraits {
  bool multicast = true;
  bool short_sends = false;
  bool stamped = true;              // frames carry the clear header; else the device knows senders
  Suite suite = Suite::open;        // what seals them, where they carry it
  Duration completes_after{};       // 0: a frame's bytes are read in send()
  std::size_t payload_max = 1400;   // header included
  std::size_t receive_frames = 64;  // per lane, before it drops
  double stuck = 0;                 // probability that a frame waits in the card, and all behind it
  Duration stuck_max{};
  bool other_version = false;  // of the clear header
  bool operator==(const DeviceTraits&) const = default;
};

// In what a machine's cards differ.
struct LinkKind {
  bool multicast = true;
  Duration completes_after{};
};

class Device final : public Transport {
 public:
  static constexpr std::size_t headroom = 8;

  // `now` is the true time. `sending` is told of each frame that goes out, as the node wrote it,
  // and may say no: the machine has just died. `to`: none for everyone.
  using Sending = std::function<bool(NodeId to, const FrameRef& frame)>;
  Device(Network& network, MachineIndex self, const DeviceTraits& traits, FramePool& pool,
         const Time& now, Sending sending, std::size_t wire = 0);

  static Limits limits_of(const DeviceTraits& traits);
  static Address address(MachineIndex machine);
  static MachineIndex machine(const Address& address) {
    return static_cast<std::size_t>(address.bytes[0]) - 1;
  }
  static NodeId id(MachineIndex machine) { return NodeId{static_cast<std::uint32_t>(machine + 1)}; }
  void arrive(Flight&& flight);
  Time due() const { return held_.empty() ? never : held_.front().due; }  // true time
  std::uint64_t irregular() const { return irregular_; }  // copies, and what was overtaken
  Suite suite() const { return traits_.suite; }
  std::uint64_t repeated() const { return repeated_; }  // numbers that a boot sent twice
  // Of what it was last given to send.
  bool took_all() const { return took_all_; }
  void close();     // its process ends in good order
  void put_back();  // to where it holds nothing, and numbers may come again
  bool pending() const { return !inbox_[0].empty() || !inbox_[1].empty(); }

  Limits limits() const noexcept override { return limits_of(traits_); }
  std::size_t receive(Lane lane, std::span<Arrival> arrivals) noexcept override {
    auto& inbox = inbox_[static_cast<std::size_t>(lane)];
    return inbox.empty() ? 0 : hand_up(inbox, arrivals);
  }
  std::size_t send(std::span<const Send> sends) noexcept override;
  void set_peer(NodeIndex peer, LinkIndex link, const Address& address) noexcept override;
  void advance(Time now) noexcept override;
  Time deadline() const noexcept override { return never; }  // its machine asks for due()
  std::span<const int> wait_fds() const noexcept override { return {}; }
  bool arm() noexcept override { return !pending(); }
  std::size_t link_events(std::span<LinkEvent>) noexcept override { return 0; }
  const TransportCounters& counters() const noexcept override { return counters_; }

 private:
  struct Held {
    Send send;
    Time due;
  };
  std::size_t hand_up(std::deque<Flight>& inbox, std::span<Arrival> arrivals) noexcept;
  bool to_all(const Send& send) const;
  NodeId destination(const Send& send) const;
  MachineIndex place_of(NodeIndex peer) const;  // network_.machines(): not known
  void transmit(const Send& send);
  void check_number(const Send& send);

  Network& network_;
  const MachineIndex self_;
  const std::size_t wire_;
  const DeviceTraits traits_;
  FramePool& pool_;
  const Time& now_;
  Sending sending_;
  std::vector<std::uint64_t> newest_;  // that has arrived
  Dice dice_;
  std::vector<MachineIndex> peers_;  // by NodeIndex, as far as any is known
  std::deque<Flight> inbox_[lane_count];
  bool took_all_ = true;
  std::deque<Held> held_;
  TransportCounters counters_;
  std::uint64_t irregular_ = 0, repeated_ = 0;
  std::uint64_t boot_ = 0, number_[lane_count]{};  // of the last clear header
};

}  // namespace gyre::sim
