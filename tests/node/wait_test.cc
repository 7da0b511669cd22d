#include "node/wait.hh"

#include <gtest/gtest.h>
#include <sys/eventfd.h>
#include <unistd.h>

namespace gyre::node {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

constexpr Time start{std::chrono::seconds(100)};

TEST(Patience, SpinNeverSleeps) {
  Patience patience(Poll::spin, 1);
  EXPECT_FALSE(patience.spent(true, start));
  EXPECT_FALSE(patience.spent(false, start + std::chrono::hours(1)));
}

TEST(Patience, WaitSleepsAtOnce) {
  Patience patience(Poll::wait, 8);
  EXPECT_FALSE(patience.spent(true, start));
  EXPECT_TRUE(patience.spent(false, start));
}

TEST(Patience, AdaptivePollsOnForAWhile) {
  Patience patience(Poll::adaptive, 4);
  EXPECT_FALSE(patience.spent(true, start));
  EXPECT_FALSE(patience.spent(false, start + microseconds(10)));
  EXPECT_FALSE(patience.spent(true, start + microseconds(40)));
  EXPECT_FALSE(patience.spent(false, start + microseconds(60)));
  EXPECT_TRUE(patience.spent(false, start + microseconds(40) + Patience::spin_for));
}

TEST(Patience, AdaptiveDoesNotSpinOnHalfOfTheMachine) {
  Patience patience(Poll::adaptive, 2);
  patience.spent(true, start);
  EXPECT_TRUE(patience.spent(false, start + microseconds(1)));
}

TEST(Patience, AdaptiveYieldsLongerEachTimeItIsPreempted) {
  Patience patience(Poll::adaptive, 4);
  Time now = start;
  patience.preempted(1000, now);
  EXPECT_TRUE(patience.spins(now)) << "what came before the first look does not count";
  patience.preempted(1001, now);
  EXPECT_FALSE(patience.spins(now + Patience::yield_min - microseconds(1)));
  now += Patience::yield_min;
  EXPECT_TRUE(patience.spins(now));
  patience.preempted(1002, now);
  EXPECT_FALSE(patience.spins(now + Patience::yield_min));
  EXPECT_TRUE(patience.spins(now + 2 * Patience::yield_min));
  for (std::uint64_t i = 0; i < 20; ++i) patience.preempted(1003 + i, now);
  EXPECT_TRUE(patience.spins(now + Patience::yield_max)) << "the pause has a bound";
  now += 3 * Patience::yield_max;
  patience.preempted(1022, now);  // left alone for long enough: short again
  patience.preempted(1023, now);
  EXPECT_TRUE(patience.spins(now + Patience::yield_min));
}

TEST(Sleeper, WakesForADescriptorAndForTheDeadline) {
  Sleeper sleeper;
  const shm::Descriptor event(::eventfd(0, EFD_CLOEXEC));
  ASSERT_TRUE(sleeper.add(event.number(), 7));
  EXPECT_FALSE(sleeper.add(-1, 8));
  const Time now = clock_now();
  EXPECT_TRUE(sleeper.sleep(now, now + milliseconds(2)).empty());
  EXPECT_GE(clock_now() - now, milliseconds(2));
  ASSERT_EQ(::eventfd_write(event.number(), 1), 0);
  const auto ready = sleeper.sleep(now, never);
  ASSERT_EQ(ready.size(), 1u);
  EXPECT_EQ(ready[0].token, 7u);
  EXPECT_FALSE(ready[0].hung_up);
  eventfd_t count;
  ::eventfd_read(event.number(), &count);
  EXPECT_TRUE(sleeper.sleep(now, now - milliseconds(1)).empty()) << "a deadline gone by: at once";
}

}  // namespace
}  // namespace gyre::node
