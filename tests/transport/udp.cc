// What only kernel UDP does: addresses, set-up and its errors, buffers, and a kernel that will not
// take a frame.
#include "transport/udp/udp.hh"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/rtnetlink.h>
#include <poll.h>
#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>

#include "tests/transport/own_network.hh"
#include "tests/transport/shell.hh"
#include "transport/header.hh"
#include "transport/udp/address.hh"

namespace gyre::udp {

namespace {

Settings unicast_on(const std::string& address) {
  Settings settings;
  settings.kind = Kind::unicast;
  settings.address = address;
  settings.port = static_cast<std::uint16_t>(20000 + getpid() % 10000 * 2);
  return settings;
}

FrameRef make_frame(FramePool& pool, Lane lane, std::size_t size, std::uint8_t id = 0) {
  FrameRef frame = pool.take();
  frame.resize(size);
  std::ranges::fill(frame.bytes(), std::byte{id});
  frame.data()[header_lane_offset] = std::byte(lane);
  return frame;
}

std::string refusal(const Settings& settings) {
  FramePool pool(1, 0, payload_limit + 1, 0);
  try {
    const Device device(settings, pool);
  } catch (const std::runtime_error& error) {
    return error.what();
  }
  return "none";
}

// Waits for as many frames, and gives up when none comes for a while.
std::vector<std::vector<std::byte>> receive_all(Device& device, Lane lane, std::size_t count) {
  std::vector<std::vector<std::byte>> received;
  std::vector<Arrival> arrivals(64);
  pollfd ready = {
      .fd = device.wait_fds()[static_cast<std::size_t>(lane)], .events = POLLIN, .revents = 0};
  while (received.size() < count && poll(&ready, 1, 500) > 0)
    while (const std::size_t got = device.receive(lane, arrivals))
      for (std::size_t i = 0; i < got; ++i)
        received.emplace_back(arrivals[i].frame.bytes().begin(), arrivals[i].frame.bytes().end());
  return received;
}

TEST(UdpAddress, SaysWhatItWasMadeOf) {
  EXPECT_EQ(text(to_address("10.0.0.1", 5405)), "10.0.0.1:5405");
  EXPECT_EQ(text(to_address("10.0.0.1")), "10.0.0.1");
  EXPECT_EQ(text(to_address("fd00:0::1", 5405)), "[fd00::1]:5405");
  EXPECT_EQ(text(to_address("fe80::1%lo", 7)), "[fe80::1%lo]:7");
  EXPECT_EQ(text(Address{}), "none");
  EXPECT_EQ(with_port(to_address("10.0.0.1", 1), 2), to_address("10.0.0.1", 2));
  EXPECT_EQ(port(to_address("fd00::1", 77)), 77);
}

TEST(UdpAddress, TakesNoNames) {
  for (const char* wrong : {"", "localhost", "10.0.0.256", "fd00:::1"})
    EXPECT_THROW(to_address(wrong), std::runtime_error) << wrong;
}

TEST(UdpAddress, KnowsItsKind) {
  EXPECT_TRUE(is_loopback(to_address("127.3.2.1")));
  EXPECT_TRUE(is_loopback(to_address("::1")));
  EXPECT_FALSE(is_loopback(to_address("10.0.0.1")));
  EXPECT_TRUE(is_multicast(to_address("239.1.2.3")));
  EXPECT_TRUE(is_multicast(to_address("ff15::1")));
  EXPECT_FALSE(is_multicast(to_address("fd00::1")));
}

TEST(UdpSetUp, NamesThePortThatIsTaken) {
  for (const Kind kind : {Kind::unicast, Kind::multicast}) {
    Settings settings = unicast_on("127.0.0.1");
    settings.kind = kind;
    settings.group = "239.192.7.9";
    FramePool pool(100, 0, 1400, 0);
    const Device first(settings, pool);
    const std::string reason = refusal(settings);
    EXPECT_EQ(reason, "port " + std::to_string(settings.port) +
                          " on 127.0.0.1 is taken (bind): Address already in use");
    settings.port = static_cast<std::uint16_t>(settings.port + 1);  // sends from the other's port
    EXPECT_NE(refusal(settings).find("is taken (bind)"), std::string::npos);
    settings.port = static_cast<std::uint16_t>(settings.port + 1);
    EXPECT_EQ(refusal(settings), "none");
  }
}

TEST(UdpSetUp, SaysWhatIsWrong) {
  const auto with = [](auto change) {
    Settings settings = unicast_on("127.0.0.1");
    change(settings);
    return refusal(settings);
  };
  EXPECT_EQ(with([](Settings& s) { s.address = "203.0.113.9"; }),
            "no interface has the address 203.0.113.9");
  EXPECT_EQ(with([](Settings& s) {
              s.address = "203.0.113.9";
              s.interface = "lo";
            }),
            "no interface has the address 203.0.113.9 (bind): Cannot assign requested address");
  EXPECT_EQ(with([](Settings& s) { s.interface = "eth77"; }),
            "interface eth77: if_nametoindex: No such device");
  EXPECT_EQ(with([](Settings& s) { s.payload_max = 65508; }),
            "datagrams of 65508 bytes: 41 to 65507 are possible");
  EXPECT_EQ(with([](Settings& s) { s.port = 1; }), "the port is 2 at least: port - 1 is used too");
  EXPECT_EQ(with([](Settings& s) { s.kind = Kind::multicast, s.group = "10.0.0.1"; }),
            "'10.0.0.1' is not a multicast address");
  EXPECT_EQ(with([](Settings& s) { s.kind = Kind::multicast, s.group = "ff15::1"; }),
            "ff15::1 and 127.0.0.1 are not of one IP version");
  EXPECT_EQ(with([](Settings& s) { s.kind = Kind::broadcast, s.address = "::1"; }),
            "broadcast exists only in IPv4");
  EXPECT_EQ(with([](Settings& s) { s.ttl = 256; }), "ttl is 0 to 255");
  EXPECT_NE(with([](Settings& s) { s.sources = {"nowhere"}; }).find("'nowhere' is not an IP"),
            std::string::npos);
}

TEST(Udp, TheReceiveQueueHoldsWhatTheLimitsSay) {
  for (const Kind kind : {Kind::unicast, Kind::multicast}) {
    for (const std::size_t size : {100, 1400, 4000, 9000, 20000, 65507}) {
      FramePool pool(200, 0, size, 0);
      Settings settings = unicast_on("127.0.0.1");
      settings.kind = kind;
      settings.group = "239.192.7.9";
      settings.payload_max = size;
      settings.receive_buffer = 400000;
      Device receiver(settings, pool);
      settings.address = "127.0.0.2";
      Device sender(settings, pool);
      sender.set_peer(NodeIndex(1), LinkIndex{}, to_address("127.0.0.1"));
      const std::size_t count = receiver.limits().receive_frames;
      EXPECT_GE(count, 3u) << size;
      // Twice, with a partly emptied queue in between, as in a running ring.
      for (int round = 0; round < 2; ++round) {
        for (std::size_t i = 0; i < count; ++i) {
          const Send send = {make_frame(pool, Lane::data, size), NodeIndex(1), Lane::data};
          ASSERT_EQ(sender.send(std::span(&send, 1)), 1u);
        }
        EXPECT_EQ(receive_all(receiver, Lane::data, count).size(), count) << size;
      }
    }
  }
}

TEST(Udp, DropsAndCountsWhatIsNotFromAListedSource) {
  FramePool pool(300, 0, 1400, 0);
  Settings settings = unicast_on("127.0.0.1");
  settings.sources = {"127.0.0.2", "127.0.0.9"};
  Device receiver(settings, pool);
  settings.sources.reset();
  for (const char* address : {"127.0.0.3", "127.0.0.2"}) {  // the listed one last
    settings.address = address;
    Device sender(settings, pool);
    sender.set_peer(NodeIndex(1), LinkIndex{}, to_address("127.0.0.1"));
    const Send send = {make_frame(pool, Lane::data, 50), NodeIndex(1), Lane::data};
    ASSERT_EQ(sender.send(std::span(&send, 1)), 1u);
  }
  EXPECT_EQ(receive_all(receiver, Lane::data, 1).size(), 1u);
  receiver.advance(Time{});
  EXPECT_EQ(receiver.counters().dropped_kernel, 1u) << "before anybody was woken";
  EXPECT_EQ(receiver.counters().dropped_source, 0u);
  EXPECT_EQ(receiver.counters().received, 1u);
}

TEST(Udp, ALongDatagramIsDroppedAndCounted) {
  FramePool pool(300, 0, 1400, 0);
  Settings settings = unicast_on("127.0.0.1");
  settings.payload_max = 1000;
  Device receiver(settings, pool);
  settings.address = "127.0.0.2";
  settings.payload_max = 1400;
  Device sender(settings, pool);
  sender.set_peer(NodeIndex(1), LinkIndex{}, to_address("127.0.0.1"));
  const std::array sends = {Send{make_frame(pool, Lane::data, 1001), NodeIndex(1), Lane::data},
                            Send{make_frame(pool, Lane::data, 1000), NodeIndex(1), Lane::data}};
  ASSERT_EQ(sender.send(sends), 2u);
  EXPECT_EQ(receive_all(receiver, Lane::data, 1).size(), 1u);
  EXPECT_EQ(receiver.counters().dropped_truncated, 1u);
}

TEST(Udp, AsksTheKernelNoMoreThanItMust) {
  FramePool pool(300, 0, 1400, 0);
  Settings settings = unicast_on("127.0.0.1");
  Device receiver(settings, pool);
  settings.address = "127.0.0.2";
  Device sender(settings, pool);
  sender.set_peer(NodeIndex(1), LinkIndex{}, to_address("127.0.0.1"));
  std::vector<Send> sends;
  for (int i = 0; i < 40; ++i)
    sends.push_back({make_frame(pool, Lane::data, 50), NodeIndex(1), Lane::data});
  ASSERT_EQ(sender.send(sends), 40u);
  EXPECT_EQ(sender.counters().system_calls, 1u);
  EXPECT_EQ(sender.counters().sent, 40u);
  EXPECT_EQ(sender.counters().sent_bytes, 2000u);
  pollfd ready = {.fd = receiver.wait_fds()[0], .events = POLLIN, .revents = 0};
  ASSERT_EQ(poll(&ready, 1, 500), 1);
  std::array<Arrival, 64> arrivals;
  EXPECT_EQ(receiver.receive(Lane::data, arrivals), 40u);
  EXPECT_EQ(receiver.receive(Lane::data, arrivals), 0u);  // known from the call before
  EXPECT_EQ(receiver.counters().system_calls, 1u);
  EXPECT_EQ(receiver.receive(Lane::data, arrivals), 0u);
  EXPECT_EQ(receiver.counters().system_calls, 2u);
}

TEST(Udp, APeerThatIsNotThereDisturbsNobody) {
  FramePool pool(300, 0, 1400, 0);
  Settings settings = unicast_on("127.0.0.1");
  Device receiver(settings, pool);
  settings.address = "127.0.0.2";
  Device sender(settings, pool);
  sender.set_peer(NodeIndex(1), LinkIndex{}, to_address("127.0.0.3"));   // echoes ICMP
  sender.set_peer(NodeIndex(2), LinkIndex{}, to_address("192.0.2.77"));  // no way from loopback
  sender.set_peer(NodeIndex(3), LinkIndex{}, to_address("127.0.0.1"));
  for (int i = 0; i < 10; ++i) {
    const Send send = {make_frame(pool, Lane::token, 50), NodeIndex::everyone, Lane::token};
    ASSERT_EQ(sender.send(std::span(&send, 1)), 1u);
  }
  EXPECT_EQ(receive_all(receiver, Lane::token, 10).size(), 10u);
  EXPECT_EQ(sender.counters().dropped_error, 10u);
  EXPECT_EQ(sender.counters().dropped_stalled, 0u);
  std::array<Arrival, 4> arrivals;
  EXPECT_EQ(sender.receive(Lane::data, arrivals), 0u);
}

TEST(Udp, APeerOfTheOtherIpVersionIsNoPeer) {
  FramePool pool(100, 0, 1400, 0);
  Device device(unicast_on("127.0.0.1"), pool);
  device.set_peer(NodeIndex(1), LinkIndex{}, to_address("fd00::1"));
  const Send send = {make_frame(pool, Lane::token, 50), NodeIndex(1), Lane::token};
  EXPECT_EQ(device.send(std::span(&send, 1)), 1u);
  EXPECT_EQ(device.counters().dropped_unresolved, 1u);
}

// A carrier takes a moment until the kernel lets frames through. Who listens before asking misses
// no news of it.
void await_carrier(const std::string& interface) {
  const int news = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
  sockaddr_nl links{};
  links.nl_family = AF_NETLINK;
  links.nl_groups = RTMGRP_LINK;
  ASSERT_EQ(bind(news, reinterpret_cast<const sockaddr*>(&links), sizeof links), 0);
  const std::string up = "ip -o link show " + interface + " | grep -q 'state UP'";
  pollfd ready = {.fd = news, .events = POLLIN, .revents = 0};
  for (std::array<char, 8192> text; std::system(up.c_str()) != 0;) {
    ASSERT_EQ(poll(&ready, 1, 5000), 1) << interface << " gets no carrier";
    [[maybe_unused]] const ssize_t size = recv(news, text.data(), text.size(), 0);
  }
  close(news);
}

// A pair of Ethernet devices, of which one end is ours.
class OnEthernet : public testing::Test {
 protected:
  void SetUp() override {
    if (!in_own_network()) GTEST_SKIP() << "needs a network namespace of its own";
    run("ip link add near type veth peer name far");
    for (const char* node : {"1", "2", "4"})
      run("ip addr add 10.9.0." + std::string(node) + "/24 dev near");
    run("ip link set near up && ip link set far up");
    await_carrier("near");
  }
  void TearDown() override {
    // It may be gone already, with the namespace that the far end was in.
    if (in_own_network()) run("ip link del near || ! ip link show near");
  }
};

// Also more often than a socket may be in groups.
TEST_F(OnEthernet, AnInterfaceThatIsMadeAgainIsUsedAgain) {
  Settings settings = unicast_on("10.9.0.1");
  settings.kind = Kind::multicast;
  settings.group = "239.192.7.9";
  FramePool pool(100, 0, 1400, 0);
  Device device(settings, pool);
  Time now{};
  for (int i = 0; i < 25; ++i) {
    run("ip link del near && ip link add near type veth peer name far && "
        "ip addr add 10.9.0.1/24 dev near && ip link set near up && ip link set far up");
    device.advance(now += std::chrono::seconds(1));
    run("ip maddr show dev near | grep -q 239.192.7.9");
    const Send send{make_frame(pool, Lane::data, 100)};
    EXPECT_EQ(device.send(std::span(&send, 1)), 1u);
  }
  EXPECT_EQ(device.counters().sent, 25u);
}

// Frames for a peer that does not answer ARP stay in the send buffer until the kernel takes no
// more: between two peers that are reached, so that the fan-out ends in the middle of a frame.
class StuckSender : public OnEthernet {
 protected:
  void SetUp() override {
    OnEthernet::SetUp();
    if (IsSkipped()) return;
    Settings settings = unicast_on("10.9.0.2");
    first_.emplace(settings, pool_);
    settings.address = "10.9.0.4";
    last_.emplace(settings, pool_);
    settings.address = "10.9.0.1";
    settings.send_buffer = 20000;
    sender_.emplace(settings, pool_);
    sender_->set_peer(NodeIndex(1), LinkIndex{}, to_address("10.9.0.2"));
    sender_->set_peer(NodeIndex(2), LinkIndex{}, to_address("10.9.0.77"));
    sender_->set_peer(NodeIndex(3), LinkIndex{}, to_address("10.9.0.4"));
    sender_->advance(now_);
    for (std::uint8_t i = 0; i < 200; ++i)
      sends_.push_back({make_frame(pool_, Lane::data, 1000, i), NodeIndex::everyone, Lane::data});
    EXPECT_EQ(sender_->deadline(), never);
    taken_ = sender_->send(sends_);
    ASSERT_GT(taken_, 0u);
    ASSERT_LT(taken_, sends_.size());
    rest_ = std::span(sends_).subspan(taken_);
  }

