// The parts of the data plane one by one, in nanoseconds, by Google Benchmark.
#include <benchmark/benchmark.h>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "bench/lockstep.hh"
#include "membership/groups.hh"
#include "membership/wire.hh"
#include "node/group_copy.hh"
#include "totem/pack.hh"
#include "totem/window.hh"
#include "transport/header.hh"
#include "transport/seal.hh"

namespace gyre::bench {
namespace {

constexpr std::size_t frame_max = 1432;

// The whole of it, on two nodes in one thread; an iteration is a message.
void messages(benchmark::State& state) {
  constexpr std::size_t at_once = 200;
  Lockstep ring;
  LocalProgram program(ring.node(0), ring.now());
  program.join("micro");
  ring.rotate(10);
  const std::vector<std::byte> payload(static_cast<std::size_t>(state.range(0)));
  std::size_t under_way = 0;
  while (state.KeepRunningBatch(at_once)) {
    for (std::size_t i = 0; i < at_once; ++i) under_way += program.send(payload);
    while (under_way > 0) {
      ring.turn();
      under_way -= program.take_messages();
    }
  }
}
BENCHMARK(messages)->Name("message, submitted, ordered, delivered on two")->Arg(64)->Arg(1024);

void idle_rotation(benchmark::State& state) {
  Lockstep ring;
  for (auto _ : state) ring.rotate(1);
}
BENCHMARK(idle_rotation)->Name("rotation of an idle token, two visits");

void window(benchmark::State& state) {
  FramePool pool(1024, header_size, frame_max, 0);
  totem::Window window(512);
  totem::Seq seq{};
  for (auto _ : state) {
    FrameRef frame = pool.take();
    frame.resize(64);
    window.put(++seq, std::move(frame));
    benchmark::DoNotOptimize(window.has(seq));
    window.release_to(seq);
  }
}
BENCHMARK(window)->Name("frame into the window and out");

void packer(benchmark::State& state) {
  FramePool pool(1024, header_size, frame_max, 0);
  totem::Packer packer(pool, frame_max, 512, 0);
  const std::vector<std::byte> payload(static_cast<std::size_t>(state.range(0)));
  const std::span<const std::byte> parts[] = {payload};
  for (auto _ : state) {
    if (packer.submit(1, totem::Guarantee::agreed, parts) == totem::Submitted::later) std::abort();
    if (packer.pending() > 256)
      while (packer.pending() > 0) benchmark::DoNotOptimize(packer.take());
  }
}
BENCHMARK(packer)->Name("message packed into a frame")->Arg(64)->Arg(1024);

void shm_ring(benchmark::State& state) {
  shm::RingWords words;
  std::vector<std::byte> memory(1 << 20);
  shm::Producer producer(words, memory);
  shm::Consumer consumer(words, memory);
  const std::vector<std::byte> payload(static_cast<std::size_t>(state.range(0)));
  const std::span<const std::byte> parts[] = {payload};
  shm::Record record;
  for (auto _ : state) {
    if (!producer.write(1, parts)) std::abort();
    producer.publish();
    if (consumer.peek(record) != shm::Look::record) std::abort();
    benchmark::DoNotOptimize(record.payload.data());
    consumer.consume();
    consumer.publish();
  }
}
BENCHMARK(shm_ring)->Name("record through a program's ring")->Arg(64)->Arg(1024);

void header(benchmark::State& state) {
  std::vector<std::byte> frame(header_size + 64);
  Header header{.cluster = 1, .sender = NodeId{1}, .length = 64, .boot = 1};
  Header read;
  for (auto _ : state) {
    ++header.counter;
    write_header(header, std::span(frame).first<header_size>());
    if (read_header(frame, 1, read) != Refusal::none) std::abort();
    benchmark::DoNotOptimize(read);
  }
}
BENCHMARK(header)->Name("clear header written and read");

// What membership does with a data message: whose group is it, who is in it here.
class Count final : public membership::Sink {
 public:
  void transitional(const totem::Configuration&) override {}
  void view(const membership::View&) override {}
  void group_change(const membership::GroupChange&) override {}
  void join_refused(const membership::Process&, std::string_view, std::string_view) override {}
  void message(const membership::GroupMessage& message) override {
    members += message.members.size();
  }
  void verdict(const membership::VerdictChange&) override {}
  void votes_answered(std::uint64_t, membership::QuorumChange) override {}
  void barrier_done() override {}
  std::size_t members = 0;
};

// Nodes 1 … `nodes`, which have had their barrier.
struct Members {
  explicit Members(std::uint32_t nodes) {
    std::vector<totem::Member> members;
    for (std::uint32_t node = 1; node <= nodes; ++node) members.push_back({NodeId{node}, node});
    membership.configuration({.ring = ring, .previous = {}, .members = members});
    const auto list = membership.barrier();  // everyone's is empty
    for (std::uint32_t node = 1; node <= nodes; ++node) deliver(node, list, true);
  }
  void deliver(std::uint32_t sender, std::span<const std::byte> payload, bool barrier = false) {
    membership.message({.place = {ring, totem::Seq{++seq}, 0},
                        .sender = NodeId{sender},
                        .barrier = barrier,
                        .payload = payload});
  }

