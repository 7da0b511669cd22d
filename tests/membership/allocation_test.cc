// After construction nothing is allocated: not for messages, not for groups, not for rings.
#include <gtest/gtest.h>

#include <cstdlib>
#include <new>

#include "tests/membership/trace.hh"

namespace {
std::size_t allocations = 0;
}

void* operator new(std::size_t size) {
  ++allocations;
  if (void* memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
  std::free(memory);
}

namespace gyre::membership {
namespace {

struct Counter : Sink {
  void transitional(const totem::Configuration&) override { ++events; }
  void view(const View&) override { ++events; }
  void group_change(const GroupChange&) override { ++events; }
  void join_refused(const Process&, std::string_view, std::string_view) override { ++events; }
  void message(const GroupMessage&) override { ++events; }
  void verdict(const VerdictChange&) override { ++events; }
  void votes_answered(std::uint64_t, QuorumChange) override { ++events; }
  void barrier_done() override { ++events; }
  std::size_t events = 0;
};

TEST(Membership, AllocatesNothingAfterConstruction) {
  const NodeId self{1};
  Counter sink;
  Membership membership(self, {.groups = 64, .members = 512}, sink);
  const auto members = members_of({1, 2});
  const auto names = [] {
    std::vector<std::string> made;
    for (int i = 0; i < 70; ++i)
      made.push_back("a group with a long enough name " + std::to_string(i));
    return made;
  }();
  std::vector<std::byte> empty_list;
  {
    Counter other;
    Membership second(NodeId{2}, {.groups = 1, .members = 1}, other);
    second.configuration({totem::Configuration::Kind::regular, ring_id(0), {}, members});
    empty_list.assign(second.barrier().begin(), second.barrier().end());
  }

  allocations = 0;
  const auto deliver = [&](NodeId from, std::span<const std::byte> bytes, bool barrier = false) {
    membership.message({{}, from, totem::Guarantee::agreed, barrier, bytes});
  };
  for (std::uint64_t ring = 1; ring < 50; ++ring) {
    membership.configuration(
        {totem::Configuration::Kind::transitional, ring_id(ring), {}, members});
    membership.configuration({totem::Configuration::Kind::regular, ring_id(ring), {}, members});
    empty_list[4] = std::byte(ring);  // the first byte of the ring's seq
    deliver(NodeId{2}, empty_list, true);
    if (ring % 3 == 0) continue;  // interrupted
    deliver(self, membership.barrier(), true);
    ASSERT_FALSE(membership.syncing());
    for (const NodeId node : {self, NodeId{2}})
      for (std::uint32_t client = 0; client < 10; ++client)
        for (const std::string& name : names) {
          deliver(node, wire::join(1, client, name).view());
          deliver(node, wire::data(client, group_id(name)).view());
        }
    for (std::uint32_t client = 0; client < 10; client += 2)
      deliver(self, wire::process_down(client).view());
    for (const std::string& name : names)
      deliver(self, wire::leave(1, group_id(name), ChangeReason::leave).view());
  }
  EXPECT_EQ(allocations, 0u);
  EXPECT_GT(sink.events, 10'000u);
  EXPECT_GT(membership.counters().refused, 1'000u);
}

}  // namespace
}  // namespace gyre::membership
