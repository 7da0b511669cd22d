#include "tests/transport/shell.hh"

#include <cstdlib>
#include <stdexcept>

namespace gyre {

void run(const std::string& command) {
  if (std::system((command + " 2>&1").c_str()) != 0) throw std::runtime_error("failed: " + command);
}

}  // namespace gyre
