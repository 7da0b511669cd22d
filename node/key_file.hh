// The file of the secret that the nodes of a cluster share, as corosync-keygen makes it.
#pragma once

#include <functional>
#include <string>

#include "transport/root_key.hh"
#include "transport/seal.hh"

namespace gyre::node {

// All bytes of the regular file `path`, 128 to 4096 of them. Refused: a link; what is no regular
// file; a file of somebody else than root and this process's user; one that its group or others may
// read or write. Throws ConfigError "path: reason", which says what to do.
RootKey read_key_file(const std::string& path);

// The key that the file makes for this cluster.
using KeyReader = std::function<ClusterKey(const std::string& path)>;

}  // namespace gyre::node
