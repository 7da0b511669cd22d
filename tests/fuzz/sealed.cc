// Frames through Sealed: from a hostile network, and from nodes that have the key and went mad.
// What comes out was sealed by a node that has answered, comes once and as it was; what goes out is
// bounded, and no counter is used twice.
//
// A script is turns of time, our own sends, and bursts of frames: bytes, frames with a seal that
// does not fit, and frames as a node with the key would make them, whatever they say.
#include "transport/sealed.hh"

#include <array>
#include <cassert>
#include <cstdlib>
#include <memory>
#include <set>
#include <tuple>
#include <vector>

#include "tests/fuzz/burst_device.hh"
#include "tests/fuzz/script.hh"

// Keys stand in ordinary memory: to guard it takes the kernel ten times as long as all the rest.
extern "C" {
void* __wrap_sodium_malloc(std::size_t size) {
  return std::malloc(size);
}
void __wrap_sodium_free(void* memory) {
  std::free(memory);
}
int __wrap_sodium_mlock(void*, std::size_t) {
  return 0;
}
int __wrap_sodium_mprotect_noaccess(void*) {
  return 0;
}
int __wrap_sodium_mprotect_readonly(void*) {
  return 0;
}
int __wrap_madvise(void*, std::size_t, int) {
  return 0;
}
}

namespace {

using namespace gyre;

constexpr std::size_t frames_max = 64, text_max = 127, payload_max = 256;
constexpr std::size_t overhead = header_size + seal_overhead;
constexpr Duration pace = std::chrono::milliseconds(10), pause_max = std::chrono::milliseconds(100);
constexpr NodeId self{1};
constexpr std::uint64_t cluster = 7;

Suite suite() {
  static const bool aes = sodium_init() >= 0 && available(Suite::aes256gcm);
  return aes ? Suite::aes256gcm : Suite::chacha20poly1305;
}

ClusterKey make_key() {
  static const RootKey root(RootKey::size_min,
                            [](std::span<std::byte> key) { std::ranges::fill(key, std::byte{7}); });
  return ClusterKey(root, "fuzz");
}

// What a node with the key can do.
class Insider {
 public:
  void close(std::span<std::byte> frame, const Header& header) {
    seal_for(header).close(frame, header.counter);
  }
  bool open(std::span<std::byte> frame, const Header& header) {
    return seal_for(header).open(frame, header.counter);
  }
  std::uint8_t key_id() const { return key_.id(); }

 private:
  Seal& seal_for(const Header& header) {
    const auto place = Seal::Place::of(header);
    if (!seal_.is_for(place)) seal_.make(key_, header.suite, place);
    return seal_;
  }
  ClusterKey key_ = make_key();
  Seal seal_;
};

Insider& insider() {
  static Insider one;
  return one;
}

struct Place {
  NodeId sender;
  std::uint64_t boot;
  Lane lane;
  std::uint64_t counter;
  auto operator<=>(const Place&) const = default;
  static Place of(const Header& header) {
    return {header.sender, header.boot, header.lane, header.counter};
  }
};

using Question = std::array<std::byte, 20>;  // whom, and a number

// Hears what we say, as everybody does.
class Wire final : public fuzz::BurstDevice {
 public:
  Wire() : BurstDevice(payload_max + overhead, frames_max) {}

  std::size_t send(std::span<const Send> sends) noexcept override {
    for (const Send& send : sends) {
      const auto frame = send.frame.bytes();
      Header header;
      const Refusal refusal = read_header(frame, cluster, header, suite());
      assert(refusal == Refusal::none && header.sender == self);
      const bool is_new = used_.insert(Place::of(header)).second;
      assert(is_new);
      std::vector<std::byte> copy(frame.begin(), frame.end());
      const bool opens = insider().open(copy, header);
      assert(opens);
      ++said;
      const auto text = std::span(copy).subspan(header_size, copy.size() - overhead);
      if (copy[copy.size() - tag_size - 1] != static_cast<std::byte>(FrameKind::challenge))
        continue;
      Question& question = questions.emplace_back();
      assert(text.size() == question.size());
      std::ranges::copy(text, question.begin());
    }
    return sends.size();
  }

