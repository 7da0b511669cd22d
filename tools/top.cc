// gyre top: the ring, as it goes.
#include <fmt/format.h>

#include <chrono>
#include <cstdio>
#include <thread>

#include "tools/ask.hh"
#include "tools/command.hh"
#include "tools/terminal.hh"
#include "tools/top_text.hh"

namespace gyre::tools {
namespace {

using Clock = std::chrono::steady_clock;

struct Arguments {
  bool once = false;
  double interval = 1;
};

Look look(const Common& common) {
  return {.status = ask(common, "status"), .members = ask(common, "members")};
}

// One block of lines after the other, for a pipe, a file or a person who asked for one.
void print(const Common& common, const Arguments& arguments, Clock::duration interval) {
  Look before = look(common);
  auto next = Clock::now();
  for (bool first = true;; first = false) {
    std::this_thread::sleep_until(next += interval);
    Look now = look(common);
    const auto told = summary(before, now);
    if (common.json)
      fmt::print("{}\n", told.dump());
    else
      fmt::print("{}{}", first ? "" : "\n", screen(told));
    std::fflush(stdout);
    if (arguments.once) return;
    before = std::move(now);
  }
}

// On the whole screen. A daemon that is gone is waited for: this is where one watches it.
void watch(const Common& common, Clock::duration interval) {
  Look before = look(common);
  Terminal terminal;
  std::string shown = "q ends\n";
  for (auto next = Clock::now() + interval;;) {
    terminal.show(shown);
    const Terminal::Woken woken = terminal.wait(next);
    if (woken == Terminal::Woken::quit) return;
    if (woken == Terminal::Woken::resized) continue;
    next = Clock::now() + interval;
    try {
      Look now = look(common);
      shown = screen(summary(before, now));
      before = std::move(now);
    } catch (const client::Error& error) {
      shown = fmt::format("{}\n", error.what());
    }
  }
}

void top(const Common& common, const Arguments& arguments) {
  const auto interval = std::chrono::duration_cast<Clock::duration>(
      std::chrono::duration<double>(arguments.interval));
  if (arguments.once || common.json || !Terminal::there())
    print(common, arguments, interval);
  else
    watch(common, interval);
}

}  // namespace

void add_top(CLI::App& app, Common& common) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App* command =
      add_command(app, common, "top",
                  "Shows the ring as it goes, anew every second: how long the token takes, what "
                  "goes over each link, and who is behind. q ends. Into a pipe, one block of lines "
                  "after the other; --json prints an object for each.",
                  "gyre top --once");
  command->add_flag("--once", arguments->once, "look for one interval, print, and end");
  command->add_option("--interval", arguments->interval, "seconds from one look to the next")
      ->check(CLI::Range(0.1, 3600.0))
      ->capture_default_str();
  command->callback([&common, arguments] { top(common, *arguments); });
}

}  // namespace gyre::tools
