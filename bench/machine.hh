// Where and when something was measured, to stand beside every figure.
#pragma once

#include <cstdint>
#include <string>

namespace gyre::bench {

struct Machine {
  std::string cpu, kernel;
  unsigned cores = 0;  // that this process may run on
};
Machine machine();

// The kernel's own counts since it started; what happened during a run is the difference of two.
struct Strain {
  double load = 0;                     // runnable threads, over the last minute
  std::uint64_t ticks = 0, steal = 0;  // of all cores; taken by the host
};
Strain strain();

// As many as this process may have.
void raise_open_files();

}  // namespace gyre::bench
