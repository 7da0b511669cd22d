#include "tests/fuzz/ring_bed.hh"

#include <array>
#include <cassert>
#include <optional>
#include <vector>

#include "tests/fuzz/sanitizer.hh"
#include "tests/fuzz/snapshot.hh"
#include "tests/totem/simulation.hh"

namespace gyre::fuzz {
namespace {

using namespace std::chrono_literals;
using test::Simulation;
using totem::RingId;
using totem::State;
namespace wire = totem::wire;

constexpr std::size_t nodes = 4, frame_room = 1400, frames_per_script = 8;

// One ring in one state. Node 4 has been a member, and went.
class Bed {
 public:
  Bed(State state, std::size_t subject, std::size_t members)
      : simulation_(members, 1 + static_cast<std::size_t>(state)), subject_(subject) {
    simulation_.drop = [this](auto, auto, auto bytes) { return listen(bytes); };
    for (std::size_t i = 0; i < members; ++i)
      if (i != subject) simulation_.start(i);
    {
      const Arena::Making making(arena_);
      simulation_.start(subject);
      pool_ = new FramePool(frames_per_script, 64, frame_room, 16);
    }
    wait_for([&] { return simulation_.whole(); });
    simulation_.workload.messages_per_turn = 0.05;
    simulation_.run(2ms);
    if (members == nodes) lose_a_member();
    installed_ = ring().ring();
    if (state == State::leaving) simulation_.leave(subject);
    if (state != State::operational && state != State::leaving) simulation_.split({2, 3});
    wait_for([&] { return ring().state() == state; });
    held_.emplace(const_cast<FramePool&>(simulation_.pool(subject_)), frame_room);
    arena_.keep();
  }

  void reset() noexcept {
    arena_.put_back();
    held_->put_back();
  }
  totem::Ring& ring() { return simulation_.ring(subject_); }
  FramePool& pool() { return *pool_; }
  Time now() const { return simulation_.now(); }
  NodeId self() const { return Simulation::id(subject_); }
  // What the ring may have in mind: the installed one, and the last that anyone wanted to form.
  const RingId& known(std::size_t which) const { return which == 0 ? installed_ : forming_; }

 private:
  void wait_for(const std::function<bool()>& condition) {
    const bool met = simulation_.run_until(condition, 200ms);
    assert(met);
    static_cast<void>(met);
  }
  void lose_a_member() {
    simulation_.crash(3);
    wait_for([&] { return simulation_.whole(); });
    simulation_.run(2ms);
  }
  bool listen(std::span<const std::byte> bytes) {
    if (wire::type(bytes) == wire::Type::commit_token)
      if (const auto part = wire::read_commit_part(bytes)) forming_ = part->ring;
    return false;
  }

  Arena& arena_ = *new Arena(768 << 10);
  Simulation simulation_;
  const std::size_t subject_;
  FramePool* pool_ = nullptr;
  RingId installed_, forming_;
  std::optional<HeldFrames> held_;
};

// Never taken down: its objects lie in an arena.
std::vector<Bed*> make_beds() {
  std::vector<Bed*> beds{new Bed(State::operational, 0, 1)};
  for (const State state : {State::operational, State::gather, State::commit, State::recovery})
    for (const std::size_t subject : {0, 1}) beds.push_back(new Bed(state, subject, nodes));
  beds.push_back(new Bed(State::leaving, 1, nodes));
  return beds;
}

// The next frame of a script. What lies behind it in its buffer is not to be touched.
FrameRef make_frame(Script& script, const FrameKind& kind, Bed& bed, std::uint8_t choices) {
  const std::size_t length = script.number<std::uint16_t>() % frame_room;
  const auto bytes = script.bytes(length);
  FrameRef frame = bed.pool().take();
  ASAN_UNPOISON_MEMORY_REGION(frame.data(), frame_room);
  frame.resize(bytes.size());
  std::ranges::copy(bytes, frame.data());
  if (!bytes.empty()) frame.data()[0] = std::byte(kind.type);
  if (const std::size_t which = choices >> 2 & 3;
      which < 2 && kind.ring_offset > 0 && frame.size() >= kind.ring_offset + 20) {
    const RingId& ring = bed.known(which);
    store_ring(frame.data() + kind.ring_offset, ring);
  }
  if (kind.fit && (choices & 0x10) == 0) kind.fit(frame, bed.known(0));
  ASAN_POISON_MEMORY_REGION(frame.data() + frame.size(), frame_room - frame.size());
  return frame;
}

// All that a ring sends, other nodes can read.
void check_output(totem::Output& output) {
  for (const Send& send : output.sends) {
    assert(send.frame);
    const auto bytes = send.frame.bytes();
    const auto type = wire::type(bytes);
    assert(type && send.to != NodeIndex::self);
    static wire::Token token;
    static wire::Join join;
    static wire::MergeDetect detect;
    switch (*type) {
      case wire::Type::data:
        assert(wire::read_data(bytes));
        break;
      case wire::Type::token:
        assert(wire::read_token(bytes, token));
        break;
      case wire::Type::join:
        assert(wire::read_join(bytes, join));
        break;
      case wire::Type::commit_token:
        assert(wire::read_commit_part(bytes));
        break;
      case wire::Type::merge_detect:
        assert(wire::read_merge_detect(bytes, detect));
        break;
      case wire::Type::hold_cancel:
        assert(wire::read_hold_cancel(bytes));
        break;
    }
  }
  output.sends.clear();
  output.sequenced.clear();
  output.transitions.clear();
}

// Messages come in the order of their places, configurations are sorted and contain this node.
class Events {
 public:
  explicit Events(NodeId self) : self_(self) {}

