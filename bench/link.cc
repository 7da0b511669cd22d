#include "bench/link.hh"

#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <stdexcept>
#include <system_error>

#include "transport/udp/address.hh"

namespace gyre::bench {

udp::Settings udp_settings(const LinkSettings& link, int which, int number) {
  udp::Settings settings;
  settings.kind = link.kind;
  settings.address = link.addresses[static_cast<std::size_t>(which)];
  settings.interface = link.interface;
  settings.group = link.group;
  settings.payload_max = link.payload_max;
  settings.port = static_cast<std::uint16_t>(link.port + 2 * number);
  settings.sources = std::vector<std::string>{link.addresses[static_cast<std::size_t>(1 - which)]};
  return settings;
}

StampIdentity stamp_identity(int which, int number) {
  return {.self = NodeId(which + 1),
          .cluster = cluster_tag("bench" + std::to_string(number)),
          .boot = static_cast<std::uint64_t>(::getpid())};
}

std::unique_ptr<Stamped> open_link(const LinkSettings& link, int which, int number,
                                   FramePool& pool) {
  return std::make_unique<Stamped>(
      std::make_unique<udp::Device>(udp_settings(link, which, number), pool),
      stamp_identity(which, number), pool);
}

unsigned cores() noexcept {
  return static_cast<unsigned>(std::max(::sysconf(_SC_NPROCESSORS_ONLN), 1L));
}

Idle::Idle(node::Poll poll, Transport& transport)
    : transport_(transport), patience_(poll, cores()) {
  for (const int fd : transport.wait_fds())
    if (!sleeper_.add(fd, 0)) throw std::system_error(errno, std::generic_category(), "epoll_ctl");
}

void Idle::after(bool active, Time now) {
  constexpr Duration sleep_max = std::chrono::milliseconds(1);  // then see what the leader says
  if (patience_.spent(active, now) && transport_.arm()) sleeper_.sleep(now, now + sleep_max);
}

PingPong::PingPong(const LinkSettings& link, int which, node::Poll poll)
    : pool_(4 * udp::Device::burst_max, header_size, link.payload_max - header_size, 0),
      transport_(open_link(link, which, 0, pool_)),
      idle_(poll, *transport_) {
  const auto& other = link.addresses[static_cast<std::size_t>(1 - which)];
  transport_->set_peer(NodeIndex{1}, LinkIndex{}, udp::to_address(other));
}

void PingPong::send(FrameRef frame) {
  const Send send{.frame = std::move(frame), .to = NodeIndex{1}, .lane = Lane::token};
  while (transport_->send({&send, 1}) == 0) transport_->advance(node::clock_now());
}

// What has come last; nothing if nothing has.
FrameRef PingPong::receive() {
  transport_->advance({});
  FrameRef last;
  const std::size_t count = transport_->receive(Lane::token, arrivals_);
  for (std::size_t i = 0; i < count; ++i) last = std::move(arrivals_[i].frame);
  return last;
}

void PingPong::ping(Partner& partner, std::size_t bytes, std::size_t count,
                    std::vector<double>& round_trips) {
  constexpr Duration lost_after = std::chrono::milliseconds(200);
  if (bytes < header_size + sizeof number_ || bytes > pool_.payload() + header_size)
    throw std::invalid_argument("a datagram of the ping-pong has 48 bytes to the link's most");
  Time before = node::clock_now();
  while (count-- > 0) {
    FrameRef frame = pool_.take();
    frame.resize(bytes - header_size);
    std::memset(frame.data(), 0, frame.size());
    std::memcpy(frame.data(), &++number_, sizeof number_);
    send(std::move(frame));
    for (Time now = before;;) {
      FrameRef answer = receive();
      now = node::clock_now();
      if (answer && std::memcmp(answer.data(), &number_, sizeof number_) == 0) {
        round_trips.push_back(static_cast<double>((now - before).count()));
        before = now;
        idle_.after(true, now);
        break;
      }
      if (now - before > lost_after) {
        partner.check();
        before = now;
        ++count;
        break;
      }
      idle_.after(static_cast<bool>(answer), now);
    }
  }
}

void PingPong::pong(const Control& control) {
  while (control.phase() == Phase::raw) {
    FrameRef ping = receive();
    const bool active = static_cast<bool>(ping);
    if (active) send(std::move(ping));
    idle_.after(active, node::clock_now());
  }
}

}  // namespace gyre::bench
