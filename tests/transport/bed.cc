#include "tests/transport/bed.hh"

#include <poll.h>
#include <unistd.h>

#include <algorithm>

#include "tests/transport/fake.hh"
#include "tests/transport/own_network.hh"
#include "transport/udp/address.hh"
#include "transport/udp/udp.hh"

namespace gyre {

namespace {

class UdpWorld : public World {
 public:
  UdpWorld(udp::Kind kind, bool v6, std::size_t payload_max)
      : kind_(kind), v6_(v6), payload_max_(payload_max) {}

  std::unique_ptr<Transport> open(std::size_t node, FramePool& pool) override {
    udp::Settings settings;
    settings.kind = kind_;
    settings.address = ip(node);
    settings.group = v6_ ? "ff15::7:9" : "239.192.7.9";
    settings.port = port_;
    settings.payload_max = payload_max_;
    return std::make_unique<udp::Device>(settings, pool);
  }
  Address address(std::size_t node) const override { return udp::to_address(ip(node), port_); }
  std::size_t payload_max() const override { return payload_max_; }

  void send_garbage(std::size_t node, Lane lane, std::span<const std::byte> bytes) override {
    const udp::Socket socket(::socket(v6_ ? AF_INET6 : AF_INET, SOCK_DGRAM, 0));
    Address to = address(node);
    const Address from = udp::to_address(ip(node));  // so that a group is sought on the loopback
    ASSERT_EQ(bind(socket.fd(), udp::raw(from), udp::raw_size(from)), 0);
    if (lane == Lane::data && kind_ != udp::Kind::unicast) {
      const int on = 1;
      setsockopt(socket.fd(), SOL_SOCKET, SO_BROADCAST, &on, sizeof on);
      to = udp::to_address(group(), port_);
    }
    ASSERT_EQ(sendto(socket.fd(), bytes.data(), bytes.size(), 0, udp::raw(to), udp::raw_size(to)),
              static_cast<ssize_t>(bytes.size()))
        << udp::text(to);
  }

 private:
  std::string ip(std::size_t node) const {
    return (v6_ ? "fd00::" : "127.0.0.") + std::to_string(node + 1);
  }
  std::string group() const {
    if (kind_ == udp::Kind::broadcast) return "255.255.255.255";
    return v6_ ? "ff15::7:9" : "239.192.7.9";
  }

  udp::Kind kind_;
  bool v6_;
  std::size_t payload_max_;
  // Apart from other runs of this program, where they share a network.
  std::uint16_t port_ = static_cast<std::uint16_t>(20000 + getpid() % 10000 * 2);
};

class FakeWorld : public World {
 public:
  FakeWorld() : network_({}) {}
  std::unique_ptr<Transport> open(std::size_t, FramePool& pool) override {
    auto device = network_.attach(pool);
    devices_.push_back(device.get());
    return device;
  }
  Address address(std::size_t node) const override { return devices_[node]->address(); }
  std::size_t payload_max() const override { return FakeOptions().payload_max; }
  void send_garbage(std::size_t node, Lane lane, std::span<const std::byte> bytes) override {
    network_.inject(address(node), lane, bytes);
  }
  std::uint64_t changed() const override {
    std::uint64_t sum = 0;
    for (const FakeDevice* device : devices_) sum += device->changed();
    return sum;
  }