  Count count;
  membership::Membership membership{NodeId{1}, {}, count};
  totem::RingId ring{1, NodeId{1}, 1};
  std::uint64_t seq = 0;
};

void lookup(benchmark::State& state) {
  Members members(1);
  members.deliver(1, membership::wire::join(1, 1, "micro").view());
  const auto data = membership::wire::data(1, membership::group_id("micro"));
  std::vector<std::byte> message(data.view().begin(), data.view().end());
  message.resize(message.size() + 64);
  for (auto _ : state) members.deliver(1, message);
  if (members.count.members == 0) state.SkipWithError("no member was found");
}
BENCHMARK(lookup)->Name("group and members of a message looked up");

// As many groups as a cluster may have, with as many members: a turn in which they are copied.
void copy_groups(benchmark::State& state) {
  constexpr std::size_t groups = membership::GroupLimits{}.groups;
  constexpr std::uint32_t nodes = membership::GroupLimits{}.members / groups;
  Members members(nodes);
  for (std::size_t group = 0; group < groups; ++group)
    for (std::uint32_t node = 1; node <= nodes; ++node) {
      const std::string name = std::string(100, 'g') + std::to_string(group);
      members.deliver(node, membership::wire::join(1, 1, name).view());
    }
  if (members.membership.group_count() != groups) state.SkipWithError("groups were refused");
  const bool changes = state.range(0) != 0;
  for (auto _ : state) {
    state.PauseTiming();
    node::GroupCopy copy({});
    if (changes) copy.go_on(members.membership, 0);
    state.ResumeTiming();
    copy.go_on(members.membership, changes);
    benchmark::DoNotOptimize(copy.groups().data());
  }
}
BENCHMARK(copy_groups)->Name("a piece of all groups copied")->Arg(0);
BENCHMARK(copy_groups)->Name("all groups copied at once")->Arg(1);

// The same empty receive, called through the interface and on the final class.
void interface_call(benchmark::State& state) {
  FramePool pool(8, header_size, frame_max, 0);
  Wire wire(pool, frame_max);
  Transport* transport = &wire;
  std::array<Arrival, Wire::burst_max> arrivals;
  for (auto _ : state) {
    benchmark::DoNotOptimize(transport);
    benchmark::DoNotOptimize(transport->receive(Lane::data, arrivals));
  }
}
BENCHMARK(interface_call)->Name("empty burst, by a virtual call");

void direct_call(benchmark::State& state) {
  FramePool pool(8, header_size, frame_max, 0);
  Wire wire(pool, frame_max);
  Wire* device = &wire;
  std::array<Arrival, Wire::burst_max> arrivals;
  for (auto _ : state) {
    benchmark::DoNotOptimize(device);
    benchmark::DoNotOptimize(device->receive(Lane::data, arrivals));
  }
}
BENCHMARK(direct_call)->Name("empty burst, by a direct call");

// Frames sealed and opened, beside what libsodium alone takes for the same bytes.
class Sealing {
 public:
  explicit Sealing(std::int64_t payload)
      : root_(RootKey::size_min,
              [](std::span<std::byte> bytes) { std::ranges::fill(bytes, std::byte{7}); }),
        key_(root_, "bench"),
        seals_(1),
        frame_(header_size + static_cast<std::size_t>(payload) + seal_overhead) {
    header_.length = static_cast<std::uint32_t>(frame_.size() - header_size);
    seals_[0].make(key_, header_.suite, Seal::Place::of(header_));
    crypto_aead_aes256gcm_beforenm(&schedule_, key_.bytes().data());
  }
  void close() {
    ++header_.counter;
    write_header(header_, std::span(frame_).first<header_size>());
    if (seals_[0].is_for(Seal::Place::of(header_))) seals_[0].close(frame_, header_.counter);
  }
  bool open() { return seals_[0].open(frame_, header_.counter); }
  void close_bare() {
    ++nonce_[0];
    crypto_aead_aes256gcm_encrypt_afternm(text(), nullptr, text(), size() - tag_size, ad(),
                                          header_size, nullptr, nonce_.data(), &schedule_);
  }
  bool open_bare() {
    return crypto_aead_aes256gcm_decrypt_afternm(text(), nullptr, nullptr, text(), size(), ad(),
                                                 header_size, nonce_.data(), &schedule_) == 0;
  }
  std::span<std::byte> frame() { return frame_; }

 private:
  std::uint8_t* ad() { return reinterpret_cast<std::uint8_t*>(frame_.data()); }
  std::uint8_t* text() { return ad() + header_size; }
  std::size_t size() const { return frame_.size() - header_size; }

  RootKey root_;
  ClusterKey key_;
  Guarded<Seal> seals_;
  std::vector<std::byte> frame_;
  Header header_{.suite = Suite::aes256gcm, .sender = NodeId{1}, .boot = 1};
  alignas(16) crypto_aead_aes256gcm_state schedule_;
  std::array<std::uint8_t, crypto_aead_aes256gcm_NPUBBYTES> nonce_{};
};

void seal(benchmark::State& state) {
  Sealing sealing(state.range(0));
  for (auto _ : state) sealing.close();
}
void seal_bare(benchmark::State& state) {
  Sealing sealing(state.range(0));
  for (auto _ : state) sealing.close_bare();
}
void reject(benchmark::State& state) {
  Sealing sealing(state.range(0));
  sealing.close();
  sealing.frame().back() ^= std::byte{1};
  for (auto _ : state) benchmark::DoNotOptimize(sealing.open());
}
void reject_bare(benchmark::State& state) {
  Sealing sealing(state.range(0));
  for (auto _ : state) benchmark::DoNotOptimize(sealing.open_bare());
}
BENCHMARK(seal)->Name("frame sealed")->Arg(64)->Arg(1400);
BENCHMARK(seal_bare)->Name("the same by libsodium alone")->Arg(64)->Arg(1400);
BENCHMARK(reject)->Name("forged frame refused")->Arg(1400);
BENCHMARK(reject_bare)->Name("the same by libsodium alone, refused")->Arg(1400);

}  // namespace
}  // namespace gyre::bench

BENCHMARK_MAIN();