  std::size_t said = 0;
  std::vector<Question> questions;

 private:
  std::set<Place> used_;
};

struct Made {
  Place place;
  std::vector<std::byte> text;
};

class Bed {
 public:
  explicit Bed(fuzz::Script& script) : script_(script) { sealed_.advance(now_); }

  void step() {
    switch (script_.byte() % 4) {
      case 0:
        now_ += pace * (script_.byte() % 16) / 2;
        sealed_.advance(now_);
        return;
      case 1:
        speak();
        return;
      default:
        hear();
    }
  }
  void end() {
    assert(pool_.available() + 1 >= pool_.count());  // the last one to everyone
  }

 private:
  void speak() {
    Send send{pool_.take(), NodeIndex::everyone, Lane(script_.byte() & 1)};
    send.frame.resize(script_.byte());
    std::ranges::fill(send.frame.bytes(), std::byte{5});
    const std::size_t said = wire_->said;
    const std::size_t taken = sealed_.send({&send, 1});
    assert(taken == 1 && wire_->said == said + 1);
  }

  void hear() {
    const Lane lane{static_cast<std::uint8_t>(script_.byte() & 1)};
    while (wire_->waiting < wire_->burst.size() && !script_.done() && frames_ < frames_max) {
      wire_->burst[wire_->waiting++] = read_frame();
      ++frames_;
    }
    const std::size_t said = wire_->said;
    const std::uint64_t proved = sealed_.stamp_counters().proved;
    std::array<Arrival, 8> arrivals;
    const std::size_t count = sealed_.receive(lane, arrivals);
    assert(wire_->said - said <= Sealed::controls_max + 1);
    // Whoever answers says how far it has come, and a mad one may say that it is at its beginning.
    const bool once = sealed_.stamp_counters().proved == proved;
    if (!once) delivered_.clear();
    for (Arrival& arrival : std::span(arrivals).first(count)) expect_made(arrival, lane, once);
  }

  // Somebody with the key has made it so, has answered before, and it comes for the first time.
  void expect_made(Arrival& arrival, Lane lane, bool once) {
    const auto text = arrival.frame.bytes();
    FrameRef whole = arrival.frame;
    whole.prepend(header_size);
    whole.resize(whole.size() + seal_overhead);
    Header header;
    const Refusal refusal = read_header(whole.bytes(), cluster, header, suite());
    assert(refusal == Refusal::none && header.sender == arrival.sender && header.lane == lane);
    assert(header.sender != self && answered_.contains({header.sender, header.boot}));
    const Place place = Place::of(header);
    const bool made = std::ranges::any_of(made_, [&](const Made& one) {
      return one.place == place && std::ranges::equal(one.text, text);
    });
    const bool is_new = delivered_.insert(place).second;
    assert(made && (is_new || !once));
  }