 private:
  FakeNetwork network_;
  std::vector<FakeDevice*> devices_;
};

template <udp::Kind kind, bool v6, std::size_t payload_max>
std::unique_ptr<World> make_udp() {
  return std::make_unique<UdpWorld>(kind, v6, payload_max);
}

}  // namespace

std::vector<Case> all_cases() {
  using enum udp::Kind;
  const std::vector<Case> kinds = {
      {"fake", [] { return std::unique_ptr<World>(std::make_unique<FakeWorld>()); }},
      {"udp", make_udp<multicast, false, 1400>},
      {"udp_broadcast", make_udp<broadcast, false, 1400>},
      {"udp_v6", make_udp<multicast, true, 1400>, true},
      {"udp_largest", make_udp<multicast, false, udp::payload_limit>},
      {"udpu", make_udp<unicast, false, 1400>},
      {"udpu_v6", make_udp<unicast, true, 1400>, true},
      {"udpu_largest", make_udp<unicast, false, udp::payload_limit>},
  };
  const bool aes = sodium_init() >= 0 && available(Suite::aes256gcm);
  const Suite sealed = aes ? Suite::aes256gcm : Suite::chacha20poly1305;
  std::vector<Case> cases;
  for (const Case& kind : kinds) {
    cases.push_back(kind);
    cases.push_back({kind.name + "_stamped", kind.make, kind.own_network, Suite::open});
    cases.push_back({kind.name + "_sealed", kind.make, kind.own_network, sealed});
  }
  return cases;
}

Bed::Bed(const Case& one) : world_(one.make()), nodes_(node_count) {
  for (std::size_t i = 0; i < node_count; ++i) open(i, one);
  for (std::size_t i = 0; i < node_count; ++i)
    for (std::size_t j = 0; j < node_count; ++j)
      nodes_[i].transport->set_peer(index_of(j, i), LinkIndex{}, world_->address(j));
  for (int i = 0; i < 30; ++i) turn();  // until addresses are resolved
  if (one.suite && *one.suite != Suite::open) meet();
}

void Bed::open(std::size_t i, const Case& one) {
  Node& node = nodes_[i];
  const std::size_t header = one.suite ? header_size : 0;
  node.pool = std::make_unique<FramePool>(pool_frames, FakeDevice::headroom + header,
                                          world_->payload_max() - header, FakeDevice::tailroom);
  node.transport = world_->open(i, *node.pool);
  if (!one.suite) return;
  const NodeId self{static_cast<std::uint32_t>(i + 1)};
  std::unique_ptr<HeaderTransport> headed;
  if (*one.suite == Suite::open) {
    const StampIdentity identity = {.self = self, .cluster = cluster, .boot = 1000 + i};
    headed = std::make_unique<Stamped>(std::move(node.transport), identity, *node.pool);
  } else {
    const RootKey root(RootKey::size_min,
                       [](std::span<std::byte> key) { std::ranges::fill(key, std::byte{7}); });
    headed = std::make_unique<Sealed>(
        std::move(node.transport),
        Sealed::Setup{.self = self,
                      .cluster = cluster,
                      .key = ClusterKey(root, "bed"),
                      .suite = *one.suite,
                      .draw = [number = 1000 * (i + 1)]() mutable { return ++number; },
                      .pause_max = std::chrono::seconds(1),
                      .pace = std::chrono::microseconds(500)},
        *node.pool);
  }
  node.headed = headed.get();
  node.transport = std::move(headed);
}

void Bed::meet() {
  std::array<Arrival, 16> arrivals;
  const auto listen = [&] {
    turn();
    for (Node& node : nodes_)
      for (const Lane lane : {Lane::data, Lane::token})
        while (node.transport->receive(lane, arrivals) > 0) {
        }
  };
  const auto met = [](const Node& node) {
    return node.headed->stamp_counters().proved == node_count - 1;
  };
  for (int round = 0; round < 100 && !std::ranges::all_of(nodes_, met); ++round) {
    for (std::size_t i = 0; i < node_count; ++i) {
      const Send hello = {frame(i, Lane::data, 0, 50), NodeIndex::everyone, Lane::data};
      send(i, std::span(&hello, 1));
    }
    for (int i = 0; i < 10; ++i) listen();
  }
  ASSERT_TRUE(std::ranges::all_of(nodes_, met));
  for (int i = 0; i < 50; ++i) listen();  // what is still under way
}

std::vector<std::byte> Bed::bytes(std::size_t node, Lane lane, std::uint32_t id,
                                  std::size_t size) const {
  std::vector<std::byte> bytes(size);
  for (std::size_t i = 0; i < size; ++i)
    bytes[i] = std::byte(((id >> (i % 4 * 8)) + i * 7 + node * 64) & 0xff);
  if (!nodes_[node].headed && size > header_lane_offset)
    bytes[header_lane_offset] = std::byte(lane);
  return bytes;
}

FrameRef Bed::frame(std::size_t node, Lane lane, std::uint32_t id, std::size_t size) {
  FrameRef frame = nodes_[node].pool->take();
  assert(frame);
  frame.resize(size);
  std::ranges::copy(bytes(node, lane, id, size), frame.data());
  return frame;
}

void Bed::turn() {
  now_ += std::chrono::microseconds(100);
  for (Node& node : nodes_) node.transport->advance(now_);
}

void Bed::send(std::size_t node, std::span<const Send> sends) {
  for (int idle = 0; !sends.empty() && idle < 1000;) {
    const std::size_t taken = nodes_[node].transport->send(sends);
    ASSERT_LE(taken, sends.size());
    sends = sends.subspan(taken);
    idle = taken ? 0 : idle + 1;
    if (!sends.empty()) turn();
  }
  ASSERT_TRUE(sends.empty());
}

std::vector<Arrival> Bed::receive(std::size_t node, Lane lane, std::size_t count) {
  std::vector<Arrival> arrivals(count);
  Transport& transport = *nodes_[node].transport;
  std::size_t filled = 0;
  for (int idle = 0; filled < count && idle < 200;) {
    const std::size_t got = transport.receive(lane, std::span(arrivals).subspan(filled));
    filled += got;
    if (got > 0) continue;
    ++idle;
    turn();
    if (transport.limits().can_wait && transport.arm()) {
      const int fd = transport.wait_fds()[static_cast<std::size_t>(lane)];
      pollfd ready = {.fd = fd, .events = POLLIN, .revents = 0};
      poll(&ready, 1, 10);
    }
  }
  arrivals.resize(filled);
  return arrivals;
}

void Bed::expect(std::size_t node, Lane lane, const std::vector<std::byte>& bytes) {
  const auto arrivals = receive(node, lane, 1);
  ASSERT_EQ(arrivals.size(), 1u);
  EXPECT_EQ(to_vector(arrivals[0].frame), bytes);
}

std::vector<std::byte> to_vector(const FrameRef& frame) {
  return {frame.bytes().begin(), frame.bytes().end()};
}

}  // namespace gyre
