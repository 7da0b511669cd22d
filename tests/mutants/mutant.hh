// Which of the bugs that mutate.py has built into this program is there: GYRE_MUTANT, read at
// start. Without it, the program is the production code.
#pragma once

#include <string_view>

namespace gyre::mutant {

extern const std::string_view ids[];  // of mutant 1, 2 …
extern const int count;

extern const int active;  // 0: none
extern bool reached;      // the mutant's place was come to

inline bool on(int number) noexcept {
  if (number != active) return false;
  reached = true;
  return true;
}

}  // namespace gyre::mutant
