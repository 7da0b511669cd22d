// A machine's disk, with the file of ring seqs on it: bytes, as the daemon writes and reads them.
// It may lose them, give back old ones, or spoil what was written.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tests/sim/dice.hh"

namespace gyre::sim {

class Disk {
 public:
  explicit Disk(std::uint64_t bound);

  // As the daemon does at its start: what the file says; 0 when it cannot be believed.
  std::uint64_t read() const;
  void write(std::uint64_t bound);

  void lose() { file_.reset(); }
  bool restore_old(Dice& dice);  // false: there is none
  // What a crash in the midst of writing leaves, or a disk that errs: the beginning only, the
  // beginning before the end of an older one, a bit that fell over, a piece in a wrong place.
  void damage(Dice dice);

 private:
  std::optional<std::string> file_;
  std::vector<std::string> old_files_;
};

}  // namespace gyre::sim
