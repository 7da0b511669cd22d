// Sockets by the place where they stand in the file system.
#pragma once

#include <sys/un.h>

#include <string>

#include "rm/local/descriptor.hh"

namespace gyre::rm::local {

// Throws LocalError (system) if the path is too long for one.
sockaddr_un address_of(const std::string& path);
// A stream socket, non-blocking or not. Throws LocalError (system).
Descriptor stream_socket(bool blocking);

// Waits for room in the queue of whoever listens, for no longer than the socket's SO_SNDTIMEO. The
// peer must be of the cluster, or this throws (untrusted).
void connect_to(const Descriptor& socket, const std::string& path);

}  // namespace gyre::rm::local
