// Frames changed on their way inside a running ring. Whatever comes, nobody crashes or hangs; and
// if frames were only lost, doubled and said again, the guarantees hold and the ring comes
// together.
#include <sys/mman.h>

#include <array>
#include <cassert>
#include <cstdio>
#include <memory>
#include <vector>

#include "tests/fuzz/ring_storm.hh"
#include "tests/fuzz/sanitizer.hh"
#include "tests/fuzz/snapshot.hh"
#include "tests/totem/simulation.hh"

using gyre::fuzz::Arena;

extern "C" {
int __real_munmap(void* memory, std::size_t size);
// A node that ends in a storm is there again in the next one.
int __wrap_munmap(void* memory, std::size_t size) {
  return Arena::making() ? 0 : __real_munmap(memory, size);
}
}

namespace gyre::fuzz {
namespace {

using namespace std::chrono_literals;
using test::Simulation;

constexpr Duration storm_max = 30ms;
constexpr std::size_t nodes_min = 2, shapes = 3;

// Some nodes that just start, or that are a ring already.
std::unique_ptr<Simulation> make(std::size_t nodes, bool whole) {
  auto simulation = std::make_unique<Simulation>(nodes, 1);
  simulation->start_all();
  if (whole) simulation->run_until([&] { return simulation->drained(); }, 100ms);
  return simulation;
}

// Such nodes as they were made, as often as wanted.
class Bed {
 public:
  Bed(std::size_t nodes, bool whole) {
    {
      const Arena::Making making(arena_);
      simulation_ = make(nodes, whole).release();
    }
    for (std::size_t i = 0; i < nodes; ++i)
      held_.emplace_back(const_cast<FramePool&>(simulation_->pool(i)), frame_max);
    arena_.keep();
  }
  Simulation& again() noexcept {
    arena_.put_back();
    for (const HeldFrames& held : held_) held.put_back();
    return *simulation_;
  }
  Arena& arena() noexcept { return arena_; }

 private:
  static constexpr std::size_t frame_max = 1400;

  Arena& arena_ = *new Arena(std::size_t{32} << 20);
  Simulation* simulation_ = nullptr;
  std::vector<HeldFrames> held_;
};

class Storm {
 public:
  Storm(fuzz::Script script, std::uint8_t shape, Simulation& simulation)
      : script_(script), simulation_(simulation) {
    simulation_.random.seed(1 + (shape >> 6));
    simulation_.workload.messages_per_turn = shape & 8 ? 0.2 : 0.02;
    simulation_.workload.large = shape & 16 ? 0.02 : 0;
    simulation_.workload.large_max = 4000;
    simulation_.drop = [this](std::size_t from, std::size_t to, auto bytes) {
      return meddle(from, to, bytes);
    };
  }

  void rage() {
    simulation_.run_until([&] { return script_.done(); }, storm_max);
    simulation_.run(500us);
    raging_ = false;
  }

  void calm() {
    simulation_.workload.messages_per_turn = 0;
    const auto parameters = Simulation::quick();
    const Duration bound = 5 * (parameters.token_loss + parameters.consensus);
    if (forged_) {
      simulation_.run(6ms);
      return;
    }
    const bool whole = simulation_.run_until([&] { return simulation_.whole(); }, bound);
    const bool drained = simulation_.run_until([&] { return simulation_.drained(); }, bound);
    simulation_.run(30ms);  // what is safe is known to all
    const auto violations = simulation_.finish(whole && drained);
    for (const auto& violation : violations)
      std::fprintf(stderr, "%s: %s\n", violation.clause.c_str(), violation.text.c_str());
    assert(violations.empty());
    assert(whole && drained);
  }

 private:
  struct Heard {
    std::size_t from, to;
    std::vector<std::byte> bytes;
  };

  // True: the frame does not arrive as it was sent.
  bool meddle(std::size_t from, std::size_t to, std::span<const std::byte> bytes) {
    if (!raging_) return false;
    if (past_.size() < past_max)
      past_.push_back({from, to, {bytes.begin(), bytes.end()}});
    else
      past_[past_next_++ % past_max] = {from, to, {bytes.begin(), bytes.end()}};
    if (script_.done()) return false;
    if (untouched_ > 0) {
      --untouched_;
      return false;
    }
    const std::uint8_t choice = script_.byte();
    switch (choice & 7) {
      case 0:
      case 1:
        untouched_ = choice >> 3;
        return false;
      case 2:
        return true;
      case 3:
        simulation_.inject(from, to, bytes, (choice >> 3) * Duration(50us));
        return false;
      case 4:
        say_again(choice >> 3);
        return false;
      default:
        forge(from, to, bytes, choice);
        return true;
    }
  }

  void say_again(std::size_t delay) {
    const Heard& heard = past_[script_.byte() % past_.size()];
    simulation_.inject(heard.from, heard.to, heard.bytes,
                       static_cast<std::int64_t>(delay) * Duration(200us));
  }

  void forge(std::size_t from, std::size_t to, std::span<const std::byte> bytes,
             std::uint8_t choice) {
    forged_ = true;
    std::vector<std::byte> changed(bytes.begin(), bytes.end());
    const std::size_t at = script_.byte() % std::min<std::size_t>(changed.size(), 160);
    const std::size_t width = std::min<std::size_t>(1 << (choice >> 3 & 3), changed.size() - at);
    switch (choice & 7) {
      case 5:  // a field
        for (std::size_t i = 0; i < width; ++i) changed[at + i] ^= std::byte{script_.byte()};
        break;
      case 6:  // a field of another frame
        if (const Heard& other = past_[script_.byte() % past_.size()];
            other.bytes.size() >= at + width)
          std::copy_n(other.bytes.begin() + static_cast<std::ptrdiff_t>(at), width,
                      changed.begin() + static_cast<std::ptrdiff_t>(at));
        break;
      case 7:
        changed.resize(std::max<std::size_t>(at, 1));
        break;
    }
    simulation_.inject(from, to, changed, (choice >> 5) * Duration(20us));
  }

  static constexpr std::size_t past_max = 256;

  fuzz::Script script_;
  Simulation& simulation_;
  std::vector<Heard> past_;
  std::size_t past_next_ = 0, untouched_ = 0;
  bool raging_ = true, forged_ = false;
};

std::uint64_t run(Script script, std::uint8_t shape, Simulation& simulation) {
  Storm storm(script, shape, simulation);
  storm.rage();
  storm.calm();
  return simulation.hash();
}

}  // namespace

std::uint64_t run_storm(Script script) {
  const std::uint8_t shape = script.byte();
  const bool starting = (shape & 32) != 0;
#ifdef GYRE_ADDRESS_SANITIZER  // which watches each array, if it is not a piece of an arena
  return run(script, shape, *make(nodes_min + shape % shapes, !starting));
#else
  static const auto beds = [] {
    std::array<Bed*, 2 * shapes> made;
    for (std::size_t i = 0; i < made.size(); ++i) made[i] = new Bed(nodes_min + i / 2, i % 2 == 0);
    return made;
  }();
  Bed& bed = *beds[shape % shapes * 2 + starting];
  Simulation& simulation = bed.again();
  const Arena::Making making(bed.arena());
  return run(script, shape, simulation);
#endif
}

}  // namespace gyre::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  gyre::fuzz::run_storm({data, size});
  return 0;
}
