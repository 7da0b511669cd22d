// Nodes behind a seal, whose datagrams a test carries, keeps, changes and brings back.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "transport/sealed.hh"

namespace gyre::test {

using std::chrono::milliseconds;

struct Datagram {
  Lane lane{};
  std::vector<std::byte> bytes;
};

// Keeps what it is given to send, and receives what it is told.
class Device final : public Transport {
 public:
  explicit Device(FramePool& pool) : pool_(pool) {}
  std::vector<Datagram> sent, arriving;

  Limits limits() const noexcept override {
    return {.payload_max = 500,
            .headroom = 16,
            .burst_max = 8,
            .receive_frames = 5000,
            .completes_in_send = true};
  }
  std::size_t receive(Lane lane, std::span<Arrival> arrivals) noexcept override {
    std::size_t count = 0;
    for (auto each = arriving.begin(); each != arriving.end() && count < arrivals.size();) {
      if (each->lane != lane) {
        ++each;
        continue;
      }
      FrameRef frame = pool_.take();
      frame.prepend(header_size);
      frame.resize(std::min<std::size_t>(each->bytes.size(), 500));
      std::copy_n(each->bytes.begin(), frame.size(), frame.data());
      arrivals[count++] = {.frame = std::move(frame), .source = {}};
      each = arriving.erase(each);
    }
    return count;
  }
  std::size_t send(std::span<const Send> sends) noexcept override {
    for (const Send& send : sends)
      sent.push_back({send.lane, {send.frame.bytes().begin(), send.frame.bytes().end()}});
    return sends.size();
  }
  void set_peer(NodeIndex, LinkIndex, const Address&) noexcept override {}
  void advance(Time) noexcept override {}
  Time deadline() const noexcept override { return never; }
  std::span<const int> wait_fds() const noexcept override { return {}; }
  bool arm() noexcept override { return true; }
  std::size_t link_events(std::span<LinkEvent>) noexcept override { return 0; }
  const TransportCounters& counters() const noexcept override { return counters_; }

 private:
  FramePool& pool_;
  TransportCounters counters_;
};

inline constexpr std::uint64_t cluster = 77;
inline constexpr milliseconds pause_max{100}, pace{10};

inline std::vector<std::byte> secret(int seed) {
  return std::vector<std::byte>(200, std::byte(static_cast<unsigned char>(seed)));
}

inline ClusterKey key_of(int seed) {
  return ClusterKey(RootKey(secret(seed)), "c");
}

// One start of a node.
struct Node {
  explicit Node(std::uint32_t id, std::uint64_t seed, int key = 1, Suite suite = Suite::aes256gcm,
                std::size_t senders = 8)
      : random(seed) {
    auto made = std::make_unique<Device>(pool);
    device = made.get();
    sealed = std::make_unique<Sealed>(std::move(made),
                                      Sealed::Setup{.self = NodeId{id},
                                                    .cluster = cluster,
                                                    .key = key_of(key),
                                                    .suite = suite,
                                                    .draw = [this] { return random(); },
                                                    .pause_max = pause_max,
                                                    .pace = pace,
                                                    .senders = senders},
                                      pool);
    sealed->advance(now);
  }
  void pass(Duration time) { sealed->advance(now += time); }
  // Sends one frame; the datagram that it became.
  Datagram send(std::string_view text, Lane lane = Lane::data) {
    Send send{pool.take(), NodeIndex::everyone, lane};
    send.frame.resize(text.size());
    std::memcpy(send.frame.data(), text.data(), text.size());
    EXPECT_EQ(sealed->send(std::span(&send, 1)), 1u);
    EXPECT_EQ(std::memcmp(send.frame.data(), text.data(), text.size()), 0) << "it stays as it was";
    Datagram datagram = device->sent.back();
    device->sent.pop_back();
    return datagram;
  }
  // What gets through of it.
  std::vector<std::string> take(std::vector<Datagram> datagrams) {
    std::ranges::move(datagrams, std::back_inserter(device->arriving));
    std::vector<std::string> texts;
    for (const Lane lane : {Lane::data, Lane::token}) {
      std::array<Arrival, 8> arrivals;
      while (const std::size_t count = sealed->receive(lane, arrivals))
        for (Arrival& arrival : std::span(arrivals).first(count))
          texts.emplace_back(reinterpret_cast<const char*>(arrival.frame.data()),
                             arrival.frame.size());
    }
    device->arriving.clear();
    EXPECT_GE(pool.available() + 1, pool.count()) << "the last one told to all";
    return texts;
  }
  bool takes(const Datagram& datagram) { return !take({datagram}).empty(); }
  std::vector<Datagram> said() { return std::exchange(device->sent, {}); }
  std::uint64_t refused(Refusal reason) const { return sealed->refused(reason); }
  const StampCounters& counters() const { return sealed->stamp_counters(); }

  FramePool pool{256, 16 + header_size, 500, 0};
  std::mt19937_64 random;
  Time now{Time{} + std::chrono::hours(1)};
  Device* device = nullptr;
  std::unique_ptr<Sealed> sealed;
};

// `from` proves to `to` that it is there now. What was said meanwhile.
inline std::vector<Datagram> meet(Node& from, Node& to) {
  std::vector<Datagram> all = {from.send("hello")};
  EXPECT_FALSE(to.takes(all.front()));
  const std::vector<Datagram> question = to.said();
  from.take(question);
  const std::vector<Datagram> answer = from.said();
  to.take(answer);
  to.said();
  std::ranges::copy(question, std::back_inserter(all));
  std::ranges::copy(answer, std::back_inserter(all));
  return all;
}

inline void expect_met(Node& from, Node& to) {
  EXPECT_EQ(to.take({from.send("x"), from.send("y", Lane::token)}),
            (std::vector<std::string>{"x", "y"}));
}

inline Header header_of(const Datagram& datagram) {
  Header header;
  EXPECT_EQ(read_header(datagram.bytes, cluster, header, Suite::aes256gcm), Refusal::none);
  return header;
}

inline void set_header(Datagram& datagram, const Header& header) {
  write_header(header, std::span(datagram.bytes).first<header_size>());
}

}  // namespace gyre::test
