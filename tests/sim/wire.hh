// Doorbells ring without the kernel: their bytes lie here. They are what they were, a byte that is
// sent, seen and taken (transport/shm/doorbell.hh), but no longer nine of ten system calls of a
// run.
#pragma once

namespace gyre::sim {

// A byte that either of these descriptors sends reaches the other. It takes the place of whatever
// was connected to one of them before: then the kernel has given away a number again.
void connect(int one, int other);

}  // namespace gyre::sim