  FrameRef read_frame() {
    FrameRef frame = pool_.take();
    const std::uint8_t how = script_.byte();
    if ((how & 3) == 0) {
      const auto raw = script_.bytes(script_.byte());
      frame.resize(raw.size());
      std::ranges::copy(raw, frame.data());
      return frame;
    }
    Header header = read_header_of();
    std::vector<std::byte> text;
    std::uint8_t kind = 0;
    if ((how & 12) == 12 && !wire_->questions.empty()) {  // as is right, or nearly
      const Question& question = wire_->questions[script_.below(wire_->questions.size())];
      std::memcpy(&header.sender, question.data(), sizeof header.sender);
      const auto to = static_cast<std::uint32_t>(self);
      text.resize(sizeof to);
      std::memcpy(text.data(), &to, sizeof to);
      text.insert(text.end(), question.begin() + sizeof to, question.end());
      if (how & 32) text[sizeof to + script_.below(16)] ^= std::byte{script_.byte()};
      text.resize(text.size() + 8, std::byte{script_.byte()});  // the token lane's counter
      kind = static_cast<std::uint8_t>(FrameKind::answer);
      header.lane = Lane::data;
    } else {
      const auto said = script_.bytes(script_.byte() & text_max);
      text.assign(said.begin(), said.end());
      kind = how & 16 ? script_.byte() : 0;
    }
    header.length = static_cast<std::uint32_t>(text.size() + seal_overhead);
    frame.resize(header_size + header.length);
    write_header(header, frame.bytes().first<header_size>());
    std::ranges::copy(text, frame.data() + header_size);
    frame.data()[header_size + text.size()] = std::byte{kind};
    insider().close(frame.bytes(), header);
    if ((how & 3) == 1) {
      frame.data()[script_.below(frame.size())] ^= std::byte{script_.byte()};
      if (script_.yes()) frame.resize(script_.below(frame.size()));
    }
    remember(frame, text, kind, header);
    return frame;
  }

  // What may come of it, if it is still as it was made.
  void remember(const FrameRef& frame, const std::vector<std::byte>& text, std::uint8_t kind,
                const Header& made) {
    Header header;
    if (read_header(frame.bytes(), cluster, header, suite()) != Refusal::none) return;
    std::vector<std::byte> copy(frame.bytes().begin(), frame.bytes().end());
    if (!(header == made) || !insider().open(copy, header)) return;
    if (kind == static_cast<std::uint8_t>(FrameKind::payload))
      made_.push_back({Place::of(header), text});
    const auto is_asked = [&](const Question& question) {
      return std::memcmp(question.data(), &header.sender, 4) == 0 && text.size() >= 20 &&
             std::ranges::equal(std::span(question).subspan(4), std::span(text).subspan(4, 16));
    };
    if (kind == static_cast<std::uint8_t>(FrameKind::answer) &&
        std::ranges::any_of(wire_->questions, is_asked))
      answered_.insert({header.sender, header.boot});
  }

  // Seven senders with two boots each, one of them ours by name; counters stay close, or jump by
  // whole windows or eras.
  Header read_header_of() {
    const std::uint8_t choice = script_.byte(), step = script_.byte();
    const std::uint64_t counter = std::uint64_t{step & 0x3fu} << (step & 0x40 ? 13 : 0)
                                                              << (step & 0x80 ? 9 : 0);
    return {.suite = suite(),
            .lane = Lane{static_cast<std::uint8_t>(choice & 1)},
            .generation = insider().key_id(),
            .cluster = cluster,
            .sender = NodeId{(choice >> 1 & 7u) + 1},
            .boot = 1u + (choice >> 4 & 1u),
            .counter = counter};
  }

  fuzz::Script& script_;
  static inline FramePool pool_{256, header_size, payload_max + overhead, 0};  // as fresh again
  Wire* const wire_ = new Wire;                                                // owned by `sealed_`
  Sealed sealed_{std::unique_ptr<Transport>(wire_),
                 {.self = self,
                  .cluster = cluster,
                  .key = make_key(),
                  .suite = suite(),
                  .draw =
                      [number = std::uint64_t{0x9e3779b97f4a7c15}]() mutable {
                        return number = number * 6364136223846793005 + 1442695040888963407;
                      },
                  .pause_max = pause_max,
                  .pace = pace,
                  .senders = 4},
                 pool_};
  Time now_{std::chrono::hours(1)};
  std::size_t frames_ = 0;
  std::vector<Made> made_;
  std::set<Place> delivered_;
  std::set<std::pair<NodeId, std::uint64_t>> answered_;
};

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Script script(data, size);
  Bed bed(script);
  for (int steps = 0; steps < 64 && !script.done(); ++steps) bed.step();
  bed.end();
  return 0;
}