  void take_from(totem::Ring& ring) {
    for (totem::Event event; ring.next(event);) {
      if (const auto* message = std::get_if<totem::Message>(&event))
        take(*message);
      else
        take(std::get<totem::Configuration>(event));
    }
    assert(!ring.must_drain());
  }

 private:
  void take(const totem::Message& message) {
    assert(message.place.ring != last_.ring || message.place > last_);
    last_ = message.place;
    for (const std::byte byte : message.payload) sum_ = sum_ + std::to_integer<unsigned>(byte);
  }
  void take(const totem::Configuration& configuration) const {
    bool self = false;
    NodeId before = NodeId::none;
    for (const auto& member : configuration.members) {
      assert(member.node > before);
      before = member.node;
      self |= member.node == self_;
    }
    assert(self);
  }

  NodeId self_;
  totem::Place last_;
  volatile unsigned sum_ = 0;  // so that payloads are read
};

void submit(totem::Ring& ring, std::uint8_t choices) {
  static constexpr std::array<std::byte, 3000> bytes{};
  const std::span<const std::byte> part(bytes.data(), choices & 2 ? bytes.size() : 20);
  const auto guarantee = choices & 4 ? totem::Guarantee::safe : totem::Guarantee::agreed;
  if (choices & 1) ring.submit(1, totem::Class::application, guarantee, {{part}});
  if (choices & 8) ring.open();
}

}  // namespace

void store_ring(std::byte* at, const totem::RingId& ring) {
  totem::store(at, ring.seq);
  totem::store(at + 8, ring.incarnation);
  totem::store(at + 16, static_cast<std::uint32_t>(ring.representative));
}

void run_ring(Script script, const FrameKind& kind) {
  static const auto& beds = *new std::vector<Bed*>(make_beds());
  static constexpr std::array<Duration, 8> steps = {0us, 10us,       200us, 2ms,
                                                    4ms, 10ms - 1us, 21ms,  25ms};
  Bed& bed = *beds[script.byte() % beds.size()];
  bed.reset();
  totem::Ring& ring = bed.ring();
  Events events(bed.self());
  Time now = bed.now();
  for (std::size_t i = 0; i < frames_per_script && !script.done(); ++i) {
    const std::uint8_t choices = script.byte(), more = script.byte();
    now += steps[choices >> 5];
    const NodeIndex from{static_cast<std::uint8_t>(1 + (choices & 3) % 3)};
    ring.receive(make_frame(script, kind, bed, choices), from, now);
    submit(ring, more);
    events.take_from(ring);
    ring.expire(now);
    if ((more & 0x10) == 0) ring.visit(now);
    totem::Output& output = ring.output();
    if (const auto wanted = std::exchange(output.reserve_ring_seq, 0); wanted && (more & 0x20) == 0)
      ring.reserved(wanted, now);
    events.take_from(ring);
    check_output(output);
    static_cast<void>(ring.deadline());
    if (ring.left()) return;
  }
}

FrameRef scratch_frame() {
  static FramePool pool(4, 64, 1 << 14, 16);
  return pool.take();
}

void expect_same(std::span<const std::byte> frame, const FrameRef& written,
                 std::initializer_list<std::size_t> spare) {
  assert(frame.size() == written.size());
  for (const std::size_t at : spare) written.data()[at] = frame[at];
  assert(std::memcmp(frame.data(), written.data(), frame.size()) == 0);
}

}  // namespace gyre::fuzz
