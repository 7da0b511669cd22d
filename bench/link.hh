// Two ends of a link over the production transport, and the barest use of it: ping-pong.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "bench/partner.hh"
#include "node/config.hh"
#include "node/wait.hh"
#include "transport/open.hh"

namespace gyre::bench {

struct LinkSettings {
  udp::Kind kind = udp::Kind::unicast;
  std::array<std::string, 2> addresses{"127.0.0.1", "127.0.0.2"};
  std::string interface = "lo";
  std::string group = "239.255.43.1";
  std::uint16_t port = 0;          // the first that is received on; four from its predecessor on
  std::size_t payload_max = 1472;  // bytes of a datagram
};

// The settings of end `which` of the link that uses the `number`-th pair of ports.
udp::Settings udp_settings(const LinkSettings& link, int which, int number);
StampIdentity stamp_identity(int which, int number);
std::unique_ptr<Stamped> open_link(const LinkSettings& link, int which, int number,
                                   FramePool& pool);

// Of the machine: what a pinned process would have for itself.
unsigned cores() noexcept;

// What takes the place of a reactor here: after a look that found nothing, sleep as `poll` says. It
// makes no system call but the sleep.
class Idle {
 public:
  Idle(node::Poll poll, Transport& transport);  // throws std::system_error
  void after(bool active, Time now);

 private:
  Transport& transport_;
  node::Patience patience_;
  node::Sleeper sleeper_;
};

// The data plane of a node that does nothing but answer.
class PingPong {
 public:
  // `bytes` of a datagram, the clear header included.
  PingPong(const LinkSettings& link, int which, node::Poll poll);

  // The leader: `count` round trips; the nanoseconds of each go to `round_trips`.
  void ping(Partner& partner, std::size_t bytes, std::size_t count,
            std::vector<double>& round_trips);
  // The follower: answers while `control` says raw.
  void pong(const Control& control);

  const TransportCounters& counters() const noexcept { return transport_->counters(); }

 private:
  void send(FrameRef frame);
  FrameRef receive();

  FramePool pool_;
  std::unique_ptr<Stamped> transport_;
  Idle idle_;
  std::array<Arrival, udp::Device::burst_max> arrivals_;
  std::uint64_t number_ = 0;
};

}  // namespace gyre::bench
