// Work to be counted rather than timed, on a ring of two daemons in memory. `count idle N` passes
// the token round N times, `count crowd CLIENTS N` does so beside programs that have nothing to
// say; `count send BYTES N` has N messages submitted, ordered and delivered on both; in `count
// churn CLIENTS N`, beside such programs, N others connect, join, send, leave and are gone, and in
// `count join CLIENTS N` they join the one group that all are in. bench/count_instructions runs it
// under callgrind at two lengths and takes the difference, so that what the start costs does not
// count.
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "bench/lockstep.hh"
#include "bench/machine.hh"

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

// Programs that have each joined a group of their own, said something, read what they were told,
// and are silent now.
class Crowd {
 public:
  Crowd(std::size_t clients, bool together)
      : together_(together),
        slots_(static_cast<std::uint32_t>(clients) + 1),
        ring_(slots_, std::chrono::microseconds(50)) {
    gyre::bench::raise_open_files();
    for (std::uint32_t slot = 0; slot < clients; ++slot) {
      auto& program = programs_.emplace_back(connect(slot, std::to_string(slot)));
      program->send(payload_);
      settle(*program);
    }
    ring_.rotate(10);
  }
  gyre::bench::Lockstep& ring() { return ring_; }

  // One after the other, all in the last slot.
  void churn(std::size_t count) {
    for (std::uint32_t i = 1; i <= count; ++i) {
      const auto program = connect(i * slots_ + slots_ - 1, "churn");
      program->send(payload_);
      program->leave();
      settle(*program);
      program->die(ring_.now());
      settle(*program);
    }
  }

 private:
  using Program = std::unique_ptr<gyre::bench::LocalProgram>;

  Program connect(std::uint32_t number, const std::string& own_group) {
    auto program = std::make_unique<gyre::bench::LocalProgram>(ring_.node(0), ring_.now(), number);
    program->join(together_ ? "all" : own_group);
    return program;
  }
  // Those who are told nothing are not asked.
  void settle(gyre::bench::LocalProgram& speaker) {
    ring_.rotate(2);
    speaker.take_messages();
    if (together_)
      for (const Program& program : programs_) program->take_messages();
  }

  const bool together_;
  const std::uint32_t slots_;
  gyre::bench::Lockstep ring_;
  std::vector<Program> programs_;
  const std::vector<std::byte> payload_ = std::vector<std::byte>(64);
};

}  // namespace

int main(int argc, char** argv) {
  const std::string_view what = argc > 1 ? argv[1] : "";
  const auto number = [&](int which) { return std::strtoull(argv[which], nullptr, 10); };
  if (what == "idle" && argc == 3) {
    gyre::bench::Lockstep().rotate(number(2));
  } else if (what == "send" && argc == 4) {
    send(number(2), number(3));
  } else if (what == "crowd" && argc == 4) {
    Crowd(number(2), false).ring().rotate(number(3));
  } else if ((what == "churn" || what == "join") && argc == 4) {
    Crowd(number(2), what == "join").churn(number(3));
  } else {
    std::fputs(
        "usage: count idle ROTATIONS | count send BYTES MESSAGES\n"
        "       count crowd CLIENTS ROTATIONS | count churn CLIENTS COUNT\n"
        "       count join CLIENTS COUNT\n",
        stderr);
    return 2;
  }
}
