#include "tools/watch.hh"

#include <fmt/format.h>

#include <chrono>
#include <cstdio>
#include <thread>

#include "tools/terminal.hh"

namespace gyre::tools {
namespace {

using Clock = std::chrono::steady_clock;

// One block of lines after the other, for a pipe, a file or a person who asked for one.
void print(const Common& common, const Watched& watched, bool once, Clock::duration interval) {
  Json before = watched.look(common);
  auto next = Clock::now();
  for (bool first = true;; first = false) {
    std::this_thread::sleep_until(next += interval);
    Json now = watched.look(common);
    const Json told = watched.compare(before, now);
    if (common.json)
      fmt::print("{}\n", told.dump());
    else
      fmt::print("{}{}", first ? "" : "\n", watched.screen(told));
    std::fflush(stdout);
    if (once) return;
    before = std::move(now);
  }
}

// On the whole screen. A daemon that is gone is waited for: this is where one watches it.
void show(const Common& common, const Watched& watched, Clock::duration interval) {
  Json before = watched.look(common);
  Terminal terminal;
  std::string shown = "q ends\n";
  for (auto next = Clock::now() + interval;;) {
    terminal.show(shown);
    const Terminal::Woken woken = terminal.wait(next);
    if (woken == Terminal::Woken::quit) return;
    if (woken == Terminal::Woken::resized) continue;
    next = Clock::now() + interval;
    try {
      Json now = watched.look(common);
      shown = watched.screen(watched.compare(before, now));
      before = std::move(now);
    } catch (const client::Error& error) {
      shown = fmt::format("{}\n", error.what());
    }
  }
}

}  // namespace

void watch(const Common& common, const Watched& watched, const Watching& how) {
  const auto interval =
      std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(how.interval));
  if (how.once || common.json || !Terminal::there())
    print(common, watched, how.once, interval);
  else
    show(common, watched, interval);
}

void add_watching(CLI::App& command, const std::shared_ptr<Watching>& how) {
  command.add_flag("--once", how->once, "look for one interval, print, and end");
  command.add_option("--interval", how->interval, "seconds from one look to the next")
      ->check(CLI::Range(0.1, 3600.0))
      ->capture_default_str();
}

}  // namespace gyre::tools
