// Work to be counted rather than timed: `count idle N` passes a token round N times through a ring
// of two daemons in memory, `count send BYTES N` has N messages submitted, ordered and delivered on
// both. bench/count_instructions runs it under callgrind at two lengths and takes the difference,
// so that what the start costs does not count.
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "bench/lockstep.hh"

namespace {

// So few under way that the program never finds its queue full and tries in vain.
constexpr std::size_t under_way_max = 64;

void send(std::size_t bytes, std::size_t count) {
  gyre::bench::Lockstep ring;
  gyre::bench::LocalProgram program(ring.node(0), ring.now());
  program.join("count");
  ring.rotate(10);
  const std::vector<std::byte> payload(bytes);
  for (std::size_t sent = 0, delivered = 0; delivered < count;) {
    while (sent < count && sent < delivered + under_way_max) sent += program.send(payload);
    ring.turn();
    delivered += program.take_messages();
  }
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view what = argc > 1 ? argv[1] : "";
  if (what == "idle" && argc == 3) {
    gyre::bench::Lockstep().rotate(std::strtoull(argv[2], nullptr, 10));
  } else if (what == "send" && argc == 4) {
    send(std::strtoull(argv[2], nullptr, 10), std::strtoull(argv[3], nullptr, 10));
  } else {
    std::fputs("usage: count idle ROTATIONS | count send BYTES MESSAGES\n", stderr);
    return 2;
  }
}
