// Nodes with several links each, in virtual time, on wires that a test cuts, narrows, delays,
// copies from and writes to.
#pragma once

#include <gtest/gtest.h>

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "transport/redundant.hh"
#include "transport/sealed.hh"
#include "transport/stamped.hh"

namespace gyre::test {

using std::chrono::microseconds;
using std::chrono::milliseconds;

// A datagram on a link's wire, from one node to another.
struct Packet {
  std::size_t link = 0, from = 0, to = 0;
  Lane lane{};
  std::vector<std::byte> bytes;
  Time due{};
};

struct LinkTraits {
  bool multicast = true;
  bool completes_in_send = true;
};

class LinksBed;

class LinkDevice final : public Transport {
 public:
  LinkDevice(LinksBed& bed, std::size_t node, std::size_t link, LinkTraits traits, FramePool& pool)
      : bed_(bed), node_(node), link_(link), traits_(traits), pool_(pool) {}
  std::size_t takes = SIZE_MAX;  // frames per turn, from now on
  std::size_t looks = 0;         // into one of the lanes
  std::array<std::deque<Packet>, lane_count> arriving;

  Limits limits() const noexcept override {
    return {.payload_max = 1400,
            .headroom = 0,
            .burst_max = 16,
            .receive_frames = 1000,
            .multicast = traits_.multicast,
            .can_wait = true,
            .completes_in_send = traits_.completes_in_send};
  }
  std::size_t receive(Lane lane, std::span<Arrival> arrivals) noexcept override;
  std::size_t send(std::span<const Send> sends) noexcept override;
  void set_peer(NodeIndex peer, LinkIndex, const Address& address) noexcept override {
    peers_[peer] = address;
  }
  void advance(Time) noexcept override { left_ = takes; }
  Time deadline() const noexcept override { return never; }
  std::span<const int> wait_fds() const noexcept override { return wait_fds_; }
  bool arm() noexcept override { return true; }
  std::size_t link_events(std::span<LinkEvent>) noexcept override { return 0; }
  const TransportCounters& counters() const noexcept override { return counters_; }

 private:
  LinksBed& bed_;
  const std::size_t node_, link_;
  const LinkTraits traits_;
  FramePool& pool_;
  std::size_t left_ = SIZE_MAX;
  std::array<int, lane_count> wait_fds_{-1, -1};  // nobody waits for them
  std::map<NodeIndex, Address> peers_;
  TransportCounters counters_;
};

struct LinksOptions {
  std::size_t nodes = 2, links = 2;
  Redundant::Mode mode = Redundant::Mode::active;
  bool sealed = false;
  LinkTraits traits;
  std::vector<std::uint8_t> priorities = {0, 0, 0, 0, 0, 0, 0, 0};
  ProbePace pace{};
  bool learns = false;  // where nodes are, nobody says
};

class LinksBed {
 public:
  struct Node {
    std::unique_ptr<FramePool> pool;
    std::vector<LinkDevice*> devices;
    Redundant* redundant = nullptr;
    HeaderTransport* top = nullptr;
    std::unique_ptr<Transport> transport;
    std::vector<LinkEvent> events;
    std::vector<std::string> received;  // texts, in order
    std::uint64_t boot = 0;
    bool paused = false;
  };

  explicit LinksBed(const LinksOptions& options) : options_(options), nodes_(options.nodes) {
    for (std::size_t i = 0; i < nodes_.size(); ++i) start(i);
    run(milliseconds(20));
  }
  Node& node(std::size_t i) { return nodes_[i]; }
  std::size_t node_count() const { return nodes_.size(); }
  const LinkHealth& health(std::size_t i) { return nodes_[i].redundant->health(); }
  static NodeId id(std::size_t i) { return NodeId(static_cast<std::uint32_t>(i + 1)); }
  NodeIndex index_of(std::size_t i, std::size_t from) const {
    return NodeIndex((i + nodes_.size() - from) % nodes_.size());
  }
  LinkMask good(std::size_t from, std::size_t to) { return health(from).good(id(to)) & all(); }
  LinkMask all() const { return static_cast<LinkMask>((1U << options_.links) - 1); }

  // A new boot of a node, whose links have the numbers that are given.
  void start(std::size_t i, std::vector<std::uint8_t> numbers = {0, 1, 2, 3, 4, 5, 6, 7});
  void step();
  void turn(Node& node);
  void run(Duration span) {
    for (const Time end = now_ + span; now_ < end;) step();
  }
  // Steps until `done`, or fails.
  Duration until(const std::function<bool()>& done, Duration most = std::chrono::seconds(30)) {
    const Time begin = now_;
    while (!done() && now_ - begin < most) step();
    EXPECT_TRUE(done());
    return now_ - begin;
  }
  void send(std::size_t from, const std::string& text, NodeIndex to = NodeIndex::everyone,
            Lane lane = Lane::data);
  Time now() const { return now_; }

  // What becomes of a packet: false, it is lost.
  std::function<bool(Packet&)> wire = [](Packet&) { return true; };
  void cut(std::size_t link, bool is_cut = true) { cuts_[link] = is_cut; }
  Duration delay = microseconds(100);
  std::vector<Duration> slower = std::vector<Duration>(links_max);  // by link
  void put(Packet packet) {                                         // on the wire, whoever made it
    packet.due = now_;
    nodes_[packet.to]
        .devices[packet.link]
        ->arriving[static_cast<std::size_t>(packet.lane)]
        .push_back(std::move(packet));
  }
  void transmit(Packet packet);
  std::uint64_t drops(std::size_t i) { return nodes_[i].top->refused(Refusal::replayed); }

 private:
  LinksOptions options_;
  std::vector<Node> nodes_;
  std::vector<bool> cuts_ = std::vector<bool>(links_max);
  std::mt19937_64 random_{11};
  Time now_{std::chrono::hours(1)};
};

inline bool probe(const Packet& packet) {
  return is_probe(packet.bytes);
}

}  // namespace gyre::test
