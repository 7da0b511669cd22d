// What is known to go wrong with a document that is valid, in Pacemaker's words where it has any.
#pragma once

#include <vector>

#include "rm/cib/finding.hh"
#include "rm/cib/iso8601.hh"

namespace gyre::rm {

// Errors are values that cannot count as they are, and fencing that is wanted but not there.
// Notes are what may be meant, but cannot be had: constraints that contradict each other.
//
// That nothing may start, for there is no fence device, is an error among them unless who asks says
// it in other words.
enum class FenceDevice { is_missed, is_said_apart };
std::vector<Finding> check(const Document&, Seconds now, FenceDevice = FenceDevice::is_missed);

// Whether nothing may start: fencing is wanted, and there is no device and no watchdog for it.
bool lacks_fence_device(const Document&, Seconds now);

}  // namespace gyre::rm
