// What is known to go wrong with a document that is valid, in Pacemaker's words where it has any.
#pragma once

#include <vector>

#include "rm/cib/finding.hh"
#include "rm/cib/iso8601.hh"

namespace gyre::rm {

// Errors are values that cannot count as they are, and fencing that is wanted but not there.
// Notes are what may be meant, but cannot be had: constraints that contradict each other.
std::vector<Finding> check(const Document&, Seconds now);

}  // namespace gyre::rm
