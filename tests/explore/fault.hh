// One thing that goes wrong in a run, at an exact point of it.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gyre::test {

struct Fault {
  enum class Kind {
    // at a packet: one copy of a frame on its way to one node
    drop,
    duplicate,
    delay_1,     // past the next packet to that node
    delay_4,     // past four
    delay_long,  // until rings have come and gone
    nap,         // its receiver does not run for more than half of the token time
    pause,       // and for longer than the token time
    // at a frame: its sender ends
    crash_before_soon,  // nothing of it is sent; the node is back before it is missed
    crash_before_late,  // and after the others have gone on
    crash_after_soon,   // all of it is sent, and nothing more of that turn is done
    crash_after_late,
  };
  static constexpr int kinds = 11;
  Kind kind{};
  std::size_t point = 0;  // the number of the packet or of the frame in the run

  bool at_frame() const { return kind >= Kind::crash_before_soon; }
};

std::string text_of(const Fault& fault);  // drop@12
std::string text_of(const std::vector<Fault>& faults);
std::optional<Fault> fault_of(std::string_view text);

}  // namespace gyre::test
