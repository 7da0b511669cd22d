#include "tests/mutants/mutant.hh"

#include <cstdio>
#include <cstdlib>

namespace gyre::mutant {
namespace {

// A run that never came to the mutant's place says nothing about it.
void report() {
  std::fprintf(stderr, "mutant %s\n", reached ? "reached" : "never reached");
}

int chosen() {
  const char* const id = std::getenv("GYRE_MUTANT");
  if (!id || !*id) return 0;
  for (int i = 0; i < count; ++i)
    if (ids[i] == id) {
      std::atexit(report);
      return i + 1;
    }
  std::fprintf(stderr, "GYRE_MUTANT=%s is not a mutant; there are:", id);
  for (int i = 0; i < count; ++i) std::fprintf(stderr, " %s", ids[i].data());
  std::fputc('\n', stderr);
  std::exit(2);
}

}  // namespace

bool reached = false;
const int active = chosen();

}  // namespace gyre::mutant
