#pragma once

#include <string>

namespace gyre {

// Runs a shell command; throws std::runtime_error if it fails.
void run(const std::string& command);

}  // namespace gyre
