// Looks at a daemon over and over, and shows what went on in between.
#pragma once

#include <functional>
#include <string>

#include "tools/ask.hh"
#include "tools/command.hh"

namespace gyre::tools {

struct Watched {
  std::function<Json(const Common&)> look;
  std::function<Json(const Json& before, const Json& now)> compare;
  std::function<std::string(const Json& compared)> screen;  // for people
};

struct Watching {
  bool once = false;
  double interval = 1;  // seconds
};

// On the whole screen until a person ends it; into a pipe, or once, one block of lines after the
// other; with --json an object for each.
void watch(const Common& common, const Watched& watched, const Watching& how);

// Adds --once and --interval.
void add_watching(CLI::App& command, const std::shared_ptr<Watching>& how);

}  // namespace gyre::tools
