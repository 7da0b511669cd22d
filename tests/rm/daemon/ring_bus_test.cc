// A loop and its bus, with a daemon of one node in a thread of its own.
#include "rm/daemon/ring_bus.hh"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "tests/client/single_node.hh"
#include "tests/rm/local/turning.hh"

namespace gyre::rm::daemon {
namespace {

using namespace std::chrono_literals;

class RingBusTest : public testing::Test {
 protected:
  void SetUp() override {
    auto connection = node_.connect();
    const auto end = std::chrono::steady_clock::now() + 1h;
    node_.ports().front().lease(1, Time(end.time_since_epoch()));  // of the view that is on its way
    bus_.emplace(loop_, std::move(*connection), "g",
                 RingBus::Events{.event = [this](const BusEvent& event) { take(event); },
                                 .broken = [this](const std::string& why) { broken_ = why; }});
    daemon_ = std::thread([this] {
      while (!ended_) {
        if (node_.turn()) continue;
        bool asleep = true;
        for (auto& port : node_.ports()) asleep &= !port.hot() || port.park();
        node_.watch_sockets(asleep ? 1 : 0);
      }
    });
  }
  void TearDown() override {
    end_daemon();
    bus_.reset();
  }

  void end_daemon() {
    ended_ = true;
    if (daemon_.joinable()) daemon_.join();
  }

  void take(const BusEvent& event) {
    if (const auto* view = std::get_if<BusView>(&event)) members_ = view->members.size();
    if (const auto* message = std::get_if<BusMessage>(&event))
      payloads_.emplace_back(message->payload);
  }

  bool joined() {
    return test::turned_until(loop_, [this] { return members_ == 1; });
  }

  gyre::test::SingleNode node_;
  local::Loop loop_;
  std::optional<RingBus> bus_;
  std::atomic<bool> ended_ = false;
  std::thread daemon_;
  std::size_t members_ = 0;
  std::vector<std::string> payloads_;
  std::string broken_;
};

TEST_F(RingBusTest, IsQuorateByWhatTheLoopHasBeenToldOnly) {
  EXPECT_FALSE(bus_->quorate());
  ASSERT_TRUE(joined());
  EXPECT_TRUE(bus_->quorate());
}

TEST_F(RingBusTest, BringsAllThatWasSentInOrder) {
  ASSERT_TRUE(joined());
  for (int i = 0; i < 2'000; ++i) bus_->send(std::to_string(i));
  ASSERT_TRUE(test::turned_until(loop_, [&] { return payloads_.size() == 2'000; }));
  for (int i = 0; i < 2'000; ++i) EXPECT_EQ(payloads_[i], std::to_string(i));
}

// Far more than the queue has room for.
TEST_F(RingBusTest, LosesNothingWhileTheLoopIsBusy) {
  ASSERT_TRUE(joined());
  constexpr std::size_t count = 20;
  for (std::size_t i = 0; i < count; ++i)
    bus_->send(std::string(bus_message_max, static_cast<char>('a' + i)));
  ASSERT_TRUE(test::turned_until(loop_, [&] { return payloads_.size() == count; }));
  for (std::size_t i = 0; i < count; ++i)
    EXPECT_TRUE(payloads_[i].size() == bus_message_max && payloads_[i].front() == char('a' + i));
}

TEST_F(RingBusTest, SaysThatTheDaemonIsGone) {
  ASSERT_TRUE(joined());
  end_daemon();
  node_.ports().front().end(node::PortEnd::shutdown);
  ASSERT_TRUE(test::turned_until(loop_, [&] { return !broken_.empty(); }));
  EXPECT_FALSE(bus_->quorate());
}

}  // namespace
}  // namespace gyre::rm::daemon
