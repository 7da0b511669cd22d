#include "node/client_port.hh"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <random>
#include <string>
#include <vector>

#include "tests/client/single_node.hh"
#include "transport/shm/records.hh"

namespace gyre::node {
namespace {

using namespace std::chrono_literals;
using test::SingleNode;

std::span<const std::byte> bytes(std::string_view text) {
  return std::as_bytes(std::span(text));
}

// One program by its raw end of the channel, which can do what the library would not.
class Port : public ::testing::Test {
 protected:
  Port() { take(); }

  void request(shm::RequestKind kind, std::span<const std::byte> payload) {
    const std::array parts{payload};
    ASSERT_TRUE(requests.write(static_cast<std::uint32_t>(kind), parts));
    requests.publish();
    bell.ring();
  }
  void join(std::string_view group) { request(shm::RequestKind::join, bytes(group)); }
  void leave(std::string_view group) { request(shm::RequestKind::leave, bytes(group)); }
  void send(std::string_view group, std::size_t payload, std::uint32_t guarantee = 0) {
    const shm::SendRecord record{.guarantee = guarantee,
                                 .name_size = static_cast<std::uint32_t>(group.size())};
    std::string body(sizeof record + shm::padded(group.size()) + payload, '\0');
    shm::RecordWriter writer(reinterpret_cast<std::byte*>(body.data()));
    writer.put(record);
    writer.put_text_padded(group);
    request(shm::RequestKind::send, bytes(body));
  }
  // The kinds of the events that are there, and takes them.
  std::vector<shm::EventKind> take() {
    std::vector<shm::EventKind> kinds;
    for (shm::Record record; events.peek(record) == shm::Look::record; events.consume())
      kinds.push_back(shm::EventKind{record.kind});
    events.publish();
    return kinds;
  }
  bool readable() {
    pollfd ready{.fd = program.socket.number(), .events = POLLIN, .revents = 0};
    return ::poll(&ready, 1, 0) == 1;
  }

