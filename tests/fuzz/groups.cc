// Messages of the ring as two nodes take them in: what they say of groups, and the lists of the
// barrier. Both see the same events, and end with the same groups.
#include "membership/groups.hh"

#include <array>
#include <cassert>

#include "tests/fuzz/script.hh"

namespace {

using namespace gyre;
using namespace gyre::membership;
using totem::Member;

constexpr std::size_t steps_max = 64, nodes = 4;
constexpr GroupLimits limits{.groups = 6, .members = 12};
constexpr std::array<std::string_view, 8> names = {"a", "b", "c", "d", "e", "f", "g", "hh"};

// What a program would see, as one number.
class Listener final : public Sink {
 public:
  std::uint64_t seen = 0;

 private:
  template <typename... Numbers>
  void note(Numbers... numbers) {
    ((seen = (seen ^ static_cast<std::uint64_t>(numbers)) * 0x9e3779b97f4a7c15), ...);
  }
  void note(const Process& process) { note(process.node, process.pid, process.client); }
  void note(std::string_view text) {
    for (const char letter : text) note(letter);
  }
  void transitional(const totem::Configuration& configuration) override {
    note(1, configuration.ring.seq);
  }
  void view(const View& view) override {
    note(2, view.number, view.oldest);
    for (const Member& member : view.members) note(member.node, member.since);
    assert(std::ranges::find(view.members, view.oldest, &Member::node) != view.members.end());
  }
  void group_change(const GroupChange& change) override {
    note(change.name);
    for (const Process& member : change.members) note(member);
    for (const Change& joined : change.joined) {
      note(joined.process);
      assert(std::ranges::binary_search(change.members, joined.process));
    }
    for (const Change& left : change.left) note(left.process);
    assert(std::ranges::is_sorted(change.members));
    assert(change.group == group_id(change.name) && valid_group_name(change.name));
  }
  void join_refused(const Process&, std::string_view name, std::string_view reason) override {
    assert(valid_group_name(name) && !reason.empty());  // on one node only
  }
  void message(const GroupMessage& message) override {
    note(message.name);
    note(message.sender);
    note(message.payload.size());
    assert(std::ranges::binary_search(message.members, message.sender));
  }
  void verdict(const VerdictChange& change) override {
    note(change.number);
    note(change.verdict.total_votes);
  }
  void votes_answered(std::uint64_t request, QuorumChange) override { note(request); }
  void barrier_done() override { note(3); }
};

// What can be read is what would be written.
void round_trip(std::span<const std::byte> bytes) {
  const auto same = [&](const wire::Encoded& again) {
    assert(std::ranges::equal(bytes.first(again.size), again.view()));
  };
  if (const auto join = wire::read_join(bytes))
    same(wire::join(join->pid, join->client, join->name));
  if (const auto leave = wire::read_leave(bytes))
    same(wire::leave(leave->client, leave->group, leave->reason));
  if (const auto down = wire::read_process_down(bytes)) same(wire::process_down(down->client));
  if (const auto data = wire::read_data(bytes)) same(wire::data(data->client, data->group));
}

class Run {
 public:
  void step(fuzz::Script& script) {
    const std::uint8_t choice = script.byte();
    const NodeId sender{1 + (choice >> 4 & 3u)};
    switch (choice & 7) {
      case 0:
      case 1:
        return configure(script);
      case 2:
        return deliver(sender, false, script.bytes(script.byte()));
      case 3:
        return deliver(sender, false, request(script).view());
      case 4:
        return deliver(NodeId{1}, true, copy_of(first_.barrier()));
      case 5:
        return deliver(NodeId{2}, true, copy_of(second_.barrier()));
      case 6:
        return deliver(sender, true, list(script));
      case 7:
        for (std::uint32_t i = 3; i <= nodes; ++i) deliver(NodeId{i}, true, empty_list());
        return;
    }
  }

