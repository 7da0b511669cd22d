// A ring of two daemons in one thread, on a wire of memory: the production node, header included,
// and not one system call. What it costs is the same each time.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "bench/ring_end.hh"
#include "node/node.hh"
#include "transport/shm/channel.hh"
#include "transport/shm/records.hh"
#include "transport/shm/ring.hh"

namespace gyre::bench {

// One end of the wire. What is sent is copied at once into a buffer of the other end, as a card
// would.
class Wire final : public Transport {
 public:
  static constexpr std::size_t burst_max = 64, queue_max = 4096;

  Wire(FramePool& pool, std::size_t payload_max);
  void connect(Wire& other) noexcept { other_ = &other; }

  Limits limits() const noexcept override;
  std::size_t receive(Lane lane, std::span<Arrival> arrivals) noexcept override;
  std::size_t send(std::span<const Send> sends) noexcept override;
  void set_peer(NodeIndex, LinkIndex, const Address&) noexcept override {}
  void advance(Time) noexcept override {}
  Time deadline() const noexcept override { return never; }
  std::span<const int> wait_fds() const noexcept override { return {}; }
  bool arm() noexcept override { return true; }
  std::size_t link_events(std::span<LinkEvent>) noexcept override { return 0; }
  const TransportCounters& counters() const noexcept override { return counters_; }

 private:
  struct Queue {
    std::array<FrameRef, queue_max> frames;
    std::size_t first = 0, count = 0;
  };

  FramePool& pool_;
  const std::size_t payload_max_;
  Wire* other_ = nullptr;
  std::array<Queue, lane_count> queues_;
  TransportCounters counters_;
};

// A program in the first node's daemon, without the library: it writes what the library would.
class LocalProgram {
 public:
  LocalProgram(node::Node& daemon, Time now, std::uint32_t client = 1);

  // Membership of the group stands once the ring has turned.
  void join(std::string_view group);
  // False: no room.
  bool send(std::span<const std::byte> payload) noexcept;
  void leave();
  // In the place of the doorbell, for a daemon that does not poll this program.
  void ring(Time now) { daemon_->woken(channel_.client, false, now); }
  void die(Time now) { daemon_->woken(channel_.client, true, now); }
  // Messages delivered since the last call; other events are stepped over.
  std::size_t take_messages() noexcept;

 private:
  void ask(shm::RequestKind kind);

  node::Node* daemon_;
  shm::Channel channel_;
  shm::Producer requests_;
  shm::Consumer events_;
  std::string group_;
};

class Lockstep {
 public:
  // The token is never held. Programs are polled for `park_after` after each request: for good, so
  // that no doorbell makes a system call, unless something else is said. Returns when the ring of
  // two stands.
  explicit Lockstep(std::size_t clients_max = 4, Duration park_after = std::chrono::hours(1));

  // Both nodes turn once, the first one first. Logical time goes on by 10 µs.
  void turn();
  // Turns until the first node has received the token `count` times more.
  void rotate(std::uint64_t count);

  node::Node& node(std::size_t which) noexcept { return *ends_[which]->node; }
  Time now() const noexcept { return now_; }

 private:
  struct End {
    End(std::size_t which, std::size_t clients_max, Duration park_after);
    FramePool pool;
    Wire* wire = nullptr;
    std::unique_ptr<Stamped> transport;
    node::Log log;
    NoErrands errands;
    std::unique_ptr<node::Node> node;
  };

  std::array<std::unique_ptr<End>, 2> ends_;
  Time now_{std::chrono::seconds(1)};
};

}  // namespace gyre::bench
