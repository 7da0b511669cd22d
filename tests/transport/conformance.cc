// What every transport must do, whatever it is made of: bare, under the clear header, and sealed.
#include <algorithm>
#include <numeric>
#include <random>
#include <set>

#include "tests/transport/allocations.hh"
#include "tests/transport/bed.hh"
#include "tests/transport/own_network.hh"

namespace gyre {

namespace {

constexpr Lane lanes[] = {Lane::data, Lane::token};
constexpr std::size_t shortest = header_lane_offset + 1;  // that finds its lane without a header

class Conformance : public testing::TestWithParam<Case> {
 protected:
  void SetUp() override {
    if (GetParam().own_network && !in_own_network())
      GTEST_SKIP() << "needs a network namespace of its own";
    bed_.emplace(GetParam());
    limits_ = bed_->node(0).transport->limits();
  }

  // A frame from one node that says: whatever was sent before has arrived by now, or never will.
  void expect_nothing_but_marker(std::size_t from, std::size_t to, Lane lane) {
    const Send marker = {bed_->frame(from, lane, 999999, 50), Bed::index_of(to, from), lane};
    bed_->send(from, std::span(&marker, 1));
    bed_->expect(to, lane, bed_->bytes(from, lane, 999999, 50));
  }

  const TransportCounters& counters(std::size_t node) {
    return bed_->node(node).transport->counters();
  }