  FramePool pool_{600, 0, 1400, 0};
  std::optional<Device> first_, last_, sender_;
  std::vector<Send> sends_;
  std::size_t taken_ = 0;
  std::span<const Send> rest_;
  Time now_{};
};

TEST_F(StuckSender, IsWaitedForAndThenGivenUp) {
  EXPECT_EQ(sender_->deadline(), now_ + std::chrono::milliseconds(1));
  for (int i = 0; i < 9; ++i) {
    now_ += std::chrono::milliseconds(10);
    sender_->advance(now_);
    EXPECT_EQ(sender_->send(rest_), 0u);
  }
  EXPECT_EQ(sender_->counters().dropped_stalled, 0u);
  now_ += std::chrono::milliseconds(20);  // stall_max has passed
  sender_->advance(now_);
  EXPECT_EQ(sender_->send(rest_), rest_.size());
  EXPECT_EQ(sender_->counters().dropped_stalled, rest_.size());
}

TEST_F(StuckSender, GoesOnInTheMiddleOfAFrame) {
  // The first peer has the frame that the last one has not.
  EXPECT_EQ(sender_->counters().sent, taken_ * 3 + 2);
  run("ip neigh replace 10.9.0.77 lladdr 02:00:00:00:00:77 dev near nud permanent");
  while (!rest_.empty()) {
    const std::size_t taken = sender_->send(rest_);
    rest_ = rest_.subspan(taken);
    sender_->advance(now_ += std::chrono::microseconds(10));
  }
  EXPECT_EQ(sender_->counters().dropped_stalled, 0u);
  for (Device* device : {&*first_, &*last_}) {
    const auto received = receive_all(*device, Lane::data, sends_.size());
    ASSERT_EQ(received.size(), sends_.size());
    for (std::size_t i = 0; i < received.size(); ++i) EXPECT_EQ(received[i][0], std::byte(i));
  }
  EXPECT_EQ(sender_->counters().sent, sends_.size() * 3);
}

TEST_F(StuckSender, AnotherFrameIsNotTakenForTheHalfSentOne) {
  run("ip neigh replace 10.9.0.77 lladdr 02:00:00:00:00:77 dev near nud permanent");
  const Send other = {make_frame(pool_, Lane::data, 1000, 250), NodeIndex::everyone, Lane::data};
  while (sender_->send(std::span(&other, 1)) == 0)
    sender_->advance(now_ += std::chrono::microseconds(10));
  const auto received = receive_all(*first_, Lane::data, taken_ + 2);
  ASSERT_EQ(received.size(), taken_ + 2);
  EXPECT_EQ(received.back()[0], std::byte{250});
}

// Where it counts that a group's frames do not come back by themselves: two machines on a wire.
TEST_F(OnEthernet, MulticastAndBroadcastCrossTheWireAndDoNotComeBack) {
  const int here = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
  ASSERT_EQ(unshare(CLONE_NEWNET), 0);
  const int there = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
  ASSERT_EQ(setns(here, CLONE_NEWNET), 0);
  run("ip link set far netns /proc/" + std::to_string(getpid()) + "/fd/" + std::to_string(there));
  for (const Kind kind : {Kind::multicast, Kind::broadcast}) {
    FramePool pool(400, 0, 1400, 0);
    Settings settings = unicast_on("10.9.0.1");
    settings.kind = kind;
    settings.group = "239.192.7.9";
    Device near(settings, pool);
    ASSERT_EQ(setns(there, CLONE_NEWNET), 0);
    run("ip addr replace 10.9.0.3/24 dev far && ip link set far up");
    await_carrier("far");
    settings.address = "10.9.0.3";
    Device far(settings, pool);
    ASSERT_EQ(setns(here, CLONE_NEWNET), 0);
    await_carrier("near");
    for (std::uint8_t i = 1; i < 10; ++i) {
      const Send send = {make_frame(pool, Lane::data, 1400, i), NodeIndex::everyone, Lane::data};
      EXPECT_EQ(near.send(std::span(&send, 1)), 1u);
      const auto received = receive_all(far, Lane::data, 1);
      ASSERT_EQ(received.size(), 1u);
      EXPECT_EQ(received[0][0], std::byte{i});
    }
    const Send answer = {make_frame(pool, Lane::data, 60, 99), NodeIndex::everyone, Lane::data};
    EXPECT_EQ(far.send(std::span(&answer, 1)), 1u);
    const auto received = receive_all(near, Lane::data, 1);
    ASSERT_EQ(received.size(), 1u);
    EXPECT_EQ(received[0][0], std::byte{99});
    EXPECT_EQ(near.counters().received, 1u);
  }
  close(there);
  close(here);
}

}  // namespace

}  // namespace gyre::udp