  void compare() const {
    assert(heard_first_.seen == heard_second_.seen);
    assert(first_.syncing() == second_.syncing());
    assert(first_.group_count() == second_.group_count());
    for (std::size_t i = 0; i < first_.group_count(); ++i) {
      const auto group = first_.group(i);
      assert(second_.name(group.group) == group.name && !group.members.empty());
      for (const Process& member : group.members) assert(second_.is_member(group.group, member));
    }
  }

 private:
  // As a ring changes: who comes along, then who is in the new one. The first has nothing before
  // it.
  void configure(fuzz::Script& script) {
    const std::uint8_t choice = script.byte();
    const std::uint8_t next = both | (choice & 0xc), along = both | (next & members_ & choice >> 2);
    const totem::RingId previous = ring_;
    ++ring_.seq;
    if (members_ != 0) configure(totem::Configuration::Kind::transitional, previous, along, 0);
    members_ = next;
    configure(totem::Configuration::Kind::regular, previous, next, choice >> 6);
  }
  void configure(totem::Configuration::Kind kind, const totem::RingId& previous, std::uint8_t set,
                 std::uint64_t since) {
    std::array<Member, nodes> members;
    std::size_t count = 0;
    for (std::uint32_t i = 0; i < nodes; ++i)
      if (set >> i & 1) members[count++] = {NodeId{i + 1}, since};
    const totem::Configuration configuration{.kind = kind,
                                             .ring = ring_,
                                             .previous = previous,
                                             .members = std::span(members).first(count)};
    first_.configuration(configuration);
    second_.configuration(configuration);
  }

  void deliver(NodeId sender, bool barrier, std::span<const std::byte> payload) {
    if (!barrier) round_trip(payload);
    const totem::Message message{.place = {ring_, totem::Seq{++seq_}, 0},
                                 .sender = sender,
                                 .barrier = barrier,
                                 .payload = payload};
    first_.message(message);
    second_.message(message);
  }

  static wire::Encoded request(fuzz::Script& script) {
    const std::uint8_t choice = script.byte();
    const std::uint32_t client = choice >> 5 & 3;
    const std::string_view name = names[choice >> 2 & 7];
    switch (choice & 3) {
      case 0:
        return wire::join(100 + client, client, name);
      case 1:
        return wire::leave(client, group_id(name), ChangeReason::leave);
      case 2:
        return wire::process_down(client);
      default:
        return wire::data(client, group_id(name));
    }
  }

  // A list of this ring with whatever sections.
  std::span<const std::byte> list(fuzz::Script& script) {
    const auto own = first_.barrier();
    const std::size_t head = std::min<std::size_t>(own.size(), script.yes() ? 24 : 32);
    std::ranges::copy(own.first(head), list_.begin());
    const auto sections = script.bytes(script.byte());
    std::ranges::copy(sections, list_.begin() + static_cast<std::ptrdiff_t>(head));
    if (head == 32) {
      const auto length = static_cast<std::uint32_t>(sections.size());
      std::memcpy(list_.data() + 28, &length, sizeof length);
    }
    return std::span(list_).first(head + sections.size());
  }
  std::span<const std::byte> empty_list() {
    fuzz::Script nothing(nullptr, 0);
    return list(nothing);
  }
  // In real life it comes out of a frame.
  std::span<const std::byte> copy_of(std::span<const std::byte> barrier) {
    std::ranges::copy(barrier, list_.begin());
    return std::span(list_).first(barrier.size());
  }

  Listener heard_first_, heard_second_;
  Membership first_{NodeId{1}, limits, heard_first_}, second_{NodeId{2}, limits, heard_second_};
  totem::RingId ring_{.seq = 1, .representative = NodeId{1}, .incarnation = 7};
  std::uint64_t seq_ = 0;
  static constexpr std::uint8_t both = 3;  // the two that are looked at, as bits
  std::uint8_t members_ = 0;
  std::array<std::byte, 4096> list_{};
};

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Script script(data, size);
  Run run;
  for (std::size_t i = 0; i < steps_max && !script.done(); ++i) {
    run.step(script);
    run.compare();
  }
  return 0;
}
