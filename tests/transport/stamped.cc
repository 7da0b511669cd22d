#include "transport/stamped.hh"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/transport/fake.hh"

namespace gyre {

namespace {

// A device that keeps what it is given and receives what it is told.
class Recorder final : public Transport {
 public:
  bool completes_in_send = true;
  std::size_t willing = 100;
  std::vector<std::vector<std::byte>> sent;
  std::vector<std::vector<std::byte>> arriving;
  FramePool pool{64, 64, 500, 0};

  Limits limits() const noexcept override {
    return {.payload_max = 500,
            .headroom = 16,
            .burst_max = 8,
            .receive_frames = 32,
            .completes_in_send = completes_in_send};
  }
  std::size_t receive(Lane, std::span<Arrival> arrivals) noexcept override {
    const std::size_t count = std::min(arrivals.size(), arriving.size());
    for (std::size_t i = 0; i < count; ++i) {
      FrameRef frame = pool.take();
      frame.resize(arriving[i].size());
      std::ranges::copy(arriving[i], frame.data());
      arrivals[i] = {.frame = std::move(frame), .source = {}};
    }
    arriving.erase(arriving.begin(), arriving.begin() + static_cast<std::ptrdiff_t>(count));
    return count;
  }
  std::size_t send(std::span<const Send> sends) noexcept override {
    const std::size_t count = std::min(sends.size(), willing);
    for (const Send& send : sends.first(count))
      sent.emplace_back(send.frame.bytes().begin(), send.frame.bytes().end());
    return count;
  }
  void set_peer(NodeIndex, LinkIndex, const Address&) noexcept override {}
  void advance(Time) noexcept override {}
  Time deadline() const noexcept override { return never; }
  std::span<const int> wait_fds() const noexcept override { return {}; }
  bool arm() noexcept override { return false; }
  std::size_t link_events(std::span<LinkEvent>) noexcept override { return 0; }
  const TransportCounters& counters() const noexcept override { return counters_; }

 private:
  TransportCounters counters_;
};

constexpr std::uint64_t cluster = 77;
constexpr StampIdentity self = {.self = NodeId{1}, .cluster = cluster, .boot = 11};

class StampedTest : public testing::Test {
 protected:
  void open(bool completes_in_send) {
    auto device = std::make_unique<Recorder>();
    recorder_ = device.get();
    recorder_->completes_in_send = completes_in_send;
    stamped_ = std::make_unique<Stamped>(std::move(device), self, pool_);
  }
  FrameRef frame(std::size_t size = 20) {
    FrameRef frame = pool_.take();
    frame.resize(size);
    std::ranges::fill(frame.bytes(), std::byte{0x5a});
    return frame;
  }
  void send(std::initializer_list<Send> sends) {
    EXPECT_EQ(stamped_->send(std::vector<Send>(sends)), sends.size());
  }
  Header sent(std::size_t i) {
    Header header;
    EXPECT_EQ(read_header(recorder_->sent.at(i), cluster, header), Refusal::none);
    return header;
  }
  // Hands in one frame with that header and 4 bytes; true if it gets through on the lane.
  bool arrives(Header header, Lane lane = Lane::data) {
    std::vector<std::byte> bytes(header_size + 4, std::byte{9});
    header.length = 4;
    write_header(header, std::span(bytes).first<header_size>());
    recorder_->arriving.push_back(bytes);
    std::array<Arrival, 4> arrivals;
    const std::size_t count = stamped_->receive(lane, arrivals);
    if (count == 0) return false;
    EXPECT_EQ(arrivals[0].frame.size(), 4u);
    EXPECT_EQ(arrivals[0].frame.data()[0], std::byte{9});
    EXPECT_EQ(arrivals[0].sender, header.sender);
    return true;
  }

