// What goes from one thread to another: in order, all of it, and no more than has room.
#include "rm/daemon/bounded_queue.hh"

#include <gtest/gtest.h>
#include <poll.h>

#include <atomic>
#include <string>
#include <thread>

namespace gyre::rm::daemon {
namespace {

bool readable(int descriptor, int timeout = 0) {
  pollfd ready{descriptor, POLLIN, 0};
  return ::poll(&ready, 1, timeout) > 0;
}

TEST(BoundedQueue, TellsThatThereIsSomethingUntilAllIsTaken) {
  BoundedQueue<int> queue(10);
  EXPECT_FALSE(readable(queue.filled()));
  EXPECT_TRUE(queue.push(1, 1));
  EXPECT_TRUE(queue.push(2, 1));
  EXPECT_TRUE(readable(queue.filled()));
  EXPECT_EQ(queue.take(), (std::deque{1, 2}));
  EXPECT_FALSE(readable(queue.filled()));
  EXPECT_TRUE(queue.take().empty());
}

TEST(BoundedQueue, RefusesWhatHasNoRoomAndTellsWhenThereIs) {
  BoundedQueue<std::string> queue(10);
  EXPECT_TRUE(queue.push("six", 6));
  std::string five = "five";
  EXPECT_FALSE(queue.push(std::move(five), 5));
  EXPECT_EQ(five, "five");
  EXPECT_TRUE(queue.push("four", 4));
  EXPECT_FALSE(readable(queue.room()));
  EXPECT_EQ(queue.take().size(), 2u);
  EXPECT_TRUE(readable(queue.room()));
  queue.heard();
  EXPECT_FALSE(readable(queue.room()));
  EXPECT_TRUE(queue.push(std::move(five), 5));
  queue.take();
  EXPECT_FALSE(readable(queue.room())) << "nobody was refused";
}

TEST(BoundedQueue, TakesWhatIsTooLongForItAlone) {
  BoundedQueue<int> queue(10);
  EXPECT_TRUE(queue.push(1, 1000));
  EXPECT_FALSE(queue.push(2, 1));
  queue.take();
  EXPECT_TRUE(queue.push(2, 1));
}

TEST(BoundedQueue, LosesNothingBetweenTwoThreads) {
  constexpr int all = 20'000;
  BoundedQueue<int> queue(7);
  std::thread producer([&] {
    for (int i = 0; i < all;) {
      int value = i;
      if (queue.push(std::move(value), 1)) {
        ++i;
        continue;
      }
      ASSERT_TRUE(readable(queue.room(), 60'000));
      queue.heard();
    }
  });
  int expected = 0;
  while (expected < all) {
    ASSERT_TRUE(readable(queue.filled(), 60'000));
    const auto taken = queue.take();
    EXPECT_LE(taken.size(), 7u);
    for (const int each : taken) EXPECT_EQ(each, expected++);
  }
  producer.join();
}

}  // namespace
}  // namespace gyre::rm::daemon
