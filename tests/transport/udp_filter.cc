// What never leaves the kernel: frames of others, frames from elsewhere, tokens of strangers.
#include "transport/udp/filter.hh"

#include <gtest/gtest.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>

#include "transport/header.hh"
#include "transport/udp/address.hh"
#include "transport/udp/udp.hh"

namespace gyre::udp {
namespace {

constexpr std::uint64_t ours = 0x1122'3344'5566'7788, theirs = 0x1122'3344'5566'7789;

Settings unicast_on(const std::string& address) {
  Settings settings;
  settings.kind = Kind::unicast;
  settings.address = address;
  settings.port = static_cast<std::uint16_t>(20000 + getpid() % 10000 * 2);
  return settings;
}

class UdpFilter : public testing::Test {
 protected:
  FrameRef frame(Lane lane = Lane::data, std::uint64_t cluster = ours, std::size_t size = 100) {
    FrameRef frame = pool.take();
    frame.resize(std::max(size, header_size));
    write_header({.lane = lane, .cluster = cluster, .sender = NodeId{7}},
                 frame.bytes().first<header_size>());
    frame.resize(size);
    return frame;
  }
  void send(Device& from, const FrameRef& what, Lane lane = Lane::data) {
    from.set_peer(NodeIndex(1), LinkIndex{}, to_address("127.0.0.1"));
    const Send send = {what, NodeIndex(1), lane};
    ASSERT_EQ(from.send(std::span(&send, 1)), 1u);
  }
  // One that must come, behind all that must not: what is there when it is.
  std::size_t arrived(Device& receiver, Device& sender, Lane lane = Lane::data) {
    send(sender, frame(lane), lane);
    pollfd ready = {
        .fd = receiver.wait_fds()[static_cast<std::size_t>(lane)], .events = POLLIN, .revents = 0};
    EXPECT_EQ(::poll(&ready, 1, 10'000), 1);
    std::vector<Arrival> arrivals(64);
    return receiver.receive(lane, arrivals);
  }
  static std::uint64_t dropped(Device& device) {
    device.advance(now += std::chrono::seconds(2));
    return device.counters().dropped_kernel;
  }

  static inline Time now{};
  FramePool pool{600, 0, 1400, 0};
};

TEST_F(UdpFilter, FramesOfOthersStayInTheKernel) {
  Settings settings = unicast_on("127.0.0.1");
  settings.cluster = ours;
  Device receiver(settings, pool);
  Device sender(unicast_on("127.0.0.2"), pool);
  send(sender, frame(Lane::data, theirs));
  send(sender, frame(Lane::data, ours ^ 1ull << 63));
  for (const std::size_t at : {0u, 1u, 2u, 3u, 4u}) {  // magic, version
    const FrameRef other = frame();
    other.data()[at] ^= std::byte{0x20};
    send(sender, other);
  }
  for (const std::size_t size : {1u, 8u, 15u}) send(sender, frame(Lane::data, ours, size));
  EXPECT_EQ(arrived(receiver, sender), 1u);
  EXPECT_EQ(dropped(receiver), 10u);
}

TEST_F(UdpFilter, WhatIsNotLookedAtThereComesThrough) {
  Device receiver(unicast_on("127.0.0.1"), pool);
  Device sender(unicast_on("127.0.0.2"), pool);
  send(sender, frame(Lane::data, theirs));
  send(sender, frame(Lane::data, ours, 1));
  EXPECT_EQ(arrived(receiver, sender), 3u);
  EXPECT_EQ(dropped(receiver), 0u);
}

TEST_F(UdpFilter, FramesFromElsewhereStayInTheKernel) {
  Settings settings = unicast_on("127.0.0.1");
  settings.cluster = ours;
  settings.sources = {"127.0.0.3", "127.0.0.4"};
  Device receiver(settings, pool);
  for (const char* address : {"127.0.0.2", "127.0.0.5"}) {
    Device stranger(unicast_on(address), pool);
    for (const Lane lane : {Lane::data, Lane::token}) send(stranger, frame(lane), lane);
  }
  Device sender(unicast_on("127.0.0.4"), pool);
  EXPECT_EQ(arrived(receiver, sender), 1u);
  EXPECT_EQ(dropped(receiver), 4u);
}

// The lanes of unicast share a port: each has its own filter behind the steering.
TEST_F(UdpFilter, TokensOfStrangersStayInTheKernel) {
  Settings settings = unicast_on("127.0.0.1");
  settings.cluster = ours;
  settings.tokens_from_peers_only = true;
  Device receiver(settings, pool);
  Device peer(unicast_on("127.0.0.2"), pool), stranger(unicast_on("127.0.0.3"), pool);
  send(stranger, frame(Lane::token), Lane::token);
  send(peer, frame(Lane::token), Lane::token);
  EXPECT_EQ(dropped(receiver), 2u) << "nobody is known yet";
  EXPECT_EQ(arrived(receiver, stranger), 1u) << "whoever wants to join is heard";

  receiver.set_peer(NodeIndex(4), LinkIndex{}, to_address("127.0.0.2", 9));
  std::vector<Arrival> arrivals(64);
  EXPECT_EQ(receiver.receive(Lane::token, arrivals), 0u);  // from now on
  send(stranger, frame(Lane::token), Lane::token);
  EXPECT_EQ(arrived(receiver, peer, Lane::token), 1u);
  EXPECT_EQ(dropped(receiver), 3u);

  receiver.set_peer(NodeIndex(4), LinkIndex{}, to_address("127.0.0.3"));
  EXPECT_EQ(receiver.receive(Lane::token, arrivals), 0u);
  send(peer, frame(Lane::token), Lane::token);
  EXPECT_EQ(arrived(receiver, stranger, Lane::token), 1u);
  EXPECT_EQ(dropped(receiver), 4u);
}

// A flood of them costs its sender's time and the kernel's, and no call of ours.
TEST_F(UdpFilter, AForgedFloodAsksNothingOfUs) {
  const auto calls_for = [&](bool filtered) {
    Settings settings = unicast_on("127.0.0.1");
    if (filtered) settings.cluster = ours;
    Device receiver(settings, pool);
    Device sender(unicast_on("127.0.0.2"), pool);
    const FrameRef forged = frame(Lane::data, theirs);
    for (int i = 0; i < 500; ++i) send(sender, forged);
    const auto before = receiver.counters().system_calls;
    std::size_t kept = 0;
    std::vector<Arrival> arrivals(64);
    while (const std::size_t got = receiver.receive(Lane::data, arrivals)) {
      for (std::size_t i = 0; i < got; ++i) arrivals[i].frame.reset();
      kept += got;
    }
    EXPECT_EQ(kept, filtered ? 0u : 500u);
    EXPECT_EQ(dropped(receiver), filtered ? 500u : 0u);
    return receiver.counters().system_calls - before;
  };
  EXPECT_EQ(calls_for(true), 1u);
  EXPECT_GE(calls_for(false), 8u);
}

TEST_F(UdpFilter, ThereIsRoomForAllSourcesOfEitherVersion) {
  for (const bool v6 : {false, true}) {
    std::vector<Address> sources;
    for (std::size_t i = 0; i <= nodes_max; ++i)
      sources.push_back(to_address((v6 ? "fd00::1:" : "127.1.0.") + std::to_string(i)));
    const Filter filter({.cluster = ours, .sources = sources});
    EXPECT_LE(filter.program().size(), static_cast<std::size_t>(BPF_MAXINSNS));
    Device device(unicast_on("127.0.0.1"), pool);
    const Socket socket(::socket(v6 ? AF_INET6 : AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    EXPECT_TRUE(filter.attach(socket)) << "the kernel found a fault in it";
  }
}

TEST_F(UdpFilter, TheLastOfManySourcesGetsThrough) {
  for (const char* own : {"127.0.0.1", "::1"}) {
    const bool v6 = own[0] == ':';
    Settings settings = unicast_on(own);
    settings.cluster = ours;
    settings.sources.emplace();
    for (int i = 100; i < 226; ++i)
      settings.sources->push_back((v6 ? "fd00::" : "127.0.9.") + std::to_string(i));
    settings.sources->push_back(v6 ? "::1" : "127.0.0.2");
    Device receiver(settings, pool);
    Settings other = unicast_on(v6 ? "::1" : "127.0.0.2");
    if (v6) other.port = static_cast<std::uint16_t>(other.port + 20001);
    Device sender(other, pool);
    const Socket raw(::socket(v6 ? AF_INET6 : AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    const Address from = to_address(v6 ? "::1" : "127.0.0.2"), to = to_address(own, settings.port);
    ASSERT_EQ(::bind(raw.fd(), udp::raw(from), raw_size(from)), 0);
    const FrameRef good = frame();
    ASSERT_EQ(::sendto(raw.fd(), good.data(), good.size(), 0, udp::raw(to), raw_size(to)), 100);
    pollfd ready = {.fd = receiver.wait_fds()[0], .events = POLLIN, .revents = 0};
    EXPECT_EQ(::poll(&ready, 1, 10'000), 1) << own;
    EXPECT_EQ(dropped(receiver), 0u) << own;
  }
}

}  // namespace
}  // namespace gyre::udp