  FramePool pool_{8, 64, 460, 0};
  Recorder* recorder_ = nullptr;
  std::unique_ptr<Stamped> stamped_;
};

constexpr Header good = {.cluster = cluster, .sender = NodeId{2}, .boot = 5, .counter = 1};

TEST_F(StampedTest, EverySendHasAFreshHeaderOfItsLane) {
  open(true);
  send({{frame(), NodeIndex::everyone, Lane::data},
        {frame(), NodeIndex(1), Lane::token},
        {frame(30), NodeIndex::everyone, Lane::data}});
  EXPECT_EQ(
      sent(0),
      (Header{.cluster = cluster, .sender = NodeId{1}, .length = 20, .boot = 11, .counter = 1}));
  EXPECT_EQ(sent(1), (Header{.lane = Lane::token,
                             .cluster = cluster,
                             .sender = NodeId{1},
                             .length = 20,
                             .boot = 11,
                             .counter = 1}));
  EXPECT_EQ(sent(2).counter, 2u);
  EXPECT_EQ(sent(2).length, 30u);
  EXPECT_EQ(stamped_->stamp_counters().copied, 0u) << "the headroom was free";
}

TEST_F(StampedTest, AFrameTwiceInABurstIsCopiedOnce) {
  open(true);
  const FrameRef held = frame();
  send({{held, NodeIndex(1), Lane::token}, {held, NodeIndex::everyone, Lane::data}});
  EXPECT_EQ(sent(0).lane, Lane::token);
  EXPECT_EQ(sent(1).lane, Lane::data);
  EXPECT_EQ(stamped_->stamp_counters().copied, 1u);
  send({{held, NodeIndex(1), Lane::token}});  // a later burst writes over it
  EXPECT_EQ(sent(2).counter, 2u);
  EXPECT_EQ(stamped_->stamp_counters().copied, 1u);
}

TEST_F(StampedTest, ADeviceThatReadsLateGetsACopyOfWhatIsHeldElsewhere) {
  open(false);
  const FrameRef held = frame();
  const std::vector<std::byte> before(held.data() - header_size, held.data());
  send({{held, NodeIndex(1), Lane::data}});
  EXPECT_EQ(stamped_->stamp_counters().copied, 1u);
  EXPECT_TRUE(std::equal(before.begin(), before.end(), held.data() - header_size));
  std::vector<Send> last(1);
  last[0].frame = frame();
  EXPECT_EQ(stamped_->send(last), 1u);
  EXPECT_EQ(stamped_->stamp_counters().copied, 1u) << "nobody else held it";
}

TEST_F(StampedTest, WithoutABufferForTheCopyAFrameIsLostAndCounted) {
  open(false);
  std::vector<FrameRef> all;
  while (FrameRef one = pool_.take()) all.push_back(std::move(one));
  all[0].resize(10);
  send({{all[0], NodeIndex(1), Lane::data}});
  EXPECT_TRUE(recorder_->sent.empty());
  EXPECT_EQ(stamped_->stamp_counters().dropped_no_buffer, 1u);
}

TEST_F(StampedTest, TakesWhatTheDeviceTakesAndNumbersTheRestAnew) {
  open(true);
  recorder_->willing = 2;
  std::vector<Send> sends;
  for (std::size_t i = 0; i < 5; ++i) sends.push_back({frame(20 + i), NodeIndex(1), Lane::data});
  EXPECT_EQ(stamped_->send(sends), 2u);
  EXPECT_EQ(stamped_->send(std::span(sends).subspan(2)), 2u);
  EXPECT_EQ(stamped_->send(std::span(sends).subspan(4)), 1u);
  std::uint64_t last = 0;
  for (std::size_t i = 0; i < 5; ++i) {
    EXPECT_EQ(sent(i).length, 20 + i);
    EXPECT_GT(sent(i).counter, std::exchange(last, sent(i).counter));
  }
  sends.clear();
  EXPECT_EQ(pool_.available(), pool_.count());
}

TEST_F(StampedTest, AFrameGetsThroughOnce) {
  open(true);
  EXPECT_TRUE(arrives(good));
  EXPECT_FALSE(arrives(good));
  EXPECT_EQ(stamped_->refused(Refusal::replayed), 1u);
  Header other_boot = good;
  other_boot.boot = 6;
  EXPECT_TRUE(arrives(other_boot));
}

TEST_F(StampedTest, DropsForeignFramesByReason) {
  open(true);
  const auto refused_as = [&](Header header, Refusal refusal, Lane lane = Lane::data) {
    const std::uint64_t before = stamped_->refused(refusal);
    return !arrives(header, lane) && stamped_->refused(refusal) == before + 1;
  };
  Header header = good;
  header.cluster = cluster + 1;
  EXPECT_TRUE(refused_as(header, Refusal::cluster));
  header = good;
  header.sender = NodeId::none;
  EXPECT_TRUE(refused_as(header, Refusal::sender));
  header.sender = self.self;
  EXPECT_TRUE(refused_as(header, Refusal::own_id));
  header.boot = self.boot;
  EXPECT_TRUE(refused_as(header, Refusal::own));
  EXPECT_TRUE(refused_as(good, Refusal::other_lane, Lane::token));
  EXPECT_TRUE(arrives(good)) << "a refused frame leaves no trace in the window";
}

TEST_F(StampedTest, ABurstOfRefusedFramesHidesNothingBehindIt) {
  open(true);
  for (int i = 0; i < 20; ++i) recorder_->arriving.emplace_back(3);
  EXPECT_TRUE(arrives(good));
  EXPECT_EQ(stamped_->refused(Refusal::too_short), 20u);
  for (int i = 0; i < 200; ++i) recorder_->arriving.emplace_back(3);
  std::array<Arrival, 4> arrivals;
  EXPECT_EQ(stamped_->receive(Lane::data, arrivals), 0u);
  EXPECT_GT(recorder_->arriving.size(), 100u) << "a flood must not hold the reactor";
  EXPECT_EQ(recorder_->pool.available(), recorder_->pool.count());
}

TEST(StampedOverTheWorstDevice, EachFrameOnceThoughTheNetworkDoublesAndReorders) {
  FakeNetwork network({.seed = 5, .loss = 0.1, .duplicate = 0.3, .reorder = 0.3});
  FramePool pool_a(256, 64, 1360, 8), pool_b(256, 64, 1360, 8);
  auto device_a = network.attach(pool_a), device_b = network.attach(pool_b);
  FakeDevice& raw_a = *device_a;
  const Address address_b = device_b->address();
  Stamped a(std::move(device_a), {.self = NodeId{1}, .cluster = 1, .boot = 1}, pool_a);
  Stamped b(std::move(device_b), {.self = NodeId{2}, .cluster = 1, .boot = 2}, pool_b);
  a.set_peer(NodeIndex(1), LinkIndex{}, address_b);
  std::array<int, 1000> seen{};
  Time now{};
  const auto turn = [&] {
    now += std::chrono::milliseconds(1);
    a.advance(now);
    b.advance(now);
    std::array<Arrival, 8> arrivals;
    while (const std::size_t count = b.receive(Lane::data, arrivals))
      for (std::size_t i = 0; i < count; ++i) {
        std::uint32_t id = 0;
        std::memcpy(&id, arrivals[i].frame.data(), sizeof id);
        ++seen.at(id);
      }
  };
  for (int i = 0; i < 5; ++i) turn();
  for (std::uint32_t id = 0; id < seen.size(); ++id) {
    Send send = {pool_a.take(), NodeIndex(1), Lane::data};
    send.frame.resize(100);
    std::memcpy(send.frame.data(), &id, sizeof id);
    while (a.send(std::span(&send, 1)) == 0) turn();
    if (id % 8 == 0) turn();
  }
  for (int i = 0; i < 20; ++i) turn();
  const auto once = std::ranges::count(seen, 1), never_seen = std::ranges::count(seen, 0);
  EXPECT_EQ(once + never_seen, static_cast<std::ptrdiff_t>(seen.size())) << "some came twice";
  EXPECT_GT(once, 800);
  EXPECT_GT(never_seen, 50);
  EXPECT_GT(b.refused(Refusal::replayed), 200u);
  EXPECT_EQ(raw_a.changed(), 0u);
}

}  // namespace

}  // namespace gyre
