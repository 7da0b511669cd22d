// Puts the test program into a network namespace of its own, with a loopback that has several
// addresses and carries multicast, so that its ports are nobody else's. It goes with the program.
#pragma once

namespace gyre {

// False where the system allows no namespaces: then the tests share the machine's loopback.
bool in_own_network();

}  // namespace gyre
