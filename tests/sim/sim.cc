// Runs seeds and says what came of each. scripts/sim spreads them over processors.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <charconv>
#include <chrono>
#include <nlohmann/json.hpp>

#include "tests/sim/trial.hh"

namespace gyre::sim {
namespace {

struct Range {
  std::uint64_t first = 1, last = 1;
};

Range read_range(const std::string& text) {
  Range range;
  const char* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, range.first);
  range.last = range.first;
  if (error == std::errc{} && rest == end) return range;
  if (error == std::errc{} && std::string_view(rest, end).starts_with("..")) {
    const auto [behind, wrong] = std::from_chars(rest + 2, end, range.last);
    if (wrong == std::errc{} && behind == end && range.first <= range.last) return range;
  }
  throw CLI::ValidationError("--seeds", "wants A or A..B, not '" + text + "'");
}

std::string line(std::uint64_t seed, const Outcome& outcome) {
  return fmt::format(
      "seed {:<8} {} machines, core {}  {:>4} faults {:>4} rings {:>6} messages {:>8} frames  "
      "together after {:5.2f} reactions  {:016x}  {}",
      seed, outcome.machines, outcome.core, outcome.faults, outcome.rings, outcome.messages,
      outcome.frames, outcome.convergence, outcome.hash,
      !outcome.violations.empty() ? "VIOLATED"
      : outcome.parted.empty()    ? "ok"
                                  : "ok, but the core parted: " + outcome.parted);
}

nlohmann::json json_of(std::uint64_t seed, const Outcome& outcome, double wall) {
  nlohmann::json made = {{"seed", seed},
                         {"machines", outcome.machines},
                         {"core", outcome.core},
                         {"faults", outcome.faults},
                         {"rings", outcome.rings},
                         {"messages", outcome.messages},
                         {"frames", outcome.frames},
                         {"seconds", outcome.seconds},
                         {"wall", wall},
                         {"convergence", outcome.convergence},
                         {"hash", fmt::format("{:016x}", outcome.hash)},
                         {"reached", outcome.reached},
                         {"parted", outcome.parted},
                         {"violations", nlohmann::json::array()}};
  for (const check::Violation& violation : outcome.violations)
    made["violations"].push_back({{"clause", violation.clause}, {"text", violation.text}});
  return made;
}

// False: a guarantee was violated.
bool run_seed(const TrialOptions& options, bool json) {
  const auto begin = std::chrono::steady_clock::now();
  const Outcome outcome = run_trial(options);
  const std::chrono::duration<double> wall = std::chrono::steady_clock::now() - begin;
  for (const std::string& each : outcome.trace) fmt::print("{}\n", each);
  if (options.tracing) fmt::print("{}\n", outcome.swarm);
  if (json)
    fmt::print("{}\n", json_of(options.seed, outcome, wall.count()).dump());
  else
    fmt::print("{}\n", line(options.seed, outcome));
  for (const check::Violation& violation : outcome.violations)
    if (!json) fmt::print("  {}: {}\n", violation.clause, violation.text);
  std::fflush(stdout);
  return outcome.violations.empty();
}

}  // namespace
}  // namespace gyre::sim

int main(int argc, char** argv) {
  CLI::App app("Whole nodes in virtual time, under faults that a seed draws");
  std::string seeds = "1";
  gyre::sim::TrialOptions options;
  bool json = false, keep_going = false;
  app.add_option("--seeds,--seed", seeds, "A or A..B");
  app.add_option("--minutes", options.minutes, "of simulated time")->check(CLI::Range(0.01, 1e6));
  app.add_option("--nodes", options.machines, "how many machines")->check(CLI::Range(1, 64));
  app.add_flag("--trace", options.tracing, "print what happens");
  app.add_flag("--frames", options.tracing_frames, "with --trace: every frame, too");
  app.add_flag("--json", json, "one object per seed and line");
  app.add_flag("--keep-going", keep_going, "do not stop at a violation");
  try {
    app.parse(argc, argv);
    bool good = true;
    const auto [first, last] = gyre::sim::read_range(seeds);
    for (options.seed = first; options.seed <= last && (good || keep_going); ++options.seed)
      good &= gyre::sim::run_seed(options, json);
    return good ? 0 : 1;
  } catch (const CLI::ParseError& error) {
    return app.exit(error);
  }
}
