// The system calls of the handshake with a script in the place of the kernel and the other side.
// The linker puts them there (--wrap).
#pragma once

#include <sys/types.h>

#include <optional>
#include <vector>

#include "tests/fuzz/script.hh"

namespace gyre::fuzz {

struct OtherSide {
  Script script{nullptr, 0};
  bool gone = false;                // and hears nothing any more
  std::vector<std::byte> received;  // what our side wrote
  std::optional<int> memory;        // offered with the first bytes, if the script says so
  std::optional<uid_t> uid;         // whoever asks is told the same

  void begin(Script next) {
    script = next;
    gone = false;
    received.clear();
    memory.reset();
    uid.reset();
  }
};
OtherSide& other_side();

}  // namespace gyre::fuzz