  std::optional<Bed> bed_;
  Limits limits_;
};

// What bare devices leave to the clear header.
class UnderTheHeader : public Conformance {};

TEST_P(Conformance, LimitsMakeSense) {
  EXPECT_EQ(limits_.payload_max, bed_->world().payload_max() - GetParam().overhead());
  EXPECT_GE(limits_.headroom, GetParam().suite ? header_size : 0);
  EXPECT_GE(limits_.burst_max, 1u);
  EXPECT_GE(limits_.receive_frames, 1u);
  EXPECT_EQ(limits_.can_wait, !bed_->node(0).transport->wait_fds().empty());
}

TEST_P(Conformance, CarriesEverySizeToOneAndToAll) {
  std::set<std::size_t> sizes = {1, 2, 6, 7, 8, 39, 40, 41, 63, 64, 65, 1000};
  for (std::size_t size : {limits_.payload_max / 2, limits_.payload_max - 1, limits_.payload_max})
    sizes.insert(size);
  std::uint32_t id = 0;
  for (const Lane lane : lanes) {
    for (const std::size_t size : sizes) {
      if (lane == Lane::token && !GetParam().suite && size < shortest) continue;
      for (const NodeIndex to : {Bed::index_of(2, 0), NodeIndex::everyone}) {
        const Send send = {bed_->frame(0, lane, ++id, size), to, lane};
        bed_->send(0, std::span(&send, 1));
        const auto bytes = bed_->bytes(0, lane, id, size);
        bed_->expect(2, lane, bytes);
        const bool everyone =
            to == NodeIndex::everyone || (limits_.multicast && lane == Lane::data);
        if (everyone) bed_->expect(1, lane, bytes);
        ASSERT_FALSE(HasFailure()) << "size " << size << " lane " << int(lane);
      }
    }
  }
}

TEST_P(Conformance, ABurstArrivesOnceAndInOrder) {
  const std::size_t count = std::min<std::size_t>(100, limits_.receive_frames);
  for (const Lane lane : lanes) {
    std::vector<Send> sends;
    for (std::uint32_t i = 0; i < count; ++i)
      sends.push_back({bed_->frame(0, lane, i, 60 + i), NodeIndex::everyone, lane});
    bed_->send(0, sends);
    for (const std::size_t node : {1, 2}) {
      const auto arrivals = bed_->receive(node, lane, count);
      ASSERT_EQ(arrivals.size(), count);
      for (std::uint32_t i = 0; i < count; ++i)
        EXPECT_EQ(to_vector(arrivals[i].frame), bed_->bytes(0, lane, i, 60 + i)) << i;
    }
    expect_nothing_but_marker(0, 2, lane);
  }
}

TEST_P(Conformance, TakesAPrefixAndNothingOfNothing) {
  Transport& transport = *bed_->node(0).transport;
  EXPECT_EQ(transport.send({}), 0u);
  std::vector<Send> sends;
  for (std::uint32_t i = 0; i < 20; ++i)
    sends.push_back({bed_->frame(0, Lane::data, i, 100), NodeIndex::everyone, Lane::data});
  const std::size_t taken = transport.send(sends);
  ASSERT_LE(taken, sends.size());
  // Exactly the prefix arrives: the next frame is the one that is sent next.
  const Send last = {bed_->frame(0, Lane::data, 77, 100), NodeIndex::everyone, Lane::data};
  bed_->send(0, std::span(&last, 1));
  for (std::uint32_t i = 0; i < taken; ++i) bed_->expect(1, Lane::data, to_vector(sends[i].frame));
  bed_->expect(1, Lane::data, to_vector(last.frame));
}

TEST_P(Conformance, NeverReceivesItsOwnFrames) {
  for (const Lane lane : lanes) {
    for (std::size_t node = 0; node < Bed::node_count; ++node) {
      const Send send = {bed_->frame(node, lane, 1, 80), NodeIndex::everyone, lane};
      bed_->send(node, std::span(&send, 1));
    }
    for (std::size_t node = 0; node < Bed::node_count; ++node) {
      std::set<std::vector<std::byte>> expected, received;
      for (std::size_t other = 0; other < Bed::node_count; ++other)
        if (other != node) expected.insert(bed_->bytes(other, lane, 1, 80));
      for (const Arrival& arrival : bed_->receive(node, lane, 2))
        received.insert(to_vector(arrival.frame));
      EXPECT_EQ(received, expected);
    }
    expect_nothing_but_marker(0, 1, lane);
    expect_nothing_but_marker(1, 0, lane);
  }
}

TEST_P(Conformance, LanesAreSeparate) {
  std::vector<Send> sends;
  for (std::uint32_t i = 0; i < 20; ++i) {
    const Lane lane = lanes[i % 2];
    sends.push_back({bed_->frame(0, lane, i, 100), NodeIndex::everyone, lane});
  }
  bed_->send(0, sends);
  for (const Lane lane : {Lane::token, Lane::data}) {  // the later one first
    const auto arrivals = bed_->receive(1, lane, 10);
    ASSERT_EQ(arrivals.size(), 10u);
    for (std::uint32_t i = 0; i < 10; ++i) {
      const std::uint32_t id = i * 2 + static_cast<std::uint32_t>(lane);
      EXPECT_EQ(to_vector(arrivals[i].frame), bed_->bytes(0, lane, id, 100));
    }
  }
}

TEST_P(Conformance, AFrameForOnePeerReachesNoOther) {
  for (const Lane lane : lanes) {
    if (lane == Lane::data && limits_.multicast) continue;
    const Send send = {bed_->frame(0, lane, 1, 80), Bed::index_of(1, 0), lane};
    bed_->send(0, std::span(&send, 1));
    bed_->expect(1, lane, to_vector(send.frame));
    expect_nothing_but_marker(0, 2, lane);
  }
}

TEST_P(Conformance, OversizeIsDroppedAndCounted) {
  // The pool's buffers hold the longest frame only, so a longer one takes a pool of its own.
  FramePool big(2, bed_->node(0).pool->headroom(), limits_.payload_max + 1, 8);
  FrameRef frame = big.take();
  frame.resize(limits_.payload_max + 1);
  const auto dropped = [&] {  // by the device, or by the seal, whose part comes before
    const HeaderTransport* const headed = bed_->node(0).headed;
    return counters(0).dropped_truncated + (headed ? headed->stamp_counters().dropped_too_long : 0);
  };
  const auto before = dropped();
  for (const Lane lane : lanes) {
    const Send send = {frame, NodeIndex::everyone, lane};
    bed_->send(0, std::span(&send, 1));
    expect_nothing_but_marker(0, 1, lane);
  }
  EXPECT_EQ(dropped(), before + 2);
}

TEST_P(Conformance, UnresolvedIsDroppedAndCounted) {
  const auto before = counters(0).dropped_unresolved;
  const Send send = {bed_->frame(0, Lane::token, 1, 80), NodeIndex(9), Lane::token};
  bed_->send(0, std::span(&send, 1));
  EXPECT_EQ(counters(0).dropped_unresolved, before + 1);
  const Send to_self = {bed_->frame(0, Lane::token, 1, 80), NodeIndex::self, Lane::token};
  bed_->send(0, std::span(&to_self, 1));
  EXPECT_EQ(counters(0).dropped_unresolved, before + 2);
}

TEST_P(Conformance, SetPeerMovesAPeerAndTakesItAway) {
  Transport& transport = *bed_->node(0).transport;
  const NodeIndex one = Bed::index_of(1, 0), two = Bed::index_of(2, 0);
  transport.set_peer(one, LinkIndex{}, Address{});
  transport.set_peer(two, LinkIndex{}, bed_->world().address(1));
  for (int i = 0; i < 30; ++i) bed_->turn();
  const auto before = counters(0).dropped_unresolved;
  const std::vector<Send> sends = {
      {bed_->frame(0, Lane::token, 1, 80), one, Lane::token},
      {bed_->frame(0, Lane::token, 2, 80), two, Lane::token},
      {bed_->frame(0, Lane::token, 3, 80), NodeIndex::everyone, Lane::token}};
  bed_->send(0, sends);
  EXPECT_EQ(counters(0).dropped_unresolved, before + 1);
  bed_->expect(1, Lane::token, to_vector(sends[1].frame));
  bed_->expect(1, Lane::token, to_vector(sends[2].frame));
  expect_nothing_but_marker(1, 2, Lane::token);
}

TEST_P(Conformance, TheSourceOfAFrameIsWhereItsSenderIsReached) {
  const Send send = {bed_->frame(2, Lane::data, 1, 80), NodeIndex::everyone, Lane::data};
  bed_->send(2, std::span(&send, 1));
  const auto arrivals = bed_->receive(0, Lane::data, 1);
  ASSERT_EQ(arrivals.size(), 1u);
  EXPECT_EQ(arrivals[0].sender, GetParam().suite ? NodeId{3} : NodeId::none);
  bed_->node(0).transport->set_peer(NodeIndex(5), LinkIndex{}, arrivals[0].source);
  for (int i = 0; i < 30; ++i) bed_->turn();
  const Send answer = {bed_->frame(0, Lane::token, 2, 80), NodeIndex(5), Lane::token};
  bed_->send(0, std::span(&answer, 1));
  bed_->expect(2, Lane::token, to_vector(answer.frame));
}

TEST_P(Conformance, BytesStayAsTheyWereHoweverOftenAFrameIsSent) {
  const FrameRef held = bed_->frame(0, Lane::data, 1, 300);
  const auto bytes = to_vector(held);
  // Twice in one burst, to different nodes, and again at once: as a retransmission does.
  const std::vector<Send> sends = {{held, Bed::index_of(1, 0), Lane::data},
                                   {held, Bed::index_of(1, 0), Lane::data},
                                   {held, Bed::index_of(2, 0), Lane::data}};
  const std::size_t copies = limits_.multicast ? 3 : 1;
  for (int round = 0; round < 5; ++round) bed_->send(0, sends);
  const auto received = bed_->receive(2, Lane::data, 5 * copies);
  EXPECT_EQ(received.size(), 5 * copies);
  for (const Arrival& arrival : received) EXPECT_EQ(to_vector(arrival.frame), bytes);
  EXPECT_EQ(bed_->receive(1, Lane::data, 10).size(), 10u);
  EXPECT_EQ(to_vector(held), bytes);
  EXPECT_EQ(bed_->world().changed(), 0u);
}

TEST_P(UnderTheHeader, AFrameMayBeOnBothLanesInOneBurst) {
  const FrameRef held = bed_->frame(0, Lane::data, 1, 300);
  const std::vector<Send> sends = {{held, NodeIndex::everyone, Lane::data},
                                   {held, NodeIndex::everyone, Lane::token}};
  bed_->send(0, sends);
  for (const Lane lane : lanes) bed_->expect(1, lane, to_vector(held));
}

TEST_P(Conformance, GivesAllFramesBack) {
  for (std::uint32_t round = 0; round < 20; ++round) {
    for (std::size_t node = 0; node < Bed::node_count; ++node) {
      std::vector<Send> sends;
      for (std::uint32_t i = 0; i < 5; ++i)
        sends.push_back({bed_->frame(node, Lane::data, i, 90), NodeIndex::everyone, Lane::data});
      bed_->send(node, sends);
    }
    for (std::size_t node = 0; node < Bed::node_count; ++node)
      ASSERT_EQ(bed_->receive(node, Lane::data, 10).size(), 10u);
  }
  for (int i = 0; i < 10; ++i) bed_->turn();
  for (std::size_t node = 0; node < Bed::node_count; ++node) {
    Bed::Node& one = bed_->node(node);
    EXPECT_GE(one.pool->available() + limits_.frames_held, one.pool->count());
    one.transport.reset();
    EXPECT_EQ(one.pool->available(), one.pool->count());
  }
}

TEST_P(Conformance, AnEmptyPoolLosesNothingButFrames) {
  FramePool& pool = *bed_->node(1).pool;
  std::vector<FrameRef> hoard;
  while (FrameRef frame = pool.take()) hoard.push_back(std::move(frame));
  std::vector<Send> sends;  // more than what it has got buffers for already
  for (std::uint32_t i = 0; i < limits_.frames_held + 3; ++i)
    sends.push_back({bed_->frame(0, Lane::data, i, 90), NodeIndex::everyone, Lane::data});
  bed_->send(0, sends);
  for (int i = 0; i < 20; ++i) bed_->turn();
  std::vector<Arrival> arrivals(sends.size());
  std::size_t count = 0;
  while (const std::size_t more =
             bed_->node(1).transport->receive(Lane::data, std::span(arrivals).subspan(count)))
    count += more;
  ASSERT_LE(count, limits_.frames_held);
  EXPECT_GT(counters(1).dropped_no_buffer, 0u);
  hoard.clear();
  for (std::size_t i = count; i < sends.size(); ++i)
    bed_->expect(1, Lane::data, to_vector(sends[i].frame));
}

TEST_P(Conformance, AllocatesNothingOnceItRuns) {
  std::array<Arrival, 16> arrivals;
  std::array<Send, 8> sends;
  std::size_t before = 0, received = 0;
  for (std::uint32_t round = 0; round < 200; ++round) {
    if (round == 20) before = allocations();
    for (Send& send : sends) {
      send = {bed_->node(0).pool->take(), NodeIndex::everyone, lanes[round % 2]};
      send.frame.resize(100);
      std::ranges::fill(send.frame.bytes(), std::byte(round % 2));
    }
    std::span<const Send> rest = sends;
    for (int i = 0; i < 100 && !rest.empty(); ++i) {
      rest = rest.subspan(bed_->node(0).transport->send(rest));
      bed_->turn();
      for (const std::size_t node : {1, 2})
        for (const Lane lane : lanes)
          received += bed_->node(node).transport->receive(lane, arrivals);
    }
  }
  EXPECT_EQ(allocations(), before);
  EXPECT_GT(received, 2000u);
}

TEST_P(UnderTheHeader, GarbageIsDroppedAndCounted) {
  const auto refused = [&] {
    const auto& counts = bed_->node(1).headed->stamp_counters().refused;
    return std::accumulate(counts.begin(), counts.end(), std::uint64_t{0});
  };
  const std::uint64_t before = refused();
  std::mt19937 random(7);
  std::size_t sent = 0;
  for (const Lane lane : lanes) {
    for (std::size_t size : {0, 1, 7, 39, 40, 41, 500, 1400}) {
      std::vector<std::byte> bytes(size);
      for (std::byte& byte : bytes) byte = std::byte(random() & 0xff);
      if (size > header_lane_offset) bytes[header_lane_offset] = std::byte(lane);
      bed_->world().send_garbage(1, lane, bytes);
      ++sent;
    }
  }
  for (const Lane lane : lanes) expect_nothing_but_marker(0, 1, lane);
  EXPECT_EQ(refused() - before, sent);
  EXPECT_GT(bed_->node(1).headed->refused(Refusal::magic), 0u);
  EXPECT_GT(bed_->node(1).headed->refused(Refusal::too_short), 0u);
}

TEST_P(UnderTheHeader, AFrameOfTheWrongLaneIsDroppedAndCounted) {
  // A valid header of the token lane, on the other lane's queue where that can be reached.
  std::array<std::byte, header_size> bytes;
  write_header({.suite = *GetParam().suite,
                .lane = Lane::data,
                .cluster = Bed::cluster,
                .sender = NodeId{2},
                .boot = 5,
                .counter = 1},
               bytes);
  if (GetParam().name.starts_with("udpu")) return;  // the lane byte itself chooses the queue
  bed_->world().send_garbage(0, Lane::token, bytes);
  expect_nothing_but_marker(1, 0, Lane::token);
  EXPECT_EQ(bed_->node(0).headed->refused(Refusal::other_lane), 1u);
}

std::vector<Case> headed_cases() {
  std::vector<Case> cases = all_cases();
  std::erase_if(cases, [](const Case& one) { return !one.suite; });
  return cases;
}

std::string name(const testing::TestParamInfo<Case>& one) {
  return one.param.name;
}

INSTANTIATE_TEST_SUITE_P(Every, Conformance, testing::ValuesIn(all_cases()), name);
INSTANTIATE_TEST_SUITE_P(Every, UnderTheHeader, testing::ValuesIn(headed_cases()), name);

}  // namespace

}  // namespace gyre
