// Runs seeds of the model and says what came of each.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <charconv>
#include <chrono>

#include "tests/rm/control/seeds.hh"

namespace gyre::rm::model {
namespace {

std::pair<std::uint64_t, std::uint64_t> read_range(const std::string& text) {
  std::uint64_t first = 0, last = 0;
  const char* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, first);
  if (error == std::errc{} && rest == end) return {first, first};
  if (error == std::errc{} && std::string_view(rest, end).starts_with("..")) {
    const auto [behind, wrong] = std::from_chars(rest + 2, end, last);
    if (wrong == std::errc{} && behind == end && first <= last) return {first, last};
  }
  throw CLI::ValidationError("--seeds", "wants A or A..B, not '" + text + "'");
}

}  // namespace

int run_seeds(int argc, char** argv, const MakeGroup& make_group) {
  CLI::App app("The running resource manager in virtual time, under faults that a seed draws");
  std::string seeds = "1", kind;
  TrialOptions options;
  options.make_group = make_group;
  bool keep_going = false;
  double seconds = 1e9;
  app.add_option("--seeds,--seed", seeds, "A or A..B");
  app.add_option("--minutes", options.minutes, "of simulated trouble")
      ->check(CLI::Range(0.01, 1e6));
  app.add_option("--seconds", seconds, "begin no more seeds after that time");
  app.add_option("--class", kind,
                 "A (fencing), B (no partitions) or C; otherwise the seed says B or C")
      ->check(CLI::IsMember({"A", "B", "C"}));
  app.add_flag("--wide", options.wide,
               "promotion, migration, notifications, leaving, lies and more, too; "
               "not all of these seeds keep what is promised yet");
  app.add_flag("--verbose", options.verbose, "print what happens");
  app.add_flag("--documents", options.documents, "with --verbose: what plans are made of, too");
  app.add_flag("--keep-going", keep_going, "do not stop at a violation");
  try {
    app.parse(argc, argv);
    if (!kind.empty()) options.kind = kind.front();
    const auto begin = std::chrono::steady_clock::now();
    const auto [first, last] = read_range(seeds);
    std::map<std::string, std::uint64_t> counts;
    std::uint64_t run = 0, bad = 0;
    for (options.seed = first; options.seed <= last && (bad == 0 || keep_going); ++options.seed) {
      if (std::chrono::steady_clock::now() - begin > std::chrono::duration<double>(seconds)) break;
      const Verdict verdict = run_trial(options);
      ++run;
      bad += verdict.violations.empty() ? 0 : 1;
      for (const auto& [what, count] : verdict.counts) counts[what] += count;
      for (const std::string& line : verdict.lines) fmt::print("{}\n", line);
      fmt::print("seed {:<8} {}  {:016x}  {}\n", options.seed, verdict.summary, verdict.hash,
                 verdict.violations.empty() ? "ok" : "VIOLATED");
      for (const std::string& each : verdict.violations) fmt::print("  {}\n", each);
      std::fflush(stdout);
    }
    for (const auto& [what, count] : counts) fmt::print("{}: {}\n", what, count);
    fmt::print("{} seeds, {} with a violation\n", run, bad);
    return bad == 0 ? 0 : 1;
  } catch (const CLI::ParseError& error) {
    return app.exit(error);
  }
}

}  // namespace gyre::rm::model
