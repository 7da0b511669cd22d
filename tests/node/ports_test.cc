#include "node/ports.hh"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <set>
#include <vector>

#include "transport/shm/handshake.hh"

namespace gyre::node {
namespace {

using std::chrono::milliseconds;

class PortsTest : public testing::Test, protected Submitter {
 protected:
  shm::Channel open(std::uint32_t client) {
    shm::ChannelPair pair =
        shm::make_pair({.node = 1, .client = client, .events_size = shm::ring_min});
    ports.open(std::move(pair.daemon), {.park_after = milliseconds(1)}, now);
    return std::move(pair.program);
  }
  // Those that are asked in this turn, in their order.
  std::vector<std::uint32_t> turn() {
    std::vector<std::uint32_t> asked;
    ports.each_hot([&](ClientPort& port) {
      asked.push_back(port.process().client);
      port.submit_to(*this, PortBudget{}, now);
    });
    ports.settle([&](ClientPort& port) {
      released.push_back(port.process().client);
      port.release();
    });
    return asked;
  }
  void join(shm::Channel& program) {
    shm::Producer requests(program.words().requests, program.requests());
    const std::span<const std::byte> parts[] = {std::as_bytes(std::span("g", 1))};
    requests.write(static_cast<std::uint32_t>(shm::RequestKind::join), parts);
    requests.publish();
  }

  bool submit(std::uint32_t, totem::Guarantee,
              std::span<const std::span<const std::byte>>) noexcept override {
    ++submitted;
    return true;
  }
  void abandon(std::uint32_t) noexcept override {}

  using Numbers = std::vector<std::uint32_t>;
  Ports ports{4};
  Time now{std::chrono::seconds(1)};
  Numbers released;
  std::size_t submitted = 0;
};

TEST_F(PortsTest, OnlyThoseWithSomethingToSayAreAsked) {
  auto one = open(4), two = open(5), three = open(6);
  EXPECT_EQ(turn().size(), 3u);
  now += milliseconds(2);
  EXPECT_EQ(turn().size(), 3u) << "they park now";
  EXPECT_EQ(turn(), Numbers{});
  join(two);
  ports.woken(5, false, now);
  EXPECT_EQ(turn(), Numbers{5});
  EXPECT_EQ(submitted, 1u);
  EXPECT_EQ(ports.size(), 3u);
}

TEST_F(PortsTest, EachOfThemIsAskedFirstInItsTurn) {
  auto one = open(4), two = open(5), three = open(6);
  std::set<std::uint32_t> first;
  for (int i = 0; i < 3; ++i) first.insert(turn().front());
  EXPECT_EQ(first, (std::set<std::uint32_t>{4, 5, 6}));
}

TEST_F(PortsTest, OneThatWasEndedHasALastWordAndIsForgotten) {
  auto one = open(4), two = open(5);
  join(one);
  turn();
  now += milliseconds(2);
  turn();
  ASSERT_EQ(turn(), Numbers{});
  ports.each([](ClientPort& port) {
    if (port.process().client == 4) port.end(PortEnd::stalled);
  });
  ports.publish();
  EXPECT_EQ(turn(), Numbers{4});
  EXPECT_EQ(submitted, 2u) << "its join, and that it is down";
  EXPECT_EQ(released, Numbers{4});
  EXPECT_FALSE(ports.find(4));
  EXPECT_EQ(ports.size(), 1u);
  EXPECT_EQ(ports.find(5)->process().client, 5u);
}

TEST_F(PortsTest, ASlotIsAnotherPrograms) {
  auto one = open(4), two = open(5);
  ports.woken(4, true, now);
  turn();
  ASSERT_EQ(released, Numbers{4});
  auto successor = open(8);
  ports.woken(4, true, now);  // late news of the one before
  EXPECT_FALSE(ports.find(4));
  ASSERT_TRUE(ports.find(8));
  EXPECT_EQ(ports.find(8)->ended(), PortEnd::none);
  EXPECT_FALSE(ports.find(7)) << "a slot that nobody ever had";
}

// Written to and gone in the same turn: it closes once that is over.
TEST_F(PortsTest, OneThatWasWrittenToClosesAfterwards) {
  auto one = open(4);
  ports.each([](ClientPort&) {});
  ports.woken(4, true, now);
  turn();
  EXPECT_EQ(released, Numbers{});
  ports.publish();
  turn();
  EXPECT_EQ(released, Numbers{4});
}

std::size_t resident_pages() {
  std::size_t size = 0, resident = 0;
  std::ifstream("/proc/self/statm") >> size >> resident;
  return resident;
}

TEST_F(PortsTest, MemoryFollowsUse) {
  const std::size_t before = resident_pages(), most = 16384;
  const Ports many(most);
  // The address sanitizer keeps a byte for each eight.
  EXPECT_LT(resident_pages() - before, most * sizeof(ClientPort) / 4096 / 6);
}

}  // namespace
}  // namespace gyre::node
