// A storm in a running ring: frames are changed on their way as a script says.
#pragma once

#include "tests/fuzz/script.hh"

namespace gyre::fuzz {

// The hash of all that happened in it; the same for the same script, whatever was run before.
std::uint64_t run_storm(Script script);

}  // namespace gyre::fuzz