  static constexpr PortLimits limits{.stall_max = 8s, .park_after = 50us};
  SingleNode node{{.events_size = shm::ring_min}, limits};
  shm::Channel program;
  ClientPort& port = node.open(program);
  shm::SharedWords& words = program.words();
  shm::Producer requests{words.requests, program.requests()};
  shm::Consumer events{words.events, program.events()};
  shm::Doorbell bell{words.requests_bell, program.socket.number()};
};

constexpr auto change = shm::EventKind::group_change;
constexpr auto message = shm::EventKind::message;

TEST_F(Port, OrdersJoinSendAndLeave) {
  join("a");
  send("a", 10);
  leave("a");
  send("a", 10);
  node.settle();
  EXPECT_EQ(take(), (std::vector{change, message, change}));
  ASSERT_EQ(node.submitted.size(), 4u);
  const auto data = membership::wire::read_data(node.submitted[1]);
  ASSERT_TRUE(data);
  EXPECT_EQ(data->client, program.client);
  EXPECT_EQ(data->payload.size(), 10u);
  EXPECT_EQ(port.counters().requests, 4u);
  EXPECT_EQ(port.ended(), PortEnd::none);
}

// A group of a thousand is told to each of them once, and not with each that comes.
TEST_F(Port, TellsTheMembersOnceAndThenWhatChanges) {
  const auto numbers = [&] {
    std::vector<std::array<std::uint32_t, 3>> all;
    for (shm::Record record; events.peek(record) == shm::Look::record; events.consume()) {
      const auto told = shm::RecordReader(record.payload).get<shm::ChangeRecord>();
      all.push_back({told.members, told.joined, told.left});
    }
    events.publish();
    return all;
  };
  const auto other = node.connect();
  other->join("a");
  node.settle();
  join("a");
  node.settle();
  other->leave("a");
  other->join("a");
  node.settle();
  leave("a");
  join("a");
  node.settle();
  using Numbers = std::vector<std::array<std::uint32_t, 3>>;
  EXPECT_EQ(numbers(), (Numbers{{2, 1, 0}, {0, 0, 1}, {0, 1, 0}, {0, 0, 1}, {2, 1, 0}}));
}

TEST_F(Port, StaysInAGroupThatItLeftAndJoinedAgain) {
  join("a");
  leave("a");
  join("a");
  send("a", 1);
  node.settle();
  EXPECT_EQ(take(), (std::vector{change, change, change, message}));
}

// A merge had no room for the membership that it was about to give up, and has for the next one.
TEST_F(Port, StaysInAGroupThatItJoinedAgainWhenItsMembershipIsRefused) {
  join("a");
  node.settle();
  EXPECT_EQ(take(), std::vector{change});
  leave("a");
  join("a");
  send("a", 1);
  port.submit_to(node, PortBudget{}, node.now);
  const std::array gone{membership::Change{port.process(), membership::ChangeReason::process_down}};
  port.group_change({.name = "a",
                     .group = membership::group_id("a"),
                     .place = {},
                     .members = {},
                     .joined = {},
                     .left = gone});
  port.membership_refused(port.process(), "a", "no room");
  node.settle();
  EXPECT_EQ(take(), (std::vector{change, shm::EventKind::membership_refused, change, message}));
}

TEST_F(Port, KeepsARequestUntilTheRingHasTakenIt) {
  join("a");
  send("a", 1000);
  node.room = 1;
  node.settle();
  EXPECT_TRUE(port.stuck());
  EXPECT_FALSE(requests.drained()) << "its bytes stay in the program's ring";
  EXPECT_TRUE(port.hot());
  node.room = SingleNode::unlimited;
  node.settle();
  EXPECT_FALSE(port.stuck());
  EXPECT_TRUE(requests.drained());
  EXPECT_EQ(take(), (std::vector{change, message}));
}

TEST_F(Port, TakesNoMoreInATurnThanItsBudget) {
  join("a");
  for (int i = 0; i < 9; ++i) send("a", 1000);
  port.submit_to(node, {.records = 4, .bytes = 1 << 20}, node.now);
  EXPECT_EQ(node.submitted.size(), 4u);
  port.submit_to(node, {.records = 100, .bytes = 2500}, node.now);
  EXPECT_EQ(node.submitted.size(), 7u);
}

TEST_F(Port, ParksWhenIdleAndWakesByTheDoorbell) {
  join("a");
  node.settle();
  EXPECT_TRUE(port.hot()) << "it had a request just now";
  node.now += 49us;
  node.turn();
  EXPECT_TRUE(port.hot());
  node.now += 1us;
  node.turn();
  EXPECT_FALSE(port.hot());
  node.watch_sockets();
  EXPECT_FALSE(port.hot()) << "nothing has come";
  send("a", 1);
  node.watch_sockets();
  EXPECT_TRUE(port.hot());
  node.settle();
  EXPECT_EQ(node.submitted.size(), 2u);
}

TEST_F(Port, ParksAtOnceBeforeSleepingUnlessThereIsARequest) {
  join("a");
  node.settle();
  EXPECT_TRUE(port.park());
  EXPECT_FALSE(port.hot());
  send("a", 1);
  node.watch_sockets();
  EXPECT_TRUE(port.hot());
  EXPECT_FALSE(port.park()) << "the request would wait for ever";
  EXPECT_TRUE(port.hot());
  node.settle();
  EXPECT_EQ(node.submitted.size(), 2u);
}

TEST_F(Port, DoesNotParkOnARequestThatCameMeanwhile) {
  node.now += 1s;
  join("a");
  node.settle();
  const std::array parts{bytes("b")};
  node.now += 1s;
  ASSERT_TRUE(requests.write(static_cast<std::uint32_t>(shm::RequestKind::join), parts));
  requests.publish();  // but has not rung yet
  node.settle();
  EXPECT_EQ(node.submitted.size(), 2u);
}

TEST_F(Port, RingsTheProgramOnceForABatch) {
  join("a");
  node.settle();
  take();
  shm::Doorbell own(words.events_bell, program.socket.number());
  ASSERT_TRUE(own.settle([&] { return events.pending(); }));
  ASSERT_FALSE(readable());
  send("a", 1);
  send("a", 1);
  node.settle();
  EXPECT_TRUE(readable());
  take();
  EXPECT_TRUE(own.settle([&] { return events.pending(); }));
  EXPECT_FALSE(readable());
}

TEST_F(Port, TakesTheDeadOutOfTheirGroupsBehindWhatTheySent) {
  join("a");
  send("a", 5);
  { const shm::Descriptor closed = std::move(program.socket); }
  node.watch_sockets();
  EXPECT_EQ(port.ended(), PortEnd::gone);
  node.settle();
  ASSERT_EQ(node.submitted.size(), 3u);
  EXPECT_TRUE(membership::wire::read_data(node.submitted[1]));
  EXPECT_TRUE(membership::wire::read_process_down(node.submitted[2]));
  EXPECT_TRUE(node.ports().empty());
  EXPECT_EQ(node.membership().group_count(), 0u);
}

TEST_F(Port, WaitsAsAZombieUntilTheRingTakesItsProcessDown) {
  join("a");
  node.settle();
  node.room = 0;
  { const shm::Descriptor closed = std::move(program.socket); }
  node.watch_sockets();
  node.settle();
  ASSERT_EQ(node.ports().size(), 1u);
  EXPECT_TRUE(port.hot());
  EXPECT_TRUE(port.stuck());
  node.room = 1;
  node.settle();
  EXPECT_TRUE(node.ports().empty());
}

TEST_F(Port, SaysNothingForAProgramThatWasInNoGroup) {
  { const shm::Descriptor closed = std::move(program.socket); }
  node.watch_sockets();
  node.settle();
  EXPECT_TRUE(node.ports().empty());
  EXPECT_TRUE(node.submitted.empty());
}

TEST_F(Port, TakesNothingWrittenAfterTheEnd) {
  join("a");
  node.settle();
  port.end(PortEnd::shutdown);
  send("a", 5);
  node.settle();
  ASSERT_EQ(node.submitted.size(), 2u);
  EXPECT_TRUE(membership::wire::read_process_down(node.submitted[1]));
  EXPECT_EQ(words.ended.load(), static_cast<std::uint32_t>(shm::Ended::shutdown));
}

TEST_F(Port, CutsAProgramOffWhenItsEventsFitNoMore) {
  join("a");
  std::size_t sent = 0;
  while (port.ended() == PortEnd::none && sent < 100) {
    send("a", 100'000);
    ++sent;
    node.turn();
  }
  EXPECT_EQ(port.ended(), PortEnd::backlog);
  // Not sooner: all that fits is there, and can still be read.
  const auto kinds = take();
  EXPECT_EQ(static_cast<std::size_t>(std::count(kinds.begin(), kinds.end(), message)),
            shm::ring_min / 100'200);
  EXPECT_EQ(words.ended.load(), static_cast<std::uint32_t>(shm::Ended::backlog));
  EXPECT_TRUE(readable()) << "the socket is shut down";
}

TEST_F(Port, CutsAStalledProgramOffAtTheBound) {
  join("a");
  node.settle();
  for (auto waited = 0s; waited < limits.stall_max; waited += 1s) {
    port.watch(node.now);
    ASSERT_EQ(port.ended(), PortEnd::none) << waited.count();
    node.now += 1s;
  }
  port.watch(node.now);
  EXPECT_EQ(port.ended(), PortEnd::stalled);
}

TEST_F(Port, KeepsAProgramThatTakesSomethingNowAndThenOrHasNothingToTake) {
  join("a");
  for (int i = 0; i < 40; ++i) send("a", 1);
  node.settle();
  for (int i = 0; i < 40; ++i) {
    shm::Record record;
    if (i % 5 == 0 && events.peek(record) == shm::Look::record) events.consume();
    events.publish();
    port.watch(node.now += 1s);
    ASSERT_EQ(port.ended(), PortEnd::none);
  }
  take();
  for (int i = 0; i < 40; ++i) port.watch(node.now += 1s);
  EXPECT_EQ(port.ended(), PortEnd::none);
}

TEST_F(Port, DoesNotBlameAProgramForOurOwnPause) {
  join("a");
  node.settle();
  port.watch(node.now);
  port.watch(node.now += 1h);
  EXPECT_EQ(port.ended(), PortEnd::none);
}

// ---- what the library never writes ----

class Hostile : public Port {
 protected:
  void expect_broken() {
    node.settle();
    EXPECT_TRUE(node.ports().empty() || port.ended() == PortEnd::broken);
    EXPECT_EQ(words.ended.load(), static_cast<std::uint32_t>(shm::Ended::broken));
  }
};

TEST_F(Hostile, MessageTooLong) {
  join("a");
  send("a", shm::message_max);
  node.settle();
  EXPECT_EQ(port.ended(), PortEnd::none);
  EXPECT_EQ(node.submitted.size(), 2u);
  send("a", shm::message_max + 1);
  expect_broken();
  EXPECT_TRUE(membership::wire::read_process_down(node.submitted.back()));
}
TEST_F(Hostile, NameTooLong) {
  join(std::string(shm::group_name_max + 1, 'x'));
  expect_broken();
}
TEST_F(Hostile, NameEmpty) {
  join("");
  expect_broken();
}
TEST_F(Hostile, NameLongerThanItsRecord) {
  const shm::SendRecord record{.guarantee = 0, .name_size = 100};
  request(shm::RequestKind::send, std::as_bytes(std::span(&record, 1)));
  expect_broken();
}
TEST_F(Hostile, GuaranteeUnknown) {
  send("a", 1, 2);
  expect_broken();
}
TEST_F(Hostile, RequestUnknown) {
  request(shm::RequestKind{99}, {});
  expect_broken();
}
TEST_F(Hostile, PositionOfRequestsImpossible) {
  words.requests.written.store(~std::uint64_t{7});
  expect_broken();
}
TEST_F(Hostile, PositionOfEventsImpossible) {
  words.events.consumed.store(~std::uint64_t{0});
  port.watch(node.now);
  expect_broken();
}

TEST_F(Hostile, LosesAMessageThatTheRingHasBegunToTake) {
  join("a");
  node.settle();
  node.room = 0;
  send("a", 1);
  node.settle();
  ASSERT_TRUE(port.stuck());
  port.end(PortEnd::broken);
  node.room = SingleNode::unlimited;
  node.settle();
  EXPECT_EQ(node.abandoned, (std::vector{program.client}));
  EXPECT_TRUE(membership::wire::read_process_down(node.submitted.back()));
  EXPECT_EQ(node.submitted.size(), 2u);
}

TEST_F(Hostile, MoreGroupsThanAProgramMayBeIn) {
  for (std::size_t i = 0; i <= shm::groups_max; ++i) join("group " + std::to_string(i));
  node.settle();
  EXPECT_TRUE(port.stuck()) << "it waits until one is left: here for ever";
  EXPECT_EQ(node.submitted.size(), shm::groups_max);
  { const shm::Descriptor closed = std::move(program.socket); }
  node.watch_sockets();
  node.settle();
  EXPECT_TRUE(node.ports().empty());
}

TEST_F(Hostile, GarbageInEveryWord) {
  std::mt19937_64 random(5);
  for (int round = 0; round < 300; ++round) {
    shm::Channel other;
    node.open(other);
    shm::SharedWords& shared = other.words();
    auto* data = reinterpret_cast<std::uint32_t*>(other.requests().data());
    for (int step = 0; step < 20; ++step) {
      for (std::size_t i = 0; i < 64; ++i) {
        const bool small = random() % 2 == 0;
        data[random() % 512] = static_cast<std::uint32_t>(small ? random() % 64 : random());
      }
      shared.requests.written.store(random() % 8 ? random() % 256 * 8 : random());
      if (random() % 4 == 0) shared.requests.restarted.store(random() % 3 * other.requests_size);
      if (random() % 4 == 0) shared.events.consumed.store(random() % 256 * 8);
      shared.requests_bell.store(static_cast<std::uint32_t>(random() % 3));
      shared.events_bell.store(static_cast<std::uint32_t>(random() % 3));
      shared.room_bell.store(static_cast<std::uint32_t>(random() % 3));
      node.turn();
      node.now += 1ms;
    }
    for (ClientPort& left : node.ports())
      if (&left != &port) left.end(PortEnd::gone);
    node.settle();
    ASSERT_EQ(node.ports().size(), 1u) << "only the well-behaved one is left";
  }
  EXPECT_EQ(port.ended(), PortEnd::none);
}

}  // namespace
}  // namespace gyre::node
