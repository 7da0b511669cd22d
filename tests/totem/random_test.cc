// Seeded runs full of faults: extended virtual synchrony is checked event by event, and after the
// faults every run must come together again within 5 × (token + consensus).

#include <gtest/gtest.h>

#include <cstdlib>

#include "tests/totem/simulation.hh"

namespace gyre::test {
namespace {

using namespace std::chrono_literals;

class Faults {
 public:
  Faults(Simulation& simulation, std::size_t nodes) : simulation_(simulation), nodes_(nodes) {}

  void one() {
    auto& random = simulation_.random;
    const std::size_t node = random() % nodes_, other = random() % nodes_;
    switch (random() % 10) {
      case 0:
      case 1:
        if (simulation_.up(node)) simulation_.crash(node);
        break;
      case 2:
      case 3:
        if (!simulation_.up(node)) simulation_.start(node);
        break;
      case 4:
        if (simulation_.up(node)) simulation_.pause(node, Duration(random() % 60'000'000));
        break;
      case 5: {
        std::vector<std::size_t> side;
        for (std::size_t i = 0; i < nodes_; ++i)
          if (random() % 2) side.push_back(i);
        simulation_.split(side);
        break;
      }
      case 6:
        if (node != other) simulation_.cut(node, other, random() % 2);
        break;
      case 7:
        simulation_.heal();
        break;
      case 8:
        simulation_.weather.loss = random() % 2 ? 0 : static_cast<double>(random() % 200) / 1000;
        simulation_.weather.duplication = static_cast<double>(random() % 100) / 1000;
        break;
      case 9:
        if (random() % 3 == 0 && simulation_.up(node)) simulation_.leave(node);
        if (random() % 4 == 0 && !simulation_.up(node)) simulation_.lose_file(node);
        break;
    }
  }

 private:
  Simulation& simulation_;
  std::size_t nodes_;
};

// Some have links that keep no common order; from chance of its own, so that the others stay.
totem::Parameters draw_parameters(std::uint64_t seed) {
  std::mt19937_64 random(~seed);
  totem::Parameters parameters = Simulation::quick();
  if (random() % 3 == 0) parameters.late_data = Duration(random() % 6'000'000);
  return parameters;
}

bool run(std::uint64_t seed, bool tracing,
         const totem::Parameters& parameters = Simulation::quick()) {
  std::mt19937_64 shape(seed);
  const std::size_t nodes = 2 + shape() % 6;
  Simulation simulation(nodes, seed, parameters);
  simulation.tracing = tracing;
  simulation.workload.messages_per_turn = static_cast<double>(shape() % 100) / 400;
  simulation.workload.large = shape() % 2 ? 0.02 : 0;
  simulation.weather.delay_max = std::chrono::microseconds(10 + shape() % 500);
  simulation.start_all();
  Faults faults(simulation, nodes);
  for (std::size_t i = 0, count = 10 + shape() % 30; i < count; ++i) {
    simulation.run(Duration(shape() % 80'000'000));
    faults.one();
  }
  simulation.heal();
  simulation.weather.loss = simulation.weather.duplication = 0;
  simulation.start_all();
  simulation.run(60ms);  // pauses end
  const Duration bound = 5 * (parameters.token_loss + parameters.consensus);
  const bool converged = simulation.run_until([&] { return simulation.whole(); }, bound);
  simulation.workload.messages_per_turn = 0;
  const bool drained =
      converged && simulation.run_until([&] { return simulation.drained(); }, 500ms);
  simulation.run(30ms);
  bool good = converged && drained;
  const auto violations = simulation.finish(good);
  for (const auto& violation : violations)
    ADD_FAILURE() << "seed " << seed << ": " << violation.clause << ": " << violation.text;
  if (!converged) ADD_FAILURE() << "seed " << seed << ": did not come together";
  if (converged && !drained) ADD_FAILURE() << "seed " << seed << ": did not drain";
  good &= violations.empty();
  if (tracing || !good) {
    const auto& trace = simulation.trace();
    for (std::size_t i = trace.size() > 300 ? trace.size() - 300 : 0; i < trace.size(); ++i)
      std::puts(trace[i].c_str());
  }
  return good;
}

// 3 and 19: members that differed in holding a flapping node down excluded each other for ever.
// 3635: two members agreed between themselves again and again before the third one's join was
// there.
TEST(Random, SeedsThatFoundABug) {
  for (const std::uint64_t seed : {3, 19, 3635}) run(seed, false);
}

// GYRE_SEEDS=first..last runs other seeds; a single one prints its trace.
TEST(Random, EverySeedKeepsTheGuaranteesAndComesTogether) {
  std::uint64_t first = 1, last = 150;
  if (const char* seeds = std::getenv("GYRE_SEEDS")) {
    char* end = nullptr;
    first = last = std::strtoull(seeds, &end, 10);
    if (std::string_view(end).starts_with("..")) last = std::strtoull(end + 2, nullptr, 10);
  }
  int failures = 0;
  for (std::uint64_t seed = first; seed <= last && failures < 5; ++seed)
    failures += !run(seed, first == last, draw_parameters(seed));
}

}  // namespace
}  // namespace gyre::test
