// The system calls of the handshake with a script in the place of the kernel and the other side.
// The linker puts them there (--wrap).
#pragma once

#include <optional>
#include <vector>

#include "tests/fuzz/script.hh"

namespace gyre::fuzz {

struct OtherSide {
  Script script{nullptr, 0};
  bool gone = false;                // and hears nothing any more
  std::vector<std::byte> received;  // what our side wrote
  std::optional<int> memory;        // offered with the first bytes, if the script says so
};
OtherSide& other_side();

}  // namespace gyre::fuzz
