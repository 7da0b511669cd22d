#include "node/spsc.hh"

#include <gtest/gtest.h>

#include <thread>

namespace gyre::node {
namespace {

TEST(Spsc, GivesBackInOrderAndRefusesWhenFull) {
  SpscQueue<int> queue(4);
  EXPECT_TRUE(queue.empty());
  for (int i = 0; i < 4; ++i) EXPECT_TRUE(queue.push(i));
  EXPECT_FALSE(queue.push(4));
  for (int i = 0; i < 4; ++i) {
    int value = -1;
    ASSERT_TRUE(queue.pop(value));
    EXPECT_EQ(value, i);
  }
  int value = -1;
  EXPECT_FALSE(queue.pop(value));
  EXPECT_TRUE(queue.push(5));
  EXPECT_FALSE(queue.empty());
}

// Two words that must arrive together: a reader that overtakes the writer sees them differ.
TEST(Spsc, TwoThreadsLoseAndTearNothing) {
  struct Pair {
    std::uint64_t a = 0, b = 0;
  };
  constexpr std::uint64_t count = 200'000;
  SpscQueue<Pair> queue(8);
  std::thread producer([&] {
    for (std::uint64_t i = 1; i <= count; ++i)
      while (!queue.push(Pair{i, ~i})) std::this_thread::yield();
  });
  std::uint64_t wrong = 0;
  for (std::uint64_t expected = 1; expected <= count;) {
    Pair pair;
    if (!queue.pop(pair)) {
      std::this_thread::yield();
      continue;
    }
    wrong += pair.a != expected || pair.b != ~expected;
    ++expected;
  }
  producer.join();
  EXPECT_EQ(wrong, 0u);
}

}  // namespace
}  // namespace gyre::node
