// What must not grow unseen while no one looks at a clock: allocations and system calls of the data
// plane in its steady state. Time itself is measured by scripts/bench, never by a test.
#include <gtest/gtest.h>
#include <unistd.h>

#include <vector>

#include "bench/lockstep.hh"
#include "bench/ring_end.hh"
#include "tests/transport/allocations.hh"

namespace gyre::bench {
namespace {

TEST(Steady, AnIdleTokenAllocatesNothing) {
  Lockstep ring;
  const std::size_t before = allocations();
  ring.rotate(10'000);
  EXPECT_EQ(allocations(), before);
}

TEST(Steady, MessagesAllocateNothing) {
  constexpr std::size_t count = 10'000;
  Lockstep ring;
  LocalProgram program(ring.node(0), ring.now());
  program.join("steady");
  ring.rotate(10);
  for (const std::size_t bytes : {64u, 1024u, 8192u}) {
    const std::vector<std::byte> payload(bytes);
    const std::size_t before = allocations();
    std::size_t sent = 0, delivered = 0;
    for (int turns = 0; delivered < count && turns < 1'000'000; ++turns) {
      for (int i = 0; i < 50 && sent < count; ++i) sent += program.send(payload);
      ring.turn();
      delivered += program.take_messages();
    }
    EXPECT_EQ(delivered, count) << bytes << " bytes";
    EXPECT_EQ(allocations(), before) << bytes << " bytes";
  }
}

// Two nodes over kernel UDP on loopback, turned by one thread, so that each turn finds what the
// other has just sent.
TEST(Steady, ATokenHopTakesThreeSystemCalls) {
  LinkSettings link;
  link.port = static_cast<std::uint16_t>(32001 + (::getpid() % 4000) * 4);
  RingEnd first(link, 0, node::Poll::spin), second(link, 1, node::Poll::spin);
  const auto turns_until = [&](auto done) {
    for (int i = 0; i < 10'000'000 && !done(); ++i) {
      first.turn();
      second.turn();
    }
    return done();
  };
  ASSERT_TRUE(turns_until([&] { return first.complete() && second.complete(); }));
  ASSERT_TRUE(turns_until([&, end = first.tokens() + 100] { return first.tokens() >= end; }));

  constexpr std::uint64_t hops = 10'000;
  const std::size_t allocated = allocations();
  const std::uint64_t tokens = first.tokens(), calls = first.counters().system_calls;
  ASSERT_TRUE(turns_until([&] { return first.tokens() >= tokens + hops; }));
  EXPECT_EQ(allocations(), allocated);
  // The data lane is looked into, the token is taken and sent on. The rest: a turn now and then
  // that comes before the token does.
  EXPECT_LE(first.counters().system_calls - calls, 3 * hops + hops / 100);
}

}  // namespace
}  // namespace gyre::bench
