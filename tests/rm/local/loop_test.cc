#include "rm/local/loop.hh"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <csignal>
#include <memory>
#include <string>
#include <vector>

#include "rm/local/descriptor.hh"
#include "tests/node/temporary.hh"
#include "tests/rm/local/turning.hh"

namespace gyre::rm::local {
namespace {

using test::turned_until;
using namespace std::chrono_literals;

TEST(Loop, LetsASourceEndWithinItsOwnCallback) {
  Loop loop;
  const auto witness = std::make_shared<int>(0);
  Source timer;
  timer = loop.timer([&timer, witness] {
    timer = {};
    ++*witness;  // what was captured is there still
  });
  timer.in(0ms);
  EXPECT_TRUE(turned_until(loop, [&] { return *witness == 1; }));
  loop.turn(0ms);
  EXPECT_EQ(witness.use_count(), 1);
}

TEST(Loop, CallsATimerOnceForEachTimeThatItIsSet) {
  Loop loop;
  int calls = 0;
  Source timer = loop.timer([&] { ++calls; });
  loop.turn(1ms);
  EXPECT_EQ(calls, 0);
  timer.in(1ms);
  EXPECT_TRUE(turned_until(loop, [&] { return calls == 1; }));
  loop.turn(5ms);
  timer.in(1h);
  timer.in(1ms);
  EXPECT_TRUE(turned_until(loop, [&] { return calls == 2; }));
}

TEST(Loop, CallsWhatIsForLaterOnceInTheNextTurn) {
  Loop loop;
  int calls = 0;
  Source later = loop.later([&] { ++calls; });
  loop.turn(0ms);
  EXPECT_EQ(calls, 0);
  for (int i = 1; i <= 2; ++i) {
    later.enable(true);
    EXPECT_EQ(calls, i - 1);
    loop.turn(0ms);
    loop.turn(0ms);
    EXPECT_EQ(calls, i);
  }
}

TEST(Loop, TakesSignalsAndSeesNamesAppear) {
  Loop loop;
  const gyre::test::TemporaryDirectory directory;
  int signals = 0;
  std::vector<std::string> names;
  const Source signal = loop.signal(SIGUSR1, [&] { ++signals; });
  const Source appears = loop.appears(directory.path().c_str(), [&](const char* name) {
    names.emplace_back(name);
    if (names.size() == 2) loop.end();
  });
  ::raise(SIGUSR1);
  gyre::test::write_file(directory / "a", "");
  gyre::test::write_file(directory / "b", "");
  loop.run();
  EXPECT_EQ(signals, 1);
  EXPECT_EQ(names, (std::vector<std::string>{"a", "b"}));
}

TEST(Loop, WaitsForWhatADescriptorIsToldToWaitFor) {
  Loop loop;
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  const Descriptor reads(ends[0]), writes(ends[1]);
  std::uint32_t found = 0;
  Source io = loop.io(writes.number(), 0, [&](std::uint32_t events) { found |= events; });
  loop.turn(0ms);
  EXPECT_EQ(found, 0U);
  io.wait_for(EPOLLOUT);
  EXPECT_TRUE(turned_until(loop, [&] { return found != 0; }));
  EXPECT_EQ(found, std::uint32_t{EPOLLOUT});
}

}  // namespace
}  // namespace gyre::rm::local
