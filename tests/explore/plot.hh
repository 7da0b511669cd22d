// The runs whose faults are explored, and one run of one of them.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "tests/explore/world.hh"

namespace gyre::test {

struct Plot {
  std::string_view name;
  std::size_t nodes;
  void (*play)(World&);  // says begin() when things may go wrong
};
std::span<const Plot> plots();

struct Outcome {
  std::vector<std::string> wrong;  // nothing: all is well
  Points points;                   // of the whole run
  Points fired_at;                 // when the last fault struck
  bool fired = false;              // all of the faults did
  Duration took{};                 // to come together after that
};
Outcome play(const Plot& plot, const std::vector<Fault>& faults, bool tracing = false);

}  // namespace gyre::test
